"""One small function per kind of node: a backend's table, with a refusal by name for whatever is not in it."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from engine.tree import Node

Context = TypeVar("Context")
Result = TypeVar("Result")
Function = TypeVar("Function", bound=Callable[..., Any])


class PerNode(Generic[Context, Result]):
    """Calls the function for a node's kind; as `functools.singledispatch`, at a third of its cost.

    Args:
        backend: whose table this is, for the refusal.
    """

    def __init__(self, backend: str) -> None:
        self._backend = backend
        self._table: dict[type, Callable[[Any, Context], Result]] = {}

    def of(self, *kinds: type) -> Callable[[Function], Function]:
        """Register a function for these kinds of nodes."""

        def register(function: Function) -> Function:
            self._table.update(dict.fromkeys(kinds, function))
            return function

        return register

    def __call__(self, node: Node, context: Context) -> Result:
        """The function of the node's kind, called."""
        function = self._table.get(type(node))
        if function is None:
            raise NotImplementedError(f"the {self._backend} knows no {type(node).__name__}")
        return function(node, context)

    @property
    def kinds(self) -> frozenset[type]:
        """The kinds of nodes that have a function."""
        return frozenset(self._table)
