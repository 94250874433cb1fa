"""Windows count as a recount over every event does, forget what is gone, and are refused where they mean nothing."""

import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Engine, Refused, read
from engine.recent import NEVER, Recent
from tests.engine import cloud
from tests.engine.clouds_memory import SPANS, document, ruleset

DAY: Final = 86400
MONDAY: Final = 1_735_516_800  # 2024-12-30, midnight UTC
Event = tuple[int, str, dict[str, Any]]

COST: Final = "rented.cost * rented.machines"
OF: Final = {"count": "rented", "streak": "rented", "since_last": "rented", "sum": COST, "max": COST, "last": COST}
WHERE: Final = {
    "words": "rented.direction == 'take' and rented.role != 'director'",
    "numbers": "rented.cost > 0 or rented.machines >= 3",
}


def windows_of(kind: str) -> dict[str, dict[str, Any]]:
    """Every window of a kind that the language has: each span, by nobody and by each, with and without a guard."""
    spans: list[dict[str, Any]] = [{}] if kind in ("last", "streak", "since_last") else []
    if kind in ("count", "sum", "max"):
        spans += [{"within": "10s"}, {"within": "1d"}]
    if kind != "since_last":
        spans += [{"since": "utc_day"}, {"since": "utc_week"}, {"since": "closed"}]
    made: dict[str, dict[str, Any]] = {}
    for span in spans:
        for by in ((), ("department",), ("department", "role")):
            for where in ("", *WHERE):
                if span.get("since") == "closed" and "role" in by:
                    continue
                entry = {kind: OF[kind], **span, **({"by": list(by)} if by else {})}
                entry |= {"unit": "EUR"} if kind in ("sum", "max", "last") else {}
                entry |= {"where": WHERE[where]} if where else {}
                made[f"w{len(made)}"] = entry
        if kind in ("count", "sum", "max") and span == spans[0]:
            unit = {} if kind == "count" else {"unit": "EUR"}
            made[f"w{len(made)}"] = {kind: OF[kind], "within": "caps.span", "by": ["department", "direction"], **unit}
    return made


RULES: Final = {kind: (windows_of(kind), ruleset(windows_of(kind))) for kind in OF}


def counts(where: str | None, fields: Mapping[str, Any]) -> bool:
    """Whether an event counts, said in Python."""
    if where == WHERE["words"]:
        return fields["direction"] == "take" and fields["role"] != "director"
    return where is None or fields["cost"] > 0 or fields["machines"] >= 3


