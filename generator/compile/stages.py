"""The compile as a table of stages, in order; each adds to what the stages before it made.

text → shape → contracts → catalogs → values → cascade → assembly → rules → regimes → waivers → lints → finish
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

from engine.breakers import facts_of as breakers_facts
from engine.catalog import Cap
from engine.read import examine
from engine.ruleset import Bound, RuleSet
from engine.units import Unit
from engine.windows import facts_of as windows_facts
from generator.compile import contracts, schemas
from generator.compile.against_venue import against_venue
from generator.compile.assemble import as_problem, assemble, read_layers, tiers_of
from generator.compile.cascade import Layers, check_layers
from generator.compile.catalogs import (
    Entries,
    compile_caps,
    compile_facts,
    compile_params,
    compile_units,
    read_caps,
    read_units,
    window_events,
)
from generator.compile.files import Files, Folder
from generator.compile.finish import finish
from generator.compile.levels import heard, misused
from generator.compile.lints import lint
from generator.compile.problems import Problem, Refused
from generator.compile.regimes import Regime, held_still, read_regimes, with_regimes
from generator.compile.shape import check_shape
from generator.compile.sources import Sources, read_contracts, read_sources, read_venue, schema_of
from generator.compile.strategies import declared_params, running
from generator.compile.waivers import compile_waivers
from universe.strategies import Params

# Changes documents in place, and says what it couldn't change.
Edit = Callable[[Sources], Iterable[Problem]]


def as_written(sources: Sources) -> Iterable[Problem]:
    """No edit."""
    return ()


@dataclass(slots=True)
class Compile:
    """One compile under way; `edit` changes what was read before anything is made of it."""

    files: Files
    environment: str
    today: date
    sources: Sources
    edit: Edit
    problems: list[Problem] = field(default_factory=list)
    schemas: dict[str, dict[str, Any]] = field(default_factory=dict)
    catalogs: dict[str, Entries] = field(default_factory=dict)
    units: dict[str, Unit] = field(default_factory=dict)
    caps: dict[str, Cap] = field(default_factory=dict)
    params: dict[str, Params] = field(default_factory=dict)
    running: Entries = field(default_factory=dict)
    tier_of: dict[str, str] = field(default_factory=dict)
    layers: Layers = field(default_factory=Layers)
    regimes: dict[str, Regime] = field(default_factory=dict)
    document: dict[str, Any] = field(default_factory=dict)
    ruleset: RuleSet | None = None

    @property
    def failed(self) -> bool:
        """Whether anything but warnings was found so far."""
        return any(not p.warning for p in self.problems)


@dataclass(frozen=True, slots=True)
class Compiled:
    """A finished universe: its document, the checked rule set, warnings, and what it was made from."""

    document: dict[str, Any]
    ruleset: RuleSet
    warnings: tuple[Problem, ...]
    sources: Sources
    layers: Layers
    schemas: dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Stage:
    """One step; a `barrier` stops here when a problem was found, since what follows would only repeat it."""

    name: str
    run: Callable[[Compile], None]
    barrier: bool


def _text(work: Compile) -> None:
    work.sources = read_sources(work.files, work.problems)
    if not work.failed:
        work.problems += work.edit(work.sources)


def _shape(work: Compile) -> None:
    data = {n: d.data for n, d in work.sources}
    entries = {n: data[n].get(n, {}) if isinstance(data.get(n), dict) else {} for n in ("units", "facts", "caps")}
    work.schemas = schemas.build(
        _having(entries["units"], "kind"),
        _having(entries["facts"], "unit", "meaning") | _lately(work.sources),
        _having(entries["caps"], "unit", "meaning", "per", "tighter"),
        _strategies(data.get("params")),
    )
    for name, document in work.sources:
        work.problems += check_shape(document, work.schemas[schema_of(name)])
    if not work.failed:
        read_venue(work.sources, work.problems)


def _lately(sources: Sources) -> dict[str, Any]:
    """The facts that windows and breakers are, as far as they are complete enough to make a schema of."""
    windows, shut = sources.entries("windows"), sources.entries("breakers")
    counted = {n: w for n, w in windows.items() if isinstance(w, dict)} if isinstance(windows, dict) else {}
    entries = [b for b in shut if isinstance(b, dict)] if isinstance(shut, list) else []
    whole: list[Mapping[str, Any]] = [b for b in entries if all(isinstance(b.get(k), str) for k in ("id", "why"))]
    return {**windows_facts(counted), **breakers_facts(whole)}


def _having(entries: dict[str, Any], *keys: str) -> dict[str, Any]:
    """The entries of a catalog that are complete enough to make a schema of; the others are reported by their own."""
    return {n: e for n, e in entries.items() if isinstance(e, dict) and all(isinstance(e.get(k), str) for k in keys)}


def _strategies(data: Any) -> dict[str, Any]:
    """The catalog of strategies, as far as it is complete enough to make a schema of."""
    entries = data.get("strategies") if isinstance(data, dict) else None
    complete = _having(entries, "meaning") if isinstance(entries, dict) else {}
    params = {n: e["params"] if isinstance(e.get("params"), dict) else {} for n, e in complete.items()}
    return {n: {**e, "params": _having(params[n], "unit", "meaning")} for n, e in complete.items()}


def _contracts(work: Compile) -> None:
    read_contracts(work.sources, work.problems)
    made = contracts.catalog_schemas()
    documents = {n: work.sources.documents[n] for n in made if n in work.sources.documents}
    found = [problem for n, d in documents.items() for problem in check_shape(d, made[n])]
    work.problems += found or contracts.problems(documents, work.sources.documents["units"].data["units"])
    if not work.failed:
        work.schemas |= made | contracts.state_schemas(documents["state"].data)


def _catalogs(work: Compile) -> None:
    documents = work.sources.documents
    work.catalogs = {
        "units": compile_units(documents["units"]),
        "facts": compile_facts(documents["facts"], work.problems) | _lately(work.sources),
        "caps": compile_caps(documents["caps"], work.problems),
        "params": compile_params(documents["params"], work.problems),
        "events": window_events(documents["events"]),
    }
    work.units = read_units(work.catalogs["units"])
    parts = {"symbols": documents["universe"].data["symbols"], "strategies": documents["strategies"].data["strategies"]}
    work.caps = read_caps(documents["caps"], work.catalogs["caps"], work.units, parts, work.problems)
    work.params = declared_params(documents["params"], work.catalogs["params"], work.units, work.problems)


def _values(work: Compile) -> None:
    work.tier_of = tiers_of(work.sources, work.problems)
    work.layers = read_layers(work.sources, work.caps, work.environment, work.problems)
    work.regimes = read_regimes(work.sources, work.caps, work.problems)
    documents = work.sources.documents
    symbols = documents["universe"].data["symbols"]
    work.running = running(documents["strategies"], work.params, work.units, symbols, work.problems)


def _cascade(work: Compile) -> None:
    work.problems += check_layers(work.caps, work.layers, work.tier_of)


def _assembly(work: Compile) -> None:
    work.document = assemble(
        work.sources,
        work.environment,
        work.catalogs,
        work.caps,
        work.layers,
        work.tier_of,
        work.running,
        work.problems,
    )
    work.document = with_regimes(work.document, work.regimes, work.caps, work.sources, work.problems)


def _rules(work: Compile) -> None:
    work.ruleset, faults = examine(work.document)
    work.problems += [as_problem(work.sources, f) for f in faults]


def _regimes(work: Compile) -> None:
    assert work.ruleset is not None
    work.problems += held_still(work.ruleset, work.sources)


def _waivers(work: Compile) -> None:
    assert work.ruleset is not None
    made = compile_waivers(work.sources, work.ruleset, work.layers, work.today, work.problems)
    if made:
        work.document["waivers"] = made


def _lints(work: Compile) -> None:
    assert work.ruleset is not None
    work.problems += lint(work.ruleset, work.sources, work.layers, work.today)
    work.problems += misused(work.problems, work.sources)
    work.problems += against_venue(work.sources.venue["symbols"], work.layers, work.tier_of)


def _finish(work: Compile) -> None:
    assert work.ruleset is not None
    every = [*work.ruleset.gates, *(b.gate for b in work.ruleset.breakers)]
    bound_units = {g.id: g.test.unit for g in every if isinstance(g.test, Bound)}
    work.document = finish(work.document, work.units, bound_units)
    work.ruleset, faults = examine(work.document)
    work.problems += [as_problem(work.sources, f) for f in faults if not f.warning]


STAGES: Final = (
    Stage("text", _text, barrier=False),
    Stage("shape", _shape, barrier=True),
    Stage("contracts", _contracts, barrier=True),
    Stage("catalogs", _catalogs, barrier=True),
    Stage("values", _values, barrier=False),
    Stage("cascade", _cascade, barrier=False),
    Stage("assembly", _assembly, barrier=False),
    Stage("rules", _rules, barrier=True),
    Stage("regimes", _regimes, barrier=True),
    Stage("waivers", _waivers, barrier=False),
    Stage("lints", _lints, barrier=True),
    Stage("finish", _finish, barrier=True),
)


def schemas_of(files: Files) -> dict[str, dict[str, Any]]:
    """The schemas of a project's files, as far as its catalogs can be read; what is wrong with them `compile_universe`
    says.
    """
    work = Compile(files, "prod", date.min, Sources(files), as_written)
    _text(work)
    _shape(work)
    return {**work.schemas, **contracts.catalog_schemas()}


def compile_universe(
    root: Path | Files, environment: str = "prod", *, today: date, edit: Edit = as_written
) -> Compiled:
    """Compile the rules of a project for an environment.

    Args:
        root: the project's folder, or its files wherever they are.
        environment: whose values hold.
        today: the UTC day, which ends shadows.
        edit: changes the read documents before they are compiled, and says what it couldn't.

    Raises:
        Refused: with every problem of every file; the caller shows them, and writes nothing.
    """
    files = Folder(root) if isinstance(root, Path) else root
    work = Compile(files, environment, today, Sources(files), edit)
    for stage in STAGES:
        stage.run(work)
        found = heard(work.problems, work.sources) if stage.barrier else []
        if any(not p.warning for p in found):
            raise Refused(set(found), work.sources.texts)
    assert work.ruleset is not None
    warnings = tuple(sorted(set(heard(work.problems, work.sources))))
    return Compiled(work.document, work.ruleset, warnings, work.sources, work.layers, work.schemas)
