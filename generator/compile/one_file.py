"""Rule sets of one file, with a catalog of their own: head, caps, measures, gates, and the parts that they are about.

Trading is spread over many files; who may change what is one file. The engine is the same, and so is the strictness.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final

from engine.catalog import Cap, did_you_mean
from engine.faults import Fault, Path
from engine.numbers import canonical
from engine.read import examine
from engine.ruleset import Bound, RuleSet
from engine.units import Kind, ValueFault, read_unit, read_value
from generator.compile.assemble import HEAD_KEYS
from generator.compile.cascade import Layers
from generator.compile.catalogs import Entries, compile_caps, compile_facts, compile_units, read_caps
from generator.compile.files import Files
from generator.compile.finish import finish
from generator.compile.levels import heard
from generator.compile.lints import lint
from generator.compile.one_file_schemas import catalog_schema, parts_named, rules_schema
from generator.compile.problems import Problem, Refused
from generator.compile.schema_parts import Schema
from generator.compile.shape import check_shape
from generator.compile.sources import Sources
from generator.compile.text import Document, read_text
from generator.compile.values import Layer, plain, read_layer

UNITS: Final = "schemas/units.yaml"
EVERYWHERE: Final = "global"


@dataclass(frozen=True, slots=True)
class Form:
    """What a rule set of one file looks like: its name, its two files, and what entries of its parts hold beside the
    facts and caps of who is decided about, as schemas by part and key.
    """

    name: str
    title: str
    rules: str
    catalog: str
    parts: Mapping[str, Mapping[str, Schema]]


@dataclass(frozen=True, slots=True)
class OneFile:
    """A compiled rule set of one file: its document, the checked rules, and what they were made from."""

    document: dict[str, Any]
    ruleset: RuleSet
    warnings: tuple[Problem, ...]
    texts: Mapping[str, str]
    schemas: dict[str, Schema]
    rules: Document


@dataclass(slots=True)
class _Work:
    """One compile under way."""

    form: Form
    sources: Sources
    problems: list[Problem] = field(default_factory=list)
    schemas: dict[str, Schema] = field(default_factory=dict)

    @property
    def rules(self) -> Document:
        return self.sources.documents["gates"]

    @property
    def catalog(self) -> Document:
        return self.sources.documents["caps"]

    def stop_if_failed(self) -> None:
        self.problems = heard(self.problems, self.sources)
        if any(not p.warning for p in self.problems):
            raise Refused(set(self.problems), self.sources.texts)


def compile_one(files: Files, form: Form, *, today: date) -> OneFile:
    """Compile a rule set of one file.

    Args:
        files: where its files and the catalog of units are.
        form: which rule set.
        today: the UTC day, which ends shadows.

    Raises:
        Refused: with every problem of every file.
    """
    work = _Work(form, Sources(files))
    _read(work)
    entries, caps = _catalogs(work)
    document = _assembled(work, entries, caps)
    work.stop_if_failed()
    ruleset, faults = examine(document)
    work.problems += [_problem(work, f) for f in faults]
    work.stop_if_failed()
    assert ruleset is not None
    layers = Layers(everywhere=_layer(work, (EVERYWHERE,), caps))
    work.problems += lint(ruleset, work.sources, layers, today)
    work.stop_if_failed()
    bound_units = {g.id: g.test.unit for g in ruleset.gates if isinstance(g.test, Bound)}
    document = finish(document, ruleset.catalog.units, bound_units)
    ruleset, faults = examine(document)
    work.problems += [_problem(work, f) for f in faults if not f.warning]
    work.stop_if_failed()
    assert ruleset is not None
    warnings = tuple(sorted(set(work.problems)))
    return OneFile(document, ruleset, warnings, work.sources.texts, work.schemas, work.rules)


def _read(work: _Work) -> None:
    """Read the files strictly, each checked against its schema; both follow from the catalog."""
    form, sources = work.form, work.sources
    for name, file in (("units", UNITS), ("caps", form.catalog), ("gates", form.rules)):
        try:
            text = sources.files.read(file).decode()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            work.problems.append(Problem(file, 1, 1, "no-file", f"the file can't be read: {why}"))
            continue
        sources.texts[file] = text
        document, found = read_text(file, text)
        sources.documents[name] = document
        work.problems += found
    work.stop_if_failed()
    named = f"{form.name}_catalog"
    work.schemas[named] = catalog_schema(named)
    work.problems += check_shape(work.catalog, work.schemas[named])
    work.stop_if_failed()
    head = work.rules.data if isinstance(work.rules.data, dict) else {}
    units = sources.documents["units"].data["units"]
    work.schemas[form.name] = rules_schema(form.name, form.title, units, work.catalog.data, head, form.parts)
    work.problems += check_shape(work.rules, work.schemas[form.name])
    work.stop_if_failed()


def _catalogs(work: _Work) -> tuple[dict[str, Entries], dict[str, Cap]]:
    units = compile_units(work.sources.documents["units"])
    entries = {
        "units": units,
        "facts": compile_facts(work.catalog, work.problems),
        "caps": compile_caps(work.catalog, work.problems),
    }
    parts = {name: work.rules.data.get(name, {}) for name in _parts(work)}
    read = {name: read_unit(name, entry) for name, entry in units.items()}
    return entries, read_caps(work.catalog, entries["caps"], read, parts, work.problems)


def _assembled(work: _Work, entries: Mapping[str, Entries], caps: Mapping[str, Cap]) -> dict[str, Any]:
    """The document as the engine reads it; hashes are still to come."""
    data = work.rules.data
    everywhere = _layer(work, (EVERYWHERE,), caps)
    parts = {name: _part(work, name, entries["facts"], caps, everywhere) for name in _parts(work)}
    return {
        "format": 1,
        "environment": "prod",
        "ruleset": "",
        "universe": "",
        "head": {k: data[k] for k in HEAD_KEYS if k in data},
        **entries,
        **parts,
        "account": _caps(everywhere, EVERYWHERE),
        "measures": {
            n: {**e, "source": work.rules.source(("measures", n))} for n, e in data.get("measures", {}).items()
        },
        "tables": {},
        "gates": [{**e, "source": work.rules.source(("gates", i, "id"))} for i, e in enumerate(data["gates"])],
    }


def _parts(work: _Work) -> tuple[str, ...]:
    """The parts that the catalog speaks of, and those that only code reads."""
    return tuple(dict.fromkeys([*parts_named(work.catalog.data), *work.form.parts]))


def _part(
    work: _Work, part: str, facts: Entries, caps: Mapping[str, Cap], everywhere: Layer
) -> dict[str, dict[str, Any]]:
    """The entries of a part: their own caps, no looser than what holds everywhere, and the facts that are theirs."""
    head = work.rules.data.get("subject", {})
    prefix = head.get("as", "") if head.get("in", "").removeprefix("universe.") == part else ""
    own = {n: e for n, e in facts.items() if prefix and n.split(".")[0] == prefix}
    # Of who is decided about each cap is resolved; who asks has only what is its own.
    general = _caps(everywhere, EVERYWHERE) if prefix else {"caps": {}, "provenance": {}}
    made: dict[str, dict[str, Any]] = {}
    for name, entry in work.rules.data.get(part, {}).items():
        path: Path = (part, name)
        layer = _layer(work, (*path, "caps"), caps)
        work.problems += _looser(layer, everywhere, caps, name)
        rest = {k: v for k, v in entry.items() if k != "caps"}
        resolved = {k: {**general[k], **v} for k, v in _caps(layer, f"{part} {name}").items()}
        made[name] = {**rest, **dict(_attributes(work, path, entry, own)), **resolved}
    return made


def _layer(work: _Work, path: Path, caps: Mapping[str, Cap]) -> Layer:
    place: Any = work.rules.data
    for key in path:
        place = place.get(key, {})
    return read_layer(work.rules, path, caps, {}, work.problems) if place else {}


def _caps(layer: Layer, name: str) -> dict[str, Any]:
    provenance = {n: {"layer": name, "source": s.source} for n, s in layer.items()}
    return {"caps": {n: plain(s.value) for n, s in layer.items()}, "provenance": provenance}


def _looser(layer: Layer, everywhere: Layer, caps: Mapping[str, Cap], name: str) -> Iterator[Problem]:
    for cap, setting in layer.items():
        above = everywhere.get(cap)
        if above is not None and caps[cap].looser(setting.value, above.value):
            message = f"`{cap}` of {name} is looser than {EVERYWHERE}, which nothing below may be"
            help_text = f"{EVERYWHERE} is set in {above.source}; {caps[cap].tighter} is tighter"
            yield setting.document.problem("looser-than-global", setting.path, message, help_text)


def _attributes(work: _Work, path: Path, entry: Mapping[str, Any], own: Entries) -> Iterator[tuple[str, Any]]:
    """The facts that an entry states of itself, each in its unit."""
    units = {n: read_unit(n, e) for n, e in compile_units(work.sources.documents["units"]).items()}
    for name, declared in own.items():
        key = str(declared.get("at", name.split(".", 1)[-1]))
        if key not in entry:
            continue
        written, unit = entry[key], units[declared["unit"]]
        if unit.kind is Kind.LIST:
            yield key, _words(work, (*path, key), written, declared)
            continue
        try:
            value = read_value(written, unit, {})
        except ValueFault as fault:
            work.problems.append(work.rules.problem("bad-value", (*path, key), str(fault), fault.help))
            continue
        yield key, canonical(value) if isinstance(value, Decimal) else value


def _words(work: _Work, path: Path, written: list[str], declared: Mapping[str, Any]) -> list[str]:
    """The words of a list, each one of those that the catalog allows."""
    of = declared.get("of", [])
    known = work.rules.data.get(of.removeprefix("universe."), {}) if isinstance(of, str) else of
    for i, word in enumerate(written):
        if word not in known:
            help_text = did_you_mean(word, known)
            problem = work.rules.problem("unknown-value", (*path, i), f"`{word}` is none of its words", help_text)
            work.problems.append(problem)
    return list(written)


def _problem(work: _Work, fault: Fault) -> Problem:
    """A fault of the document as a problem of the file that it came from."""
    top = fault.path[0] if fault.path else ""
    document = work.catalog if top in ("facts", "caps") else work.rules
    path = fault.path[1:] if top == "head" else fault.path
    return document.problem(
        fault.code, path, fault.message, fault.help, at_key=fault.at_key, offset=fault.offset, warning=fault.warning
    )
