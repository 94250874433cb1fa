"""The expression language: text to syntax tree, and back.

A small subset of Python's expression syntax (the published grammar is `docs/language.md`). Rule text becomes
this tree at once, numbers taken from the source text, and never becomes Python text. Length, depth and size are
bounded.
"""

import keyword
import re
from dataclasses import dataclass
from typing import Final

MAX_LENGTH: Final = 2000
# Spaces around an operator, and parentheses.
_MOST_GROWTH: Final = 8
MAX_DEPTH: Final = 40
MAX_NODES: Final = 300
COMPARISONS: Final = ("<", "<=", ">", ">=", "==", "!=")
FUNCTIONS: Final = ("abs", "min", "max", "known")


@dataclass(frozen=True, slots=True)
class Number:
    """A plain number, as written."""

    text: str
    at: int


@dataclass(frozen=True, slots=True)
class String:
    """A quoted word: the value of an enum or a text."""

    value: str
    at: int


@dataclass(frozen=True, slots=True)
class Truth:
    """`true` or `false`."""

    value: bool
    at: int


@dataclass(frozen=True, slots=True)
class Name:
    """A dotted name: a fact, a cap, a measure, a table's output."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Prefix:
    """`-x` or `not x`."""

    op: str
    operand: "Syntax"
    at: int


@dataclass(frozen=True, slots=True)
class Infix:
    """Two operands: arithmetic, a comparison, `in`, `not in`, `and`, `or`."""

    op: str
    left: "Syntax"
    right: "Syntax"
    at: int


@dataclass(frozen=True, slots=True)
class Call:
    """`abs`, `min`, `max` or `known` of its arguments."""

    function: str
    arguments: tuple["Syntax", ...]
    at: int


Syntax = Number | String | Truth | Name | Prefix | Infix | Call


class SyntaxFault(ValueError):
    """The text is no expression; `at` is the offset of the first wrong character."""

    def __init__(self, at: int, message: str, help_text: str | None = None) -> None:
        super().__init__(message)
        self.at = at
        self.help = help_text


@dataclass(frozen=True, slots=True)
class Token:
    """One word of the text: its kind (number, string, name, op, end), its text, its place."""

    kind: str
    text: str
    at: int


_TOKEN = re.compile(
    r"\s*(?:(?P<number>[0-9][0-9_]*(?:\.[0-9]+)?(?![\w.]))"
    r"|(?P<string>'[^'\\\n]*'|\"[^\"\\\n]*\")"
    r"|(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)"
    r"|(?P<op><=|>=|==|!=|\*\*|//|[-+*/()<>,])"
    r"|(?P<end>$))"
)
_SEGMENT = re.compile(r"[a-z][a-z0-9_]*")
_WORDS: Final = frozenset({"and", "or", "not", "in", "true", "false"})
_REFUSED: Final = {
    "**": "write the product out",
    "//": "there is no whole division; divide with / or use `multiple_of`",
    "if": "write two gates with a `when` each",
    "else": "write two gates with a `when` each",
    "lambda": None,
    "for": None,
    "is": "compare with ==",
    "None": "ask `known(fact)`",
    "True": "write true",
    "False": "write false",
}


def tokens(text: str) -> list[Token]:
    """The words of an expression.

    Raises:
        SyntaxFault: a character that the language doesn't know, or a text over the bounds.
    """
    if len(text) > MAX_LENGTH:
        raise SyntaxFault(0, f"the expression is longer than {MAX_LENGTH} characters", "name parts of it as measures")
    found: list[Token] = []
    place = 0
    while not found or found[-1].kind != "end":
        match = _TOKEN.match(text, place)
        if match is None:
            at = place + len(text[place:]) - len(text[place:].lstrip())
            raise _unknown_character(text, at)
        kind = match.lastgroup or "end"
        found.append(Token(kind, match[kind], match.start(kind)))
        place = match.end()
    return found


def _unknown_character(text: str, at: int) -> SyntaxFault:
    character = text[at]
    if character.isdigit():
        word = re.split(r"[^\w.%]", text[at:], maxsplit=1)[0]
        return SyntaxFault(
            at, f"`{word}` is no plain number", "a value with a unit belongs in a cap; name it and write `caps.name`"
        )
    help_text = {
        "%": "a percentage belongs in a cap; name it and write `caps.name`",
        "=": "compare with ==",
        "!": "write `not`, or != to compare",
        "[": "lists and subscripts are facts and caps, named by the catalogs",
        "&": "write `and`",
        "|": "write `or`",
        "?": "write two gates with a `when` each",
    }.get(character)
    return SyntaxFault(at, f"`{character}` has no place in an expression", help_text)


def parse(text: str) -> Syntax:
    """The syntax tree of one expression.

    Raises:
        SyntaxFault: with the place and, where there is one, the remedy.
    """
    parser = _Parser(tokens(text))
    tree = parser.expression(0)
    parser.finish()
    if depth(tree) > MAX_DEPTH:
        raise SyntaxFault(0, "the expression is too large", "name parts of it as measures")
    # Compiled rules hold it as it is written canonically, with spaces and parentheses, and that is read again.
    if len(text) * _MOST_GROWTH > MAX_LENGTH and len(render(tree)) > MAX_LENGTH:
        fault = f"the expression is longer than {MAX_LENGTH} characters when it is written canonically"
        raise SyntaxFault(0, fault, "name parts of it as measures")
    return tree


def depth(tree: Syntax) -> int:
    """How many nodes stand one inside another; a long chain of operators leans to the left and is deep."""
    deepest, pending = 0, [(tree, 1)]
    while pending:
        node, level = pending.pop()
        deepest = max(deepest, level)
        match node:
            case Prefix(operand=operand):
                pending.append((operand, level + 1))
            case Infix(left=left, right=right):
                pending += [(left, level + 1), (right, level + 1)]
            case Call(arguments=arguments):
                pending += [(a, level + 1) for a in arguments]
    return deepest


def is_name(text: str) -> bool:
    """Whether an expression can name it: dotted segments of lower-case letters, digits and _."""
    return all(_SEGMENT.fullmatch(s) and not keyword.iskeyword(s) for s in text.split("."))


# How tightly each operator binds its operands, as in Python; comparisons do not chain.
_BINDING: Final = {
    "or": 1,
    "and": 2,
    "not": 3,
    **dict.fromkeys((*COMPARISONS, "in", "not in"), 4),
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "neg": 7,
}


class _Parser:
    """Precedence climbing over the tokens; counts depth and nodes."""

    def __init__(self, words: list[Token]) -> None:
        self._words = words
        self._next = 0
        self._depth = 0
        self._nodes = 0

    def _peek(self) -> Token:
        return self._words[self._next]

    def _take(self) -> Token:
        token = self._words[self._next]
        self._next += 1
        return token

    def finish(self) -> None:
        token = self._peek()
        if token.kind != "end":
            raise _unexpected(token)

    def expression(self, binding: int) -> Syntax:
        self._depth += 1
        self._nodes += 1
        if self._depth > MAX_DEPTH or self._nodes > MAX_NODES:
            raise SyntaxFault(self._peek().at, "the expression is too large", "name parts of it as measures")
        left = self._operand(binding)
        while (op := self._operator()) is not None and _BINDING[op] > binding:
            at = self._take().at
            if op == "not in":
                self._take()
            right = self.expression(_BINDING[op])
            left = Infix(op, left, right, at)
            if _BINDING[op] == 4 and (after := self._operator()) is not None and _BINDING[after] == 4:
                raise SyntaxFault(self._peek().at, "comparisons do not chain", "write `a < b and b < c`")
        self._depth -= 1
        return left

    def _operator(self) -> str | None:
        token = self._peek()
        if token.text == "not" and self._words[self._next + 1].text == "in":
            return "not in"
        if token.text in _REFUSED and token.kind in ("op", "name"):
            raise SyntaxFault(token.at, f"`{token.text}` is not part of the language", _REFUSED[token.text])
        if token.kind in ("op", "name") and token.text in _BINDING and token.text != "not":
            return token.text
        return None

    def _operand(self, binding: int) -> Syntax:
        token = self._take()
        if token.kind == "number":
            return Number(token.text.replace("_", ""), token.at)
        if token.kind == "string":
            return String(token.text[1:-1], token.at)
        if token.text == "-":
            return Prefix("-", self.expression(_BINDING["neg"] - 1), token.at)
        if token.text == "not" and binding < _BINDING["not"]:
            return Prefix("not", self.expression(_BINDING["not"] - 1), token.at)
        if token.text == "(":
            inner = self.expression(0)
            self._expect(")")
            return inner
        if token.kind == "name":
            return self._named(token)
        raise _unexpected(token)

    def _named(self, token: Token) -> Syntax:
        if token.text in ("true", "false"):
            return Truth(token.text == "true", token.at)
        if token.text == "not":
            raise SyntaxFault(token.at, "`not` binds less tightly than what stands before it", "write `(not …)`")
        if token.text in _WORDS:
            raise _unexpected(token)
        if token.text in _REFUSED:
            raise SyntaxFault(token.at, f"`{token.text}` is not part of the language", _REFUSED[token.text])
        if self._peek().text == "(":
            return self._call(token)
        for segment in token.text.split("."):
            if not is_name(segment):
                raise SyntaxFault(token.at, f"`{segment}` is no name", "names are lower case: letters, digits, _")
        return Name(token.text, token.at)

    def _call(self, token: Token) -> Syntax:
        if token.text not in FUNCTIONS:
            allowed = ", ".join(f"`{f}`" for f in FUNCTIONS)
            raise SyntaxFault(token.at, f"`{token.text}(…)` is a call, and only {allowed} may be called")
        self._expect("(")
        arguments = [self.expression(0)]
        while self._peek().text == ",":
            self._take()
            arguments.append(self.expression(0))
        self._expect(")")
        wrong = len(arguments) < 2 if token.text in ("min", "max") else len(arguments) != 1
        if wrong:
            wanted = "two arguments or more" if token.text in ("min", "max") else "one argument"
            raise SyntaxFault(token.at, f"`{token.text}` takes {wanted}")
        return Call(token.text, tuple(arguments), token.at)

    def _expect(self, text: str) -> None:
        token = self._take()
        if token.text != text or token.kind != "op":
            raise SyntaxFault(
                token.at, f"expected `{text}`" + (f", found `{token.text}`" if token.text else " before the end")
            )


def _unexpected(token: Token) -> SyntaxFault:
    if token.kind == "end":
        return SyntaxFault(token.at, "the expression ends too early")
    return SyntaxFault(token.at, f"`{token.text}` was not expected here")


def render(tree: Syntax, binding: int = 0) -> str:
    """The canonical text of a tree; `parse` gives the same tree back (places aside)."""
    match tree:
        case Number(text=text):
            return text
        case String(value=value):
            return f'"{value}"' if "'" in value else f"'{value}'"
        case Truth(value=truth):
            return "true" if truth else "false"
        case Name(name=name):
            return name
        case Call(function=function, arguments=arguments):
            return f"{function}({', '.join(render(a) for a in arguments)})"
        case Prefix(op="-", operand=operand):
            return _wrapped(f"-{render(operand, _BINDING['neg'] - 1)}", _BINDING["neg"], binding)
        case Prefix(operand=operand):
            return _wrapped(f"not {render(operand, _BINDING['not'] - 1)}", _BINDING["not"], binding)
        case Infix(op=op, left=left, right=right):
            tight = _BINDING[op]
            # Comparisons do not chain, so a comparison inside one keeps its parentheses on either side.
            loose = tight if tight == 4 else tight - 1
            return _wrapped(f"{render(left, loose)} {op} {render(right, tight)}", tight, binding)


def _wrapped(text: str, tight: int, binding: int) -> str:
    return text if tight > binding else f"({text})"
