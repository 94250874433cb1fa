"""Archives in columns, here and elsewhere: each record is judged as the reference judges it alone."""

import shutil
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest

from engine.columns import Columns, as_it_is
from execution.elsewhere import Elsewhere, Place, place_of
from execution.recorded import Recorded, groups
from tests.execution.archived import RECORDS, Archived


@pytest.mark.parametrize("seed", range(12))
def test_an_archive_in_columns_is_judged_as_record_by_record(seed: int, tmp_path: Path) -> None:
    """Whatever the rules, and whatever is missing or invalid in a record; in groups of any size."""
    archived = Archived(seed, tmp_path)
    columns = Columns(archived.engine, as_it_is)
    said, allowed, lines = [], [], []
    for group in groups(archived.path, rows=50):
        recorded = Recorded(group, columns)
        said += columns.masks.of_rows(columns.judge(recorded.batch))
        allowed += recorded.allowed.tolist()
        lines += [line for _, line in group.lines(range(recorded.batch.size))]

    assert said == archived.bits(columns.stopped)
    assert allowed == archived.allowed
    assert lines == archived.lines


def elsewhere_says_what_is_so(place: Place, archived: Archived) -> int:
    """How many records are in doubt at a place; all others must be counted as the reference judges them."""
    columns = Columns(archived.engine, as_it_is)
    there = Elsewhere(place, columns.screen, [archived.path])
    doubtful = [record["id"] for table in there.doubtful() for record in table.to_pylist()]
    found: Counter[tuple[int, bool]] = Counter()
    for count in there.counts():
        found[count.said, count.allowed] += count.rows
    sure = Counter(
        (bits, allowed)
        for id_, bits, allowed in zip(archived.ids, archived.bits(columns.stopped), archived.allowed, strict=True)
        if id_ not in doubtful
    )

    assert found == sure
    assert [*there.different(columns.enforced | columns.stopped)] == []
    assert found.total() + len(doubtful) == RECORDS
    return len(doubtful)


def test_duckdb_says_of_certain_records_what_is_so(tmp_path: Path) -> None:
    """Its doubles are ours, bit for bit; most records are in no doubt."""
    doubts = 0
    for seed in range(6):
        place = place_of("duckdb")
        doubts += elsewhere_says_what_is_so(place, Archived(seed, tmp_path))
        place.close()

    assert doubts < 6 * RECORDS * 0.8


def test_when_gates_are_more_than_a_number_has_bits_then_duckdb_says_what_is_so_too(tmp_path: Path) -> None:
    """In several columns, which mean what one would."""
    place = place_of("duckdb")
    try:
        assert elsewhere_says_what_is_so(place, Archived(1, tmp_path, gates=80)) < RECORDS
    finally:
        place.close()


@pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java, and there is none")
@pytest.mark.skipif(find_spec("pyspark") is None, reason="pyspark is not installed: the extra `scale`")
@pytest.mark.filterwarnings("ignore")
def test_spark_says_of_certain_records_what_is_so(tmp_path: Path) -> None:
    """The same query in another dialect, in local mode: the same bits."""
    place = place_of("spark")
    try:
        assert elsewhere_says_what_is_so(place, Archived(3, tmp_path, size=2)) < RECORDS
    finally:
        place.close()


def test_a_place_that_is_none_is_refused() -> None:
    """With the names of those that are."""
    with pytest.raises(ValueError, match="duckdb, spark"):
        place_of("snow")
