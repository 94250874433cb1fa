import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import Decision
from execution.books import Books
from execution.journal import Fenced, Journal
from execution.state import EXECUTION, STATE, Publisher, PublishFault, Views, fold, rebuild
from execution.state.files import Files
from execution.state.lines import LOGS
from execution.state.log import existing
from tests.execution.state.dying import MOMENTS, Dying, Killed
from tests.execution.story import Story, random_story
from universe.reader import Universe

SMALL: Final = 20_000  # bytes in a file of a log: a few decisions


@pytest.fixture(scope="module")
def told(universe: Universe, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """A run in which everything happens, and nothing is published."""
    story = random_story(tmp_path_factory.mktemp("told"), universe, seed=3, steps=120)
    yield story
    story.journal.close()


def published(folder: Path) -> dict[str, bytes]:
    """Everything that is published, by its path; drafts too."""
    paths = [p for part in (STATE, EXECUTION) for p in sorted((folder / part).glob("*"))]
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in paths}


def whole_log(folder: Path, name: str) -> bytes:
    """A log, its files one after the other."""
    return b"".join(path.read_bytes() for path in existing(folder / EXECUTION, name))


def start(folder: Path, files: Files | None = None) -> tuple[Journal, Publisher]:
    """A publisher of what a folder's journal holds, as a start makes it."""
    journal, books = Journal.open(folder, now=1, pid=1), Books()
    try:
        publisher = Publisher(folder, journal, books, files=files, segment_bytes=SMALL)
    except BaseException:
        journal.close()
        raise
    for entry in journal.entries():
        books.apply(entry.event, entry.time)
        publisher.apply(entry)
    return journal, publisher


def replay(story: Story, folder: Path, every: int, files: Files | None = None) -> None:
    """A run that makes the story happen again in a folder, from where that folder's journal stands, and publishes
    every few steps.
    """
    journal, publisher = start(folder, files)
    books = publisher.views.books
    try:
        seen = journal.cursor()
        times = sorted({e.time for e in story.told if seen is None or e.time > seen.time})
        for number, time in enumerate(times, 1):
            events = [e.event for e in story.told if e.time == time]
            for event in events:
                books.apply(event, time)
            for entry in journal.commit(time, events, story.pulse.record()):
                publisher.apply(entry)
            if number % every == 0:
                publisher.publish(story.pulse, story.universe)
        publisher.publish(story.pulse, story.universe)
    finally:
        journal.close()


