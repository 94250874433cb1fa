import os
import sqlite3
import subprocess
import sys
from dataclasses import fields
from decimal import Decimal
from pathlib import Path
from types import NoneType
from typing import Any, Final, get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execution.event_texts import decode, encode
from execution.events import JSON, KINDS, Dropped, Event, Filled, Remembered, RunEnded
from execution.journal import Command, Entry, Fenced, Journal, JournalFault, Mark, Start, give
from execution.journal_file import FILE, NoJournal
from tests.conftest import ROOT

PULSE: Final[dict[str, Any]] = {"time": 60, "nav": "15000", "prices": {"BTCUSDT": "87500.1"}}
FILL: Final = Filled(
    "o1", "momentum", "BTCUSDT", "BUY", Decimal("87500.1"), Decimal("0.01"), Decimal("0.4"), True, Decimal(87500)
)
DROP: Final = Dropped("i1", "no_size", "no volatility yet")


def opened(folder: Path, **more: Any) -> Journal:
    """The journal of a folder, by process 7 at second 100."""
    return Journal.open(folder, now=100.9, pid=7, **more)


def others(folder: Path) -> sqlite3.Connection:
    """Another program's hands on the file."""
    return sqlite3.connect(folder / FILE, isolation_level=None, timeout=0)


def contents(folder: Path) -> tuple[list[Entry], Any]:
    """Everything that a reader finds: events and cursor."""
    with Journal.read(folder) as journal:
        return list(journal.entries()), journal.cursor()


# Committing and reading


def test_a_commit_gives_its_events_their_places(tmp_path: Path) -> None:
    """From 1 without a gap, at the time of the step; they come back equal, in order."""
    with opened(tmp_path) as journal:
        first = journal.commit(60, [FILL, DROP], PULSE)
        second = journal.commit(120, [RunEnded()], PULSE)

    assert first == [Entry(1, 60, FILL), Entry(2, 60, DROP)]
    assert second == [Entry(3, 120, RunEnded())]
    assert contents(tmp_path)[0] == first + second


def test_the_cursor_moves_with_every_step(tmp_path: Path) -> None:
    """Also with one in which nothing happened; before the first there is none."""
    with opened(tmp_path) as journal:
        assert journal.cursor() is None
        journal.commit(60, [FILL], PULSE)
        journal.commit(120, [], PULSE | {"nav": "15001"}, command=4)
        journal.commit(180, [], PULSE)
        found = journal.cursor()

    assert found is not None
    assert (found.time, found.seq, found.pulse, found.command) == (180, 1, PULSE, 4)


def test_a_start_goes_on_where_the_last_one_stopped(tmp_path: Path) -> None:
    """Places, time and answered commands are those of the file."""
    with opened(tmp_path) as journal:
        journal.commit(60, [FILL], PULSE, command=2)
    with opened(tmp_path) as journal:
        assert journal.last_command == 2
        assert journal.commit(60, [DROP], PULSE) == [Entry(2, 60, DROP)]
        with pytest.raises(ValueError, match="does not go back to 59"):
            journal.commit(59, [], PULSE)


def test_entries_are_read_from_a_place_on_and_by_kind(tmp_path: Path) -> None:
    """Whoever needs fills alone does not pay for decisions."""
    with opened(tmp_path) as journal:
        journal.commit(60, [FILL, DROP, FILL, RunEnded()], PULSE)

        assert [e.seq for e in journal.entries(after=2)] == [3, 4]
        assert [e.seq for e in journal.entries(kinds=("fill", "run_ended"))] == [1, 3, 4]
        assert [e.seq for e in journal.entries(after=1, kinds=("fill",))] == [3]


