"""Exact numbers: how they are read, compared and written.

Facts and caps are `Decimal`s, whose text is bounded in length and magnitude; expressions mean exact rational
arithmetic, so the interpreter works on `Fraction`s and compiled programs on `Decimal`s in the `EXACT` context,
which raises rather than rounds.
"""

import re
from decimal import (
    MAX_EMAX,
    MIN_EMIN,
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    Overflow,
    getcontext,
    setcontext,
)
from fractions import Fraction
from functools import cache, lru_cache
from typing import Final

MAX_DIGITS: Final = 40
MAX_MAGNITUDE: Final = 40
SHOWN_DIGITS: Final = 12

EXACT: Final = Context(
    prec=2000,
    Emin=MIN_EMIN,
    Emax=MAX_EMAX,
    traps=[Inexact, InvalidOperation, DivisionByZero, Overflow],
)

_ZERO: Final = Decimal(0)
_ONE: Final = Decimal(1)

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")
_PLAIN = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")


class NumberFault(ValueError):
    """The text is no number that may be compared exactly; the message says why."""


class exact:  # used as `with exact():`
    """Decimal arithmetic in the block raises `Inexact` instead of rounding."""

    __slots__ = ("_before",)

    def __enter__(self) -> None:
        self._before = getcontext()
        setcontext(EXACT)

    def __exit__(self, *_: object) -> None:
        setcontext(self._before)


def parse_number(text: str) -> Decimal:
    """The decimal that is written; at most 40 digits, between 1e-40 and 1e40 in magnitude.

    Raises:
        NumberFault: the text is not a finite decimal number, or out of these bounds.
    """
    if len(text) > MAX_DIGITS + 8 or not _NUMBER.fullmatch(text):
        raise NumberFault(f"`{text[:60]}` is not a finite decimal number")
    value = Decimal(text)
    if len(value.as_tuple().digits) > MAX_DIGITS:
        raise NumberFault(f"`{text}` has more than {MAX_DIGITS} digits")
    if value and abs(value.adjusted()) > MAX_MAGNITUDE:
        raise NumberFault(f"`{text}` is larger or smaller than 1e±{MAX_MAGNITUDE}")
    return value


def canonical(value: Decimal) -> str:
    """The one text of a value: no exponent, no trailing zeros, no negative zero."""
    if not value:
        return "0"
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text


def read_number(text: str) -> tuple[Decimal, str]:
    """The decimal that is written and its canonical text; see `parse_number`.

    A text without exponent and leading zeros, no longer than MAX_DIGITS, is within every bound.
    """
    if len(text) > MAX_DIGITS or not _PLAIN.fullmatch(text):
        value = parse_number(text)
        return value, canonical(value)
    if text[-1] == "0" and "." in text:
        text = text.rstrip("0").rstrip(".")
    if text == "-0":
        text = "0"
    return Decimal(text), text


def rounded(value: Fraction, digits: int = SHOWN_DIGITS) -> str:
    """Canonical text of a rational, rounded half-even to so many significant digits."""
    return canonical(decimal_near(value, digits))


def decimal_near(value: Fraction, digits: int) -> Decimal:
    """A rational as a decimal, rounded half-even to so many significant digits."""
    return _rounding(digits).divide(*value.as_integer_ratio())


@lru_cache(maxsize=64)
def _rounding(digits: int) -> Context:
    return Context(prec=digits)


def settled(numerator: Decimal, denominator: Decimal = _ONE) -> Decimal:
    """A quotient as a decimal without trailing zeros: exact where MAX_DIGITS significant digits hold it, else rounded
    half-even to as many.
    """
    # Adding zero takes the exponent off a round number, and the sign off zero.
    settling = _settling()
    return settling.add(settling.normalize(settling.divide(numerator, denominator)), _ZERO)


@cache
def _settling() -> Context:
    return Context(prec=MAX_DIGITS, Emin=MIN_EMIN, Emax=MAX_EMAX)


def apart(one: Fraction, other: Fraction, digits: int = SHOWN_DIGITS) -> tuple[Decimal, Decimal]:
    """Both rounded to so many significant digits, or to as many more as keep unequal numbers unequal."""
    near, beside = decimal_near(one, digits), decimal_near(other, digits)
    while near == beside and one != other:
        digits *= 2
        near, beside = decimal_near(one, digits), decimal_near(other, digits)
    return near, beside
