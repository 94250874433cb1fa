"""Finishing: expressions and values in their canonical spelling, the two hashes, and the bytes of the file."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from engine import syntax
from engine.ruleset import BOUNDS
from engine.units import Unit, ValueFault, read_value, write_value
from engine.windows import OF_VALUES
from universe.reader import fingerprint, hash_of

# What people read: it changes the file, never the meaning.
WITHOUT_MEANING: Final = frozenset({"why", "meaning", "hint", "source", "sources", "provenance", "ruleset", "universe"})
_EXPRESSIONS: Final = ("measure", "require", "when", *BOUNDS, "multiple_of", "reopen")


def finish(document: Mapping[str, Any], units: Mapping[str, Unit], bound_units: Mapping[str, Unit]) -> dict[str, Any]:
    """The finished document: canonical expressions, then `ruleset` (the meaning's hash) and `universe` (the file's).

    `bound_units` gives the unit of each gate's measure by the gate's id.
    """
    made = dict(document)
    made["measures"] = {n: {**e, "is": canonical_expression(e["is"])} for n, e in document["measures"].items()}
    made["gates"] = [_gate(g, bound_units.get(g["id"])) for g in document["gates"]]
    made["breakers"] = [_gate(b, bound_units.get(b["id"])) for b in document.get("breakers", [])]
    made["windows"] = {n: _window(w, units.get("duration")) for n, w in document.get("windows", {}).items()}
    made["tables"] = {n: _table(t, units) for n, t in document["tables"].items()}
    made["ruleset"] = hash_of(meaning(made))
    made["universe"] = fingerprint(made)
    return made


def meaning(value: Any) -> Any:
    """The data without what only people read."""
    if isinstance(value, Mapping):
        return {k: meaning(v) for k, v in value.items() if k not in WITHOUT_MEANING or isinstance(v, Mapping)}
    return [meaning(v) for v in value] if isinstance(value, list) else value


def canonical_expression(text: str) -> str:
    """An expression in its canonical spelling."""
    return syntax.render(syntax.parse(text))


def _gate(gate: Mapping[str, Any], unit: Unit | None) -> dict[str, Any]:
    return {
        k: _spelled(v, unit if k in (*BOUNDS, "reopen") else None) if k in _EXPRESSIONS else v for k, v in gate.items()
    }


def _window(window: Mapping[str, Any], duration: Unit | None) -> dict[str, Any]:
    spelled = {k: canonical_expression(window[k]) for k in ("where", *OF_VALUES) if k in window}
    within = {"within": _spelled(window["within"], duration)} if "within" in window else {}
    return {**window, **spelled, **within}


def _table(table: Mapping[str, Any], units: Mapping[str, Unit]) -> dict[str, Any]:
    rows = []
    for row in table["rows"]:
        then = {o: _output(t, table["outputs"][o], units) for o, t in row["then"].items()}
        when = {"when": canonical_expression(row["when"])} if "when" in row else {}
        rows.append({**row, **when, "then": then})
    return {**table, "rows": rows}


def _output(text: str, declared: Any, units: Mapping[str, Unit]) -> str:
    if isinstance(declared, list):
        return text if text in declared else canonical_expression(text)
    return _spelled(text, units[declared])


def _spelled(text: str, unit: Unit | None) -> str:
    """A value in its unit's canonical spelling, else an expression in its own."""
    if unit is not None:
        try:
            value = read_value(text, unit, {})
        except ValueFault:
            return canonical_expression(text)
        return write_value(value, unit, {}) if isinstance(value, (Decimal, bool)) else text
    return canonical_expression(text)


def file_text(document: Mapping[str, Any]) -> str:
    """The bytes of `universe.json`: small parts on one line, large ones unfolded, keys in the order of the format."""
    return _laid_out(document, "") + "\n"


def _laid_out(value: Any, indent: str) -> str:
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) + len(indent) <= 120 or not isinstance(value, (dict, list)) or not value:
        return flat
    inner = indent + " "
    if isinstance(value, list):
        return "[\n" + ",\n".join(inner + _laid_out(v, inner) for v in value) + f"\n{indent}]"
    rows = (f"{inner}{json.dumps(k, ensure_ascii=False)}: {_laid_out(v, inner)}" for k, v in value.items())
    return "{\n" + ",\n".join(rows) + f"\n{indent}}}"