def test_a_reader_sees_one_moment_while_the_run_goes_on(tmp_path: Path) -> None:
    """Events and cursor fit together, however long it reads; the next reader sees what came since."""
    with opened(tmp_path) as journal:
        journal.commit(60, [FILL], PULSE)
        with Journal.read(tmp_path) as reader:
            entries = reader.entries()
            first = next(entries)
            journal.commit(120, [DROP], PULSE)
            found = reader.cursor()
            assert ([first, *entries], found and found.seq) == ([Entry(1, 60, FILL)], 1)
        assert len(contents(tmp_path)[0]) == 2


def test_a_reader_writes_nothing(tmp_path: Path) -> None:
    """It can't commit, and takes no fence."""
    with opened(tmp_path) as journal:
        journal.commit(60, [FILL], PULSE)
        with Journal.read(tmp_path) as reader, pytest.raises(JournalFault):
            reader.commit(120, [DROP], PULSE)
        journal.commit(120, [DROP], PULSE)
        assert [s.epoch for s in journal.starts()] == [1]


@pytest.mark.parametrize("full_sync", [False, True])
def test_how_often_the_disk_is_flushed_is_chosen_when_it_is_opened(full_sync: bool, tmp_path: Path) -> None:
    """NORMAL (1) for paper, FULL (2) where real money is at stake."""
    with opened(tmp_path, full_sync=full_sync) as journal:
        assert journal._database.execute("PRAGMA synchronous").fetchone() == (1 + full_sync,)
        assert journal._database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


# Every event


DATA: Final = st.dictionaries(st.text(max_size=5), st.text(max_size=5) | st.integers() | st.none() | st.booleans())
VALUES: Final[dict[Any, st.SearchStrategy[Any]]] = {
    str: st.text(max_size=20),
    int: st.integers(-(2**40), 2**40),
    bool: st.booleans(),
    Decimal: st.decimals(allow_nan=False, allow_infinity=False, places=8, min_value=-(10**9), max_value=10**9),
    JSON: DATA,
    NoneType: st.none(),
}


def event_of(kind: type[Event]) -> st.SearchStrategy[Event]:
    """Any event of a kind."""
    hints = get_type_hints(kind)
    types = {f.name: get_args(hints[f.name]) if hints[f.name] != JSON else () for f in fields(kind)}
    return st.builds(kind, **{n: st.one_of(*(VALUES[t] for t in ts or (hints[n],))) for n, ts in types.items()})


@given(st.one_of(*(event_of(kind) for kind in KINDS.values())))
def test_every_event_comes_back_from_its_text(event: Event) -> None:
    """To the last digit; and its text is the same again."""
    text = encode(event)
    back = decode(event.kind, text)

    assert back == event
    assert encode(back) == text


# Failing


def test_an_event_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    """Not the events before it, nor the cursor; the journal goes on."""
    with opened(tmp_path) as journal:
        with pytest.raises(TypeError):
            journal.commit(60, [FILL, Remembered("momentum", {"x": object()})], PULSE)
        assert (list(journal.entries()), journal.cursor()) == ([], None)
        assert journal.commit(60, [DROP], PULSE) == [Entry(1, 60, DROP)]


def test_a_commit_on_a_full_disk_leaves_nothing_and_says_so(tmp_path: Path) -> None:
    """SQLite's own bound on the file stands in for the disk; with room again the same step goes through."""
    with opened(tmp_path) as journal:
        journal.commit(60, [FILL], PULSE)
        pages = journal._database.execute("PRAGMA page_count").fetchone()[0]
        journal._database.execute(f"PRAGMA max_page_count = {pages}")
        large = Remembered("momentum", {"x": "y" * 50_000})
        with pytest.raises(JournalFault, match="the disk is full") as fault:
            journal.commit(120, [DROP, large], PULSE)
        found = journal.cursor()
        assert ([e.seq for e in journal.entries()], found and found.time) == ([1], 60)
        assert "make room" in fault.value.help
        journal._database.execute("PRAGMA max_page_count = 1000000")
        assert [e.seq for e in journal.commit(120, [DROP, large], PULSE)] == [2, 3]


