"""What closes the sizes that do not pass: in words, as records, and as problems where nothing is left."""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from typing import Any, Final

from engine import Engine
from engine.explain import display, limit_source, written
from engine.interpret import Situation
from engine.numbers import canonical
from engine.ruleset import Bound, Multiple, Require, limit_of
from engine.tree import CapRef
from generator.change.cover.edges import situation_of
from generator.change.cover.feasible import Leaves, Sizes
from generator.change.cover.grid import MOST_STEPS
from generator.compile.problems import Problem
from generator.trials import WORDS
from universe.reader import Universe

SHOWN: Final = 6


class Worded:
    """Sizes in a person's words, and in a program's."""

    def __init__(self, universe: Universe) -> None:
        self._engine = Engine(universe.ruleset, "interpreter")

    def _situation(self, sizes: Sizes) -> Situation:
        return situation_of(sizes.facts, self._engine)

    def bound(self, sizes: Sizes, leaves: Leaves) -> str:
        """What a gate lets through: `at most 6%`, or its condition."""
        test, limit = leaves.gate.test, leaves.said.limit
        if isinstance(test, Require):
            return f"`{test.text}`"
        if limit is None:
            return f"{', '.join(leaves.said.unknown)} is not known"
        words = "a multiple of" if isinstance(test, Multiple) else WORDS[test.op]
        return f"{words} {display(limit, test.unit, self._situation(sizes))}"

    def would_do(self, sizes: Sizes, leaves: Leaves) -> str | None:
        """The bound with which a gate would let its size through, rounded to the side that does; None for others."""
        test, observed = leaves.gate.test, leaves.said.observed
        if not isinstance(test, Bound) or observed is None:
            return None
        up = test.op in ("at_most", "below")
        near = _rounded(observed, up=up)
        more = "or more" if up else "or less"
        return f"{written(near, test.unit, self._situation(sizes))} {more}"

    def quantity(self, sizes: Sizes, steps: int) -> str:
        """So many steps, in the symbol's own coin."""
        unit = self._engine.ruleset.catalog.facts["order.quantity"].unit
        return "no bound" if steps >= MOST_STEPS else written(sizes.step * steps, unit, self._situation(sizes))

    def money(self, sizes: Sizes, steps: int) -> str:
        """What so many steps are worth, in USDT."""
        return "" if steps >= MOST_STEPS else f"{canonical(sizes.step * steps * sizes.price)} USDT"

    def source(self, sizes: Sizes, leaves: Leaves) -> str:
        """`file:line` of a gate's bound."""
        return limit_source(leaves.gate, self._situation(sizes))[0]

    def record(self, sizes: Sizes) -> dict[str, Any]:
        """As JSON data: quantities as canonical decimals, None where there is no bound."""

        def amount(steps: int) -> str | None:
            return None if steps >= MOST_STEPS else canonical(sizes.step * steps)

        def gates(found: Iterable[Leaves]) -> list[dict[str, str]]:
            return [{"gate": g.gate.id, "bound": self.bound(sizes, g), "source": self.source(sizes, g)} for g in found]

        return {
            "symbol": sizes.symbol,
            "strategy": sizes.strategy,
            "side": sizes.side,
            "price": canonical(sizes.price),
            "sizes": [[amount(lo), amount(hi)] for lo, hi in sizes.ranges],
            "below": gates(sizes.below),
            "above": gates(sizes.above),
            "nothing_passes": gates((*sizes.ceilings, *sizes.floors, *sizes.blocked)),
            "needed": None if sizes.needed is None else amount(sizes.needed),
            "proposed": None if sizes.proposed is None else amount(sizes.proposed),
            "not_followed": list(sizes.left_out),
        }


def problems(found: Iterable[Sizes], nav: Decimal, universe: Universe, texts: Mapping[str, str]) -> list[Problem]:
    """An error for each symbol of which nothing passes on either side for a strategy that runs; a warning where sizes
    pass, but none as small as what the sizing table proposes.
    """
    words = Worded(universe)
    by_order: dict[tuple[str, str], list[Sizes]] = {}
    for sizes in found:
        by_order.setdefault((sizes.symbol, sizes.strategy), []).append(sizes)
    # Strategies that fail alike share a problem.
    alike: dict[tuple[str, ...], list[Sizes]] = {}
    for sides in by_order.values():
        if (failing := _failing(sides)) is not None:
            gates = (*failing.ceilings, *failing.floors, *failing.blocked, *failing.below)
            key = (failing.symbol, str(failing.proposed), *(_list(words, failing, [g]) for g in gates))
            alike.setdefault(key, []).append(failing)
    return [(_too_small if of[0].ranges else _nothing)(of, nav, words, texts) for of in alike.values()]


