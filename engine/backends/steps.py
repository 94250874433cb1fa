"""Float programs as steps of a simple machine: numbers in registers, jumps for conditions.

What becomes steps is the syntax tree that the Python function is compiled from, statement by statement, so that there
is one translation of the rules and not two. Words, truths and exact numbers are compared where they are, as Python
compares them. Of a program in which anything else occurs there are no steps.
"""

import ast
from collections.abc import Container, Mapping, Sequence
from functools import reduce
from typing import Any, Final, NamedTuple

from engine.backends.translate import OPERATORS, call

# What a program calls its facts, as floats and exactly: those that stand, and own ones.
_FACTS: Final = frozenset({"f", "d"})
_OWN: Final = frozenset({"g", "h"})
_EXACTLY: Final = frozenset({"d", "h"})
_ARITHMETIC: Final[Mapping[type[ast.operator], str]] = {ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply"}
_SIGNS: Final = {operator: sign for sign, operator in OPERATORS.items()}
# Comparisons of floats as jumps; the last two with their sides the other way round.
_JUMPS: Final = {"<": "if_less", "<=": "if_at_most", "==": "if_equal", "!=": "if_unequal"}
_TURNED: Final = {">": "<", ">=": "<="}
# Jumps where another does not jump, and whether their sides are the other way round.
_OTHERWISE: Final = {
    "if_less": ("if_at_most", True),
    "if_at_most": ("if_less", True),
    "if_equal": ("if_unequal", False),
    "if_unequal": ("if_equal", False),
}


class NotAssembled(Exception):
    """Something occurs for which there is no step."""


class Label:
    """A step to go to, known later; and what was worked out on every way there."""

    at: int | None = None
    known: dict["Step", int] | None = None


class Source(NamedTuple):
    """Where an object is: its bank (`facts` that stand, `own` ones, what is `bound`, or `all` of the first or second)
    and where in it; `exactly` says whether it can't be a float.
    """

    bank: str
    at: int | str
    exactly: bool = True


class Step(NamedTuple):
    """What is done; the register that takes what comes of it, or where to go; numbers in registers, or objects; how; a
    number more.
    """

    what: str
    to: int | Label = 0
    a: int | Source = 0
    b: int | Source = 0
    how: int | str = 0
    c: int | Source = 0


class Steps:
    """The steps of a program.

    `steps` are they; `registers` by what they hold: `own`, `facts` and a place, `word`, a place and a word, `bound` and
    a place, `fixed` and a number, or something that is worked out; `calls` is bound behind all else, by name; `notes`
    is how many gates may be noted.

    Args:
        bound: of what is bound to the program, the names, and whether it is a float.
        called: what else it may call, by name.
        body: its statements.
        words: the variables that hold no numbers and no truth values.

    Raises:
        NotAssembled: of something in it there are no steps.
    """

    def __init__(
        self, bound: Mapping[str, bool], called: Mapping[str, Any], body: Sequence[ast.stmt], words: Container[str]
    ) -> None:
        self._bound = {name: place for place, name in enumerate(bound)}
        self._floats = frozenset(name for name, is_float in bound.items() if is_float)
        self._called, self._words = called, words
        self._aliases: dict[str, Source] = {}
        self._numbers: dict[str, int] = {}
        self._known: dict[Step, int] = {}
        self.calls: dict[str, Any] = {}
        self.steps: list[Step] = []
        self.registers: dict[tuple[object, ...], int] = {}
        self.notes = 1
        self._block(body)

    def holding(self, kind: str) -> list[Any]:
        """What the registers of a kind hold, without its name."""
        return [key[1:] for key in self.registers if key[0] == kind]

    def _block(self, statements: Sequence[ast.stmt]) -> None:
        for statement in statements:
            self._statement(statement)

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Assign([ast.Tuple(targets)], ast.Name("g")):
                for place, target in enumerate(targets):
                    assert isinstance(target, ast.Name)
                    self._aliases[target.id] = Source("own", place, exactly=target.id in self._words)
            case ast.Assign([ast.Name("f" | "d")], ast.Attribute(ast.Name("of"))):
                pass
            case ast.Assign([ast.Name("out")], ast.Tuple([])):
                pass
            case ast.Assign([ast.Name("out")], ast.BinOp(ast.Tuple([ast.Constant(int(place))]), ast.Add(), _)):
                self._note("note_unsure", place)
            case ast.Assign([ast.Name("out")], ast.BinOp(_, ast.Add(), ast.Tuple([ast.Constant(int(place))]))):
                self._note("note", place)
            case ast.Assign([ast.Name(name)], value):
                self._assign(name, value)
            case ast.If(test, body, []):
                end = Label()
                self._jump(test, end, when=False)
                self._block(body)
                self._here(end)
            case ast.If(test, body, orelse):
                other, end = Label(), Label()
                self._jump(test, other, when=False)
                self._block(body)
                self._step("go", end)
                self._here(other)
                self._block(orelse)
                self._here(end)
            case ast.Return(ast.Name("out")):
                self._step("answer")
            case ast.Return(ast.Constant(None)):
                self._step("answer_none")
            case ast.Return(ast.expr() as value):
                no = Label()
                self._jump(value, no, when=False)
                self._step("answer_yes")
                self._here(no)
                self._step("answer_no")
            case _:
                raise NotAssembled

    def _note(self, what: str, place: int) -> None:
        self.notes = max(self.notes, place + 1, -place)
        self._step(what, a=Source("own", place))

    def _assign(self, name: str, value: ast.expr) -> None:
        if name in self._numbers or name in self._aliases:  # which of both it is, may depend on the way
            raise NotAssembled
        if isinstance(value, ast.Subscript):
            self._aliases[name] = self._object(value)._replace(exactly=name in self._words)
        elif self._is_condition(value):
            self._numbers[name] = self._chosen(self._register("variable", name), value, 1, 0)
        else:
            self._numbers[name] = self._number(value)

    def _is_condition(self, node: ast.expr) -> bool:
        """Whether an expression is a truth value by its form."""
        match node:
            case ast.Call(ast.Name(name)):
                return name in self._bound
            case ast.UnaryOp(operator):
                return isinstance(operator, ast.Not)
        return isinstance(node, (ast.BoolOp, ast.Compare))

    def _chosen(self, register: int, test: ast.expr, yes: float, no: float) -> int:
        """A register that takes one number where a condition holds, and another where it doesn't."""
        other, end = Label(), Label()
        self._jump(test, other, when=False)
        self._step("copy", register, self._fixed(yes))
        self._step("go", end)
        self._here(other)
        self._step("copy", register, self._fixed(no))
        self._here(end)
        return register

    def _number(self, node: ast.expr) -> int:
        """The register that holds a float."""
        match node:
            case ast.Constant(int() | float() as value) if not isinstance(value, bool):
                return self._fixed(value)
            case ast.Name(name) if name in self._floats:
                return self._register("bound", self._bound[name])
            case ast.Name(name) if name in self._numbers:
                return self._numbers[name]
            case ast.Name() | ast.Subscript():
                return self._fact(self._object(node))
            case ast.UnaryOp(ast.USub(), operand):
                return self._new("negate", self._number(operand))
            case ast.BinOp(left, operator, right) if type(operator) in _ARITHMETIC:
                one, other = self._number(left), self._number(right)
                return self._new(_ARITHMETIC[type(operator)], one, other)
            case ast.Call(ast.Name("abs"), [operand], []):
                return self._new("size", self._number(operand))
            case ast.Call(ast.Name("max" | "min" as which), operands, []):
                what = "greater" if which == "max" else "lesser"
                return reduce(lambda one, other: self._new(what, one, other), map(self._number, operands))
            case ast.IfExp(ast.Compare(left, [ast.Eq()], [right]), ast.Constant(1), ast.Constant(0)) if (
                word := self._word(left, "==", right)
            ) is not None:
                return word
            case ast.IfExp(test, ast.Constant(int() | float() as yes), ast.Constant(int() | float() as no)):
                return self._chosen(self._register("made", len(self.registers)), test, yes, no)
            case ast.NamedExpr(ast.Name(name), value):  # for the rest of its own expression
                self._numbers[name] = self._number(value)
                return self._numbers[name]
        raise NotAssembled

    def _fact(self, of: Source) -> int:
        """The register of a number or truth value that is read from among the facts."""
        if of.exactly:
            raise NotAssembled
        return self._register(of.bank, of.at)

    def _jump(self, node: ast.expr, to: Label, *, when: bool) -> None:
        """Go there if a condition holds, or does not; else on to what follows."""
        match node:
            case ast.UnaryOp(ast.Not(), operand):
                self._jump(operand, to, when=not when)
            case ast.BoolOp(operator, parts):
                self._jump_any(parts, to, isinstance(operator, ast.Or), when=when)
            case ast.Compare(
                ast.UnaryOp(ast.USub(), ast.NamedExpr(ast.Name(one)) as most), [operator, _], [z, ast.Name(other)]
            ) if one == other:  # between a number and its negative
                self._compared(call("abs", [z]), operator, most, to, when=when)
            case ast.Compare(left, operators, others) if len(operators) > 1:
                parts = []
                for operator, other in zip(operators, others, strict=True):
                    parts.append(ast.Compare(left, [operator], [other]))
                    left = other
                self._jump_any(parts, to, False, when=when)
            case ast.Compare(left, [operator], [right]):
                self._compared(left, operator, right, to, when=when)
            case ast.Constant(bool(value)):
                if value == when:
                    self._step("go", to)
            case ast.Name(name) if name in self._numbers:
                self._if("if_set", to, when, self._numbers[name])
            case ast.Call(ast.Name(name), [one, other], []):
                self._said(name, one, other, to, when=when)
            case ast.Name() | ast.Subscript():
                of = self._object(node)
                if of.exactly:
                    self._if("if_true", to, when, of)
                else:
                    self._if("if_set", to, when, self._fact(of))
            case _:
                raise NotAssembled

    def _jump_any(self, parts: Sequence[ast.expr], to: Label, any_of: bool, *, when: bool) -> None:
        if any_of == when:  # one alone is enough to go there
            for part in parts:
                self._jump(part, to, when=when)
            return
        stay = Label()
        for part in parts[:-1]:
            self._jump(part, stay, when=not when)
        self._jump(parts[-1], to, when=when)
        self._here(stay)

    def _compared(self, left: ast.expr, operator: ast.cmpop, right: ast.expr, to: Label, *, when: bool) -> None:
        match operator:
            case ast.Is() | ast.IsNot():
                self._if("if_none", to, when == isinstance(operator, ast.Is), self._object(left))
            case ast.In() | ast.NotIn():
                at = self._object(left), self._object(right)
                self._if("if_in", to, when == isinstance(operator, ast.In), *at)
            case _:
                sign = _SIGNS[type(operator)]
                if (word := self._word(left, sign, right)) is not None:
                    self._if("if_set", to, when, word)
                elif self._is_object(left) or self._is_object(right):
                    self._if("if_compared", to, when, self._object(left), self._object(right), sign)
                else:
                    if sign in _TURNED:
                        left, right, sign = right, left, _TURNED[sign]
                    one, other = self._number(left), self._number(right)
                    self._if(_JUMPS[sign], to, when, one, other)

    def _word(self, left: ast.expr, sign: str, right: ast.expr) -> int | None:
        """Whether an own fact is a word, which is known when the row is made."""
        match left, sign, right:
            case ast.Subscript(ast.Name("h"), ast.Constant(int(place))), "==", ast.Constant(str(word)):
                return self._register("word", place, word)
        return None

    def _said(self, name: str, one: ast.expr, other: ast.expr, to: Label, *, when: bool) -> None:
        """What a function says of two objects."""
        how = self._bound.get(name)
        if how is None:
            if name not in self._called:
                raise NotAssembled
            self.calls.setdefault(name, self._called[name])
            how = len(self._bound) + list(self.calls).index(name)
        self._if("if_said", to, when, self._object(one), self._object(other), how)

    def _is_object(self, node: ast.expr) -> bool:
        """Whether this is compared as an object: a word, a truth value, an exact number."""
        match node:
            case ast.Constant(value):
                return isinstance(value, (str, bool))
            case ast.Subscript(ast.Name(name)):
                return name in _EXACTLY
            case ast.Name(name) if name in self._aliases:
                return self._aliases[name].exactly
            case ast.Name(name) if name in self._bound:
                return name not in self._floats
        return False

    def _object(self, node: ast.expr) -> Source:
        """Where an object is; what is no float is among the floats as it is among the facts themselves.

        Raises:
            NotAssembled: it is none that lies anywhere.
        """
        match node:
            case ast.Subscript(ast.Name(name), ast.Constant(int(place))) if name in _FACTS | _OWN:
                return Source("facts" if name in _FACTS else "own", place, name in _EXACTLY)
            case ast.Name("d" | "h" as name):
                return Source("all", "facts" if name == "d" else "own")
            case ast.Name(name) if name in self._bound:
                return Source("bound", self._bound[name])
            case ast.Name(name) if name in self._aliases:
                return self._aliases[name]
            case ast.Constant(str() | bool() as value):
                return self._constant(value)
        raise NotAssembled

    def _constant(self, value: str | bool) -> Source:
        key = f"constant {value!r}"
        self.calls.setdefault(key, value)
        return Source("bound", len(self._bound) + list(self.calls).index(key))

    def _new(self, what: str, a: int, b: int = 0) -> int:
        """The register of what is worked out, here or on every way to here."""
        step = Step(what, 0, a, b)
        if step not in self._known:
            self._known[step] = self._register("made", len(self.registers))
            self._step(what, self._known[step], a, b)
        return self._known[step]

    def _fixed(self, value: float) -> int:
        return self._register("fixed", float(value))

    def _register(self, *key: object) -> int:
        return self.registers.setdefault(key, len(self.registers))

    def _if(self, what: str, to: Label, when: bool, a: int | Source, b: int | Source = 0, how: int | str = 0) -> None:
        """Go there if it holds, or if it doesn't."""
        if not when and what in _OTHERWISE:
            what, turned = _OTHERWISE[what]
            a, b, when = (b, a, True) if turned else (a, b, True)
        past = Label()
        self._step(what, to if when else past, a, b, how)
        if not when:
            self._step("go", to)
            self._here(past)

    def _step(
        self, what: str, to: int | Label = 0, a: int | Source = 0, b: int | Source = 0, how: int | str = 0
    ) -> None:
        if isinstance(to, Label):
            to.known = self._both(to.known)
        self.steps.append(Step(what, to, a, b, how))

    def _here(self, label: Label) -> None:
        label.at = len(self.steps)
        self._known = self._both(label.known)

    def _both(self, known: dict[Step, int] | None) -> dict[Step, int]:
        """What is known on the way to here and on others; None: there are none."""
        if known is None:
            return dict(self._known)
        return {step: register for step, register in self._known.items() if known.get(step) == register}
