"""A venue's file as values, and which way its facts move."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from universe.instruments import Bracket
from universe.venue import Listed, VenueFault, read_venue_file
from universe.venue_changes import Change, Way, changes

BTC: Final = Listed(
    base="BTC",
    tick=Decimal("0.1"),
    step=Decimal("0.001"),
    min_quantity=Decimal("0.001"),
    max_quantity=Decimal(1000),
    min_notional=Decimal(100),
    brackets=(
        Bracket(Decimal(50_000), Decimal(125), Decimal("0.004"), Decimal(0)),
        Bracket(Decimal(250_000), Decimal(100), Decimal("0.005"), Decimal(50)),
    ),
)
OPPOSITE: Final = {Way.TIGHTER: Way.LOOSER, Way.LOOSER: Way.TIGHTER, Way.OTHER: Way.OTHER}
numbers = st.integers(1, 400).map(lambda n: Decimal(n) / 4)


def moved(**parts: Any) -> tuple[Change, ...]:
    """What is said where these parts of a contract change."""
    return changes({"BTCUSDT": BTC}, {"BTCUSDT": replace(BTC, **parts)})


@st.composite
def brackets(draw: st.DrawFn) -> tuple[Bracket, ...]:
    """Brackets by rising notional, each with less leverage than the one before."""
    ends = sorted(draw(st.sets(numbers, min_size=1, max_size=4)))
    leverages = sorted(draw(st.lists(numbers, min_size=len(ends), max_size=len(ends))), reverse=True)
    rates = sorted(draw(st.lists(st.integers(1, 50), min_size=len(ends), max_size=len(ends))))
    rows = zip(ends, leverages, rates, strict=True)
    return tuple(Bracket(end, leverage, Decimal(rate) / 100, Decimal(0)) for end, leverage, rate in rows)


def test_when_the_shipped_file_is_read_and_written_then_it_is_the_same_to_the_byte(root: Path) -> None:
    """A refresh moves the lines of what changed and no other."""
    text = (root / "universe/venues/binance_usdm.json").read_text(encoding="utf-8")

    assert read_venue_file(text).text() == text


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"venue": "x", "symbols": {"A": {}}}', "[" * 50_000, '{"symbols": 1}']
)
def test_when_a_file_is_no_venues_then_that_is_said_with_a_remedy(text: str) -> None:
    """Never a traceback."""
    with pytest.raises(VenueFault) as fault:
        read_venue_file(text)

    assert fault.value.help


@pytest.mark.parametrize(
    ("part", "value", "way"),
    [
        ("tick", "0.2", Way.TIGHTER),
        ("tick", "0.05", Way.LOOSER),
        ("tick", "0.15", Way.OTHER),
        ("step", "0.01", Way.TIGHTER),
        ("step", "0.0001", Way.LOOSER),
        ("min_quantity", "0.002", Way.TIGHTER),
        ("min_quantity", "0.0005", Way.LOOSER),
        ("max_quantity", "999", Way.TIGHTER),
        ("max_quantity", "1001", Way.LOOSER),
        ("min_notional", "101", Way.TIGHTER),
        ("min_notional", "5", Way.LOOSER),
    ],
)
def test_when_a_number_moves_then_it_is_said_which_way(part: str, value: str, way: Way) -> None:
    """What lets an order through that the venue refused is looser, whichever sign the number has."""
    (change,) = moved(**{part: Decimal(value)})

    assert (change.part, change.way, change.after) == (part, way, value)


def test_when_a_bracket_moves_then_the_first_notional_at_which_it_shows_is_told() -> None:
    """Leverage and maintenance margin are two parts: one may rise while the other stays."""
    first, last = BTC.brackets

    assert moved(brackets=(replace(first, leverage=Decimal(100)), last)) == (
        Change("BTCUSDT", "leverage", Way.TIGHTER, "125x at 50000 USDT", "100x at 50000 USDT"),
    )
    assert moved(brackets=(first, replace(last, maintenance_margin=Decimal("0.004")))) == (
        Change("BTCUSDT", "maintenance margin", Way.LOOSER, "200 USDT at 50000 USDT", "150 USDT at 50000 USDT"),
    )


def test_when_brackets_go_up_here_and_down_there_then_neither_way_is_claimed() -> None:
    """A diff that called this tighter would be wrong for someone."""
    first, last = BTC.brackets
    (change,) = moved(brackets=(replace(first, leverage=Decimal(150)), replace(last, leverage=Decimal(50))))

    assert change.way is Way.OTHER


def test_when_brackets_are_cut_elsewhere_and_say_the_same_then_nothing_is_said() -> None:
    """What counts is what holds at each notional, not where the venue cuts its table."""
    first, last = BTC.brackets
    halves = (replace(first, notional_cap=Decimal(20_000)), first, last)

    assert moved(brackets=halves) == ()


def test_when_contracts_come_go_or_count_another_coin_then_each_is_said() -> None:
    """By themselves they let nothing through and stop nothing."""
    gone, came, other = changes({"AUSDT": BTC, "CUSDT": BTC}, {"BUSDT": BTC, "CUSDT": replace(BTC, base="XBT")})[::1]

    assert (gone, other) == (
        Change("AUSDT", "listed", Way.OTHER, "BTC", None),
        Change("BUSDT", "listed", Way.OTHER, None, "BTC"),
    )
    assert came == Change("CUSDT", "base", Way.OTHER, "BTC", "XBT")


def test_when_what_was_assumed_is_known_then_that_is_said() -> None:
    """A guess that is gone is a change that people read."""
    assumed = replace(BTC, assumed={"brackets": "as WIF"})

    assert changes({"A": assumed}, {"A": BTC}) == (Change("A", "assumed brackets", Way.OTHER, "as WIF", None),)


@given(old=brackets(), new=brackets())
def test_whatever_the_brackets_then_the_way_back_is_the_opposite(
    old: tuple[Bracket, ...], new: tuple[Bracket, ...]
) -> None:
    """And the way is true at every notional that either table names."""
    one, other = replace(BTC, brackets=old), replace(BTC, brackets=new)
    there = {c.part: c.way for c in changes({"A": one}, {"A": other})}
    back = {c.part: c.way for c in changes({"A": other}, {"A": one})}

    assert back == {part: OPPOSITE[way] for part, way in there.items()}
    allowed = [(leverage(old, b.notional_cap), leverage(new, b.notional_cap)) for b in (*old, *new)]
    assert (there.get("leverage") is Way.TIGHTER) == (
        all(now <= was for was, now in allowed) and any(now < was for was, now in allowed)
    )


def leverage(table: tuple[Bracket, ...], notional: Decimal) -> Decimal:
    """The leverage of a position, said slowly; none beyond the last bracket."""
    return next((b.leverage for b in table if notional <= b.notional_cap), Decimal(0))
