"""Exactness: a measure on its bound passes and one step over does not, whatever the numbers."""

import random
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from engine import Engine, read
from engine.backends.python import Programs
from engine.catalog import Value
from engine.numbers import SHOWN_DIGITS, apart, canonical, exact
from tests.engine.random_rules import thorough

CASES: Final = 200_000
OPERATORS: Final = {
    "at_most": lambda x, y: x <= y,
    "at_least": lambda x, y: x >= y,
    "below": lambda x, y: x < y,
    "above": lambda x, y: x > y,
}
RATIO: Final = {"kind": "ratio", "meaning": "a ratio", "suffixes": {"x": "1"}, "bare_below": "1"}
POSITIVE: Final = {"unit": "ratio", "sign": "positive", "from": "test", "meaning": "a number"}


def quotient_engine() -> Engine:
    """An engine of four gates, one for each comparison, over (a + b·c) / d and the fact e."""
    facts = {f"f.{n}": POSITIVE for n in "abcde"}
    gates = [
        {
            "id": op,
            "why": "it compares",
            "measure": "(f.a + f.b * f.c) / f.d",
            op: "f.e",
            "veto": op,
            "source": "here:1",
        }
        for op in OPERATORS
    ]
    document: dict[str, Any] = {"units": {"ratio": RATIO}, "facts": facts, "caps": {}, "gates": gates}
    return Engine(read(document))


def decimals(dice: random.Random) -> Decimal:
    """A positive decimal as markets write them: up to nine digits, up to eight of them behind the point."""
    return Decimal(dice.randint(1, 10 ** dice.randint(1, 9))).scaleb(-dice.randint(0, 8))


def test_of_200_000_facts_at_and_beside_a_bound_none_is_wrong() -> None:
    """Every comparison of a quotient made exactly equal to its bound, or one step beside it, is what fractions say."""
    engine = quotient_engine()
    slots = engine.reader.slots
    run = Programs(engine.ruleset, slots).run(None, None, "order")
    dice = random.Random(20261121)
    at = [slots[f"f.{n}"] for n in "abcde"]
    wrong = 0
    with exact():
        for number in range(CASES):
            b, c, d, e = (decimals(dice) for _ in range(4))
            a = e * d - b * c + Decimal(number % 3 - 1).scaleb(-dice.randint(0, 12))
            values: list[Value | None] = [None] * len(slots)
            for slot, value in zip(at, (a, b, c, d, e), strict=True):
                values[slot] = value
            measure = (Fraction(a) + Fraction(b) * Fraction(c)) / Fraction(d)
            expected = [i for i, holds in enumerate(OPERATORS.values()) if not holds(measure, Fraction(e))]
            wrong += [stop[0] for stop in run(values) or ()] != expected

    assert wrong == 0


def test_on_the_bound_inclusive_passes_and_strict_does_not() -> None:
    """1.10 / 3 against its own double is never equal; a third of three is exactly one."""
    facts = {"f": {"a": "0.5", "b": "0.1", "c": "25", "d": "3", "e": "1"}}

    decision = quotient_engine().decide(facts)

    assert decision.reasons == ("below", "above")


@thorough(166)
@given(st.fractions(), st.fractions(), st.integers(0, 40))
def test_what_is_shown_never_equals_a_limit_that_it_is_not(value: Fraction, limit: Fraction, nearness: int) -> None:
    """However near, a number and the limit that it breaks are shown unequal, and the larger one as the larger."""
    near = limit + value / 10**nearness

    shown, beside = (Fraction(n) for n in apart(near, limit))

    assert (shown == beside) is (near == limit)
    assert (shown > beside) is (near > limit)
    assert all(abs(n - m) <= abs(m) / 10 ** (SHOWN_DIGITS - 1) for n, m in ((shown, near), (beside, limit)))


@thorough(166)
@given(st.decimals(allow_nan=False, allow_infinity=False, places=12, min_value=-(10**12), max_value=10**12))
def test_canonical_text_reads_back_and_is_the_only_one(value: Decimal) -> None:
    """No exponent, no trailing zeros, no negative zero; the same number always has the same text."""
    text = canonical(value)

    assert Decimal(text) == value
    assert canonical(Decimal(text)) == text
    assert "E" not in text
    assert text != "-0"
    assert "." not in text or not text.endswith(("0", "."))
