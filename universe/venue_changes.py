"""What became of a venue's facts: each difference by contract and part, and which way it goes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from engine.numbers import canonical
from universe.instruments import Bracket
from universe.venue import FILTERS, Listed


class Way(StrEnum):
    """Which way a fact of the venue moved: tighter refuses more of what we might send, looser refuses less."""

    TIGHTER = "tighter"
    LOOSER = "looser"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Change:
    """One part of one contract that is not what it was; None where the contract was not there, or is gone."""

    symbol: str
    part: str
    way: Way
    before: str | None
    after: str | None


def changes(old: Mapping[str, Listed], new: Mapping[str, Listed]) -> tuple[Change, ...]:
    """Every difference, by contract in the order of the file."""
    return tuple(change for symbol in dict.fromkeys([*old, *new]) for change in _of_symbol(symbol, old, new))


def _of_symbol(symbol: str, old: Mapping[str, Listed], new: Mapping[str, Listed]) -> Iterator[Change]:
    before, after = old.get(symbol), new.get(symbol)
    if before is None or after is None:
        yield Change(symbol, "listed", Way.OTHER, before.base if before else None, after.base if after else None)
        return
    if before.base != after.base:
        yield Change(symbol, "base", Way.OTHER, before.base, after.base)
    for part in FILTERS:
        was, now = getattr(before, part), getattr(after, part)
        if was != now:
            yield Change(symbol, part, _WAYS[part](was, now), canonical(was), canonical(now))
    yield from _of_brackets(symbol, before.brackets, after.brackets)
    for part in dict.fromkeys([*before.assumed, *after.assumed]):
        texts = before.assumed.get(part), after.assumed.get(part)
        if texts[0] != texts[1]:
            yield Change(symbol, f"assumed {part}", Way.OTHER, *texts)


def _grid(was: Decimal, now: Decimal) -> Way:
    """A grid that is a multiple of another has fewer points, all of them the other's too."""
    return Way.TIGHTER if not now % was else Way.LOOSER if not was % now else Way.OTHER


def _least(was: Decimal, now: Decimal) -> Way:
    return Way.TIGHTER if now > was else Way.LOOSER


def _most(was: Decimal, now: Decimal) -> Way:
    return _least(now, was)


_WAYS = {"tick": _grid, "step": _grid, "min_quantity": _least, "max_quantity": _most, "min_notional": _least}


def _of_brackets(symbol: str, old: tuple[Bracket, ...], new: tuple[Bracket, ...]) -> Iterator[Change]:
    """How leverage and maintenance margin moved, at every notional: between two ends of brackets both are lines."""
    ends = sorted({Decimal(0), *(b.notional_cap for b in (*old, *new))})
    leverage: list[tuple[Decimal, Decimal, Decimal]] = []
    maintenance: list[tuple[Decimal, Decimal, Decimal]] = []
    for low, high in pairwise(ends):
        one, other = _at(old, high), _at(new, high)
        leverage.append((high, one.leverage, other.leverage))
        maintenance += [(at, _maintenance(one, at), _maintenance(other, at)) for at in (low, high)]
    for part, unit, found in (("leverage", "x", leverage), ("maintenance margin", " USDT", maintenance)):
        moved = [(at, was, now) for at, was, now in found if was != now]
        if moved:
            at, was, now = moved[0]
            rises = {b > a for _, a, b in moved}
            way = Way.OTHER if len(rises) > 1 else _most(was, now) if part == "leverage" else _least(was, now)
            texts = (f"{canonical(number)}{unit} at {canonical(at)} USDT" for number in (was, now))
            yield Change(symbol, part, way, *texts)


def _at(brackets: tuple[Bracket, ...], notional: Decimal) -> Bracket:
    """The bracket of a notional; beyond the last there is no leverage, and the whole of it is held as margin."""
    found = next((b for b in brackets if notional <= b.notional_cap), None)
    return found or Bracket(notional, Decimal(0), Decimal(1), Decimal(0))


def _maintenance(bracket: Bracket, notional: Decimal) -> Decimal:
    return notional * bracket.maintenance_margin - bracket.maintenance_amount
