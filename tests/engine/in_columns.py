"""Requests one by one as a batch of columns, and what the reference says of each, as bits."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy

from engine import Engine
from engine.columns import Batch, Column, Columns
from engine.facts import FactsFault
from engine.numbers import EXACT
from tests.engine.cloud import nested

Request = Mapping[str, Any]


def with_gates(document: dict[str, Any], count: int) -> dict[str, Any]:
    """The same rules with each gate again, by other names, until there are at least so many."""
    gates = document["gates"]
    times = -(-count // len(gates))
    again = [{**gate, "id": f"{gate['id']}_{n}"} for n in range(1, times) for gate in gates]
    return {**document, "gates": [*gates, *again]}


def batch(columns: Columns, requests: Sequence[Request]) -> Batch:
    """Requests as columns; those in which something is invalid are odd."""
    odd: set[int] = set()
    names = [name for name in requests[0] if columns.engine.reader.place(name)]
    made = {name: _column(columns, name, [r[name] for r in requests], odd) for name in names}
    return Batch(len(requests), made, sorted(odd), lambda row: nested(dict(requests[row])))


def _column(columns: Columns, name: str, raws: list[Any], odd: set[int]) -> Column:
    place = columns.engine.reader.place(name)
    values: list[Any] = []
    for row, raw in enumerate(raws):
        try:
            values.append(None if raw is None else place.read(raw)[0])
        except ValueError:
            odd.add(row)
            values.append(None)
    if place.fact.unit.numeric:
        floats = [float("nan") if v is None else float(v) for v in values]
        short = all(v is None or len(Decimal(v).normalize(EXACT).as_tuple().digits) <= 15 for v in values)
        return Column(numpy.array(floats), lambda row: raws[row], short)
    if all(isinstance(v, bool) or v is None for v in values):
        truths = numpy.array([-1 if v is None else int(v) for v in values], numpy.int8)
        return Column(truths, lambda row: raws[row])
    own = columns.screen.own_words(name) if not isinstance(values[0], tuple) else frozenset()
    codes = [-1 if v is None or v not in own else columns.screen.known.codes[v] for v in values]
    codes = [-2 if row in odd and raws[row] is not None else code for row, code in enumerate(codes)]
    return Column(numpy.array(codes, numpy.int32), lambda row: raws[row])


def bits(engine: Engine, request: Request, stopped: int) -> int:
    """What stops a request, by the interpreter alone."""
    try:
        snapshot = engine.reader.read(nested(dict(request)))
    except FactsFault:
        return stopped
    if engine.unknown_reason(snapshot) is not None:
        return stopped
    judged, _ = engine.judgements(snapshot)
    return sum(1 << j.gate.index for j in judged if j.stops)