LIMITED: Final = """
import resource, signal, sys
from pathlib import Path
from execution.events import Remembered
from execution.journal import Journal, JournalFault
journal = Journal.open(Path(sys.argv[1]), now=1, pid=1)
journal.commit(60, [Remembered("momentum", {})], {})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
without = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, without[1]))
try:
    journal.commit(120, [Remembered("momentum", {"x": "y" * 400_000})], {})
except JournalFault as fault:
    print(f"{fault}; {fault.help}")
    resource.setrlimit(resource.RLIMIT_FSIZE, without)
"""


def test_a_write_that_the_kernel_refuses_leaves_nothing(tmp_path: Path) -> None:
    """The process may write no more than 200 kB to a file: as a disk that fails."""
    made = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert "nothing that was committed is lost" in made.stdout
    assert [e.seq for e in contents(tmp_path)[0]] == [1]


def test_a_locked_journal_is_waited_for_and_then_a_fault(tmp_path: Path) -> None:
    """Another program writes and does not end; once it has, the step goes through."""
    with opened(tmp_path, patience=0) as journal:
        other = others(tmp_path)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalFault, match="it is locked"):
            journal.commit(60, [FILL], PULSE)
        other.execute("ROLLBACK")
        other.close()
        assert [e.seq for e in journal.commit(60, [FILL], PULSE)] == [1]


def test_a_journal_that_was_cut_is_a_fault(tmp_path: Path) -> None:
    """At whatever page; never a shorter history."""
    with opened(tmp_path) as journal:
        journal.commit(60, [Remembered("momentum", {"x": "y" * 3000})] * 30, PULSE)
    whole = (tmp_path / FILE).read_bytes()
    for length in range(1024, len(whole), 4096):
        (tmp_path / FILE).write_bytes(whole[:length])
        with pytest.raises(JournalFault) as fault:
            contents(tmp_path)
        assert fault.value.help


def test_a_journal_with_bytes_turned_over_is_a_fault_or_has_problems(tmp_path: Path) -> None:
    """What the format itself can see: `problems` reads every page."""
    with opened(tmp_path) as journal:
        journal.commit(60, [Remembered("momentum", {"x": "y" * 300})] * 300, PULSE)
    data = bytearray((tmp_path / FILE).read_bytes())
    for start in range(4096, len(data), 4096):
        data[start : start + 8] = b"\xff" * 8
    (tmp_path / FILE).write_bytes(data)

    with pytest.raises(JournalFault):
        contents(tmp_path)


def test_missing_and_superfluous_events_are_problems(tmp_path: Path) -> None:
    """A gap in the places, and a cursor that is not at the last one."""
    with opened(tmp_path) as journal:
        journal.commit(60, [FILL, DROP, FILL], PULSE)
        assert journal.problems() == []
    other = others(tmp_path)
    other.execute("DELETE FROM events WHERE seq = 2")
    other.execute("UPDATE cursor SET seq = 4")
    other.close()

    with Journal.read(tmp_path) as journal:
        assert journal.problems() == [
            "events are missing: 2 are there, numbered 1 to 3",
            "the cursor is at event 4, and the last one is 3",
        ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("PRAGMA user_version = 2", "is of format 2, and this version reads format 1"),
        ("PRAGMA application_id = 1", "is another program's database"),
    ],
)
def test_another_format_is_refused(change: str, message: str, tmp_path: Path) -> None:
    """By whoever writes and whoever reads, with what to do; nothing is changed."""
    opened(tmp_path).close()
    other = others(tmp_path)
    other.execute(change)
    other.close()
    before = (tmp_path / FILE).read_bytes()

    for way in (opened, Journal.read):
        with pytest.raises(JournalFault, match=message) as fault:
            way(tmp_path)
        assert fault.value.help
    assert (tmp_path / FILE).read_bytes() == before


