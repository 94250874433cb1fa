import gzip
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from engine import Engine, RuleSet
from engine.judge import is_exempt
from generator.change.flips import KEPT, Flips, flips, replayed
from tests.conftest import ROOT
from tests.generator.change.projects import GATES, RISK, STRATEGIES, base, edited, rules_of
from universe.decision_log import LogFault, lines_of
from universe.quiet import quiet_facts
from universe.reader import Universe

SAMPLE: Final = ROOT / "research/sample/decisions.jsonl.gz"
LARGEST: Final = 300_000


def sample() -> Iterator[tuple[str, str]]:
    """The bundled sample, line by line."""
    return lines_of(SAMPLE, "sample")


def facts_of(line: str) -> Mapping[str, Any]:
    """What was known when a line was decided."""
    found: Mapping[str, Any] = json.loads(line)["facts"]
    return found


@pytest.fixture(scope="module")
def six() -> RuleSet:
    """The shipped rules with six positions for momentum instead of four."""
    return rules_of(edited((STRATEGIES, "strategy_positions: 4", "strategy_positions: 6"))).ruleset


def test_the_sample_is_small_and_of_todays_facts_and_shows_what_a_run_meets() -> None:
    """Every strategy that runs and every symbol, orders let through and stopped, entries and exits; nothing that they
    need is missing, so that it is made again when facts are renamed.
    """
    engine = Engine(base().ruleset)
    decided = [engine.decide(facts_of(line)) for _, line in sample()]
    facts = [facts_of(line)["order"] for _, line in sample()]
    runs = {name for name, entry in base().document["strategies"].items() if "every" in entry}

    assert SAMPLE.stat().st_size < LARGEST
    assert {f["strategy"] for f in facts} == runs
    assert {f["symbol"] for f in facts} == set(base().document["symbols"])
    assert {d.allowed for d in decided} == {True, False}
    assert {is_exempt(engine.situation(engine.reader.read(facts_of(line)))) for _, line in sample()} == {True, False}
    assert not any(r.fact for d in decided for r in d.vetoes if str(r.reason) in ("facts_missing", "fact_invalid"))


def test_the_same_rules_flip_nothing() -> None:
    """However many records there are."""
    found = flips(base().ruleset, base().ruleset, sample(), "sample")

    assert found.records > 500
    assert (found.count, found.first, found.held) == (0, [], [])


def test_a_flip_is_what_both_engines_say(six: RuleSet) -> None:
    """Counted by gate, symbol and strategy, and each example with the reasons on the side that stops it."""
    found = flips(base().ruleset, six, sample(), "sample")
    old, new = Engine(base().ruleset), Engine(six)
    told = {place: (old.decide(facts_of(line)), new.decide(facts_of(line))) for place, line in sample()}
    other = [place for place, (before, after) in told.items() if before.allowed is not after.allowed]

    assert (found.vetoed, found.allowed) == (0, len(other))
    assert found.by_gate["+strategy_positions"] == found.by_strategy["+momentum"] == found.allowed > 0
    assert found.by_symbol.total() == found.allowed
    assert len(found.first) == KEPT
    assert len({flip.kind for flip in found.first}) == KEPT
    for flip in found.first:
        assert (flip.before, flip.after) == (told[flip.place][0].vetoes, told[flip.place][1].vetoes)


def test_exits_that_are_newly_held_are_counted_apart_and_shown_first() -> None:
    """No number of flips may hide one."""
    tight = edited((RISK, "order_notional: 80_000 USDT", "order_notional: 120 USDT"))
    text = (
        tight[GATES]
        .decode()
        .replace(
            "veto: order_notional",
            "exits: halt  # hedgerow: ignore holds-exits to see them held\n    veto: order_notional",
        )
    )
    for old in ("25_000", "15_000", "10_000", "50_000", "20_000"):
        tight[RISK] = tight[RISK].replace(f"order_notional: {old} USDT".encode(), b"order_notional: 120 USDT")
    found = flips(base().ruleset, rules_of({**tight, GATES: text.encode()}).ruleset, sample(), "sample")

    assert found.exits_held > 0
    assert found.held
    assert all(flip.exit and flip.vetoed for flip in found.held)
    assert not any(flip.exit and flip.vetoed for flip in found.first)


def test_other_rules_are_held_against_what_was_answered_then(six: RuleSet, universe: Universe) -> None:
    """Not against what today's rules would say: a record that they would veto and that was let through is a flip."""
    facts = dict(quiet_facts(universe, "BTCUSDT", Decimal(15_000)))
    facts["own"] = {**facts["own"], "positions": "5"}
    facts["order"] = {**facts["order"], "quantity": "0.002", "strategy": "momentum"}
    stored = Engine(six).decide(facts)

    assert stored.allowed
    found = replayed(base().ruleset, [("log:1", stored.to_json())], "log")
    assert (found.records, found.vetoed) == (1, 1)
    assert [r.gate for r in found.first[0].after] == ["strategy_positions"]
    assert found.first[0].before == ()
    assert replayed(six, [("log:1", stored.to_json())], "log").count == 0


@pytest.mark.parametrize("by", [lambda r, lines: flips(r, r, lines, "log"), lambda r, lines: replayed(r, lines, "log")])
def test_a_line_that_is_no_decision_is_named(by: Callable[[RuleSet, Iterable[tuple[str, str]]], Flips]) -> None:
    """With its place; nothing is passed over."""
    with pytest.raises(LogFault) as fault:
        by(base().ruleset, [*list(sample())[:2], ("log:3", '{"decision": "allow"}')])
    assert fault.value.place == "log:3"


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("cut.jsonl.gz", gzip.compress(b"{}\n" * 9, mtime=0)[:-9], "cut.jsonl.gz:2"),
        ("latin.jsonl", b"{}\n\xff\n", "latin.jsonl:2"),
        ("long.jsonl", b"x" * 1_000_001, "long.jsonl:1"),
    ],
)
def test_a_log_that_cant_be_read_is_named(tmp_path: Path, name: str, text: bytes, place: str) -> None:
    """Cut off, of another encoding, or with a line that would fill the memory."""
    (tmp_path / name).write_bytes(text)
    with pytest.raises(LogFault) as fault:
        list(lines_of(tmp_path / name, name))
    assert fault.value.place == place


def test_progress_is_told_of_each_record() -> None:
    """One after the other, while the log is read."""
    seen: list[int] = []
    lines = list(sample())[:5]
    replayed(base().ruleset, lines, "log", seen.append)

    assert seen == [1, 2, 3, 4, 5]
