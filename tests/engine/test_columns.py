"""Columns say of each row what the reference says of it alone."""

import pytest
from hypothesis import given

from engine.columns import Columns, as_it_is
from tests.engine.in_columns import batch, bits
from tests.engine.random_rules import Case, cases, engines, thorough


@pytest.mark.parametrize("complete", [True, False])
def test_each_row_is_judged_as_if_it_were_alone(complete: bool) -> None:
    """Whatever the rules and the facts, those that are missing or invalid among them."""

    @thorough(120)
    @given(cases(complete=complete))
    def law(case: Case) -> None:
        fast, slow = engines(case.document)
        columns = Columns(fast, as_it_is)
        rows = batch(columns, case.requests)

        assert columns.judge(rows).tolist() == [bits(slow, r, columns.stopped) for r in case.requests]

    law()
