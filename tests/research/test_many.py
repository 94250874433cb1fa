"""Machine code over columns says what deciding one by one says."""

from tests.research.many import Many


def test_rows_in_machine_code_are_judged_as_one_by_one() -> None:
    """On a bound, beside it, with a fact missing or far from any bound: none is judged otherwise."""
    assert Many().wrong(20_000, seed=20261121) == 0
