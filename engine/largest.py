"""The largest value of the adjustable fact on its step that a whole decision allows."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import cached_property
from typing import Final

from engine import lattice
from engine.catalog import Value
from engine.ends import Ends
from engine.facts import Snapshot
from engine.interpret import Situation
from engine.judge import may_be_exempt
from engine.numbers import canonical
from engine.reach import reach
from engine.ruleset import Gate, RuleSet, SolveHead, Subject, Waiver, gate_nodes

# The gates that stop these facts.
Stopping = Callable[[Snapshot], list[Gate]]
_ZERO: Final = Decimal(0)


class Largest:
    """Searches the sizes that gates leave.

    Only the gates that stop an intent are followed; what they leave is decided again, and whatever then stops it is
    followed too. The answer is exact: each gate followed excludes only what it vetoes. Gates over facts that must be
    supplied anew for another size are left out, and named in `left_out`.
    """

    def __init__(self, ruleset: RuleSet, slots: Mapping[str, int], stopping: Stopping) -> None:
        self._ruleset = ruleset
        self._slots = slots
        self._stopping = stopping
        solve = ruleset.head.solve
        facts = ruleset.catalog.facts
        vary = {n for n, f in facts.items() if solve is not None and f.varies_with == solve.fact}
        read = [(g.index, reach(ruleset, *gate_nodes(g))) for g in ruleset.gates]
        self._varying = frozenset(index for index, names in read if vary & names)
        # Gates that say the same whatever the size is: a smaller one passes them only if it is exempt.
        self._fixed = frozenset(index for index, names in read if solve and solve.fact not in names)
        self.left_out = tuple(g.id for g in ruleset.gates if g.index in self._varying)

    def find(
        self,
        snapshot: Snapshot,
        subject: Subject | None,
        stopping: list[Gate],
        known: Callable[[], tuple[Situation, Mapping[str, Waiver]]],
    ) -> str | None:
        """The largest value, no larger than asked; None where there is none, or no gate can be followed to it.

        Args:
            snapshot: the facts.
            subject: whose facts they are.
            stopping: the gates that stop them as they are.
            known: makes their situation, and the waivers that hold by the gate's id: needed for a search only.
        """
        solve = self._ruleset.head.solve
        if solve is None:
            return None
        slot = self._slots[solve.fact]
        asked, step = snapshot.values[slot], self._step(solve, snapshot, subject)
        if not isinstance(asked, Decimal) or not isinstance(step, Decimal) or asked < step or step <= 0:
            return None
        followed = self._followed(stopping)
        if not followed and is_whole(asked, step):
            return canonical(asked)
        fixed = [gate for gate in followed if gate.index in self._fixed]
        if not all(may_be_exempt(gate) for gate in fixed):
            return None
        first, last = self._first(step), int(asked // step)
        exempt = self._exempting.between(snapshot.values, first * step, last * step) if self._exempting else False
        if fixed and exempt is False:
            return None
        situation, waivers = known()
        grid = lattice.Lattice(situation, solve.fact, step, last)
        waived = {
            name: replace(grid, situation=grid.situation.under(w.layer), measures={}) for name, w in waivers.items()
        }
        return self._search(snapshot, followed, [(first, last)], grid, exempt, waived)

    def _step(self, solve: SolveHead, snapshot: Snapshot, subject: Subject | None) -> Value | None:
        slot = self._slots.get(solve.step)
        return snapshot.values[slot] if slot is not None else subject.facts.get(solve.step) if subject else None

    def _followed(self, stopping: list[Gate]) -> list[Gate]:
        return [g for g in stopping if g.enforced and g.index not in self._varying]

    @cached_property
    def _exempting(self) -> Ends | None:
        """Of which sizes an order is exempt; None where it never is."""
        name, solve = self._ruleset.head.exempt, self._ruleset.head.solve
        if name is None or solve is None:
            return None
        return Ends(self._ruleset, self._slots, self._ruleset.measures[name].node, solve.fact)

    def _search(
        self,
        snapshot: Snapshot,
        stopping: list[Gate],
        allowed: lattice.Ranges,
        grid: lattice.Lattice,
        exempt: bool | None,
        waived: Mapping[str, lattice.Lattice],
    ) -> str | None:
        seen: set[int] = set()
        while True:
            try:
                exempting = self._exempt(grid, exempt) if any(may_be_exempt(g) for g in stopping) else grid.whole(False)
                for gate in stopping:
                    allowed = lattice.intersected(allowed, lattice.passing(gate, grid, exempting, waived.get(gate.id)))
                    seen.add(gate.index)
            except lattice.NotLinear:
                return None
            if not allowed or allowed[-1][1] < allowed[-1][0]:
                return None
            value = grid.step * allowed[-1][1]
            values = snapshot.values.copy()
            values[self._slots[grid.fact]] = value
            stopping = self._followed(self._stopping(replace(snapshot, values=values)))
            if not stopping:
                return canonical(value)
            if seen.issuperset(g.index for g in stopping):
                raise ArithmeticError(f"gates {[g.id for g in stopping]} veto a size that they were found to allow")

    def _first(self, step: Decimal) -> int:
        """The number of steps from which on the adjustable fact is in its declared range."""
        solve = self._ruleset.head.solve
        low = self._ruleset.catalog.facts[solve.fact].low if solve is not None else None
        whole, rest = divmod(low, step) if low is not None else (0, 0)
        return max(1, int(whole) + (rest > 0))

    def _exempt(self, grid: lattice.Lattice, always: bool | None) -> lattice.Pieces:
        """For which sizes the order is exempt, followed where that is not the same for all."""
        name = self._ruleset.head.exempt
        if always is not None or name is None:
            return grid.whole(always is True)
        return lattice.follow(self._ruleset.measures[name].node, grid)


def is_whole(asked: Decimal, step: Decimal) -> bool:
    """Whether a size is a whole number of steps: where no gate stops it, it is then the largest itself."""
    return _ZERO < step <= asked and not asked % step
