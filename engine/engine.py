"""Deciding: facts in, a decision with every reason out.

A decision is a pure function of universe and facts. Any failure denies: there is no way from an error to an
allowed intent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from engine import lattice
from engine.answers import Answer, Headroom, Output, answered, headroom, output, unanswered
from engine.backends.python import Programs
from engine.catalog import Value
from engine.explain import Refusal, unknown_reasons, veto_reason
from engine.facts import FactReader, FactsFault, Snapshot
from engine.interpret import Situation
from engine.judge import Judgement, is_exempt, judge, may_be_exempt
from engine.numbers import canonical, exact
from engine.reach import reach
from engine.reason import Decision, Reason, decision_id
from engine.ruleset import Bound, Gate, RuleSet, Subject, gate_nodes

BACKENDS: Final = ("python", "interpreter")
SCOPES: Final = ("order", "account")


@dataclass(frozen=True, slots=True)
class Refused:
    """An intent on which nothing can be decided, as a veto's single reason."""

    reason: Reason
    subject: str | None = None


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
        self._solve_slot = self.reader.slots[head.solve.fact] if head.solve else None
        varying = self._gates_that_vary()
        self._varying = frozenset(g.index for g in varying)
        self._left_out = tuple(g.id for g in varying)
        self._fixed = self._gates_of_no_size()
        self._of_subjects = self._read_of_subjects()

    def decide(self, facts: Mapping[str, Any], scope: str = "order") -> Decision:
        """The decision on nested facts (numbers as text, Decimal or int).

        Whatever is wrong with them is a veto with a reason, never an exception.
        """
        try:
            snapshot = self.reader.read(facts)
        except FactsFault as fault:
            return self.refusal(Refusal.INPUT_INVALID, f"{fault}" + (f"; {fault.help}" if fault.help else ""))
        return self.decide_snapshot(snapshot, scope)

    def decide_snapshot(self, snapshot: Snapshot, scope: str = "order") -> Decision:
        """The decision on facts that have been read."""
        try:
            with exact():
                return self._decide(snapshot, scope)
        except Exception as error:  # every failure denies, whatever it is
            return self.refusal(Refusal.ENGINE_ERROR, f"deciding failed: {type(error).__name__}: {error}", snapshot)

    def refusal(self, code: str, text: str, snapshot: Snapshot | None = None, subject: str | None = None) -> Decision:
        """A veto that no gate gives."""
        facts_json = self.reader.facts_json(snapshot) if snapshot is not None else "{}"
        return self._decision(False, subject, facts_json, vetoes=(Reason(None, code, text=text),))

    def judgements(self, snapshot: Snapshot, scope: str = "order") -> tuple[list[Judgement], Situation]:
        """What every gate says of these facts, by the reference interpreter, and the situation that they were
        judged in.
        """
        situation = self._situation(snapshot, scope)
        exempt = scope == "order" and is_exempt(situation)
        return [judge(g, situation, exempt=exempt) for g in self._gates(scope)], situation

    def headrooms(self, snapshot: Snapshot, scope: str = "order") -> tuple[Headroom, ...]:
        """How far every gate with a bound is from it, in file order; none where nobody is known to be judged."""
        if scope == "order" and self._nobody(snapshot):
            return ()
        judged, situation = self.judgements(snapshot, scope)
        return tuple(headroom(j, situation) for j in judged if isinstance(j.gate.test, Bound))

    def measure(self, name: str, snapshot: Snapshot) -> Output:
        """What a measure is worth, as in an `Answer`; None where a fact that it needs is missing or invalid.

        Raises:
            LookupError: there is no such measure.
        """
        if name not in self.ruleset.measures:
            raise LookupError(f"`{name}` is no measure")
        if name in self._of_subjects and self._nobody(snapshot):
            return None
        return output(self._situation(snapshot, "order").measure(name))

    def answer(self, table: str, snapshot: Snapshot) -> Answer:
        """What a table says of these facts: the first row that applies, or what is unknown.

        Raises:
            LookupError: there is no such table.
        """
        if table not in self.ruleset.tables:
            raise LookupError(f"`{table}` is no table")
        subject = self._subject(snapshot)
        if subject is None and f"tables.{table}" in self._of_subjects:
            assert self.ruleset.head.subject is not None
            return unanswered((self.ruleset.head.subject.key,))
        if self.backend == "python" and not snapshot.invalid:
            actor = snapshot.values[self._actor_slot] if self._actor_slot is not None else None
            ask = self._programs.ask(table, subject, str(actor) if actor is not None else None)
            try:
                with exact():
                    found = ask(snapshot.values)
            except (TypeError, ArithmeticError):
                found = None
            if found is not None:
                return found
        return answered(self.ruleset.tables[table], self._situation(snapshot, "order"))

    def situation(self, snapshot: Snapshot) -> Situation:
        """The situation of these facts, for tables and measures."""
        return self._situation(snapshot, "order")

    # Deciding

    def _decide(self, snapshot: Snapshot, scope: str) -> Decision:
        if scope not in SCOPES:
            raise ValueError(f"`{scope}` is no scope; there are {', '.join(SCOPES)}")
        head = self.ruleset.head
        facts_json = self.reader.facts_json(snapshot)
        subject = None
        if head.subject is not None and scope == "order":
            refused = self._unknown_subject(snapshot)
            if refused is not None:
                return self._decision(False, refused.subject, facts_json, vetoes=(refused.reason,))
            subject = self._subject(snapshot)
        stopping = self._stopping(snapshot, subject, scope)
        if not stopping:
            largest = self._largest(snapshot, subject, [], None) if scope == "order" else None
            return self._decision(True, subject.key if subject else None, facts_json, largest=largest)
        return self._explained(snapshot, subject, stopping, facts_json, scope)

    def _explained(
        self, snapshot: Snapshot, subject: Subject | None, stopping: list[int], facts_json: str, scope: str
    ) -> Decision:
        situation = self._situation(snapshot, scope)
        # A gate that an exempt intent passes stops none, so no exemption need be asked for the gates that do.
        judged = [judge(self.ruleset.gates[i], situation, exempt=False) for i in stopping]
        vetoes = self._reasons([j for j in judged if j.gate.enforced], situation)
        shadow = self._reasons([j for j in judged if not j.gate.enforced], situation)
        followed = [j.gate for j in judged if j.gate.enforced and j.gate.index not in self._varying]
        largest = self._largest(snapshot, subject, followed, situation) if scope == "order" else None
        return self._decision(
            not vetoes, subject.key if subject else None, facts_json, vetoes=vetoes, shadow=shadow, largest=largest
        )

    @staticmethod
    def _reasons(judged: list[Judgement], situation: Situation) -> tuple[Reason, ...]:
        """Every reason, in file order; what is missing stands at the first gate that needs it."""
        missing = unknown_reasons(judged, situation)
        reasons: list[Reason] = []
        for judgement in judged:
            reasons += (
                [veto_reason(judgement, situation)] if not judgement.unknown else missing.get(judgement.gate.index, [])
            )
        return tuple(reasons)

    def _stopping(self, snapshot: Snapshot, subject: Subject | None, scope: str) -> list[int]:
        """The indexes of the gates that stop the intent, in file order."""
        if self.backend == "python" and not snapshot.invalid:
            actor = snapshot.values[self._actor_slot] if self._actor_slot is not None else None
            try:
                found = self._programs.run(subject, str(actor) if actor is not None else None, scope)(snapshot.values)
            except (TypeError, ArithmeticError):
                found = None
            if found is not None:
                return found
        judged, _ = self.judgements(snapshot, scope)
        return [j.gate.index for j in judged if j.stops]

    def _gates(self, scope: str) -> tuple[Gate, ...]:
        return tuple(g for g in self.ruleset.gates if scope == "order" or g.scope == scope)

    def _situation(self, snapshot: Snapshot, scope: str) -> Situation:
        actor = snapshot.values[self._actor_slot] if self._actor_slot is not None and scope == "order" else None
        return Situation(
            self.ruleset,
            self.reader.named(snapshot),
            snapshot.invalid,
            self._subject(snapshot) if scope == "order" else None,
            self.ruleset.actors.get(str(actor)) if actor is not None else None,
        )

    def _subject(self, snapshot: Snapshot) -> Subject | None:
        key = snapshot.values[self._subject_slot] if self._subject_slot is not None else None
        return self.ruleset.subjects.get(str(key)) if key is not None else None

    def _nobody(self, snapshot: Snapshot) -> bool:
        """Whether the rule set is about subjects, and these facts name none of them."""
        return self.ruleset.head.subject is not None and self._subject(snapshot) is None

    def _read_of_subjects(self) -> frozenset[str]:
        """The measures and tables (`tables.name`) that may read what differs from subject to subject."""
        ruleset = self.ruleset
        account = ruleset.account.caps
        own = {n for n, fact in ruleset.catalog.facts.items() if fact.attribute}
        for subject in ruleset.subjects.values():
            own |= {f"caps.{c}" for c, v in subject.layer.caps.items() if c not in account or account[c] != v}
        return frozenset(name for name, read in ruleset.reaches.items() if own & read)

    def _unknown_subject(self, snapshot: Snapshot) -> Refused | None:
        """The refusal of an intent whose subject is not in the universe, or not named."""
        head, slot = self.ruleset.head.subject, self._subject_slot
        assert head is not None and slot is not None
        key = snapshot.values[slot]
        if key is not None:
            return None
        if head.key in snapshot.invalid:
            given = str(snapshot.texts[slot]).strip('"')
            text = f"{given} is not in the universe"
            return Refused(Reason(None, head.unknown, observed=given, fact=head.key, text=text), given)
        return Refused(
            Reason(
                None,
                Refusal.FACTS_MISSING,
                fact=head.key,
                text=f"{head.key} is missing: nothing can be decided about nobody",
            )
        )

    # The largest value of the adjustable fact

    def _gates_that_vary(self) -> tuple[Gate, ...]:
        """Gates over facts that must be supplied anew for another size: the largest size leaves them out."""
        facts = self.ruleset.catalog.facts
        solve = self.ruleset.head.solve
        vary = {n for n, f in facts.items() if solve is not None and f.varies_with == solve.fact}
        return tuple(g for g in self.ruleset.gates if vary & reach(self.ruleset, *gate_nodes(g)))

    def _gates_of_no_size(self) -> frozenset[int]:
        """Gates that say the same whatever the adjustable fact is: no smaller size passes them."""
        solve = self.ruleset.head.solve
        gates = self.ruleset.gates
        return frozenset(g.index for g in gates if solve and solve.fact not in reach(self.ruleset, *gate_nodes(g)))

    def _largest(
        self, snapshot: Snapshot, subject: Subject | None, stopping: list[Gate], situation: Situation | None
    ) -> str | None:
        """The largest value of the adjustable fact on its step that every gate allows, apart from those that
        vary with it.

        Only the gates that stop the intent are followed; what they leave is decided again, and whatever then
        stops it is followed too. The answer is exact: each gate followed excludes only what it vetoes.
        """
        solve = self.ruleset.head.solve
        if solve is None or self._solve_slot is None:
            return None
        asked = snapshot.values[self._solve_slot]
        step = self._known(solve.step, snapshot, subject)
        if not isinstance(asked, Decimal) or not isinstance(step, Decimal) or asked < step or step <= 0:
            return None
        if not stopping and not asked % step:
            return canonical(asked)
        situation = situation or self._situation(snapshot, "order")
        return self._search(snapshot, stopping, lattice.Lattice(situation, solve.fact, step, int(asked // step)))

    def _search(self, snapshot: Snapshot, stopping: list[Gate], grid: lattice.Lattice) -> str | None:
        assert self._solve_slot is not None
        allowed: lattice.Ranges = [(self._first(grid), grid.last)]
        followed: set[int] = set()
        while True:
            try:
                exempt = self._exempt_pieces(grid) if any(may_be_exempt(g) for g in stopping) else grid.whole(False)
                if not any(part is True for _, _, part in exempt) and any(g.index in self._fixed for g in stopping):
                    return None
                for gate in stopping:
                    allowed = lattice.intersected(allowed, lattice.passing(gate, grid, exempt))
                    followed.add(gate.index)
            except lattice.NotLinear:
                return None
            if not allowed or allowed[-1][1] < allowed[-1][0]:
                return None
            value = grid.step * allowed[-1][1]
            smaller = self.reader.resized(snapshot, self._solve_slot, value)
            found = [self.ruleset.gates[i] for i in self._stopping(smaller, grid.situation.subject, "order")]
            stopping = [g for g in found if g.enforced and g.index not in self._varying]
            if not stopping:
                return canonical(value)
            if followed.issuperset(g.index for g in stopping):
                raise ArithmeticError(f"gates {[g.id for g in stopping]} veto a size that they were found to allow")

    def _first(self, grid: lattice.Lattice) -> int:
        """The number of steps from which on the adjustable fact is in its declared range."""
        low = self.ruleset.catalog.facts[grid.fact].low
        whole, rest = divmod(low, grid.step) if low is not None else (0, 0)
        return max(1, int(whole) + (rest > 0))

    def _known(self, name: str, snapshot: Snapshot, subject: Subject | None) -> Value | None:
        slot = self.reader.slots.get(name)
        return snapshot.values[slot] if slot is not None else subject.facts.get(name) if subject else None

    def _exempt_pieces(self, grid: lattice.Lattice) -> lattice.Pieces:
        name = self.ruleset.head.exempt
        return grid.whole(False) if name is None else lattice.follow(self.ruleset.measures[name].node, grid)

    def _decision(
        self,
        allowed: bool,
        subject: str | None,
        facts_json: str,
        *,
        vetoes: tuple[Reason, ...] = (),
        shadow: tuple[Reason, ...] = (),
        largest: str | None = None,
    ) -> Decision:
        solve = self.ruleset.head.solve
        return Decision(
            allowed=allowed,
            id=decision_id(self.ruleset.universe_hash, facts_json),
            subject=subject,
            ruleset=self.ruleset.ruleset_hash,
            universe=self.ruleset.universe_hash,
            vetoes=vetoes,
            shadow=shadow,
            largest_name=solve.name if solve else None,
            largest=largest,
            left_out=() if allowed else self._left_out,
            facts_json=facts_json,
        )