@pytest.fixture(scope="module")
def unkilled(told: Story, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a run publishes that nobody disturbs."""
    folder = tmp_path_factory.mktemp("unkilled")
    shutil.copytree(told.folder / "universes", folder / "universes")
    replay(told, folder, every=20)
    return published(folder)


# What is published


def test_a_run_publishes_eight_state_files_and_four_logs(unkilled: dict[str, bytes]) -> None:
    """And nothing else; the logs in several files, none longer than the bound."""
    states = "diagnostics kpis nav positions_ledger positions_state risk_snapshot router_health universe".split()
    logs = {name.split("/")[1].split(".")[0] for name in unkilled if name.startswith(EXECUTION)}

    assert [name for name in unkilled if name.startswith(STATE)] == [f"state/{name}.json" for name in states]
    assert logs == set(LOGS)
    assert f"{EXECUTION}/decisions.3.jsonl" in unkilled
    assert max(len(data) for name, data in unkilled.items() if name.startswith(EXECUTION)) <= SMALL


@pytest.mark.parametrize("every", [1, 7, 1000])
def test_logs_and_state_do_not_depend_on_when_they_are_published(
    every: int, told: Story, unkilled: dict[str, bytes], tmp_path: Path
) -> None:
    """At each step, now and then, or once: the same bytes."""
    replay(told, tmp_path, every)

    assert published(tmp_path) == unkilled


def test_a_decision_stands_in_its_log_as_the_engine_wrote_it(told: Story, unkilled: dict[str, bytes]) -> None:
    """To the byte, and every one of them once."""
    lines = [data for name, data in unkilled.items() if name.startswith(f"{EXECUTION}/decisions")]
    written = sorted(line.decode() for data in lines for line in data.splitlines())
    made = sorted(Decision.from_json(line).to_json() for line in written)

    assert written == made
    assert len(written) == sum(e.event.kind == "decision" for e in told.told)


def test_deleting_everything_and_rebuilding_gives_the_same_bytes(
    told: Story, unkilled: dict[str, bytes], tmp_path: Path
) -> None:
    """State files and logs are views: the journal is all that counts."""
    shutil.copytree(told.folder / "universes", tmp_path / "universes")
    replay(told, tmp_path, every=20)
    for part in (STATE, EXECUTION):
        shutil.rmtree(tmp_path / part)

    rebuild(tmp_path, segment_bytes=SMALL)
    assert published(tmp_path) == unkilled
    rebuild(tmp_path, segment_bytes=SMALL)
    assert published(tmp_path) == unkilled


def test_a_start_goes_on_behind_what_a_rebuild_wrote(told: Story, unkilled: dict[str, bytes], tmp_path: Path) -> None:
    """The journal may have known of less when it was marked last: nothing is doubled."""
    shutil.copytree(told.folder / "universes", tmp_path / "universes")
    replay(told, tmp_path, every=20)
    with Journal.open(tmp_path, now=1, pid=1) as journal:
        journal.mark(())
    rebuild(tmp_path, segment_bytes=SMALL)
    replay(told, tmp_path, every=20)

    assert published(tmp_path) == unkilled


def test_views_that_are_fed_and_views_that_are_read_say_the_same(told: Story) -> None:
    """What happened in memory, and what came back from the journal."""
    fed = Views(told.books)
    for entry in told.told:
        fed.apply(entry)

    with Journal.read(told.folder) as journal:
        read = fold(journal)
    assert read.render(told.pulse, told.universe) == fed.render(told.pulse, told.universe)
    assert read.lines.waiting() == fed.lines.waiting()


def test_a_start_makes_no_line_that_was_published(told: Story, tmp_path: Path) -> None:
    """It reads the journal, and leaves the logs as they are."""
    replay(told, tmp_path, every=50)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / EXECUTION).iterdir()}
    journal, publisher = start(tmp_path)
    journal.close()

    assert not any(publisher.views.lines.waiting().values())
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / EXECUTION).iterdir()} == before


def test_what_is_known_of_an_intent_is_forgotten_with_its_time(told: Story) -> None:
    """A long run holds no more than a short one: what is open, and what happened in this step."""
    views = Views(told.books)
    for entry in told.told:
        views.apply(entry)
        assert len(views.lines._intents) <= 2
        assert len(views.lines._marks) <= 2
    assert views.lines._orders.keys() == told.books.orders.keys()


# Dying


def killed_then_started(told: Story, folder: Path, dying: Dying) -> bool:
    """A run that dies in its time, and the one after it; whether it died."""
    died = False
    try:
        replay(told, folder, 40, dying)
    except Killed:
        died = True
    replay(told, folder, 40)
    return died


@pytest.mark.parametrize("moment", MOMENTS)
def test_wherever_publishing_dies_the_next_start_puts_it_right(
    moment: str, told: Story, unkilled: dict[str, bytes], tmp_path: Path
) -> None:
    """At each write, replacement, cut and removal in turn: no line doubled, torn or lost, no draft left over."""
    for at in count(1):
        folder = tmp_path / str(at)
        if not killed_then_started(told, folder, Dying(at, moment)):
            break
        assert published(folder) == unkilled, at
        shutil.rmtree(folder)
    assert at > 40


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deaths=st.lists(st.tuples(st.integers(1, 60), st.sampled_from(MOMENTS)), min_size=2, max_size=5))
def test_however_often_it_dies_the_last_start_puts_it_right(
    deaths: list[tuple[int, str]],
    told: Story,
    unkilled: dict[str, bytes],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Also while it puts right what the one before it left."""
    folder = tmp_path_factory.mktemp("run")
    for at, moment in deaths:
        try:
            replay(told, folder, 10, Dying(at, moment))
        except Killed:
            continue
    replay(told, folder, 10)

    assert published(folder) == unkilled
    shutil.rmtree(folder)


@pytest.mark.parametrize("moment", MOMENTS)
def test_wherever_rebuilding_dies_the_next_one_puts_it_right(
    moment: str, told: Story, unkilled: dict[str, bytes], tmp_path: Path
) -> None:
    """Cleared, half written, or written whole."""
    shutil.copytree(told.folder / "universes", tmp_path / "universes")
    replay(told, tmp_path, every=40)
    for at in count(1):
        try:
            rebuild(tmp_path, files=Dying(at, moment), segment_bytes=SMALL)
        except Killed:
            rebuild(tmp_path, segment_bytes=SMALL)
            assert {k: v for k, v in published(tmp_path).items() if not k.endswith(".new")} == unkilled, at
            continue
        break
    assert at > 15


# Damage


@pytest.mark.parametrize("name", ["decisions.jsonl", "decisions.2.jsonl", "orders_executed.jsonl"])
@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_a_log_that_lost_something_is_made_again(
    name: str, damage: str, told: Story, unkilled: dict[str, bytes], tmp_path: Path
) -> None:
    """As after a power loss; a finished file too."""
    replay(told, tmp_path, every=20)
    path = tmp_path / EXECUTION / name
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-1])
    else:
        path.unlink()
    replay(told, tmp_path, every=20)

    assert published(tmp_path) == unkilled


