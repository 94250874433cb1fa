"""What a person should look at before anything else: a closed list of questions, each asked of every run."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from engine.explain import Refusal
from execution.feeds.remarks import RemarkCode
from execution.ticket import Cause
from research.report import text
from research.report.diary import Kind
from research.report.drawing.scales import HOUR
from research.report.flow import Fate
from research.report.reading import Reading

SCARCE: Final = Decimal("0.1")
MISSING: Final = (RemarkCode.GAP, RemarkCode.MARK_GAP, RemarkCode.FUNDING_GAP, RemarkCode.CUT)


@dataclass(frozen=True, slots=True)
class Concern:
    """One thing to look at: what, in a sentence, and the section of the page that says more."""

    text: str
    section: str
    urgent: bool = False


def concerns(reading: Reading) -> list[Concern]:
    """Everything to look at, what is urgent first."""
    found = [concern for ask in QUESTIONS for concern in ask(reading)]
    return sorted(found, key=lambda c: not c.urgent)


def _ledger(reading: Reading) -> Iterator[Concern]:
    if not reading.adds_up:
        yield Concern("The ledger does not add up to the NAV that the run computed.", "summary", urgent=True)


def _liquidations(reading: Reading) -> Iterator[Concern]:
    times = [note.time for note in reading.parts.diary.notes if note.kind is Kind.LIQUIDATION]
    if times:
        when = text.moment(times[0])
        many = text.count(len(times), "time")
        yield Concern(f"The venue liquidated the account {many}, first at {when}.", "events", urgent=True)


def _kill_switch(reading: Reading) -> Iterator[Concern]:
    for stop in reading.parts.diary.stopped:
        if stop.until is None:
            since = text.moment(stop.since)
            yield Concern(f"The kill switch is on since {since}, by {stop.by}: {stop.why}", "events", urgent=True)


def _exits(reading: Reading) -> Iterator[Concern]:
    for key, position in sorted(reading.moment.books.ledger.positions.items()):
        who = " ".join(key)
        if position.exits is None:
            yield Concern(f"{who} has no exits armed.", "positions", urgent=True)
        leaving = reading.parts.diary.leaving.get(key)
        if leaving is not None and reading.last - leaving.since >= HOUR:
            since = text.moment(leaving.since)
            asked = text.count(leaving.asked, "time")
            told = (
                f"{who} is being left since {since} ({text.words(leaving.reason)}, asked for {asked}) and is not out."
            )
            yield Concern(told, "positions", urgent=True)


def _old_prices(reading: Reading) -> Iterator[Concern]:
    pulse, cap = reading.moment.pulse, reading.moment.cap("nav_max_age")
    age = pulse.time - pulse.valued
    if cap is not None and age >= cap:
        told = f"The oldest price in NAV is {text.duration(age)} old; entries stop at {text.duration(int(cap))}."
        yield Concern(told, "positions")


def _limits(reading: Reading) -> Iterator[Concern]:
    last = [rooms[-1] for rooms in reading.parts.headroom.gates.values()]
    newest = max((room.time for room in last), default=0)
    for room in (room for room in last if room.time == newest and room.left < SCARCE):
        what = f"Gate {text.words(room.gate)} ({room.where})"
        if room.left <= 0:
            yield Concern(f"{what} is at its limit.", "headroom", urgent=True)
        else:
            yield Concern(f"{what} has {text.percent(room.left, 1)} of its limit left.", "headroom")


def _nothing_passes(reading: Reading) -> Iterator[Concern]:
    for (cause, strategy), fates in reading.parts.flow.fates().items():
        if cause == Cause.STRATEGY and fates.total() >= 10 and not fates[Fate.PASSED] + fates[Fate.SHRUNK]:
            yield Concern(f"None of {strategy}'s {fates.total()} intents passed.", "vetoes", urgent=True)


def _unknown(reading: Reading) -> Iterator[Concern]:
    for refusal in Refusal:
        reason = reading.parts.flow.reasons.get(refusal.value)
        if reason is not None:
            many = text.count(reason.count, "veto", "vetoes")
            yield Concern(f"{many} for {text.words(refusal.value)}: no rule spoke, something was wrong.", "vetoes")


def _refused_rules(reading: Reading) -> Iterator[Concern]:
    refused = [note for note in reading.parts.diary.notes if note.kind is Kind.REFUSED]
    decided = [note for note in reading.parts.diary.notes if note.kind is Kind.RULES]
    if refused and (not decided or refused[-1].time > decided[-1].time):
        yield Concern(f"Since {text.moment(refused[-1].time)} the rules on disk are refused.", "events")


def _gaps(reading: Reading) -> Iterator[Concern]:
    codes = [r for r in reading.parts.diary.remarks.values() if r.code in MISSING]
    if codes:
        symbols = sorted({r.symbol for r in codes if r.symbol})
        where = f" ({', '.join(symbols[:4])}{' and more' if len(symbols) > 4 else ''})" if symbols else ""
        many = text.count(sum(r.remarks for r in codes), "hole")
        yield Concern(f"The feed has {many}{where}.", "data")


def _rules_not_kept(reading: Reading) -> Iterator[Concern]:
    for name in reading.parts.caps.missing:
        told = f"Universe {text.short(name)} is not kept with the run: caps of its time are those of today."
        yield Concern(told, "exposure")


QUESTIONS: Final[tuple[Callable[[Reading], Iterator[Concern]], ...]] = (
    _ledger,
    _liquidations,
    _kill_switch,
    _exits,
    _old_prices,
    _limits,
    _nothing_passes,
    _unknown,
    _refused_rules,
    _gaps,
    _rules_not_kept,
)
