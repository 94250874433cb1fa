"""What a change of a window or a breaker is called: never anything better than what is true of whom it stops."""

from functools import cache
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Engine
from engine.keeper import Keeper, Key, Shut, close
from generator.change.changes import Change
from generator.change.differ import compare
from generator.change.sides import Rules
from generator.change.words import worst
from tests.engine import cloud
from tests.engine.clouds_memory import ruleset
from tests.generator.change.projects import rules_of, shipped

RISK: Final = "rules/risk.yaml"
BREAKERS: Final = "rules/breakers.yaml"
WINDOWS: Final = "rules/windows.yaml"
EVENTS: Final = "schemas/events.yaml"
HALT: Final = "  - id: halt\n"
HALTED: Final = f"""{HALT}    why: A person stopped everything.
    require: not control.halt
    hold: manual
    exits: halt
    veto: halted
"""
MORE: Final = """  - id: more
    why: A bad week ends for the week.
    measure: day_loss
    below: caps.drawdown
    hold: utc_week
    veto: more_loss
"""
ORDERS: Final = "  orders_1m:"


def found(*edits: tuple[str, str, str]) -> list[Change]:
    """What changes when texts of files are others; hashes of texts left out."""
    after = dict(shipped())
    for file, old, new in edits:
        assert old.encode() in after[file], f"{file} no longer holds {old!r}"
        after[file] = after[file].replace(old.encode(), new.encode(), 1)
    return [change for change in compare(base(), rules_of(after)) if change.kind != "text"]


@cache
def base() -> Rules:
    """The shipped rules."""
    return rules_of(shipped())


# What is edited is one line each.
# ruff: noqa: E501
CALLED: Final = {
    "a breaker more": ((BREAKERS, HALT, MORE + HALT), "TIGHTEN"),
    "a breaker more that holds exits": ((BREAKERS, HALT, MORE.replace("utc_week", "manual\n    exits: halt") + HALT), "LOOSEN"),
    "a breaker less": ((BREAKERS, HALTED, ""), "LOOSEN"),
    "held for the week instead of the day": ((BREAKERS, "hold: utc_day", "hold: utc_week"), "TIGHTEN"),
    "held until a person opens it": ((BREAKERS, "hold: utc_day", "hold: manual"), "TIGHTEN"),
    "held for half an hour": ((BREAKERS, "hold: utc_day", "hold: 30m"), "LOOSEN"),
    "held for two days instead of the day": ((BREAKERS, "hold: utc_day", "hold: 2d"), "LOOSEN"),
    "opened by the day instead of a person": ((BREAKERS, "hold: manual\n    veto: nav", "hold: utc_day\n    veto: nav"), "LOOSEN"),
    "another event": ((BREAKERS, "on: trade", "on: exit"), "LOOSEN"),
    "kept for each symbol too": ((BREAKERS, "by: [strategy]\n    on: trade", "by: [strategy, symbol]\n    on: trade"), "LOOSEN"),
    "another bound to open at": ((BREAKERS, "    hold: utc_day", "    hold: utc_day\n    reopen: caps.drawdown"), "LOOSEN"),
    "exits freed": ((BREAKERS, "    exits: halt\n", ""), "LOOSEN"),
    "exits held": ((BREAKERS, "hold: manual\n    veto: nav", "hold: manual\n    exits: halt\n    veto: nav"), "LOOSEN"),
    "another bound": ((BREAKERS, "below: caps.daily_loss", "at_most: caps.daily_loss"), "LOOSEN"),
    "another reason to read": ((BREAKERS, "why: A bad day ends for the day.", "why: Enough."), "COSMETIC"),
    "a comment": ((BREAKERS, HALT, f"  # Ask Ada.\n{HALT}"), ""),
    "a window more": ((WINDOWS, ORDERS, f"  orders_2m: {{count: order_sent, within: 2m}}\n{ORDERS}"), "EQUIVALENT"),
    "a window over a longer time": ((WINDOWS, "within: 1m", "within: 2m"), "LOOSEN"),
    "a window over other events": ((WINDOWS, "{count: order_sent, within: 1m", "{count: order_changed, within: 1m"), "LOOSEN"),
    "another reason to count": ((WINDOWS, "why: The venue counts messages by the minute.", "why: Bans."), "COSMETIC"),
    # caps that windows and breakers follow
    "a longer hold from each event": ((RISK, "streak_pause: 4h", "streak_pause: 6h"), "TIGHTEN"),
    "a shorter hold from each event": ((RISK, "streak_pause: 4h", "streak_pause: 2h"), "LOOSEN"),
    "a longer hold that runs anew": ((RISK, "refusal_pause: 10m", "refusal_pause: 15m"), "NOT-PROVED"),
    "a shorter streak": ((RISK, "  stop_streak: 4", "  stop_streak: 3"), "TIGHTEN"),
    "a longer streak": ((RISK, "  stop_streak: 4", "  stop_streak: 5"), "LOOSEN"),
    "a smaller loss for the day": ((RISK, "  daily_loss: 1%", "  daily_loss: 0.5%"), "TIGHTEN"),
    "a larger loss for the day": ((RISK, "  daily_loss: 1%", "  daily_loss: 2%"), "LOOSEN"),
    "fewer refusals for a timed pause": ((RISK, "  refusals: 30", "  refusals: 20"), "NOT-PROVED"),
    "a longer span of a window": ((RISK, "orders_span: 1h", "orders_span: 2h"), "NOT-PROVED"),
    "a shorter span of a window": ((RISK, "orders_span: 1h", "orders_span: 30m"), "LOOSEN"),
    # events
    "an event that windows may read": ((EVENTS, "  funding:\n", "  funding:\n    window: true\n"), "EQUIVALENT"),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLED)
