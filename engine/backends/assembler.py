"""Float programs run by a machine in C, where that was built: the same program, faster.

The extension `machine` is built from `machine.pyx` when the project is installed where there is a compiler. Without
it every program runs in Python, and says the same.
"""

import ast
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any, Final

from engine.backends.peephole import joined
from engine.backends.steps import NotAssembled, Source, Step, Steps

try:
    from engine.backends import machine, native
except ImportError:  # there was no compiler
    machine = native = None  # type: ignore[assignment]

BUILT: Final = machine is not None

__all__ = ["BUILT", "Assembled", "Row", "machine", "native", "packed"]

Row = Callable[[Any, tuple[Any, ...]], Any]


class Assembled:
    """A program as steps, for every subject and actor.

    `code` is what the machine runs; None where there is no machine, or something in the program has no steps.

    Args:
        bound: of what is bound to it, the names, and whether it is a float.
        called: what else it may call, by name.
        body: its statements.
        own: how many own facts there are.
        words: the variables that hold no numbers and no truth values.
    """

    def __init__(
        self,
        bound: Mapping[str, bool],
        called: Mapping[str, Any],
        body: Sequence[ast.stmt],
        own: int,
        words: Container[str] = (),
    ) -> None:
        self.code: Any = None
        self._called: tuple[Any, ...] = ()
        if machine is None:
            return
        try:
            steps = Steps(bound, called, body, words)
        except NotAssembled:
            return
        self.code, self._called = _code(steps, own), tuple(steps.calls.values())

    @property
    def row(self) -> Row:
        """Makes of facts that stand, `packed`, and own ones in floats what programs take for the latter."""
        return _own if self.code is None else self.code.row

    def bind(self, values: Sequence[Any]) -> Any:
        """The machine that runs the program with these values, as `run` or `passes`; None where there is none."""
        return None if self.code is None else machine.Machine(self.code, (*values, *self._called))


def _own(standing: object, own: tuple[Any, ...]) -> tuple[Any, ...]:
    return own


def packed(floats: tuple[Any, ...]) -> Any:
    """Facts that stand, as rows are made of them."""
    return None if machine is None else machine.packed(floats)


def _code(steps: Steps, own: int) -> Any:
    """What the machine runs. Its first registers are those that a row fills, in order."""
    facts, words = steps.holding("facts"), steps.holding("word")
    row = [*(("own", at) for at in range(own)), *(("facts", *of) for of in facts), *(("word", *of) for of in words)]
    final = {key: register for register, key in enumerate(dict.fromkeys([*row, *steps.registers]))}
    moved = {register: final[key] for key, register in steps.registers.items()}
    return machine.Code(
        [_written(step, steps.registers, moved) for step in joined(steps.steps)],
        own,
        tuple([at for (at,) in facts]),
        tuple(words),
        tuple([(final["bound", at], at) for (at,) in steps.holding("bound")]),
        tuple([(final["fixed", value], value) for (value,) in steps.holding("fixed")]),
        len(final),
        steps.notes,
    )


def _written(step: Step, registers: Mapping[tuple[object, ...], int], moved: Mapping[int, int]) -> tuple[int, ...]:
    """A step in numbers."""
    what, to, a, b, how, c = step
    if what == "if_none" and isinstance(a, Source) and a[:2] in registers:
        what, a = "if_missing", registers[a[:2]]
    at = to.at if not isinstance(to, int) else moved.get(to, 0)
    assert at is not None
    (bank_a, a), (bank_b, b), (_, c) = (_operand(of, moved) for of in (a, b, c))
    how = machine.COMPARISONS[how] if isinstance(how, str) else how
    return machine.OPERATIONS[what], at, a, b, c, bank_a, bank_b, how


def _operand(of: int | Source, moved: Mapping[int, int]) -> tuple[int, int]:
    """The bank of an object and its place, or no bank and a register."""
    if isinstance(of, int):
        return 0, moved.get(of, 0)
    return machine.BANKS[of.bank], machine.BANKS[of.at] if isinstance(of.at, str) else of.at
