"""Programs as steps: whatever their form, the machine says what Python says of the same text."""

import ast
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.backends.assembler import BUILT, Assembled, packed
from engine.backends.peephole import joined
from engine.backends.python import compiled
from engine.backends.steps import Label, NotAssembled, Step, Steps
from tests.engine.random_rules import Dice, thorough

# What is bound to a program, and the numbers that it is asked about.
BOUND: Final = {"p0": True, "p1": True}
NUMBERS: Final = (0.0, -0.0, 0.1, 0.5, 1.0, 1.0000000000000002, 2.0, 3.0, -1.0, 1e-20)
pytestmark = pytest.mark.skipif(not BUILT, reason="the machine was not built: there is no compiler")


class Given(NamedTuple):
    """Facts that stand."""

    floats: tuple[Any, ...]
    values: tuple[Any, ...]


class Writer:
    """Writes a program of the statements that programs consist of; the same parts occur in it again and again."""

    def __init__(self, dice: Dice) -> None:
        self._pick, self._chance = dice.pick, dice.chance
        self._parts = [f"{letter}[{place}]" for letter in "fg" for place in range(3)] + [*BOUND, "0", "1", "0.5"]
        self.lines = ["f = of.floats", "out = ()"]
        self._names = self._gates = 0
        self._block("", [], 2)
        self.lines.append("return out")

    def _number(self, names: Sequence[str], deep: int) -> str:
        if deep == 0 or self._chance(20):
            return self._pick([*self._parts, *names])
        a, b = self._number(names, deep - 1), self._number(names, deep - 1)
        form = self._pick(["({} + {})", "({} - {})", "({} * {})", "({} * {})", "max({}, {})", "min({}, {})", "abs({})"])
        made = form.format(a, b)
        if "v" not in made:  # whose names are everywhere what they are here
            self._parts.append(made)
        return made

    def _condition(self, names: Sequence[str], deep: int) -> str:
        if deep and self._chance(40):
            one, other = self._condition(names, deep - 1), self._condition(names, deep - 1)
            return self._pick(["({} and {})", "({} or {})", "(not {})"]).format(one, other)
        a, b, c = (self._number(names, deep) for _ in range(3))
        sign = self._pick(["<", "<="])
        compared = f"({a} {self._pick(['<', '<=', '>', '>=', '==', '!='])} {b})"
        between = f"(-(room := {a}) {sign} {b} {sign} room)"
        return self._pick([compared, compared, between, f"({a} {sign} {b} <= {c})", "(h[3] == 'red')"])

    def _block(self, indent: str, names: list[str], deep: int) -> None:
        for _ in range(self._pick(range(1, 5))):
            if self._chance(35):
                self._names += 1
                self.lines.append(f"{indent}v{self._names} = {self._number(names, 3)}")
                names.append(f"v{self._names}")
                continue
            self.lines.append(f"{indent}if {self._condition(names, 2)}:")
            if deep and self._chance(50):
                self._block(f"{indent}    ", [*names], deep - 1)
                self.lines.append(f"{indent}else:")
            place, self._gates = self._gates, self._gates + 1
            self.lines.append(f"{indent}    out = {self._pick([f'out + ({place},)', f'(~{place},) + out'])}")


def body_of(lines: Sequence[str]) -> list[ast.stmt]:
    """The statements of a program, places in doubt as constants."""

    class Folded(ast.NodeTransformer):
        def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
            self.generic_visit(node)
            is_place = isinstance(node.op, ast.Invert) and isinstance(node.operand, ast.Constant)
            return ast.Constant(ast.literal_eval(f"-{node.operand.value + 1}")) if is_place else node

    text = "def program():\n" + "".join(f"    {line}\n" for line in lines)
    (function,) = ast.parse(text).body
    assert isinstance(function, ast.FunctionDef)
    return [ast.fix_missing_locations(Folded().visit(statement)) for statement in function.body]


@thorough(400)
@given(st.integers(0, 2**32 - 1))
def test_the_machine_says_of_any_program_what_python_says(seed: int) -> None:
    """However numbers, conditions and ways through it are mixed: what is worked out is reused where it is known."""
    dice = Dice(seed)
    body = body_of(Writer(dice).lines)
    bound = [dice.pick(NUMBERS) for _ in BOUND]
    in_python, assembled = compiled([*BOUND], ["of", "g", "h"], body)(*bound), Assembled(BOUND, {}, body, 4)
    machine = assembled.bind(bound)
    for _ in range(8):
        floats, own = (tuple(dice.pick(NUMBERS) for _ in range(3)) for _ in "fg")
        of, word = Given(floats, floats), dice.pick(["red", "blue"])
        expected = in_python(of, (*own, word), (*own, word))

        assert machine.run(of, assembled.row(packed(floats), (*own, word)), (*own, word)) == expected


@pytest.mark.parametrize("again", ["v = g[1]", "v = g[1] + 1", "v = g[1] < 1"])
@pytest.mark.parametrize("first", ["v = g[0]", "v = g[0] + 1"])
def test_a_name_that_is_given_twice_has_no_steps(first: str, again: str) -> None:
    """Which of both it is, may depend on the way."""
    with pytest.raises(NotAssembled):
        Steps({}, {}, body_of([first, f"if g[2] < 1:\n        {again}", "return v < 1"]), ())


def test_a_product_is_not_joined_with_a_step_that_is_also_come_to_from_elsewhere() -> None:
    """There it is not the product that was just worked out."""
    end, total = Label(), Step("add", 3, 2, 0)
    end.at = 2
    steps = [Step("if_set", end, 1), Step("multiply", 2, 0, 1), total, Step("answer")]

    assert joined(steps) == steps
    assert [step.what for step in joined(steps[1:])] == ["add_product", "answer"]
