"""Deciding: facts in, a decision with every reason out.

A decision is a pure function of universe and facts. Any failure denies: there is no way from an error to an
allowed intent.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from engine.answers import Answer, Headroom, Output, answered, headroom, output, unanswered
from engine.backends.python import Programs, Run, Veto
from engine.explain import Refusal, nobody, unknown_reasons, veto_reason, waived_reason
from engine.facts import FactReader, FactsFault, Snapshot
from engine.interpret import Situation
from engine.judge import Judgement, Outcome, found, is_exempt, judge
from engine.largest import Largest
from engine.numbers import exact
from engine.reason import Decision, Reason, decision_id
from engine.ruleset import Bound, Gate, RuleSet, Subject, Waiver
from engine.waivers import live, relieved

if TYPE_CHECKING:
    from engine.arrangement import Arrangements

BACKENDS: Final = ("python", "interpreter")
SCOPES: Final = ("order", "account")


@dataclass(slots=True)
class _Asked:
    """Facts, and who they are about where they are an order's."""

    snapshot: Snapshot
    scope: str
    subject: Subject | None
    actor: str | None


class Engine:
    """Decides on intents by one rule set.

    Args:
        ruleset: the checked rule set.
        backend: `python` (fast), or `interpreter` (the reference). Both give the same decisions, to the last digit.
    """

    def __init__(self, ruleset: RuleSet, backend: str = "python") -> None:
        if backend not in BACKENDS:
            raise ValueError(f"`{backend}` is no backend; there are {', '.join(BACKENDS)}")
        self.ruleset = ruleset
        self.backend = backend
        self.reader = FactReader(ruleset)
        self._programs = Programs(ruleset, self.reader.slots)
        head = ruleset.head
        self._subject_slot = self.reader.slots[head.subject.key] if head.subject else None
        self._actor_slot = self.reader.slots[head.actor.key] if head.actor else None
        self._clock_slot = self.reader.slots[head.clock] if head.clock else None
        self._largest = Largest(ruleset, self.reader.slots, self._stopping)
        self._of_subjects = self._read_of_subjects()

    @cached_property
    def arrangements(self) -> "Arrangements":
        """How plain facts come to whoever decides on them often; nobody else waits for what that takes."""
        from engine.arrangement import Arrangements

        return Arrangements(self)

    def decide(self, facts: Mapping[str, Any], scope: str = "order") -> Decision:
        """The decision on nested facts (numbers as text, Decimal or int).

        Whatever is wrong with them is a veto with a reason, never an exception.
        """
        try:
            snapshot = self.reader.read(facts)
        except FactsFault as fault:
            return self.refusal(Refusal.INPUT_INVALID, f"{fault}" + (f"; {fault.help}" if fault.help else ""))
        except Exception as error:  # every failure denies, also one of whoever hands the facts over
            return self.refusal(Refusal.ENGINE_ERROR, f"reading failed: {type(error).__name__}: {error}")
        return self.decide_snapshot(snapshot, scope)

    def decide_snapshot(self, snapshot: Snapshot, scope: str = "order") -> Decision:
        """The decision on facts that have been read."""
        try:
            with exact():
                return self._decide(self._asked(snapshot, scope))
        except Exception as error:  # every failure denies, whatever it is
            return self.refusal(Refusal.ENGINE_ERROR, f"deciding failed: {type(error).__name__}: {error}", snapshot)

    def refusal(self, code: str, text: str, snapshot: Snapshot | None = None) -> Decision:
        """A veto that no gate gives."""
        facts_json = snapshot.json if snapshot is not None else "{}"
        return self._decision(None, facts_json, vetoes=(Reason(None, code, text=text),))

    def judgements(self, snapshot: Snapshot, scope: str = "order") -> tuple[list[Judgement], Situation]:
        """What every gate says of these facts, by the reference interpreter, and the situation that they were
        judged in; no gate says anything of an order of nobody.
        """
        asked = self._asked(snapshot, scope)
        situation = self._situation(asked)
        if scope == "order" and self._of_nobody(asked):
            return [], situation
        exempt = scope == "order" and is_exempt(situation)
        judged = [judge(g, situation, exempt=exempt) for g in self._gates(scope)]
        return self._relieved(judged, asked, situation), situation

    def headrooms(self, snapshot: Snapshot, scope: str = "order") -> tuple[Headroom, ...]:
        """How far every gate with a bound is from it, in file order; none of an order of nobody."""
        judged, situation = self.judgements(snapshot, scope)
        return tuple(headroom(j, situation) for j in judged if isinstance(j.gate.test, Bound))

    def measure(self, name: str, snapshot: Snapshot) -> Output:
        """What a measure is worth, as in an `Answer`; None where a fact that it needs is missing or invalid.

        Raises:
            LookupError: there is no such measure.
        """
        if name not in self.ruleset.measures:
            raise LookupError(f"`{name}` is no measure")
        asked = self._asked(snapshot, "order")
        if name in self._of_subjects and self._of_nobody(asked):
            return None
        return output(self._situation(asked).measure(name))

    def answer(self, table: str, snapshot: Snapshot) -> Answer:
        """What a table says of these facts: the first row that applies, or what is unknown.

        Raises:
            LookupError: there is no such table.
        """
        if table not in self.ruleset.tables:
            raise LookupError(f"`{table}` is no table")
        asked, head = self._asked(snapshot, "order"), self.ruleset.head.subject
        if head is not None and asked.subject is None and f"tables.{table}" in self._of_subjects:
            return unanswered((head.key,))
        if self.backend == "python" and not snapshot.invalid:
            ask = self._programs.ask(table, asked.subject, asked.actor)
            try:
                with exact():
                    answer = ask(snapshot.values)
            except (TypeError, ArithmeticError):
                answer = None
            if answer is not None:
                return answer
        return answered(self.ruleset.tables[table], self._situation(asked))

    def unknown_reason(self, snapshot: Snapshot) -> str | None:
        """The reason for which nothing is allowed where an order's facts name nobody whom the rule set knows; None
        where they name somebody.
        """
        head = self.ruleset.head.subject
        if head is None or not self._of_nobody(self._asked(snapshot, "order")):
            return None
        return head.unknown if head.key in snapshot.invalid else str(Refusal.FACTS_MISSING)

    def gates_for(self, snapshot: Snapshot) -> tuple[Subject | None, str | None, Run] | None:
        """Whom an order's facts are about and who acts, and the function that says which gates veto facts about them;
        None where they are about nobody, or the interpreter is to be asked.
        """
        asked = self._asked(snapshot, "order")
        if self._of_nobody(asked) or not self._is_fast(asked):
            return None
        return asked.subject, asked.actor, self._programs.run(asked.subject, asked.actor, asked.scope)

    def situation(self, snapshot: Snapshot) -> Situation:
        """The situation of these facts, for tables and measures."""
        return self._situation(self._asked(snapshot, "order"))

    def stopping(self, *gates: Gate) -> Callable[[Snapshot], list[Judgement]]:
        """A function that says which of these gates stop, whether the rule set has them or not; nothing is exempt."""
        vetoes_of, by_index = self._alone(gates), {gate.index: gate for gate in gates}

        def stopping(snapshot: Snapshot) -> list[Judgement]:
            vetoes = vetoes_of(snapshot)
            if vetoes is not None:
                return [found(by_index[index], numbers) for index, *numbers in vetoes]
            situation = self.situation(snapshot)
            return [j for gate in gates if (j := judge(gate, situation, exempt=False)).stops]

        return stopping

    def glancing(self, *gates: Gate) -> Callable[[Mapping[str, Any]], bool]:
        """A function that sees quickly, from facts as code gives them, that none of these gates stops; else one may."""
        vetoes_of = self._alone(gates)

        def none_stops(facts: Mapping[str, Any]) -> bool:
            snapshot = self.reader.glance(facts)
            return snapshot is not None and vetoes_of(snapshot) == []

        return none_stops

    def _alone(self, gates: Sequence[Gate]) -> Callable[[Snapshot], list[Veto] | None]:
        """Which of some gates veto, by the fast backend; None where it can't say."""
        run_for = self._programs.alone(gates)

        def vetoes(snapshot: Snapshot) -> list[Veto] | None:
            asked = self._asked(snapshot, "order")
            if not self._is_fast(asked):
                return None
            with exact():
                return _run(run_for(asked.subject, asked.actor), asked)

        return vetoes

    # Deciding

    def _asked(self, snapshot: Snapshot, scope: str) -> _Asked:
        if snapshot.ruleset is not self.ruleset:
            raise ValueError("the facts were read for another rule set")
        if scope != "order":
            if scope not in SCOPES:
                raise ValueError(f"`{scope}` is no scope; there are {', '.join(SCOPES)}")
            return _Asked(snapshot, scope, None, None)
        values = snapshot.values
        subject = values[self._subject_slot] if self._subject_slot is not None else None
        actor = values[self._actor_slot] if self._actor_slot is not None else None
        return _Asked(
            snapshot,
            scope,
            self.ruleset.subjects.get(str(subject)) if subject is not None else None,
            str(actor) if actor is not None else None,
        )

    def _of_nobody(self, asked: _Asked) -> bool:
        """Whether the rule set is about subjects, and these facts name none of them."""
        return self.ruleset.head.subject is not None and asked.subject is None

    def _decide(self, asked: _Asked) -> Decision:
        facts_json = asked.snapshot.json
        if asked.scope == "order" and self._of_nobody(asked):
            reason = self._nobody(asked.snapshot)
            return self._decision(reason.observed, facts_json, vetoes=(reason,))
        vetoes = self._vetoes(asked)
        if vetoes is None or vetoes:
            return self._explained(asked, vetoes, facts_json)
        return self._decision(
            asked.subject.key if asked.subject else None, facts_json, largest=self._largest_of(asked, [])
        )

    def _explained(self, asked: _Asked, vetoes: list[Veto] | None, facts_json: str) -> Decision:
        """The decision with its reasons, by what a backend found; None where the interpreter must say."""
        if vetoes is None:
            judged, situation = self.judgements(asked.snapshot, asked.scope)
        else:
            situation = self._situation(asked)
            judged = self._found(vetoes, asked, situation)
        stopping = [j for j in judged if j.stops]
        return self._decision(
            asked.subject.key if asked.subject else None,
            facts_json,
            vetoes=self._reasons([j for j in stopping if j.gate.enforced], situation),
            shadow=self._reasons([j for j in stopping if not j.gate.enforced], situation),
            waived=tuple([waived_reason(j, situation) for j in judged if j.outcome is Outcome.WAIVED]),
            largest=self._largest_of(asked, [j.gate for j in stopping]),
        )

    def _found(self, vetoes: list[Veto], asked: _Asked, situation: Situation) -> list[Judgement]:
        """What a backend found, as judgements."""
        judged = [found(self.ruleset.gates[index], numbers) for index, *numbers in vetoes]
        return self._relieved(judged, asked, situation)

    def _relieved(self, judged: list[Judgement], asked: _Asked, situation: Situation) -> list[Judgement]:
        waivers = self._live(asked)
        return [relieved(j, situation, waivers) for j in judged] if waivers else judged

    def _live(self, asked: _Asked) -> dict[str, Waiver]:
        """The waivers that hold for what is asked, by the gate's id."""
        if not self.ruleset.waivers or asked.scope != "order" or self._clock_slot is None:
            return {}
        now = asked.snapshot.values[self._clock_slot]
        return live(self.ruleset.waivers, now, asked.subject.key if asked.subject else None, asked.actor)

    @staticmethod
    def _reasons(judged: list[Judgement], situation: Situation) -> tuple[Reason, ...]:
        """Every reason, in file order; what is missing stands at the first gate that needs it."""
        if not any(judgement.unknown for judgement in judged):
            return tuple([veto_reason(judgement, situation) for judgement in judged])
        missing = unknown_reasons(judged, situation)
        reasons: list[Reason] = []
        for judgement in judged:
            reasons += (
                [veto_reason(judgement, situation)] if not judgement.unknown else missing.get(judgement.gate.index, [])
            )
        return tuple(reasons)

    def _vetoes(self, asked: _Asked) -> list[Veto] | None:
        """The gates that veto, by the fast backend; None where it can't say."""
        if not self._is_fast(asked):
            return None
        return _run(self._programs.run(asked.subject, asked.actor, asked.scope), asked)

    def _is_fast(self, asked: _Asked) -> bool:
        return self.backend == "python" and not asked.snapshot.invalid

    def _stopping(self, snapshot: Snapshot) -> list[Gate]:
        """The gates that stop an order, in file order."""
        asked = self._asked(snapshot, "order")
        vetoes = self._vetoes(asked)
        if vetoes is None:
            return [j.gate for j in self.judgements(snapshot)[0] if j.stops]
        if not vetoes or not self._live(asked):
            return [self.ruleset.gates[veto[0]] for veto in vetoes]
        return [j.gate for j in self._found(vetoes, asked, self._situation(asked)) if j.stops]

    def _largest_of(self, asked: _Asked, stopping: list[Gate]) -> str | None:
        if asked.scope != "order":
            return None
        return self._largest.find(
            asked.snapshot, asked.subject, stopping, lambda: (self._situation(asked), self._live(asked))
        )

    def _gates(self, scope: str) -> tuple[Gate, ...]:
        return tuple(g for g in self.ruleset.gates if scope == "order" or g.scope == scope)

    def _situation(self, asked: _Asked) -> Situation:
        return Situation(
            self.ruleset,
            self.reader.slots,
            asked.snapshot.values,
            asked.snapshot.invalid,
            asked.subject,
            self.ruleset.actors.get(asked.actor) if asked.actor is not None else None,
        )

    def _read_of_subjects(self) -> frozenset[str]:
        """The measures and tables (`tables.name`) that may read what differs from subject to subject."""
        ruleset = self.ruleset
        account = ruleset.account.caps
        own = {n for n, fact in ruleset.catalog.facts.items() if fact.attribute}
        for subject in ruleset.subjects.values():
            own |= {f"caps.{c}" for c, v in subject.layer.caps.items() if c not in account or account[c] != v}
        return frozenset(name for name, read in ruleset.reaches.items() if own & read)

    def _nobody(self, snapshot: Snapshot) -> Reason:
        """The reason of an order whose subject is not in the universe, or not named."""
        head = self.ruleset.head.subject
        assert head is not None
        return nobody(head, self.reader.given(snapshot, head.key) if head.key in snapshot.invalid else None)

    def _decision(
        self,
        subject: str | None,
        facts_json: str,
        *,
        vetoes: tuple[Reason, ...] = (),
        shadow: tuple[Reason, ...] = (),
        waived: tuple[Reason, ...] = (),
        largest: str | None = None,
    ) -> Decision:
        solve = self.ruleset.head.solve
        return Decision(
            allowed=not vetoes,
            id=decision_id(self.ruleset.universe_hash, facts_json),
            subject=subject,
            ruleset=self.ruleset.ruleset_hash,
            universe=self.ruleset.universe_hash,
            vetoes=vetoes,
            shadow=shadow,
            waived=waived,
            largest_name=solve.name if solve else None,
            largest=largest,
            left_out=self._largest.left_out if vetoes else (),
            facts_json=facts_json,
        )


def _run(run: Run, asked: _Asked) -> list[Veto] | None:
    """What a function says of facts; None where it can't say."""
    try:
        return run(asked.snapshot.values)
    except (TypeError, ArithmeticError):
        return None