def test_files_that_no_run_wrote_are_left_alone(told: Story, tmp_path: Path) -> None:
    """Somebody's notes beside a log are theirs."""
    (tmp_path / EXECUTION).mkdir()
    for name in ("decisions.txt", "decisions.old.jsonl", "decisions.01.jsonl", "notes.jsonl"):
        (tmp_path / EXECUTION / name).write_text("mine")
    replay(told, tmp_path, every=50)
    with Journal.open(tmp_path, now=1, pid=1) as journal:
        journal.mark(())
    replay(told, tmp_path, every=50)

    assert (tmp_path / EXECUTION / "decisions.old.jsonl").read_text() == "mine"
    assert (tmp_path / EXECUTION / "decisions.01.jsonl").read_text() == "mine"
    assert whole_log(tmp_path, "decisions").startswith(b'{"decision":')


# Faults


class Full(Files):
    """A disk that is full until there is room."""

    room = False

    def append(self, path: Path, data: bytes) -> None:
        """Half of it still fits."""
        if not self.room:
            super().append(path, data[: len(data) // 2])
            raise OSError(28, "No space left on device", str(path))
        super().append(path, data)


def test_publishing_on_a_full_disk_is_a_fault_and_goes_through_once_there_is_room(told: Story, tmp_path: Path) -> None:
    """The run itself goes on, and what was half written is not doubled."""
    replay(told, tmp_path / "a", every=1000)
    files = Full()
    with pytest.raises(PublishFault, match="No space left on device") as fault:
        replay(told, tmp_path / "b", 1000, files)
    assert "nothing is lost" in fault.value.help
    journal, publisher = start(tmp_path / "b", files)
    with pytest.raises(PublishFault):
        publisher.publish(told.pulse, told.universe)
    files.room = True
    publisher.publish(told.pulse, told.universe)
    journal.close()

    assert published(tmp_path / "b") == published(tmp_path / "a")


def test_a_run_that_was_taken_over_publishes_nothing_more(told: Story, tmp_path: Path) -> None:
    """What it believes is no longer so."""
    journal, publisher = start(tmp_path)
    publisher.publish(told.pulse, told.universe)
    before = published(tmp_path)
    with Journal.open(tmp_path, now=2, pid=2):
        pass
    with pytest.raises(Fenced):
        publisher.publish(told.pulse, told.universe)
    journal.close()

    assert published(tmp_path) == before
