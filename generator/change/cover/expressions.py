"""Small changes of an expression's text: one operator, one operand, one number."""

from collections.abc import Callable, Iterator
from typing import Final

from engine.syntax import Call, Infix, Number, Prefix, Syntax, parse, render

# What each operator may be mistaken for; a change that the units refuse comes to nothing.
SWAPS: Final = {
    "<": ("<=", ">="),
    "<=": ("<", ">"),
    ">": (">=", "<="),
    ">=": (">", "<"),
    "==": ("!=",),
    "!=": ("==",),
    "and": ("or",),
    "or": ("and",),
    "in": ("not in",),
    "not in": ("in",),
    "+": ("-",),
    "-": ("+",),
    "*": ("/",),
    "/": ("*",),
}


def variants(text: str) -> Iterator[tuple[str, str]]:
    """Each change of an expression: what changes, as `before → after`, and the whole text after it."""
    tree = parse(text)
    seen: set[str] = set()
    for what, changed in _variants(tree, lambda whole: whole):
        whole = render(changed)
        if whole not in seen and whole != render(tree):
            seen.add(whole)
            yield what, whole


def negated(text: str) -> str:
    """The opposite of a condition."""
    return render(Prefix("not", parse(text), 0))


Around = Callable[[Syntax], Syntax]


def _variants(tree: Syntax, around: Around) -> Iterator[tuple[str, Syntax]]:
    """The changes of a part, each put back into what is around it."""
    for changed in _changes(tree):
        yield f"{render(tree)} → {render(changed)}", around(changed)
    match tree:
        case Infix(op=op, left=left, right=right, at=at):
            yield from _variants(left, lambda part: around(Infix(op, part, right, at)))
            yield from _variants(right, lambda part: around(Infix(op, left, part, at)))
        case Prefix(op=op, operand=operand, at=at):
            yield from _variants(operand, lambda part: around(Prefix(op, part, at)))
        case Call(function=function, arguments=arguments, at=at) if function != "known":
            for i, argument in enumerate(arguments):
                before, after = arguments[:i], arguments[i + 1 :]
                yield from _variants(
                    argument,
                    lambda part, b=before, a=after: around(Call(function, (*b, part, *a), at)),  # type: ignore[misc]
                )


def _changes(tree: Syntax) -> Iterator[Syntax]:
    match tree:
        case Infix(op=op, left=left, right=right, at=at):
            yield from (Infix(other, left, right, at) for other in SWAPS[op])
            if op in ("and", "or"):
                yield from (left, right)
        case Prefix(operand=operand):
            yield operand
        case Call(function="abs", arguments=(argument,)):
            yield argument
        case Call(function="known", at=at):
            yield Prefix("not", tree, at)
        case Call(function=function, arguments=arguments, at=at):
            yield Call({"min": "max", "max": "min"}[function], arguments, at)
        case Number(text=text, at=at) if text.isdigit():
            yield Number(str(int(text) + 1), at)
