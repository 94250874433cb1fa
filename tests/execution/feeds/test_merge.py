"""The laws of merging: all that was there, in the order of time, and nothing before its time."""

from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from execution.feeds import open_folder
from execution.feeds.merge import ticks
from execution.feeds.sequence import Found
from tests.execution.feeds.files import START, archive, bar, bars_of, plain, rates, write
from universe.trading import Bar, Funding, Mark, Tick

NAMES = ("AUSDT", "BUSDT", "CUSDT")
MINUTES = st.lists(st.integers(0, 12), unique=True).map(sorted)
SECONDS = st.lists(st.integers(-90, 1_000), unique=True).map(sorted)
BARS = st.fixed_dictionaries(dict.fromkeys(NAMES, MINUTES))
EVENTS = st.fixed_dictionaries(dict.fromkeys(NAMES, SECONDS))


def streamed(minutes: Mapping[str, list[int]]) -> dict[str, list[Found[Bar]]]:
    """Each symbol's candles of these minutes, as a checked file gives them."""
    return {name: [(bar(name, n), (), name, n) for n in numbers] for name, numbers in minutes.items()}


def merged(
    minutes: Mapping[str, list[int]], paid: Mapping[str, list[int]], seen: Mapping[str, list[int]]
) -> list[Tick]:
    """The ticks of candles, fundings and marks at these times."""
    fundings = [[(Funding(n, START + s, Decimal(0)), (), n, s) for s in times] for n, times in paid.items()]
    marks = [[(Mark(n, START + s, Decimal(100)), (), n, s) for s in times] for n, times in seen.items()]
    return list(ticks(streamed(minutes), fundings, marks))


@given(minutes=BARS)
def test_when_symbols_are_merged_then_every_bar_stands_once_where_it_closes(minutes: dict[str, list[int]]) -> None:
    """Nothing is lost, nothing invented; times rise; a tick's bars are in the order of symbols, one each."""
    found = merged(minutes, {}, {})

    assert Counter(b for tick in found for b in tick.bars) == Counter(
        bar(name, n) for name, numbers in minutes.items() for n in numbers
    )
    times = [tick.time for tick in found]
    assert times == sorted(set(times))
    for tick in found:
        names = [b.symbol for b in tick.bars]
        assert {b.closed for b in tick.bars} == {tick.time}
        assert names == sorted(set(names))


@given(minutes=BARS, paid=EVENTS, seen=EVENTS)
def test_when_events_are_merged_then_each_stands_in_the_first_tick_that_is_not_before_it(
    minutes: dict[str, list[int]], paid: dict[str, list[int]], seen: dict[str, list[int]]
) -> None:
    """From the opening of the first candle to the close of the last; in the order of time and symbol; the rest is left
    out, and what came too early is counted.
    """
    found = merged(minutes, paid, seen)
    if not found:
        assert not any(minutes.values())
        return
    opening = min(b.opened for b in found[0].bars)
    times = [tick.time for tick in found]
    for kind, events in (("funding", paid), ("marks", seen)):
        expected: dict[int, list[tuple[int, str]]] = {time: [] for time in times}
        for when, name in sorted((START + second, name) for name, seconds in events.items() for second in seconds):
            if opening < when <= times[-1]:
                expected[next(time for time in times if time >= when)].append((when, name))
        assert {tick.time: [(e.time, e.symbol) for e in getattr(tick, kind)] for tick in found} == expected
    early = sum(START + second <= opening for group in (paid, seen) for seconds in group.values() for second in seconds)
    assert sum(remark.count for tick in found for remark in tick.remarks) == early


@given(minutes=BARS)
def test_when_a_stream_is_read_then_at_most_one_bar_of_it_is_held(minutes: dict[str, list[int]]) -> None:
    """Memory doesn't grow with the files: no stream runs ahead of the tick that was asked for."""
    taken: Counter[str] = Counter()

    def counted(name: str, rows: list[Found[Bar]]) -> Iterator[Found[Bar]]:
        for row in rows:
            taken[name] += 1
            yield row

    stream = ticks({name: counted(name, rows) for name, rows in streamed(minutes).items()})
    given_out: Counter[str] = Counter()
    for tick in stream:
        given_out.update(b.symbol for b in tick.bars)
        assert all(taken[name] - given_out[name] <= 1 for name in NAMES)


@settings(max_examples=40, deadline=None)
@given(minutes=BARS.filter(lambda found: sum(len(numbers) > 1 for numbers in found.values()) > 0), data=st.data())
def test_when_files_are_merged_then_they_give_the_bars_that_were_written(
    tmp_path_factory: pytest.TempPathFactory, minutes: dict[str, list[int]], data: st.DataObject
) -> None:
    """In any layout and container, in one file or cut in two."""
    folder = tmp_path_factory.mktemp("merge")
    written = {
        name: [bar(name, n) for n in range(3)] + [bar(name, n + 3) for n in rows] for name, rows in minutes.items()
    }
    for name, candles in written.items():
        at = data.draw(st.sampled_from([0, len(candles) // 2]))
        for part, rows in enumerate((candles[:at], candles[at:])):
            text = data.draw(st.sampled_from([plain, archive]))(rows)
            if rows:
                write(folder / f"{name}-{part}{data.draw(st.sampled_from(['.csv', '.csv.gz', '.zip']))}", text)
    found = list(open_folder(folder, NAMES))

    assert {name: bars_of(found, name) for name in NAMES} == written


@settings(max_examples=40, deadline=None)
@given(changed=st.integers(3, 19), price=st.integers(60, 160), paid=SECONDS)
def test_when_the_future_is_changed_then_the_past_is_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, changed: int, price: int, paid: list[int]
) -> None:
    """A tick follows from what was known at its time: no later row, settlement or mark shows in it."""
    candles = [bar("AUSDT", n) for n in range(20)]
    later = candles[:changed] + [bar("AUSDT", n, str(price)) for n in range(changed, 20)]
    until = candles[changed].opened
    found = []
    for rows in (candles, later):
        folder = tmp_path_factory.mktemp("future")
        write(folder / "AUSDT.csv", plain(rows))
        write(folder / "mark/AUSDT.csv", plain(rows))
        rate = "0.0001" if rows is candles else "0.0002"
        settled = [(START + second, "0.0001" if START + second <= until else rate) for second in [-100, *paid]]
        write(folder / "funding/AUSDT.csv", rates(*[(time * 1_000, value) for time, value in sorted(set(settled))]))
        found.append([tick for tick in open_folder(folder, {"AUSDT"}) if tick.time <= until])

    assert found[0] == found[1]
    assert len(found[0]) == changed
