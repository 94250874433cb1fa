"""A minute of fuzzing for every door; `make fuzz` and `make soak` give each half an hour."""

import json
from typing import Any, Final

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.chance import attempt, search
from tests.fuzz.damage import ODD_VALUES
from tests.fuzz.targets import DOORS, universe

# A search by the same seed begins alike in each run: a build fails for what it changed, not for its luck. `make fuzz`
# goes by another seed each time.
SEED: Final = 1
EXAMPLES: Final = settings(
    max_examples=150, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
SCALARS: Final = st.one_of(st.sampled_from(ODD_VALUES), st.text(max_size=8), st.decimals(places=3).map(str))

# The doors that read a text as it is; to the other one, most of them are no edit at all.
TEXTS: Final = ("loader", "parser", "decide")
DATA: Final = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


@pytest.mark.parametrize("door", DOORS)
def test_what_comes_for_a_minute_holds(door: str, pytestconfig: pytest.Config) -> None:
    """Real inputs, damaged by one who knows what they are, for as long as `--fuzz-seconds` says."""
    came = search(door, pytestconfig.getoption("--fuzz-seconds"), SEED)
    assert came.finding is None, str(came.finding)
    assert len(came.kinds) > 10


@pytest.mark.parametrize("door", TEXTS)
@given(data=st.one_of(st.binary(max_size=120), st.text(max_size=60).map(str.encode)))
@EXAMPLES
def test_whatever_comes_holds(door: str, data: bytes) -> None:
    """Bytes and texts of all kinds, whoever wrote them."""
    assert attempt(door, data)[1] is None


@pytest.mark.parametrize("door", TEXTS)
@given(words=st.lists(st.integers(0, 10_000), max_size=30))
@EXAMPLES
def test_what_is_made_of_the_words_of_a_door_holds(door: str, words: list[int]) -> None:
    """Words that mean something there, in any order."""
    known = DOORS[door].words()
    assert attempt(door, b"".join(known[number % len(known)] for number in words))[1] is None


@given(data=DATA)
@EXAMPLES
def test_any_data_written_as_yaml_holds(data: Any) -> None:
    """What another program writes as YAML, whatever it holds."""
    text = yaml.safe_dump(data, allow_unicode=True)
    assert attempt("loader", text.encode("utf-8", "surrogatepass"))[1] is None


@given(data=st.data())
@EXAMPLES
def test_any_values_of_the_facts_hold(data: st.DataObject) -> None:
    """Facts by their right names, with values of all kinds."""
    names = data.draw(st.lists(st.sampled_from(sorted(universe().ruleset.catalog.facts)), unique=True, max_size=12))
    facts: dict[str, Any] = {}
    for name in names:
        group, _, leaf = name.partition(".")
        facts.setdefault(group, {})[leaf] = data.draw(SCALARS)
    assert attempt("decide", json.dumps(facts).encode())[1] is None


@given(edits=st.lists(st.tuples(st.binary(min_size=1, max_size=5), st.integers(0, 10_000)), min_size=1, max_size=4))
@settings(EXAMPLES, max_examples=60)
def test_any_edits_of_a_universe_hold(edits: list[tuple[bytes, int]]) -> None:
    """Parts replaced by anything, anywhere in a universe that is sealed again."""
    words = DOORS["reader"].words()
    data = b"\n".join(path + words[number % len(words)] for path, number in edits)
    assert attempt("reader", data)[1] is None
