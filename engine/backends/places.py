"""Where a program finds the facts that it reads."""

import ast
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from engine.backends.translate import assign, local
from engine.catalog import Catalog

# The parts of facts that are given, by the names that programs have for them.
_PARTS: Final = {"f": "floats", "d": "values"}


class Places(Protocol):
    """The parameters of a program, and the place of each fact in them."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """What the program is called with."""

    def loads(self, names: Mapping[str, str]) -> list[ast.stmt]:
        """Statements that put facts into variables of these names; None where one is missing."""

    def surely_there(self, fact: str) -> bool:
        """Whether the fact can't be missing."""


class InSlots:
    """All facts in one list, each in its slot."""

    parameters = ("f",)

    def __init__(self, slots: Mapping[str, int]) -> None:
        self._slots = slots

    def loads(self, names: Mapping[str, str]) -> list[ast.stmt]:
        """Each from its slot."""
        return [assign(name, at("f", self._slots[fact])) for fact, name in names.items()]

    def surely_there(self, fact: str) -> bool:
        """Any may be missing."""
        return False


class InTwo:
    """Facts that many decisions share in their slots (`d`, as floats `f`), and those of one decision in the order in
    which they are named (`h`, as floats `g`).

    Args:
        catalog: says what follows from what.
        slots: of the shared facts.
        own: the names of the others.
    """

    parameters: tuple[str, ...] = ("d", "h")
    # Where own and shared facts are.
    _letters: tuple[str, str] = ("h", "d")

    def __init__(self, catalog: Catalog, slots: Mapping[str, int], own: Sequence[str]) -> None:
        self._catalog, self._slots = catalog, slots
        self._own = {name: i for i, name in enumerate(own)}

    def load(self, fact: str) -> ast.expr:
        """A fact's value where it is, or None where it is missing."""
        own, shared = self._letters
        if fact in self._own:
            return at(own, self._own[fact])
        derived = self._catalog.facts[fact].indicates
        if derived is not None and derived[0] in self._own:
            is_it = ast.Compare(at("h", self._own[derived[0]]), [ast.Eq()], [ast.Constant(derived[1])])
            return ast.IfExp(is_it, ast.Constant(1), ast.Constant(0))
        return at(shared, self._slots[fact])

    def loads(self, names: Mapping[str, str]) -> list[ast.stmt]:
        """Each from its place; own ones all at once, where most of them are wanted."""
        own = {self._own[fact]: name for fact, name in names.items() if fact in self._own}
        others = [assign(name, self.load(fact)) for fact, name in names.items() if fact not in self._own]
        if len(own) * 2 < len(self._own):
            return [*(assign(name, at(self._letters[0], place)) for place, name in own.items()), *others]
        targets: list[ast.expr] = [ast.Name(own.get(i, "unread"), ast.Store()) for i in range(len(self._own))]
        return [ast.Assign([ast.Tuple(targets, ast.Store())], local(self._letters[0])), *others] if own else others

    def surely_there(self, fact: str) -> bool:
        """What one decision gives is there."""
        derived = self._catalog.facts[fact].indicates
        return fact in self._own or (derived is not None and derived[0] in self._own)


class NearInTwo(InTwo):
    """The same facts with the float nearest to each number in its place, and the exact ones beside them."""

    parameters = ("of", "g", "h")
    _letters = ("g", "f")

    def loads(self, names: Mapping[str, str]) -> list[ast.stmt]:
        """Of what is given, floats and exact values; then each from its place."""
        of = [assign(name, ast.Attribute(local("of"), part, ast.Load())) for name, part in _PARTS.items()]
        return [*of, *super().loads(names)]

    def size(self, fact: str) -> ast.expr:
        """How large a number is, whatever its sign, as a float."""
        if fact in self._own:
            return ast.Call(ast.Name("abs", ast.Load()), [at("g", self._own[fact])], [])
        return at("f", len(self._slots) + self._slots[fact])


def at(sequence: str, position: int) -> ast.expr:
    """`sequence[position]`."""
    return ast.Subscript(ast.Name(sequence, ast.Load()), ast.Constant(position), ast.Load())