@pytest.mark.parametrize("kind", ["wish", "fill"])
def test_an_event_that_this_version_cannot_read_is_a_fault(kind: str, tmp_path: Path) -> None:
    """A kind that it does not know, and fields that are not the kind's."""
    with opened(tmp_path) as journal:
        journal.commit(60, [DROP], PULSE)
    other = others(tmp_path)
    other.execute("UPDATE events SET kind = ?", (kind,))
    other.close()

    with pytest.raises(JournalFault, match=f"a `{kind}`") as fault:
        contents(tmp_path)
    assert "the version that wrote it" in fault.value.help


@pytest.mark.parametrize("done", [(), ("PRAGMA journal_mode = WAL",)])
def test_when_whoever_began_it_was_killed_before_it_was_laid_out_then_it_begins_anew(
    done: tuple[str, ...], tmp_path: Path
) -> None:
    """A file without anything in it is a folder without a run, not another program's database."""
    (tmp_path / FILE).touch()
    other = others(tmp_path)
    for statement in done:
        other.execute(statement)
    other.close()

    with pytest.raises(NoJournal, match="is empty"):
        Journal.read(tmp_path)
    with opened(tmp_path) as journal:
        journal.commit(60, [DROP], PULSE)
    with Journal.read(tmp_path) as journal:
        assert [entry.event for entry in journal.entries()] == [DROP]


def test_a_file_that_is_no_database_and_a_folder_without_one_are_told_apart(tmp_path: Path) -> None:
    """A reader makes nothing; a writer does not write over what it does not know."""
    with pytest.raises(NoJournal, match="holds no run"):
        Journal.read(tmp_path)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / FILE).write_text("a letter to a friend, and quite a long one\n" * 100)
    for way in (opened, Journal.read):
        with pytest.raises(JournalFault, match="no database"):
            way(tmp_path)
    assert (tmp_path / FILE).read_text().startswith("a letter")


def test_a_folder_that_cannot_be_made_is_a_fault(tmp_path: Path) -> None:
    """Where a file stands in its way."""
    (tmp_path / "file").touch()
    with pytest.raises(JournalFault, match="can't be made"):
        opened(tmp_path / "file" / "run")


# The fence


def test_a_later_start_fences_the_earlier_one_off(tmp_path: Path) -> None:
    """Whatever it tries to write is refused whole, for ever; the later one goes on as if nothing were."""
    first = opened(tmp_path)
    first.commit(60, [FILL], PULSE)
    second = Journal.open(tmp_path, now=200, pid=8)
    second.commit(120, [DROP], PULSE)

    for change in (lambda: first.commit(180, [FILL], PULSE), lambda: first.mark([Mark("decisions", 0, 5, 1)])):
        with pytest.raises(Fenced, match="a later start has taken this run over"):
            change()
    with pytest.raises(Fenced):
        first.check_fence()
    second.check_fence()
    second.commit(180, [FILL], PULSE)
    assert [e.event for e in second.entries()] == [FILL, DROP, FILL]
    assert (second.published(), second.starts()) == ([], [Start(1, 100, 7), Start(2, 200, 8)])
    first.close()
    second.close()


# Commands


def test_a_command_of_another_process_is_seen_once(tmp_path: Path) -> None:
    """Asked after the last one that was seen; in order, with who gave it and when."""
    with opened(tmp_path) as journal:
        assert journal.commands() == []
        give(tmp_path, "kill_switched", {"on": True, "by": "Ann", "why": "news"}, 200.7)
        give(tmp_path, "kill_switched", {"on": False, "by": "Bob", "why": "calm"}, 300)
        found = journal.commands()
        assert found == [
            Command(1, "kill_switched", {"on": True, "by": "Ann", "why": "news"}, 200),
            Command(2, "kill_switched", {"on": False, "by": "Bob", "why": "calm"}, 300),
        ]
        assert journal.commands(1) == found[1:]
        assert journal.commands(2) == []


