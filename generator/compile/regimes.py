"""Regimes: while a condition holds, some caps are tighter.

Each becomes parts that the engine knows already: a measure for its condition, a cap for each cap that it sets, with the
tighter of its value and the one that holds without it, and for each gate that such a cap bounds a second one, which
applies in the regime alone. What a regime adds can only stop more.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from engine.catalog import Cap
from engine.reach import caps_inside, caps_read
from engine.ruleset import BOUNDS, Bound, Gate, RuleSet, breaker_nodes, limit_of, table_nodes
from engine.tree import CapRef
from engine.values import typed_value
from generator.compile.problems import Problem
from generator.compile.sources import Sources
from generator.compile.values import Layer, Setting, plain, read_layer

PART: Final = "regimes"
# The bounds that a tighter value of a cap makes tighter, by the cap's direction.
_FOLLOWS: Final = {"lower": ("at_most", "below"), "higher": ("at_least", "above")}
_HELP: Final = "a regime moves the bounds of gates, and nothing else reads what it moves"


def in_regime(name: str, regime: str) -> str:
    """The name of a cap or gate in a regime."""
    return f"{name}_in_{regime}"


def measure_of(regime: str) -> str:
    """The name of the measure that is a regime's condition."""
    return f"in_{regime}"


def made_caps(regimes: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """The caps that regimes make: for each the cap that it is of, and its regime."""
    return {in_regime(cap, name): (cap, name) for name, entry in regimes.items() for cap in entry["caps"]}


def conditions(regimes: Mapping[str, Any]) -> dict[str, str]:
    """The measures that regimes make, each with its regime."""
    return {measure_of(name): name for name in regimes}


@dataclass(frozen=True, slots=True)
class Regime:
    """A regime as it is written: when it holds, and the values that are then no looser."""

    name: str
    why: str
    when: str
    caps: Layer
    source: str


@dataclass(frozen=True, slots=True)
class Twin:
    """A gate of `rules/gates.yaml`, by its index there, as it stands in a regime that sets the cap of its bound."""

    regime: str
    cap: str
    op: str
    gate: int


def written(sources: Sources) -> Mapping[str, Any]:
    """The regimes of `rules/risk.yaml`, as they are written; a rule set of one file has none."""
    risk = sources.documents.get("risk")
    found: Mapping[str, Any] = risk.data.get(PART, {}) if risk is not None else {}
    return found


def twins(sources: Sources) -> list[Twin]:
    """The gates that regimes add, in the order in which they stand behind all others."""
    gates = sources.documents["gates"].data["gates"]
    return [
        Twin(regime, cap, op, number)
        for regime, entry in written(sources).items()
        for cap in entry["caps"]
        for number, gate in enumerate(gates)
        for op in BOUNDS
        if str(gate.get(op, "")).strip() == f"caps.{cap}"
    ]


def read_regimes(sources: Sources, caps: Mapping[str, Cap], problems: list[Problem]) -> dict[str, Regime]:
    """The regimes with the values that they set; none where one can't be read, which is a problem."""
    risk, found, made = sources.documents["risk"], list[Problem](), dict[str, Regime]()
    for name, entry in written(sources).items():
        path = (PART, name, "caps")
        layer = read_layer(risk, path, caps, {}, found)
        found += [
            risk.problem("not-in-regime", (*path, cap), f"`{cap}` is no number, as bounds are", _HELP, at_key=True)
            for cap in layer
            if not caps[cap].unit.numeric
        ]
        made[name] = Regime(name, entry["why"], entry["when"], layer, risk.source((PART, name)))
    problems += found
    return {} if found else made


def with_regimes(
    document: dict[str, Any],
    regimes: Mapping[str, Regime],
    caps: Mapping[str, Cap],
    sources: Sources,
    problems: list[Problem],
) -> dict[str, Any]:
    """The assembled document with what its regimes make of it; as it is where there are none, or a name is taken."""
    made = twins(sources) if regimes else []
    taken = list(_taken(document, regimes, made, sources))
    problems += taken
    if taken or not regimes:
        return document
    moved: set[tuple[str, str]] = set()
    holders = {
        part: {name: _held(entry, regimes, caps, moved) for name, entry in document[part].items()}
        for part in ("symbols", "strategies")
    }
    account = _held(document["account"], regimes, caps, moved)
    had = {cap for part in holders.values() for entry in part.values() for cap in entry["caps"]} | account[
        "caps"
    ].keys()
    problems += _idle(regimes, moved, had)
    return {
        **document,
        **holders,
        "account": account,
        "caps": {**document["caps"], **_declared(document["caps"], regimes)},
        "measures": {
            **document["measures"],
            **{measure_of(r.name): {"unit": "bool", "is": r.when, "source": r.source} for r in regimes.values()},
        },
        "gates": [*document["gates"], *(_gate(document["gates"][t.gate], t, regimes[t.regime]) for t in made)],
        PART: {
            name: {"why": r.why, "caps": {c: plain(s.value) for c, s in r.caps.items()}, "source": r.source}
            for name, r in regimes.items()
        },
    }


def _taken(
    document: Mapping[str, Any], regimes: Mapping[str, Regime], made: list[Twin], sources: Sources
) -> Iterator[Problem]:
    """The names that a regime would give to something beside what has them already."""
    gates = document["gates"]
    known = {
        "cap": [*document["caps"]],
        "measure": [*document["measures"], *document["facts"]],
        "gate": [gate["id"] for gate in gates],
    }
    wanted = [("measure", measure_of(r.name), r.name) for r in regimes.values()]
    wanted += [("cap", in_regime(cap, r.name), r.name) for r in regimes.values() for cap in r.caps]
    wanted += [("gate", in_regime(gates[t.gate]["id"], t.regime), t.regime) for t in made]
    for kind, name, regime in wanted:
        if name in known[kind]:
            message = f"the regime `{regime}` makes a {kind} `{name}`, and there is one"
            help_text = "give the regime another name"
            yield sources.documents["risk"].problem("bad-name", (PART, regime), message, help_text, at_key=True)
        known[kind].append(name)


def _held(
    entry: dict[str, Any], regimes: Mapping[str, Regime], caps: Mapping[str, Cap], moved: set[tuple[str, str]]
) -> dict[str, Any]:
    """A holder of caps with those that it has in each regime; `moved` takes up what is tighter there."""
    values, provenance = dict(entry["caps"]), dict(entry["provenance"])
    for regime in regimes.values():
        for name, setting in regime.caps.items():
            origin = entry["provenance"].get(name)
            if name not in entry["caps"]:
                continue
            made, given = in_regime(name, regime.name), entry["caps"][name]
            # A value without an origin is nobody's: a group's cap of a symbol that is in no group.
            if origin is not None and _is_tighter(setting, given, caps[name]):
                moved.add((regime.name, name))
                given = plain(setting.value)
                origin = {"layer": f"regime {regime.name}", "source": setting.source}
            values[made] = given
            if origin is not None:
                provenance[made] = {"layer": origin["layer"], "source": origin["source"]}
    return {**entry, "caps": values, "provenance": provenance}


def _is_tighter(setting: Setting, given: Any, cap: Cap) -> bool:
    return cap.looser(None if given is None else typed_value(given, cap), setting.value)


def _idle(regimes: Mapping[str, Regime], moved: set[tuple[str, str]], had: set[str]) -> Iterator[Problem]:
    """What tightens nobody; of a cap that nobody has, since its value can't be read, something else is said."""
    for regime in regimes.values():
        for name, setting in regime.caps.items():
            if name in had and (regime.name, name) not in moved:
                message = f"`{regime.name}` tightens `{name}` for nobody"
                help_text = "write a value that is tighter than what somebody has, or leave it out"
                yield setting.document.problem("idle-regime", setting.path, message, help_text, warning=True)


def _declared(caps: Mapping[str, Any], regimes: Mapping[str, Regime]) -> dict[str, Any]:
    return {
        in_regime(name, regime.name): {**caps[name], "meaning": f"`{name}` in {regime.name}. {caps[name]['meaning']}"}
        for regime in regimes.values()
        for name in regime.caps
    }


def _gate(gate: Mapping[str, Any], twin: Twin, regime: Regime) -> dict[str, Any]:
    """A gate as it is in a regime; what is missing stops there, whatever the gate itself says of it."""
    guard = f"{measure_of(regime.name)} and ({gate['when']})" if "when" in gate else measure_of(regime.name)
    return {
        **{key: value for key, value in gate.items() if key != "on_missing"},
        "id": in_regime(gate["id"], regime.name),
        "why": f"{gate['why']} In {regime.name}: {regime.why}",
        "when": guard,
        twin.op: f"caps.{in_regime(twin.cap, regime.name)}",
        "source": regime.caps[twin.cap].source,
    }


def held_still(ruleset: RuleSet, sources: Sources) -> Iterator[Problem]:
    """The caps that a regime sets and that something else than the bounds of gates follows, which it could not move."""
    document = sources.documents["risk"]
    for regime, entry in written(sources).items():
        for cap in entry["caps"]:
            why = next(_other_readers(ruleset.catalog.caps[cap], ruleset), None)
            if why is None and not any(_is_bound(gate, cap) for gate in ruleset.gates):
                why = "no gate has it as its bound"
            if why is not None:
                message = f"`{cap}` can't change with `{regime}`: {why}"
                yield document.problem("not-in-regime", (PART, regime, "caps", cap), message, _HELP, at_key=True)


def _other_readers(cap: Cap, ruleset: RuleSet) -> Iterator[str]:
    name = f"caps.{cap.name}"
    for table in ruleset.tables.values():
        if cap.name in caps_read(ruleset, *table_nodes(table)):
            yield f"the table `{table.name}` reads it"
    for breaker in ruleset.breakers:
        if breaker.hold == cap.name or cap.name in caps_read(ruleset, *breaker_nodes(breaker)):
            yield f"the breaker `{breaker.id}` reads it"
    for window in ruleset.windows.values():
        if window.within == cap.name:
            yield f"the window `{window.name}` looks back as far as it says"
    for measure in ruleset.measures:
        if name in ruleset.reaches[measure]:
            yield f"the measure `{measure}` reads it"
    for fact in ruleset.catalog.facts.values():
        if fact.attribute == ("caps", cap.name):
            yield f"the fact `{fact.name}` is it"
    for gate in ruleset.gates:
        if cap.name in caps_inside(gate, ruleset):
            yield f"the gate `{gate.id}` reads it beside its bound"
        elif _is_bound(gate, cap.name) and _op(gate) not in _FOLLOWS[cap.tighter]:
            yield f"for the gate `{gate.id}` a tighter value of it is no tighter bound"


def _is_bound(gate: Gate, cap: str) -> bool:
    limit = limit_of(gate)
    return isinstance(limit, CapRef) and limit.name == cap


def _op(gate: Gate) -> str:
    return gate.test.op if isinstance(gate.test, Bound) else "multiple_of"