def _failing(sides: Sequence[Sizes]) -> Sizes | None:
    """The side that says best why an order never passes; None where one does."""
    if not any(s.ranges for s in sides):
        return next((s for s in sides if s.ceilings), sides[0])
    passing = [s for s in sides if s.ranges]
    return passing[0] if all(s.out_of_proposal for s in passing) else None


def _nothing(alike: Sequence[Sizes], nav: Decimal, words: Worded, texts: Mapping[str, str]) -> Problem:
    sizes = alike[0]
    what = f"no order of {sizes.symbol} by {_who(alike)} passes at a NAV of {canonical(nav)} USDT"
    closing = sizes.ceilings or sizes.blocked
    gates, needed = _list(words, sizes, closing), sizes.needed
    if needed is None:
        message, help_text = f"{what}, whatever its size: {gates}", _leave(alike)
    else:
        least = f"{words.quantity(sizes, needed)}, {words.money(sizes, needed)}"
        less = f"{_list(words, sizes, sizes.floors)} {_stop(sizes.floors)} less" if sizes.floors else "that is one step"
        message = f"{what}: {gates} {_stop(closing)} {least}, and more; {less}"
        first, *others = [f"`{g.gate.id}` {words.would_do(sizes, g)}" for g in closing]
        name, _, bound = first.partition(" ")
        help_text = f"{_and([f'{name} would have to be {bound}', *others])}; or {_leave(alike)}"
    return _at(words, sizes, closing[0], "nothing-passes", message, help_text, texts)


def _too_small(alike: Sequence[Sizes], nav: Decimal, words: Worded, texts: Mapping[str, str]) -> Problem:
    sizes = alike[0]
    assert sizes.proposed is not None
    smallest = sizes.ranges[0][0]
    message = (
        f"no order of {sizes.symbol} by {_who(alike)} is proposed that would pass at a NAV of {canonical(nav)} USDT: "
        f"the sizing table proposes {words.quantity(sizes, sizes.proposed)} at most, and "
        f"{_list(words, sizes, sizes.below)} {_stop(sizes.below)} less than {words.quantity(sizes, smallest)}, "
        f"{words.money(sizes, smallest)}"
    )
    help_text = f"let the sizing table propose more; or {_leave(alike)}"
    return _at(words, sizes, sizes.below[0], "size-too-small", message, help_text, texts, warning=True)


def _list(words: Worded, sizes: Sizes, gates: Iterable[Leaves]) -> str:
    return _and([f"`{g.gate.id}` ({words.bound(sizes, g)})" for g in gates])


def _and(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))


def _stop(gates: Sequence[Leaves]) -> str:
    return "stops" if len(gates) == 1 else "stop"


def _who(alike: Sequence[Sizes]) -> str:
    return _and([f"`{s.strategy}`" for s in alike])


def _leave(alike: Sequence[Sizes]) -> str:
    return f"take {alike[0].symbol} from {_who(alike)}, or disable it"


def _at(
    words: Worded,
    sizes: Sizes,
    leaves: Leaves,
    code: str,
    message: str,
    help_text: str,
    texts: Mapping[str, str],
    *,
    warning: bool = False,
) -> Problem:
    """A problem where a gate's bound is set: at the cap's value, else at the gate."""
    file, _, line = words.source(sizes, leaves).rpartition(":")
    lines = texts.get(file, "").splitlines()
    number = int(line)
    text = lines[number - 1] if number <= len(lines) else ""
    cap = limit.name if isinstance(limit := limit_of(leaves.gate), CapRef) else ""
    value = re.search(rf"\b{re.escape(cap)}:\s*(?=\S)", text) if cap else None
    column = value.end() if value else len(text) - len(text.lstrip())
    return Problem(file, number, column + 1, code, message, help_text, warning)


def _rounded(value: Fraction, *, up: bool) -> Decimal:
    """A rational as a short decimal that is no less (no more) than it."""
    context = Context(prec=SHOWN, rounding=ROUND_CEILING if up else ROUND_FLOOR)
    return context.divide(Decimal(value.numerator), Decimal(value.denominator))
