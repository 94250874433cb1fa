"""`python -m tests.conformance`: write the data again from the rule sets that it is made from, by the reference."""

import json
import random
from pathlib import Path
from typing import Any, Final

from engine import Engine, read
from engine.numbers import canonical
from engine.syntax import SyntaxFault, parse, render
from engine.units import ValueFault, read_unit, read_value
from tests.conformance.judging import answers, decided
from tests.engine import cloud
from tests.engine.random_rules import Dice, RuleMaker, Shape, asked, nested

HERE: Final = Path(__file__).parent
RANDOM_SETS: Final = 12
REQUESTS: Final = 25
CHANGES: Final[tuple[dict[str, Any], ...]] = (
    {},
    *({"request__machines": n} for n in ("0", "1", "4", "9", "2.5", "1000000", "-1", "NaN", None)),
    *({"request__price": p} for p in ("0.1", "99999999999999999999.9999999999", "0", None)),
    *({"request__department": d} for d in ("research", "nowhere", "", None)),
    {"control__freeze": True},
    {"control__freeze": None},
)
EXPRESSIONS: Final = (
    *("a", "a.b", "1", "1_000.50", "'x'", '"it\'s"', "true", "-a", "- -a", "not not a", "not a == b", "a - -b"),
    *("a or b and c", "(a or b) and c", "a - b - c", "a - (b - c)", "a / b / c", "a / (b * c)", "-a * b", "-(a * b)"),
    *("a in b", "a not in b", "not a in b", "max(a, b, 1)", "min(a,b)", "abs( a )", "known(a.b)", "(a < b) == (c < d)"),
    *(
        "",
        "a b",
        "a +",
        "(a",
        "a)",
        "a < b < c",
        "5%",
        "1e6",
        "0x1f",
        "1.",
        ".5",
        "a.B",
        "A",
        "a.class",
        "max(a)",
        "f(a)",
    ),
    *(
        "known()",
        "a ** b",
        "a // b",
        "a % b",
        "x if y else z",
        "lambda: 1",
        "a[0]",
        "a = b",
        "!a",
        "a && b",
        "None",
        "True",
    ),
    *(
        "a is b",
        "'x",
        "'a\\b'",
        "é",
        "a\u00a0b",
        "a;b",
        "{a}",
        "not",
        "in a",
        "a not b",
        "max(,a)",
        "max(a,)",
        "(" * 50,
    ),
    *("+".join(["a"] * 45), "(" * 39 + "a" + ")" * 39, "a" * 2001),
)
VALUES: Final[dict[str, tuple[str, ...]]] = {
    "ratio": ("8%", "25bps", "1.5x", "0.08", "0", "5", "-5%", "1", "0.999", "8 %", "8%%", "1e-2", "5 EUR", "", "٣%"),
    "EUR": ("500 EUR", "500EUR", "80_000 EUR", "1.50 EUR", "0", "500", "-5 EUR", "5 USD", "1,000 EUR", "EUR", "1_ EUR"),
    "hours": ("12h", "1d12h", "1w", "0", "12", "1d 12h", "12h1d", "1h1h", "1.5h", "-1h", "h"),
    "count": ("8", "0", "1_000", "8.5", "8x", "-1", "08", "", "1e3"),
    "bool": ("true", "false", "yes", "on", "1", "True"),
}


def main() -> None:
    """Write every file."""
    _write("expressions.json", [_expression(text) for text in EXPRESSIONS])
    _write("values.json", {"units": cloud.UNITS, "cases": [_value(u, t) for u, ts in VALUES.items() for t in ts]})
    _rules("spending", cloud.document(), [cloud.request(**change) for change in CHANGES])
    for number in range(RANDOM_SETS):
        dice = Dice(number)
        document = RuleMaker(dice, Shape(), number % 5 + 1).document()
        _rules(f"random_{number:02}", document, [nested(asked(dice, document)) for _ in range(REQUESTS)])


def _expression(text: str) -> dict[str, Any]:
    try:
        return {"text": text, "canonical": render(parse(text))}
    except SyntaxFault:
        return {"text": text, "refused": True}


def _value(unit: str, text: str) -> dict[str, Any]:
    try:
        value = read_value(text, read_unit(unit, cloud.UNITS[unit]), {})
    except ValueFault:
        return {"unit": unit, "text": text, "refused": True}
    return {"unit": unit, "text": text, "value": value if isinstance(value, bool) else canonical(value)}


def _rules(name: str, document: dict[str, Any], requests: list[dict[str, Any]]) -> None:
    """A rule set, and what it says of each request; half of them as an account's update too, where it may be one."""
    engine = Engine(read(document), "interpreter")
    dice = random.Random(name)
    cases = []
    for facts in requests:
        for scope in ("order", "account") if dice.random() < 0.3 else ("order",):
            text = json.dumps(facts, ensure_ascii=False)
            cases.append(
                {
                    "facts": facts,
                    "scope": scope,
                    "decision": json.loads(decided(engine, text, scope)),
                    "tables": answers(engine, text),
                }
            )
    folder = HERE / "rules" / name
    folder.mkdir(parents=True, exist_ok=True)
    _write(f"rules/{name}/rules.json", document)
    lines = "".join(f"{json.dumps(case, ensure_ascii=False)}\n" for case in cases)
    (folder / "cases.jsonl").write_text(lines, encoding="utf-8")


def _write(name: str, data: Any) -> None:
    (HERE / name).write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
