"""Changes of measures and tables: equal when written out is equivalent; anything else loosens until it is proved."""

from collections.abc import Iterator, Mapping
from typing import Any

from engine.ruleset import RuleSet, gate_nodes, table_nodes
from engine.tree import MeasureRef, Node, OutputRef, walk
from generator.change.bounds import of_expressions
from generator.change.changes import Change, Kind
from generator.change.fields import Absent, Difference
from generator.change.sides import Sides
from generator.change.verdicts import Verdict
from generator.change.words import Class

COME = Verdict(Class.EQUIVALENT, "nothing that stands follows it; what does is listed by itself")


def measures(sides: Sides, found: list[Difference]) -> Iterator[Change]:
    """The changes of measures."""
    for difference in found:
        name, old, new = difference.path[1], difference.old, difference.new
        if isinstance(old, Absent) or isinstance(new, Absent):
            yield _measure(sides, name, old, new, _come_or_gone(sides, name, new))
            continue
        if old["is"] != new["is"]:
            nodes = (side.ruleset.measures[name].node for side in (sides.old, sides.new))
            yield _measure(sides, name, old, new, _of_measure(sides, name, *nodes))
        if old["unit"] != new["unit"]:
            verdict = Verdict(Class.LOOSEN, "it means another thing")
            yield _measure(sides, name, {"is": old["unit"]}, {"is": new["unit"]}, verdict)


def _measure(sides: Sides, name: str, old: Any, new: Any, verdict: Verdict) -> Change:
    before, after = (None if isinstance(e, Absent) else str(e["is"]) for e in (old, new))
    return Change(
        kind=Kind.MEASURE,
        name=f"measure {name}",
        key=f"measures.{name}",
        word=verdict.word,
        why=verdict.why,
        before=before,
        after=after,
        old=before,
        new=after,
        gates=verdict.gates,
        unproved=verdict.unproved,
        **sides.places("measures", name),
    )


def _come_or_gone(sides: Sides, name: str, new: Any) -> Verdict:
    if not isinstance(new, Absent):
        return COME
    return Verdict(Class.CONTRACT, "code and people may ask for it by its name")


def _of_measure(sides: Sides, name: str, old: Node, new: Node) -> Verdict:
    """Another measure, and who reads it: what a proof says of gates, it can't say of tables or of what is exempt."""
    verdict = of_expressions(sides, old, new)
    ruleset = sides.new.ruleset
    gates = tuple(g.id for g in ruleset.gates if g.enforced and reads_measure(ruleset, name, *gate_nodes(g)))
    if verdict.word is Class.EQUIVALENT:
        return Verdict(verdict.word, verdict.why, gates)
    tables = [t.name for t in ruleset.tables.values() if reads_measure(ruleset, name, *table_nodes(t))]
    exempt = ruleset.head.exempt
    if exempt is not None and (exempt == name or reads_measure(ruleset, name, ruleset.measures[exempt].node)):
        return Verdict(Class.LOOSEN, "it decides what counts as an exit", gates)
    if tables:
        return Verdict(Class.LOOSEN, f"{', '.join(tables)} follows it, which has no direction", gates)
    if not gates:
        return Verdict(Class.LOOSEN, "no enforced gate gives it a direction", gates)
    return Verdict(Class.LOOSEN, verdict.why, gates, unproved=True)


def reads_measure(ruleset: RuleSet, name: str, *nodes: Node) -> bool:
    """Whether expressions read a measure, through whatever they name."""
    seen: set[str] = set()
    pending = list(nodes)
    while pending:
        for node in walk(pending.pop()):
            match node:
                case MeasureRef(name=other):
                    if other == name:
                        return True
                    below: tuple[Node, ...] = (ruleset.measures[other].node,)
                    key = other
                case OutputRef(table=table):
                    below, key = table_nodes(ruleset.tables[table]), f"tables.{table}"
                case _:
                    continue
            if key not in seen:
                seen.add(key)
                pending += below
    return False


