"""The conformance data, through both backends: what a second implementation must say, this one says."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from engine import BACKENDS, Engine, read
from engine.numbers import canonical
from engine.syntax import SyntaxFault, parse, render
from engine.units import ValueFault, read_unit, read_value
from tests.conformance.judging import answers, decided

HERE: Final = Path(__file__).parent
RULES: Final = sorted(p.name for p in (HERE / "rules").iterdir())


def data(name: str) -> Any:
    """A file of the data."""
    return json.loads((HERE / name).read_text(encoding="utf-8"))


def test_there_is_something_to_conform_to() -> None:
    """Passing and refusing, in each file."""
    words = [json.loads(line)["decision"]["decision"] for name in RULES for line in cases(name)]

    assert len(RULES) >= 10
    assert words.count("allow") > 50
    assert words.count("veto") > 50
    for found in (data("expressions.json"), data("values.json")["cases"]):
        assert 10 < sum("refused" in case for case in found) < len(found) - 10


def cases(name: str) -> list[str]:
    """The lines of a rule set's cases."""
    return (HERE / "rules" / name / "cases.jsonl").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", RULES)
def test_every_case_is_decided_as_it_is_written(name: str, backend: str) -> None:
    """To the last key and digit: decisions, and the answers of tables."""
    engine = Engine(read(data(f"rules/{name}/rules.json")), backend)

    for line in cases(name):
        case = json.loads(line)
        text = json.dumps(case["facts"], ensure_ascii=False)
        assert json.loads(decided(engine, text, case["scope"])) == case["decision"]
        assert answers(engine, text) == case["tables"]


def test_expressions_are_read_or_refused_as_written() -> None:
    """And those that are read have one canonical spelling."""
    for case in data("expressions.json"):
        if "refused" in case:
            with pytest.raises(SyntaxFault):
                parse(case["text"])
        else:
            assert render(parse(case["text"])) == case["canonical"]
            assert render(parse(case["canonical"])) == case["canonical"]


def test_values_are_read_or_refused_as_written() -> None:
    """With the unit as part of the value."""
    found = data("values.json")
    for case in found["cases"]:
        unit = read_unit(case["unit"], found["units"][case["unit"]])
        if "refused" in case:
            with pytest.raises(ValueFault):
                read_value(case["text"], unit, {})
        else:
            value = read_value(case["text"], unit, {})
            assert (value if isinstance(value, bool) else canonical(value)) == case["value"]
