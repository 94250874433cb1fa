"""Columns say of each row what the reference says of it alone."""

import pytest
from hypothesis import given

from engine import Engine, read
from engine.columns import Columns, as_it_is
from tests.engine.in_columns import batch, bits, with_gates
from tests.engine.random_rules import Case, cases, engines, thorough


@pytest.mark.parametrize("complete", [True, False])
def test_each_row_is_judged_as_if_it_were_alone(complete: bool) -> None:
    """Whatever the rules and the facts, those that are missing or invalid among them."""

    @thorough(50)
    @given(cases(complete=complete))
    def law(case: Case) -> None:
        fast, slow = engines(case.document)
        columns = Columns(fast, as_it_is)
        rows = batch(columns, case.requests)

        assert columns.masks.of_rows(columns.judge(rows)) == [bits(slow, r, columns.stopped) for r in case.requests]

    law()


@pytest.mark.parametrize("gates", [61, 62, 63, 130])
def test_when_gates_are_more_than_a_number_has_bits_then_several_numbers_hold_them(gates: int) -> None:
    """Each row is judged as alone, also where the bits of nobody and of doubt are in a number after those of gates."""

    @thorough(5)
    @given(cases(complete=False))
    def law(case: Case) -> None:
        fast, slow = engines(with_gates(case.document, gates))
        columns = Columns(fast, as_it_is)
        said = columns.judge(batch(columns, case.requests))
        expected = [bits(slow, r, columns.stopped) for r in case.requests]

        assert columns.masks.numbers == -(-(len(fast.ruleset.gates) + 2) // 62) > gates // 62
        assert columns.masks.of_rows(said) == expected
        assert columns.allowed(said).tolist() == [not b & (columns.enforced | columns.stopped) for b in expected]
        kinds, places = columns.masks.kinds(said)
        assert [kinds[place] for place in places] == expected

    law()


@pytest.mark.parametrize("size", ["0.5", "0.1"])
def test_a_step_of_more_digits_than_python_computes_with_is_not_rounded(size: str) -> None:
    """What is rounded to 28 digits is another step, of which other numbers are multiples."""
    number = {"unit": "ratio", "from": "test", "meaning": "a number"}
    rules = {
        "units": {"ratio": {"kind": "ratio", "suffixes": {"x": "1"}, "bare_below": "1"}},
        "facts": {"f.size": number},
        "caps": {
            "step": {"unit": "ratio", "sign": "positive", "tighter": "higher", "per": "account", "meaning": "a step"}
        },
        "account": {"caps": {"step": "0.10000000000000000000000000000001"}},
        "gates": [
            {"id": "g", "why": "w", "veto": "v", "source": "a:1", "measure": "f.size", "multiple_of": "caps.step"}
        ],
    }
    columns = Columns(Engine(read(rules)), as_it_is)

    assert columns.masks.of_rows(columns.judge(batch(columns, [{"f.size": size}]))) == [1]
