"""Facts at a bound and one step beside it, held to fractions; `python -m tests.engine.beside N` tries N of them."""

import random
import sys
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from engine import Engine, read
from engine.desk import Desk

COUNT: Final = 20_000
_RATIO: Final = {"kind": "ratio", "suffixes": {"x": "1"}, "bare_below": "1"}
_ANY: Final = {"unit": "ratio", "from": "test", "meaning": "a number"}
_FACTS: Final = {**{name: {**_ANY, "sign": "positive"} for name in "abcde"}, "x": _ANY}
_OPERATORS: Final[dict[str, Callable[[Fraction, Fraction], bool]]] = {
    "at_most": lambda x, y: x <= y,
    "at_least": lambda x, y: x >= y,
    "below": lambda x, y: x < y,
    "above": lambda x, y: x > y,
}
# What is measured, as text and as a function of the facts.
_MEASURES: Final[dict[str, tuple[str, Callable[..., Fraction]]]] = {
    "quotient": ("(f.a + f.b * f.c) / f.d", lambda a, b, c, d, x: (a + b * c) / d),
    "difference": ("(f.x + f.b * f.c) / f.d", lambda a, b, c, d, x: (x + b * c) / d),
    "distance": ("abs(f.x - f.b * f.c) / f.d", lambda a, b, c, d, x: abs(x - b * c) / d),
    "worst": ("max(f.x + f.b * f.c, f.a - f.x) / f.d", lambda a, b, c, d, x: max(x + b * c, a - x) / d),
}


class Beside:
    """Gates of each comparison over each measure, and their facts."""

    def __init__(self) -> None:
        gates = [
            {
                "id": f"{m}_{op}",
                "why": "it compares",
                "measure": text,
                op: "f.e",
                "veto": f"{m}_{op}",
                "source": "here:1",
            }
            for m, (text, _) in _MEASURES.items()
            for op in _OPERATORS
        ]
        facts = {f"f.{name}": entry for name, entry in _FACTS.items()}
        document: dict[str, Any] = {"units": {"ratio": _RATIO}, "facts": facts, "caps": {}, "gates": gates}
        desk = Desk(Engine(read(document)))
        self._take, self._standing = desk.intake(*[f"f.{n}" for n in _FACTS]), desk.standing({})

    def wrong(self, dice: random.Random) -> str | None:
        """Facts of which a measure is at its bound or a step beside it, if they are judged otherwise than they are."""
        a, b, c, d, e = (_number(dice) for _ in range(5))
        x = _number(dice) * dice.choice((1, -1))
        match dice.choice(tuple(_MEASURES)):
            case "quotient":
                e, d, a = (d, Decimal(1), d - b * c) if d > b * c and dice.random() < 0.5 else (e, d, e * d - b * c)
            case "difference":
                x = e * d - b * c
            case "distance":
                x = b * c + e * d * dice.choice((1, -1))
            case "worst":
                x = dice.choice((e * d - b * c, a - e * d))
        beside = Decimal(dice.choice((0, 0, 1, -1))).scaleb(-dice.randint(0, 12))
        x, a = x + beside, abs(a + beside) or Decimal(1)
        facts = {"a": a, "b": b, "c": c, "d": d, "e": e, "x": x}
        verdict = self._take(self._standing, *facts.values()).decide()
        exact = {name: Fraction(value) for name, value in facts.items()}
        bound = exact.pop("e")
        expected = tuple(
            f"{m}_{op}"
            for m, (_, measure) in _MEASURES.items()
            for op, passes in _OPERATORS.items()
            if not passes(measure(**exact), bound)
        )
        return None if verdict.reasons == expected else f"{facts}: {verdict.reasons}, not {expected}"


def _number(dice: random.Random) -> Decimal:
    """A positive decimal as markets write them."""
    return Decimal(dice.randint(1, 10 ** dice.randint(1, 9))).scaleb(-dice.randint(0, 8))


def main() -> None:
    """Try as many as are asked for, and say how many are wrong."""
    beside, dice, count = Beside(), random.Random(7), int(sys.argv[1])
    wrong = [found for _ in range(count) if (found := beside.wrong(dice)) is not None]
    print(f"{count} facts at a bound or a step beside it, {len(wrong)} judged wrong")
    sys.exit("\n".join(wrong[:5]) or 0)


if __name__ == "__main__":
    main()
