"""One decision at a time: the gate of fifteen rules through the desk, beside the same by hand."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from importlib.metadata import version
from typing import Any, Final

from engine import Engine
from engine.backends.assembler import BUILT
from engine.desk import Desk, Record, Standing
from engine.nesting import flat
from research.bench import peers
from research.bench.chain import Chain, chain
from research.bench.timing import Action, Timed, in_turns
from research.bench.workload import UNLISTED, Case, caps, cases, converted, nested, on_bounds, ruleset

ORDER: Final = ("symbol", "side", "quantity", "price", "leverage", "reduces")
BY_HAND: Final = "by hand: an if-chain over nested dicts, floats"
EXACT_BY_HAND: Final = "the same by hand, in Decimal"
DESK: Final = "records made before: decided, with reasons"
# What is measured, and what of it is asked for, where something is.
TARGETS: Final[dict[str, str]] = {
    BY_HAND: "",
    EXACT_BY_HAND: "",
    DESK: "0.20" if BUILT else "0.80",
    "the same, with every observed and limit exactly": "",
    "the same, allowed ones alone": "",
    "the same, vetoed ones alone": "",
    "records made of orders in Decimal, and decided": "1.30",
}
UNCHANGED: Final[dict[str, str]] = {
    BY_HAND: "",
    "records made before: decided": "0.40",
    "records made of orders in Decimal, and decided": "",
}


@dataclass(frozen=True, slots=True)
class Wrong:
    """Of so many cases, how many are decided otherwise than by fractions: by hand in floats, and by the desk."""

    what: str
    cases: int
    by_hand: int
    by_desk: int


class Gate:
    """The gate, and the ways in which it is asked; `take` makes the record of an order."""

    def __init__(self) -> None:
        self.desk = Desk(Engine(ruleset()))
        self.take = self.desk.intake(*[f"order.{name}" for name in ORDER])
        self._floats, self._fractions = chain(*caps(float)), chain(*caps(Fraction))

    def wrong(self, what: str, found: list[Case]) -> Wrong:
        """How many of these cases are decided otherwise than they are."""
        truth = _reasons(self._fractions, converted(found, Fraction))
        by_hand = _reasons(self._floats, converted(found, float))
        by_desk = [frozenset(r.decide().reasons) for r in self.whole(found)]
        return Wrong(what, len(found), _differing(truth, by_hand), _differing(truth, by_desk))

    def whole(self, found: list[Case]) -> list[Record]:
        """Records in which every fact is given anew."""
        return whole(self.desk, found)

    def standing(self, found: list[Case], *, long: bool = False) -> list[tuple[Standing, list[Any]]]:
        """What stands, and what the order says in Decimal; cases of one context share what stands of their account."""
        accounts: dict[int, Standing] = {}
        made: dict[tuple[int, str], Standing] = {}
        asked = []
        for case in converted(found, Decimal):
            facts = nested(case)
            order, account = facts.pop("order"), {name: facts.pop(name) for name in ("nav", "book")}
            key = (id(case.context), order["symbol"])
            if key[0] not in accounts:
                accounts[key[0]] = self.desk.standing(account)
            if key not in made:
                made[key] = self.desk.standing(facts, accounts[key[0]], long=long)
            asked.append((made[key], [order[name] for name in ORDER]))
        return asked

    def timed(self) -> dict[str, Timed]:
        """What a decision takes, each way."""
        found = cases()
        by_hand, exactly = chain(*caps(float)), chain(*caps(Decimal))
        asked = self.standing(found)
        records = [self.take(standing, *order) for standing, order in asked]
        ways = (
            (lambda case: by_hand(case.order, case.context), converted(found, float)),
            (lambda case: exactly(case.order, case.context), converted(found, Decimal)),
            (_with_reasons, records),
            (_with_numbers, records),
            (_with_reasons, [record for record in records if record.decide().allowed]),
            (_with_reasons, [record for record in records if not record.decide().allowed]),
            (self._made_and_decided, asked),
        )
        return in_turns(BY_HAND, dict(zip(TARGETS, ways, strict=True)))

    def timed_unchanged(self) -> dict[str, Timed]:
        """What a decision that allows takes while the account stays as it is."""
        by_hand = chain(*caps(float))
        found = [case for case in cases(contexts=1) if not self._fractions(*_of(case, Fraction))]
        asked = self.standing(found, long=True)
        for standing, order in asked:
            self.take(standing, *order)
        ways = (
            (lambda case: by_hand(case.order, case.context), converted(found, float)),
            (_with_reasons, [self.take(standing, *order) for standing, order in asked]),
            (self._made_and_decided, asked),
        )
        return in_turns(BY_HAND, dict(zip(UNCHANGED, ways, strict=True)))

    def timed_peers(self) -> dict[str, Timed | str]:
        """What engines of others take on the same orders, or why that is not known."""
        found = [case for case in cases() if case.order["symbol"] != UNLISTED]
        by_hand, records = chain(*caps(float)), self.whole(found)
        facts, truth = peers.facts_of(found), _reasons(self._fractions, converted(found, Fraction))
        ways: dict[str, tuple[Action, Sequence[Any]]] = {
            BY_HAND: (lambda case: by_hand(case.order, case.context), converted(found, float)),
            DESK: (_with_reasons, records),
        }
        missing: dict[str, Timed | str] = {}
        for name, make in peers.engines().items():
            try:
                ask = make()
            except ImportError as error:
                missing[name] = f"not installed: {error.name}"
                continue
            wrong = _differing(truth, [peers.violated(ask(of)) for of in facts])
            ways[f"{name} {version(peers.PACKAGES[name])}, {wrong} wrong"] = (ask, facts)
        return {**in_turns(BY_HAND, ways), **missing}

    def _made_and_decided(self, asked: tuple[Standing, list[Any]]) -> object:
        standing, order = asked
        return _with_reasons(self.take(standing, *order))


def whole(desk: Desk, found: Sequence[Case]) -> list[Record]:
    """Records of cases, in which every fact is given anew."""
    facts = [dict(flat(nested(case))) for case in converted(found, Decimal)]
    take, nothing = desk.intake(*facts[0]), desk.standing({})
    return [take(nothing, *of.values()) for of in facts]


def _of(case: Case, number: Callable[[str], Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The order and context of a case, as a kind of number."""
    (made,) = converted([case], number)
    return made.order, made.context


def _with_reasons(record: Record) -> object:
    verdict = record.decide()
    return verdict.allowed or verdict.reasons


def _with_numbers(record: Record) -> object:
    verdict = record.decide()
    return verdict.allowed or verdict.judgements


def all_wrong(gate: Gate) -> list[Wrong]:
    """The cases that anybody gets right, and those that lie on a bound."""
    return [gate.wrong("random orders", cases()), gate.wrong("a measure exactly on its bound", on_bounds())]


def _reasons(gate: Chain, found: Sequence[Case]) -> list[frozenset[str]]:
    return [frozenset(veto[0] for veto in gate(case.order, case.context)) for case in found]


def _differing(one: Sequence[object], other: Sequence[object]) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True))
