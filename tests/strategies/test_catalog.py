from dataclasses import replace

import pytest

from strategies.catalog import NoSuchStrategy, make
from universe.reader import Universe


def test_a_running_strategy_without_code_is_refused_by_name(universe: Universe) -> None:
    """Nothing is quietly left out."""
    momentum = universe.running["momentum"]
    unknown = replace(universe, running={"carry": replace(momentum, name="carry")})

    with pytest.raises(NoSuchStrategy, match="`carry` is to run"):
        make(unknown)