def tables(sides: Sides, found: list[Difference]) -> Iterator[Change]:
    """The changes of tables, row by row."""
    for difference in found:
        name, old, new = difference.path[1], difference.old, difference.new
        if isinstance(old, Absent) or isinstance(new, Absent):
            gone = Verdict(Class.LOOSEN, "whatever followed it has no answer")
            verdict = gone if isinstance(new, Absent) else COME
            rows = [None if isinstance(e, Absent) else f"{len(e['rows'])} rows" for e in (old, new)]
            yield _table(sides, name, (), rows[0], rows[1], verdict)
            continue
        yield from _within(sides, name, old, new)


def _within(sides: Sides, name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    undirected = Verdict(Class.LOOSEN, "a table has no direction")
    if old.get("why") != new.get("why"):
        yield _table(
            sides, name, ("why",), old.get("why"), new.get("why"), Verdict(Class.COSMETIC, "only people read it")
        )
    for output in dict.fromkeys([*old["outputs"], *new["outputs"]]):
        before, after = (_declared(e["outputs"].get(output)) for e in (old, new))
        if before != after:
            yield _table(sides, name, ("outputs", output), before, after, undirected)
    before_rows, after_rows = ({row["id"]: row for row in e["rows"]} for e in (old, new))
    before_order = [row for row in before_rows if row in after_rows]
    after_order = [row for row in after_rows if row in before_rows]
    if before_order != after_order:
        verdict = Verdict(Class.LOOSEN, "the first row that applies answers")
        yield _table(sides, name, ("order",), ", ".join(before_order), ", ".join(after_order), verdict)
    for row in dict.fromkeys([*before_rows, *after_rows]):
        yield from _row(sides, name, row, before_rows.get(row), after_rows.get(row))


def _declared(unit: Any) -> str | None:
    return f"[{', '.join(unit)}]" if isinstance(unit, list) else unit


def _row(
    sides: Sides, table: str, row: str, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None
) -> Iterator[Change]:
    if old is None or new is None:
        texts = [None if e is None else _row_text(e) for e in (old, new)]
        yield _table(sides, table, (row,), texts[0], texts[1], Verdict(Class.LOOSEN, "a table has no direction"))
        return
    nodes = [{r.id: r for r in side.ruleset.tables[table].rows}[row] for side in (sides.old, sides.new)]
    if old.get("when") != new.get("when"):
        verdict = _of_cell(sides, nodes[0].when, nodes[1].when)
        yield _table(sides, table, (row, "when"), old.get("when"), new.get("when"), verdict)
    for output in dict.fromkeys([*old["then"], *new["then"]]):
        before, after = old["then"].get(output), new["then"].get(output)
        if before != after:
            verdict = _of_cell(sides, nodes[0].outputs.get(output), nodes[1].outputs.get(output))
            yield _table(sides, table, (row, "then", output), before, after, verdict)
    if old.get("why") != new.get("why"):
        verdict = Verdict(Class.COSMETIC, "only people read it")
        yield _table(sides, table, (row, "why"), old.get("why"), new.get("why"), verdict)


def _of_cell(sides: Sides, old: Node | None, new: Node | None) -> Verdict:
    before, after = sides.form(old, new)
    if before == after:
        return Verdict(Class.EQUIVALENT, "the same, written otherwise")
    return Verdict(Class.LOOSEN, "a table has no direction")


def _row_text(row: Mapping[str, Any]) -> str:
    then = ", ".join(f"{k} {v}" for k, v in row["then"].items())
    return f"{row.get('when', 'otherwise')} → {then}"


def _table(
    sides: Sides, table: str, parts: tuple[str, ...], before: str | None, after: str | None, verdict: Verdict
) -> Change:
    where = f": {' '.join(p for p in parts if p != 'then')}" if parts else ""
    return Change(
        kind=Kind.TABLE,
        name=f"table {table}{where}",
        key=".".join(("tables", table, *parts)),
        word=verdict.word,
        why=verdict.why,
        before=before,
        after=after,
        old=before,
        new=after,
        **sides.places("tables", table, *parts),
    )
