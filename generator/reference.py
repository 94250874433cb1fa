"""The generated reference: every fact, cap, measure, gate, table and reason, from the compiled rules alone."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Final

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from engine.breakers import PREFIX as BREAKERS
from engine.explain import REFUSALS
from engine.reach import caps_read, reach
from engine.ruleset import Gate, RuleSet, breaker_nodes, gate_nodes, table_nodes
from engine.units import Unit, write_value
from engine.waivers import may_be_waived
from engine.windows import PREFIX as WINDOWS
from generator.compile.codes import CODES
from generator.compile.levels import LINTS
from generator.compile.stages import STAGES, Compiled
from generator.explain.parts import bound_of, hold_of, range_of
from universe.reader import Universe

TEMPLATES: Final = Path(__file__).parent / "templates"
PAGES: Final = (
    "facts",
    "caps",
    "measures",
    "gates",
    "windows",
    "breakers",
    "waivers",
    "tables",
    "strategies",
    "reasons",
    "units",
    "events",
    "state",
    "problems",
    "lints",
)


def pages(universe: Universe, compiled: Compiled) -> dict[str, str]:
    """The pages of the reference, by file name."""
    environment = templates()
    context = _context(universe, compiled)
    made = {f"{name}.md": environment.get_template(f"{name}.md").render(**context) for name in PAGES}
    return {"README.md": environment.get_template("README.md").render(**context), **made}


def templates() -> ImmutableSandboxedEnvironment:
    """What pages are rendered with."""
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # Markdown for files of this repository, from rules that were reviewed
    )
    environment.filters["cell"] = cell
    return environment


def cell(text: object) -> str:
    """Text that may stand in a Markdown table."""
    return str(text).replace("|", "\\|").replace("\n", " ")


def _context(universe: Universe, compiled: Compiled) -> dict[str, Any]:
    ruleset, document = universe.ruleset, universe.document
    return {
        "document": document,
        "rules": ruleset,
        "waivable": [gate.id for gate in ruleset.gates if _waivable(gate, ruleset)],
        "bound_of": bound_of,
        "hold_of": hold_of,
        "readers": _readers(ruleset),
        "lately_readers": _lately_readers(ruleset),
        "value": _writer(universe),
        "as_written": partial(_as_written, universe.ruleset.catalog.units),
        "range_of": range_of,
        "strategies": compiled.sources.documents["params"].data["strategies"],
        "fields_of": fields_of,
        "events": compiled.sources.documents["events"].data["events"],
        "state": compiled.sources.documents["state"].data,
        "refusals": REFUSALS,
        "codes": CODES,
        "lints": LINTS,
        "stages": STAGES,
        "producers": compiled.sources.documents["facts"].data["producers"],
        "by_tier": {t: [s for s, e in document["symbols"].items() if e["tier"] == t] for t in document["tiers"]},
    }


def fields_of(fields: Mapping[str, Mapping[str, Any]]) -> str:
    """A table of the fields of an event, a state file or a record."""
    if not fields:
        return "It has no fields."
    rows = []
    for name, field in fields.items():
        what = f"[{field['record']}](#record-{field['record']})" if "record" in field else field["unit"]
        words = f": {', '.join(field['values'])}" if "values" in field else ""
        many = f", by {field['by']}" if "by" in field else ", a list" if field.get("list") == "true" else ""
        empty = f" Null: {field['none']}." if "none" in field else ""
        left_out = " May be left out." if field.get("absent") == "true" else ""
        rows.append(f"| `{name}` | {cell(what + words + many)} | {cell(field['meaning'] + empty + left_out)} |")
    return "\n".join(["| field | unit | meaning |", "|---|---|---|", *rows])


def _readers(ruleset: RuleSet) -> dict[str, list[str]]:
    """For each fact and cap (`caps.name`) the gates that read it."""
    found: dict[str, list[str]] = {}
    for gate in ruleset.gates:
        for name in sorted(reach(ruleset, *gate_nodes(gate))):
            found.setdefault(name, []).append(gate.id)
    return found


def _lately_readers(ruleset: RuleSet) -> dict[str, list[str]]:
    """For each window and breaker, as the fact that it is, what reads it: gates, breakers on their event, tables."""
    tops = {gate.id: gate_nodes(gate) for gate in ruleset.gates}
    tops |= {breaker.id: breaker_nodes(breaker) for breaker in ruleset.breakers if breaker.on is not None}
    tops |= {f"table {table.name}": table_nodes(table) for table in ruleset.tables.values()}
    found: dict[str, list[str]] = {}
    for reader, nodes in tops.items():
        for name in reach(ruleset, *nodes):
            if name.startswith((WINDOWS, BREAKERS)):
                found.setdefault(name, []).append(reader)
    return found


def _waivable(gate: Gate, ruleset: RuleSet) -> bool:
    """Whether a waiver of the gate could ever change anything: it reads a cap of somebody's own."""
    caps = caps_read(ruleset, *gate_nodes(gate))
    breakers = {breaker.id for breaker in ruleset.breakers}
    return (
        may_be_waived(gate) and gate.id not in breakers and any(ruleset.catalog.caps[c].per != "account" for c in caps)
    )


def _as_written(units: Mapping[str, Unit], value: Any, unit: str) -> str:
    """A parameter's compiled value as a person writes it."""
    return write_value(Decimal(value) if units[unit].numeric else value, units[unit], {})


def _writer(universe: Universe) -> Callable[[str, Any, str], str]:
    def write(cap: str, value: Any, symbol: str = "") -> str:
        """A compiled cap value as a person writes it."""
        unit = universe.ruleset.catalog.caps[cap].unit
        names = {"base": universe.symbol(symbol)["base"]} if symbol else {}
        if value is None:
            return "none"
        if isinstance(value, list):
            return ", ".join(value) or "[]"
        return write_value(Decimal(value), unit, names) if unit.numeric else str(value)

    return write
