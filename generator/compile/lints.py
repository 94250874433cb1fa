"""Lints over a checked rule set: what is true by the letter and yet wrong."""

from datetime import date

from engine.faults import Path
from engine.reach import caps_read
from engine.ruleset import Bound, Gate, Multiple, RuleSet, breaker_nodes, gate_nodes
from engine.tree import CapRef
from generator.compile.assemble import origin
from generator.compile.cascade import Layers
from generator.compile.lints_of_gates import lints_of_gates
from generator.compile.problems import Problem
from generator.compile.sources import Sources
from generator.compile.text import Document


def lint(ruleset: RuleSet, sources: Sources, layers: Layers, today: date) -> list[Problem]:
    """Every lint, in one list."""
    read = all_caps_read(ruleset)
    return [
        *_unread(ruleset, sources, layers, read),
        *_unset(ruleset, sources, read),
        *_expired(ruleset, sources, today),
        *_passes_missing(ruleset, sources),
        *lints_of_gates(ruleset, sources),
        *_treacherous(sources),
    ]


def all_caps_read(ruleset: RuleSet) -> frozenset[str]:
    """The caps that some gate, breaker, window or table reads."""
    tops = [n for g in ruleset.gates for n in gate_nodes(g)]
    tops += [n for b in ruleset.breakers for n in breaker_nodes(b)]
    spans = [b.hold for b in ruleset.breakers] + [w.within for w in ruleset.windows.values()]
    for table in ruleset.tables.values():
        for row in table.rows:
            tops += [*(() if row.when is None else (row.when,)), *row.outputs.values()]
    return caps_read(ruleset, *tops) | {s for s in spans if isinstance(s, str) and s in ruleset.catalog.caps}


def _unread(ruleset: RuleSet, sources: Sources, layers: Layers, read: frozenset[str]) -> list[Problem]:
    problems = []
    for name in ruleset.catalog.caps.keys() - read:
        setting = layers.everywhere.get(name)
        document, path = (setting.document, setting.path) if setting else (sources.documents["caps"], ("caps", name))
        message = f"no rule reads `{name}`: setting it changes nothing"
        problems.append(
            document.problem(
                "unread-cap",
                path,
                message,
                f"write a gate over `caps.{name}`, or remove it from schemas/caps.yaml",
                at_key=True,
            )
        )
    return problems


def _unset(ruleset: RuleSet, sources: Sources, read: frozenset[str]) -> list[Problem]:
    problems = []
    layers = [ruleset.account, *(s.layer for s in ruleset.subjects.values())]
    for name in sorted(read):
        per = ruleset.catalog.caps[name].per
        holders = list(ruleset.actors.values()) if per == "strategy" else layers[:1] if per == "account" else layers[1:]
        if not all(name in holder.caps for holder in holders):
            document, path = _reader(name, ruleset, sources)
            message = f"`caps.{name}` is read here, and nobody sets it"
            problems.append(
                document.problem(
                    "unset-cap", path, message, "set it in rules/risk.yaml; `none` means no bound and must be written"
                )
            )
    return problems


def _reader(name: str, ruleset: RuleSet, sources: Sources) -> tuple[Document, Path]:
    """The place of the first gate, breaker or window that reads a cap, or its declaration."""
    for gate in ruleset.gates:
        op = _bound_key(gate, name)
        if op is not None:
            return origin(sources, ("gates", gate.index, op))
    for i, breaker in enumerate(ruleset.breakers):
        if breaker.hold == name:
            return sources.documents["breakers"], ("breakers", i, "hold")
    for window in ruleset.windows.values():
        if window.within == name:
            return sources.documents["windows"], ("windows", window.name, "within")
    return sources.documents["caps"], ("caps", name)


def _bound_key(gate: Gate, cap: str) -> str | None:
    match gate.test:
        case Bound(op=op, limit=CapRef(name=name)) if name == cap:
            return op
        case Multiple(step=CapRef(name=name)) if name == cap:
            return "multiple_of"
        case _:
            return None


def _expired(ruleset: RuleSet, sources: Sources, today: date) -> list[Problem]:
    problems = []
    for gate in ruleset.gates:
        if gate.until is None:
            continue
        document, path = origin(sources, ("gates", gate.index, "until"))
        try:
            last = date.fromisoformat(gate.until)
        except ValueError:
            problems.append(document.problem("bad-value", path, f"`{gate.until}` is no date", "write it as 2027-01-31"))
            continue
        if last < today:
            message = f"the shadow of `{gate.id}` ended on {gate.until}"
            problems.append(document.problem("shadow-over", path, message, "enforce it, or give it a later day"))
    return problems


def _passes_missing(ruleset: RuleSet, sources: Sources) -> list[Problem]:
    found = [(g, origin(sources, ("gates", g.index, "on_missing"))) for g in ruleset.gates if g.passes_missing]
    return [
        document.problem(
            "passes-missing",
            path,
            f"`{g.id}` lets an intent through when a fact is missing",
            "this is the loosening exception; its `why` must say so",
            warning=True,
        )
        for g, (document, path) in found
    ]


def _treacherous(sources: Sources) -> list[Problem]:
    return [
        Problem(
            document.file,
            mark.line,
            mark.column,
            "treacherous-word",
            f"`{text}` is a text here, and something else to other readers of YAML",
            "put it in quotes; `hedgerow fmt` does so with values",
        )
        for _, document in sources
        for mark, text in document.treacherous
    ]