@given(st.lists(st.sampled_from(["give", "poll", "commit"]), max_size=12))
def test_however_commands_and_steps_fall_each_command_is_seen_once(
    tmp_path_factory: pytest.TempPathFactory, what: list[str]
) -> None:
    """Polling costs nothing while nobody writes, and forgets nothing for it."""
    folder = tmp_path_factory.mktemp("run")
    given_, seen = 0, list[int]()
    with opened(folder) as journal:
        for step in [*what, "poll"]:
            if step == "give":
                given_ = give(folder, "x", {}, 1).id
            elif step == "commit":
                journal.commit(60, [DROP], PULSE, command=seen[-1] if seen else None)
            else:
                seen += [c.id for c in journal.commands(seen[-1] if seen else 0)]
        assert seen == list(range(1, given_ + 1))


def test_a_command_to_no_run_is_refused_and_makes_nothing(tmp_path: Path) -> None:
    """A kill switch that nobody will see must not look switched."""
    with pytest.raises(NoJournal):
        give(tmp_path, "kill_switched", {"on": True}, 1)
    assert list(tmp_path.iterdir()) == []


def test_a_command_changes_no_event(tmp_path: Path) -> None:
    """What happened is the run's to say; the rest of the file is as it was."""
    with opened(tmp_path) as journal:
        journal.commit(60, [FILL], PULSE)
        before = contents(tmp_path)
        give(tmp_path, "kill_switched", {"on": True}, 1)
        assert contents(tmp_path) == before


# Marks


def test_marks_are_replaced_whole(tmp_path: Path) -> None:
    """What is published is what was marked last."""
    with opened(tmp_path) as journal:
        journal.mark([Mark("decisions", 0, 10, 3), Mark("risk_vetoes", 0, 4, 3)])
        journal.mark([Mark("decisions", 1, 7, 9), Mark("decisions", 0, 10, 9)])
    with Journal.read(tmp_path) as journal:
        assert journal.published() == [Mark("decisions", 0, 10, 9), Mark("decisions", 1, 7, 9)]


# Dying


KILLED: Final = """
import os, signal, sys
from decimal import Decimal
from pathlib import Path
from execution.events import Dropped
from execution.journal import Journal
journal = Journal.open(Path(sys.argv[1]), now=1, pid=1)
for step in range(1, 10_000):
    journal.commit(step, [Dropped(f"i{step}", "x", "y" * 200)] * (step % 4), {"step": step})
    sys.stdout.write(f"{step}\\n")
    sys.stdout.flush()
"""


@pytest.mark.parametrize("steps", [1, 7, 300])
def test_a_killed_process_loses_nothing_that_was_committed(steps: int, tmp_path: Path) -> None:
    """kill -9 in the middle of it: the cursor is at or behind what was told, events and cursor fit together."""
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(steps):
            process.stdout.readline()
        process.kill()
        told = steps + len(process.stdout.read().splitlines())
    with opened(tmp_path) as journal:
        found = journal.cursor()
        assert found is not None
        assert told <= found.time <= told + 1
        assert found.pulse == {"step": found.time}
        assert found.seq == sum(step % 4 for step in range(1, found.time + 1))
        assert len(list(journal.entries())) == found.seq
        assert journal.problems() == []


def test_nothing_in_events_and_cursor_depends_on_who_wrote_them(tmp_path: Path) -> None:
    """Two runs at other times, in other processes: the same rows."""
    for name, (now, pid) in {"a": (1.0, 1), "b": (9e9, os.getpid())}.items():
        with Journal.open(tmp_path / name, now=now, pid=pid) as journal:
            journal.commit(60, [FILL, DROP], PULSE)
    rows = [
        [others(tmp_path / name).execute(f"SELECT * FROM {table}").fetchall() for table in ("events", "cursor")]
        for name in ("a", "b")
    ]
    assert rows[0] == rows[1]