def test_a_change_is_called_by_what_it_does(name: str) -> None:
    """The worst word of all that follows from one edit."""
    edit, word = CALLED[name]
    told = found(edit)
    assert (str(worst(c.word for c in told)) if told else "") == word


def test_when_a_breaker_changes_then_it_is_named_with_its_line_and_what_is_other() -> None:
    """People see which one, where, and what of it."""
    (change,) = found((BREAKERS, "hold: utc_day", "hold: utc_week"))
    assert (change.name, change.before, change.after) == ("breaker daily_loss", "hold utc_day", "hold utc_week")
    assert str(change.was) == str(change.now) == f"{BREAKERS}:13"


def test_when_a_table_reads_a_breaker_then_tighter_is_not_claimed_of_it() -> None:
    """It chooses a row for exits too, which has no direction."""
    reading = ("rules/router.yaml", "      - {id: wide, when: ", "      - {id: wide, when: breakers.stop_streak or ")
    (alone,) = found((RISK, "  stop_streak: 4", "  stop_streak: 3"))
    assert alone.word == "TIGHTEN"
    before, after = dict(shipped()), dict(shipped())
    for texts in (before, after):
        texts[reading[0]] = texts[reading[0]].replace(reading[1].encode(), reading[2].encode(), 1)
    after[RISK] = after[RISK].replace(b"  stop_streak: 4", b"  stop_streak: 3", 1)
    (change,) = [c for c in compare(rules_of(before), rules_of(after)) if c.kind != "text"]
    assert (change.word, "route" in change.why) == ("NOT-PROVED", True)


TALES: Final = st.lists(st.tuples(st.integers(1, 40), st.sampled_from(["0", "0.4", "0.6"])), min_size=1, max_size=25)


def shut_at(hold: str, bound: str, tale: list[tuple[int, str]]) -> list[bool]:
    """Whether a breaker is shut at each look of a tale: seconds since the last, and the share that is idle then."""
    entry = {"id": "idle_fleet", "why": "Machines stand idle.", "measure": "fleet.idle", "below": bound, "hold": hold}
    keeper, now, seen = Keeper(Engine(ruleset({}, [{**entry, "veto": "idle"}]))), 86_000, []
    shut: dict[Key, Shut] = {}
    eased: set[Key] = set()
    for wait, share in tale:
        now += wait
        for post in keeper.everybody:
            for trip in keeper.judge(post, cloud.nested({"fleet.idle": share}), shut, eased, now):
                close(shut, trip.breaker, trip.keys, trip.until, trip.reason.text, now)
        seen.append(any(s.holds(now) for s in shut.values()))
    return seen


@settings(max_examples=40, deadline=None)
@given(TALES, st.sampled_from([("utc_day", "utc_week"), ("30s", "manual"), ("utc_week", "manual")]))
def test_what_is_called_a_tighter_hold_is_shut_whenever_it_was(
    tale: list[tuple[int, str]], holds: tuple[str, str]
) -> None:
    """Whatever happens; and the same of a tighter bound, where the hold ends with a period or a person."""
    before, after = (shut_at(hold, "50%", tale) for hold in holds)
    assert all(now or not was for was, now in zip(before, after, strict=True))
    sooner = shut_at(holds[1], "30%", tale)
    assert all(now or not was for was, now in zip(after, sooner, strict=True))


def test_why_a_longer_timed_hold_is_not_called_tighter() -> None:
    """A condition that fails for a minute and a half closes one of a minute twice, and one of 100 seconds once."""
    tale = [(1, "0.6"), (60, "0.6"), (30, "0.4"), (20, "0.4")]
    assert shut_at("60s", "50%", tale) == [True, True, True, True]
    assert shut_at("100s", "50%", tale) == [True, True, True, False]