def recounted(
    kind: str, window: Mapping[str, Any], events: Sequence[Event], keys: Mapping[str, str], now: int
) -> Decimal | None:
    """What a window says, counted anew over all events."""
    by = window.get("by", ())
    mine = [e for e in events if e[1] in ("rented", window.get("since")) and all(e[2][f] == keys[f] for f in by)]
    since, within = window.get("since"), window.get("within")
    begins = [i for i, (_, event, _) in enumerate(mine) if event == since]
    seen = [e for e in mine[begins[-1] + 1 if begins else 0 :] if e[1] == "rented"]
    if within is not None:
        seconds = {"10s": 10, "1d": DAY}.get(within) or int(SPANS[keys["department"]])
        seen = [e for e in seen if now - seconds < e[0] <= now]
    if since in ("utc_day", "utc_week"):
        length = DAY if since == "utc_day" else 7 * DAY
        seen = [e for e in seen if (e[0] - MONDAY) // length == (now - MONDAY) // length]
    holding = [e for e in seen if counts(window.get("where"), e[2])]
    values = [fields["cost"] * fields["machines"] for _, _, fields in holding]
    match kind:
        case "count":
            return Decimal(len(holding))
        case "sum":
            return sum(values, Decimal(0))
        case "max":
            return max(values, default=None)
        case "last":
            return values[-1] if values else None
        case "since_last":
            return Decimal(now - holding[-1][0]) if holding else NEVER
    streak = 0
    for event in seen:
        streak = streak + 1 if event in holding else 0
    return Decimal(streak)


GAPS: Final = st.one_of(st.sampled_from([0, 0, 1, 6, 7, 9, 10, 11, 59, 60]), st.integers(0, 3 * DAY))
FIELDS: Final = st.fixed_dictionaries(
    {
        "department": st.sampled_from(["research", "sales"]),
        "role": st.sampled_from(["engineer", "director"]),
        "direction": st.sampled_from(["take", "give_back"]),
        "cost": st.decimals(-9, 9, places=2),
        "machines": st.integers(0, 5),
    }
)
# Close to the border of a week, so that days and weeks end among the events.
TALES: Final = st.tuples(
    st.sampled_from([MONDAY, MONDAY - 1, MONDAY - 3, MONDAY + DAY - 2]),
    st.lists(st.tuples(GAPS, st.sampled_from(["rented", "rented", "rented", "closed"]), FIELDS), max_size=60),
)


@pytest.mark.parametrize("kind", OF)
@settings(max_examples=50, deadline=None)
@given(TALES)
def test_whatever_happens_each_window_says_what_a_recount_over_all_events_says(
    kind: str, tale: tuple[int, list[tuple[int, str, dict[str, Any]]]]
) -> None:
    """Each kind, with each span, key and guard, at each moment of any tale: the same number, to the last digit."""
    windows, rules = RULES[kind]
    recent, time, told = Recent(rules), tale[0], list[Event]()
    keys = {"department": "research", "role": "engineer", "direction": "take"}
    for gap, event, fields in tale[1]:
        time += gap
        before = recent.facts(keys, time)
        for name, window in windows.items():
            assert before.get(f"recent.{name}") == recounted(kind, window, told, keys, time), (name, window)
        recent.feed(event, fields, time)
        told.append((time, event, fields))
    facts = recent.facts(keys, time)
    for name, window in windows.items():
        assert facts.get(f"recent.{name}") == recounted(kind, window, told, keys, time), (name, window)


def test_when_an_event_is_as_old_as_the_window_is_long_then_it_is_out_of_it() -> None:
    """A window is now − within < t ≤ now: the event of this second is in it, that of `within` ago is not."""
    recent = Recent(ruleset({"w": {"count": "closed", "within": "10s"}}))
    recent.feed("closed", {"department": "sales"}, 100)
    assert [recent.facts({}, now)["recent.w"] for now in (100, 109, 110)] == [1, 1, 0]


def test_when_a_key_is_not_given_then_windows_kept_by_it_are_left_out() -> None:
    """Nobody's count is no count of everybody."""
    recent = Recent(ruleset({"all": {"count": "closed", "within": "1h"}, "of": OF_DEPARTMENT}))
    assert recent.facts({}, 5) == {"recent.all": 0}
    assert recent.facts({"department": "sales"}, 5) == {"recent.all": 0, "recent.of": 0}


OF_DEPARTMENT: Final = {"count": "closed", "within": "1h", "by": ["department"]}


def test_when_a_role_and_a_department_share_a_name_then_each_has_the_span_of_its_own() -> None:
    """A cap is looked up by what a key is, not by its word alone."""
    made = document({"w": {"count": "rented", "within": "caps.span", "by": ["role", "department"]}})
    made["departments"]["director"] = made["departments"].pop("sales")
    rules = read(made)
    recent = Recent(rules)
    fields = {"department": "research", "role": "director", "direction": "take", "cost": Decimal(1), "machines": 1}
    recent.feed("rented", fields, 100)
    assert recent.facts(fields, 150) == {"recent.w": 1}, "the span of research is 60 s, that of `director` 7 s"


BEGUN: Final = {
    "within": ({"count": "closed", "within": "10s"}, {109: None, 110: 1, 111: 1, 112: 0}),
    "a day": ({"count": "closed", "since": "utc_day"}, {110: None, DAY: 0}),
    "an event": ({"count": "closed", "since": "declined", "by": ["department"]}, {110: None}),
    "since the last": ({"since_last": "closed"}, {110: 8}),
    "a streak": ({"streak": "closed", "where": "closed.department == 'sales'"}, {110: None}),
}


@pytest.mark.parametrize("name", BEGUN)
def test_when_events_are_known_from_some_time_on_then_what_looks_farther_back_is_missing(name: str) -> None:
    """A count over events that nobody knows of is no count; what needs no older events is known."""
    window, expected = BEGUN[name]
    recent = Recent(ruleset({"w": window}), begun=100)
    assert recent.facts({"department": "sales"}, 101) == {}
    recent.feed("closed", {"department": "sales"}, 102)
    for now, value in expected.items():
        assert recent.facts({"department": "sales"}, now).get("recent.w") == value, now


def test_when_an_event_begins_a_count_anew_then_it_is_known_from_there_on() -> None:
    """What happened before it is not asked for, known or not."""
    recent = Recent(ruleset({"w": {"count": "closed", "since": "rented", "by": ["department"]}}), begun=100)
    fields = {"department": "sales", "role": "director", "direction": "take", "cost": Decimal(1), "machines": 1}
    recent.feed("rented", fields, 105)
    assert recent.facts({"department": "sales"}, 105) == {"recent.w": 0}
    assert recent.facts({"department": "research"}, 105) == {}


@pytest.mark.parametrize("kind", ["count", "sum", "max"])
def test_when_events_go_on_for_ever_then_a_window_takes_no_more_room(kind: str) -> None:
    """What has gone is let go of: many spans later a cell holds a few numbers, each moved a bounded number of times."""
    unit = {} if kind == "count" else {"unit": "EUR"}
    recent = Recent(ruleset({"w": {kind: "rented" if kind == "count" else "rented.cost", "within": "50s", **unit}}))
    sizes = []
    for time in range(20_000):
        fields = {"department": "sales", "role": "director", "direction": "take", "machines": 1}
        recent.feed("rented", {**fields, "cost": Decimal(-time % 97)}, time)
        recent.feed("rented", {**fields, "cost": Decimal(-1000 - time % 5)}, time)
        if time % 2_000 == 1_999:
            sizes.append(size_of(recent))
    assert max(sizes) < size_of(Recent(ruleset({"w": {"count": "rented", "within": "50s"}}))) + 20_000
    assert sizes[-1] <= max(sizes[:2]) * 1.2


def size_of(recent: Recent) -> int:
    """Bytes that the cells of the windows take."""
    total = 0
    for count in recent._counts:
        for cell in count._cells.values():
            parts = [getattr(cell, s) for c in type(cell).__mro__ for s in getattr(c, "__slots__", ())]
            total += sum(sys.getsizeof(p) + sum(map(sys.getsizeof, p if isinstance(p, list) else ())) for p in parts)
    return total


REFUSED: Final = {
    "two kinds": ({"count": "closed", "sum": "rented.cost", "within": "1h"}, "no-kind"),
    "no kind": ({"within": "1h"}, "no-kind"),
    "an unknown key": ({"count": "closed", "within": "1h", "form": "x"}, "unknown-key"),
    "an unknown event": ({"count": "close", "within": "1h"}, "unknown-event"),
    "a number of two events": ({"sum": "rented.cost + hired.cost", "unit": "EUR", "within": "1h"}, "unknown-fact"),
    "a number of no event": ({"sum": "1 + 1", "unit": "count", "within": "1h"}, "unknown-event"),
    "a sum without a unit": ({"sum": "rented.cost", "within": "1h"}, "unknown-unit"),
    "a sum of words": ({"sum": "rented.cost", "unit": "text", "within": "1h"}, "unknown-unit"),
    "another unit": ({"sum": "rented.cost", "unit": "count", "within": "1h"}, "unit-mismatch"),
    "a quotient": ({"max": "rented.cost / 2", "unit": "EUR", "within": "1h"}, "division-inside"),
    "a guard that is no condition": ({"count": "closed", "within": "1h", "where": "1"}, "unit-mismatch"),
    "a guard over another event": ({"count": "closed", "within": "1h", "where": "rented.cost > 0"}, "unknown-fact"),
    "two spans": ({"count": "closed", "within": "1h", "since": "utc_day"}, "two-spans"),
    "no span": ({"count": "closed"}, "no-span"),
    "a streak within": ({"streak": "closed", "within": "1h", "where": "closed.department == 'sales'"}, "bad-span"),
    "the time since, since": ({"since_last": "closed", "since": "utc_day"}, "bad-span"),
    "since itself": ({"count": "closed", "since": "closed"}, "bad-span"),
    "since an unknown event": ({"count": "closed", "since": "utc_month"}, "unknown-event"),
    "no time": ({"count": "closed", "within": "soon"}, "bad-value"),
    "parts of a second": ({"count": "closed", "within": "0.5s"}, "bad-value"),
    "no cap of a time": ({"count": "closed", "within": "caps.machines"}, "bad-value"),
    "a cap of whom it is not kept by": ({"count": "closed", "within": "caps.span"}, "kept-by"),
    "an unknown field": ({"count": "closed", "within": "1h", "by": ["role"]}, "unknown-field"),
    "a field that requests don't have": ({"count": "declined", "within": "1h", "by": ["why"]}, "unknown-field"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_when_a_window_means_nothing_then_it_is_refused(name: str) -> None:
    """Each fault has its code and is at the window; nothing is guessed."""
    window, code = REFUSED[name]
    with pytest.raises(Refused) as refused:
        read(document({"w": window}))
    assert code in {f.code for f in refused.value.faults}, refused.value.faults
    assert any("w" in f.path for f in refused.value.faults)


def test_when_a_cap_that_says_how_far_to_look_back_is_none_somewhere_then_it_is_refused() -> None:
    """No bound is no span."""
    made = document({"w": {"count": "closed", "within": "caps.span", "by": ["department"]}})
    made["departments"]["sales"]["caps"]["span"] = None
    with pytest.raises(Refused, match="none-inside"):
        read(made)


def test_when_a_window_is_declared_as_another_fact_then_the_document_is_refused() -> None:
    """Nobody hands in a count that is none, by altering what a fact says of itself."""
    made = document({"w": {"count": "closed", "within": "1h"}})
    made["facts"]["recent.w"]["unit"] = "EUR"
    with pytest.raises(Refused, match="bad-document"):
        read(made)


def test_when_a_gate_reads_a_window_then_it_decides_by_what_happened() -> None:
    """Two departments, one of which rents too often: a gate of another trade, and not a word of the engine changed."""
    often = {"id": "often", "why": "Ask once.", "measure": "recent.rents", "below": "3", "veto": "too_often"}
    rules = ruleset({"rents": {"count": "rented", "within": "1h", "by": ["department"]}}, gates=[often])
    recent, engine = Recent(rules), Engine(rules)
    for time in (1, 2, 3):
        fields = {"department": "research", "role": "director", "direction": "take", "cost": Decimal(1), "machines": 1}
        recent.feed("rented", fields, time)

    def reasons(department: str, now: int) -> tuple[str, ...]:
        counted = recent.facts({"department": department}, now)
        return engine.decide(cloud.nested({**cloud.QUIET, "request.department": department, **counted})).reasons

    assert reasons("research", 60) == ("too_often",)
    assert reasons("research", 3601) == ()
    assert "too_often" not in reasons("sales", 60)
    assert engine.decide(cloud.request()).reasons == ("facts_missing",), "a count that nobody hands in vetoes"


def test_when_the_rules_know_nothing_of_a_key_then_its_windows_of_a_cap_are_missing() -> None:
    """Nobody says how far to look back for a department that there is not; others are counted as ever."""
    rules = ruleset({"own": {"count": "rented", "by": ["department"], "within": "caps.span"}, "all": OF_ALL})
    recent = Recent(rules)
    assert recent.facts({"department": "finance"}, 100) == {"recent.all": 0}
    assert recent.facts({"department": "sales"}, 100) == {"recent.all": 0, "recent.own": 0}


OF_ALL: Final = {"count": "rented", "within": "1h"}
