"""Breakers close when their condition fails, hold, and open as they say; nothing that is missing closes one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import BACKENDS, Engine, Refused, read
from engine.breakers import PREFIX
from engine.keeper import Keeper, Key, Post, Shut, Trip, close, key_of
from engine.recent import Recent
from tests.engine import cloud
from tests.engine.clouds_memory import document, ruleset

DAY: Final = 86400
MONDAY: Final = 1_735_516_800  # 2024-12-30, midnight UTC
IDLE: Final = {"id": "idle_fleet", "why": "Machines stand idle.", "measure": "fleet.idle", "veto": "idle"}
FROZEN: Final = {"id": "frost", "why": "Finance said so.", "require": "not control.freeze", "veto": "frost"}


def idle(**more: Any) -> dict[str, Any]:
    """A breaker over how much of the fleet stands idle, below a half."""
    return {**IDLE, "below": "50%", **more}


@dataclass(slots=True)
class Watch:
    """A keeper with its state, judged as whoever runs it would."""

    keeper: Keeper
    shut: dict[Key, Shut] = field(default_factory=dict)
    eased: set[Key] = field(default_factory=set)

    def judge(self, facts: Mapping[str, Any], now: int, posts: list[Post] | None = None) -> list[Trip]:
        """Judge everybody, or these; what closes is noted."""
        trips = []
        for post in self.keeper.everybody if posts is None else posts:
            own = {f"request.{name}": word for name, word in post.keys.items()}
            for trip in self.keeper.judge(post, cloud.nested({**own, **facts}), self.shut, self.eased, now):
                close(self.shut, trip.breaker, trip.keys, trip.until, trip.reason.text, now)
                trips.append(trip)
        return trips

    def holds(self, now: int, **keys: str) -> list[str]:
        """Which breakers are shut for these keys."""
        found = self.keeper.facts(keys, self.shut, now)
        return [name.removeprefix(PREFIX) for name, state in found.items() if state]


def watch(*breakers: Mapping[str, Any], backend: str = "python", **windows: Mapping[str, Any]) -> Watch:
    """A keeper of these breakers, over these windows."""
    return Watch(Keeper(Engine(ruleset(windows, breakers), backend)))


HOLDS: Final = {
    "90s": (MONDAY, MONDAY + 90),
    "caps.calm": (MONDAY, MONDAY + 100),
    "utc_day": (MONDAY + 5, MONDAY + DAY),
    "utc_week": (MONDAY - 1, MONDAY),
    "manual": (MONDAY, None),
}


@pytest.mark.parametrize("hold", HOLDS)
def test_when_its_condition_fails_then_it_is_shut_for_its_hold(hold: str) -> None:
    """From the moment at which it fails until the end of the hold, whatever the facts say in between."""
    now, until = HOLDS[hold]
    kept = watch(idle(hold=hold))
    assert kept.judge({"fleet.idle": "0.499"}, now) == []
    assert kept.holds(now) == []
    (trip,) = kept.judge({"fleet.idle": "0.5"}, now)
    assert (trip.until, trip.reason.reason, trip.reason.observed, trip.reason.limit) == (until, "idle", "0.5", "0.5")
    assert trip.facts == '{"fleet":{"idle":"0.5"}}'
    last = now + 400 * DAY if until is None else until - 1
    assert kept.judge({"fleet.idle": "0"}, last) == []
    assert kept.holds(last) == ["idle_fleet"]
    assert until is None or kept.holds(until) == []


def test_when_it_fails_on_then_its_hold_runs_from_when_it_closed() -> None:
    """A condition that goes on failing is no new trip, until the hold is over: then it closes again."""
    kept = watch(idle(hold="90s"))
    assert [t.until for now in (100, 130, 189, 190, 200) for t in kept.judge({"fleet.idle": "1"}, now)] == [190, 280]


def test_when_it_fails_again_while_shut_then_it_is_shut_for_longer() -> None:
    """A new trip, after the condition has held, counts from itself; `since` is still when it closed."""
    kept = watch(idle(hold="90s"))
    tale = ((100, "1"), (130, "0"), (150, "1"), (160, "1"))
    assert [t.until for now, share in tale for t in kept.judge({"fleet.idle": share}, now)] == [190, 240]
    (shut,) = kept.shut.values()
    assert (shut.since, shut.until) == (100, 240)


def test_when_it_is_shut_for_the_day_then_failing_again_says_nothing_new() -> None:
    """A trip that holds no longer than the one before is not told."""
    kept = watch(idle(hold="utc_day"))
    trips = [t for now, share in ((5, "1"), (6, "0"), (7, "1")) for t in kept.judge({"fleet.idle": share}, now)]
    assert len(trips) == 1


def test_when_it_has_another_bound_to_open_at_then_it_stays_shut_until_that_is_met() -> None:
    """Hysteresis: shut at a half, and after its hold open again below a fifth; then a half is the bound once more."""
    kept = watch(idle(hold="10s", reopen="20%"))
    seen = []
    for now, share in ((0, "0.6"), (10, "0.3"), (20, "0.2"), (30, "0.19"), (31, "0.3"), (32, "0.5")):
        kept.judge({"fleet.idle": share}, now)
        seen.append(bool(kept.holds(now)))
    assert seen == [True, True, True, False, False, True]


def test_when_a_person_opens_it_then_it_stays_open_only_if_its_condition_holds() -> None:
    """A manual rearm is no leave to go on: what still fails closes it again at the next look."""
    kept = watch(idle(hold="manual"))
    kept.judge({"fleet.idle": "1"}, 5)
    del kept.shut[key_of("idle_fleet", {})]
    assert kept.holds(6) == []
    assert len(kept.judge({"fleet.idle": "1"}, 6)) == 1
    del kept.shut[key_of("idle_fleet", {})]
    assert kept.judge({"fleet.idle": "0"}, 7) == []
    assert kept.holds(8) == []


@pytest.mark.parametrize("share", [None, "NaN", "2", "much"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_when_a_fact_is_missing_or_invalid_then_nothing_closes_and_nothing_eases(backend: str, share: Any) -> None:
    """What is not known is vetoed by the gate, and latches nothing: neither shut, nor seen to hold."""
    kept = watch(idle(hold="90s"), backend=backend)
    assert kept.judge({"fleet.idle": share}, 0) == []
    assert kept.holds(0) == []
    kept.judge({"fleet.idle": "1"}, 1)
    assert kept.judge({"fleet.idle": share}, 2) == []
    assert kept.judge({"fleet.idle": "1"}, 3) == [], "the same trip still"


def test_when_it_is_kept_by_department_then_each_has_one_with_its_own_caps() -> None:
    """One fails, the others stay open, and how long is said by the cap of the one for whom it closes."""
    rents = {"count": "rented", "within": "caps.span", "by": ["department"]}
    often = {"id": "often", "why": "Once.", "measure": "recent.rents", "below": "2", "veto": "often"}
    kept = watch({**often, "by": ["department"], "hold": "caps.span"}, rents=rents)
    assert [post.keys["department"] for post in kept.keeper.everybody] == ["platform", "research", "sales"]
    posts = kept.keeper.of({"department": "sales", "role": "engineer"})
    (trip,) = kept.judge({"recent.rents": "2"}, 100, posts)
    assert (trip.keys, trip.until) == ({"department": "sales"}, 107)
    assert kept.holds(100, department="sales") == ["often"]
    assert kept.holds(100, department="research") == []
    assert kept.holds(100) == [], "nobody's is no fact"


def test_when_it_waits_for_an_event_then_each_failing_one_closes_it_for_longer() -> None:
    """It is judged when the event happens and at no other time."""
    refused = {"streak": "declined", "where": "declined.why == 'quota'", "by": ["department"]}
    breaker = {"id": "quota_streak", "why": "Ask later.", "measure": "recent.refused", "below": "2", "veto": "wait"}
    kept = watch({**breaker, "by": ["department"], "on": "declined", "hold": "50s"}, refused=refused)
    recent = Recent(kept.keeper._engine.ruleset)
    assert kept.keeper.everybody == ()
    assert kept.keeper.on("rented", {}) == []
    found = []
    for now, department in ((0, "sales"), (10, "sales"), (20, "research"), (30, "sales")):
        fields = {"department": department, "role": "director", "direction": "take", "why": "quota"}
        recent.feed("declined", fields, now)
        posts = kept.keeper.on("declined", fields)
        found += [(t.keys["department"], t.until) for t in kept.judge(recent.facts(fields, now), now, posts)]
    assert found == [("sales", 60), ("sales", 80)]


def test_when_a_bound_is_none_then_it_never_closes() -> None:
    """No bound is no breaker."""
    made = document({}, [{**IDLE, "below": "caps.quota", "hold": "1h"}])
    made["account"]["caps"]["quota"] = None
    made["gates"] = [g for g in made["gates"] if g["id"] != "quota"]
    assert Watch(Keeper(Engine(read(made)))).judge({"fleet.idle": "1"}, 0) == []


def test_when_its_guard_says_no_then_it_stays_open() -> None:
    """`when` says where a breaker is meant, as it does for a gate."""
    kept = watch({**FROZEN, "when": "fleet.idle > 0", "hold": "1h"})
    assert kept.judge({"fleet.idle": "0", "control.freeze": True}, 0) == []
    assert len(kept.judge({"fleet.idle": "0.1", "control.freeze": True}, 1)) == 1


SHARES: Final = st.sampled_from([None, "0", "0.2", "0.4999", "0.5", "0.8", "junk"])
TALES: Final = st.lists(st.tuples(st.integers(0, 40), SHARES, st.booleans()), max_size=40)
MANY: Final = (
    idle(hold="30s"),
    idle(id="eager", hold="caps.calm", reopen="0.2"),
    idle(id="slow", hold="manual"),
    {**FROZEN, "hold": "utc_day"},
)


@settings(max_examples=80, deadline=None)
@given(TALES)
def test_whatever_happens_one_is_shut_only_after_it_failed_and_always_at_once(
    tale: list[tuple[int, str | None, bool]],
) -> None:
    """Both backends find the same trips; what fails is shut then; what is shut failed no longer ago than its hold."""
    fast, slow = watch(*MANY), watch(*MANY, backend="interpreter")
    now, failed = 0, dict[str, int]()
    for gap, share, frozen in tale:
        now += gap
        facts = {"fleet.idle": share, "control.freeze": frozen}
        trips = fast.judge(facts, now)
        assert trips == slow.judge(facts, now)
        assert (fast.shut, fast.eased) == (slow.shut, slow.eased)
        over = share in ("0.5", "0.8")
        failed |= dict.fromkeys((["idle_fleet", "eager", "slow"] if over else []) + (["frost"] if frozen else []), now)
        holds = fast.holds(now)
        assert not over or {"idle_fleet", "eager", "slow"} <= {*holds}
        assert not frozen or "frost" in holds
        for name, longest in (("idle_fleet", 30), ("slow", 10**9), ("frost", DAY)):
            assert name not in holds or now - failed[name] < longest


def test_when_a_breaker_is_shut_then_requests_are_vetoed_with_its_reason_and_what_gives_back_passes() -> None:
    """It stands among the gates: as its condition, and as what is held; missing, it vetoes."""
    rules = ruleset({}, [idle(hold="1h"), {**FROZEN, "hold": "manual", "exits": "halt"}])
    engine = Engine(rules)
    assert [g.id for g in rules.gates[-4:]] == ["idle_fleet", "idle_fleet_held", "frost", "frost_held"]

    def reasons(**changes: Any) -> tuple[str, ...]:
        quiet = {"breakers__idle_fleet": False, "breakers__frost": False}
        return engine.decide(cloud.request(**{**quiet, **changes})).reasons

    assert reasons() == ()
    assert reasons(breakers__idle_fleet=True) == ("idle",)
    assert reasons(fleet__idle="0.5") == ("idle",)
    assert reasons(fleet__idle="0.5", breakers__idle_fleet=True) == ("idle", "idle")
    assert reasons(breakers__idle_fleet=None) == ("facts_missing",)
    assert reasons(breakers__idle_fleet=True, request__direction="give_back") == ()
    assert reasons(breakers__frost=True, request__direction="give_back") == ("frost",)


def test_when_a_breaker_is_a_shadow_then_what_is_held_is_one_too() -> None:
    """What vetoes nothing while it fails vetoes nothing afterwards."""
    rules = ruleset({}, [idle(hold="1h", mode="shadow", until="2099-01-01")])
    decision = Engine(rules).decide(cloud.request(breakers__idle_fleet=True, fleet__idle="0.7"))
    assert decision.allowed
    assert [r.gate for r in decision.shadow] == ["idle", "idle_fleet", "idle_fleet_held"]


BY_DEPARTMENT: Final = {"rents": {"count": "rented", "within": "1h", "by": ["department"]}}
REFUSED: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "a hold that is no time": (idle(hold="soon"), "bad-value"),
    "a hold of another cap": (idle(hold="caps.machines"), "bad-value"),
    "a hold of somebody else's cap": (idle(hold="caps.patience"), "kept-by"),
    "a bound of somebody else's cap": (
        {**IDLE, "measure": "fleet.machines", "below": "caps.machines", "hold": "1h"},
        "kept-by",
    ),
    "a fact of the request": ({**IDLE, "measure": "request.machines", "below": "9", "hold": "1h"}, "breaker-scope"),
    "a fact of the request, on an event": (
        {**IDLE, "measure": "request.machines", "below": "9", "hold": "1h", "on": "closed"},
        "breaker-scope",
    ),
    "what a request is, that it is not kept by": (
        {**IDLE, "below": "0.5", "when": "request.role == 'director'", "by": ["department"], "hold": "1h"},
        "breaker-scope",
    ),
    "a fact of the subject": ({**FROZEN, "when": "department.gpu", "hold": "1h"}, "breaker-scope"),
    "another breaker": ({**FROZEN, "require": "not breakers.frost", "hold": "1h"}, "breaker-scope"),
    "a count of others": ({**IDLE, "measure": "recent.rents", "below": "2", "hold": "1h"}, "kept-by"),
    "an unknown event": (idle(hold="1h", on="close"), "unknown-event"),
    "a field that the event lacks": (idle(hold="1h", on="closed", by=["role"]), "unknown-field"),
    "a field that requests lack": (idle(hold="1h", by=["why"]), "unknown-field"),
    "a field without a list of words": (idle(hold="1h", by=["machines"]), "unknown-field"),
    "a condition that opens at a bound": ({**FROZEN, "hold": "1h", "reopen": "2"}, "bad-shape"),
    "a bound of another unit to open at": (idle(hold="1h", reopen="5 EUR"), "bad-expression"),
    "an unknown key": (idle(hold="1h", holds="2h"), "unknown-key"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_when_a_breaker_could_not_do_what_it_says_then_it_is_refused(name: str) -> None:
    """Above all what it could never be judged on: it would never close, and nobody would notice."""
    breaker, code = REFUSED[name]
    with pytest.raises(Refused) as refused:
        read(document(BY_DEPARTMENT, [breaker]))
    assert code in {f.code for f in refused.value.faults}, refused.value.faults
    assert any(f.path[0] in ("breakers", "gates") for f in refused.value.faults)


def test_when_a_breaker_does_not_stand_among_the_gates_then_the_document_is_refused() -> None:
    """Nobody opens a breaker by taking out the gate that holds it shut."""
    made = document({}, [idle(hold="1h")])
    made["gates"] = [g for g in made["gates"] if g["id"] != "idle_fleet_held"]
    with pytest.raises(Refused, match="does not stand among the gates"):
        read(made)


def test_when_nobody_sets_the_cap_of_a_hold_then_it_is_refused() -> None:
    """How long it holds is known before it must be."""
    made = document({}, [idle(hold="caps.calm")])
    del made["account"]["caps"]["calm"]
    with pytest.raises(Refused, match="unset-cap"):
        read(made)


def test_when_a_hold_is_none_then_a_person_opens_it() -> None:
    """No bound on how long is as long as it can be."""
    made = document({}, [idle(hold="caps.calm")])
    made["account"]["caps"]["calm"] = None
    (trip,) = Watch(Keeper(Engine(read(made)))).judge({"fleet.idle": Decimal(1)}, 0)
    assert trip.until is None
