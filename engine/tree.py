"""The checked tree: what an expression means, with the type of each part known.

Nodes are made by `engine.check` alone, so a tree with a unit error can't exist.
"""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from engine.units import Dimensions, Kind


class Sign(StrEnum):
    """What is known of a number's sign by declaration."""

    POSITIVE = "positive"
    NONNEGATIVE = "nonnegative"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Type:
    """The type of a node.

    `kind` None is a literal number that fits a ratio and a count alike, `free` one that fits every unit (zero).
    `values` are an enum's own values, `item` the type of a list's items.
    """

    kind: Kind | None
    dimensions: Dimensions = ()
    values: frozenset[str] = frozenset()
    item: "Type | None" = None
    free: bool = False

    @property
    def numeric(self) -> bool:
        """Whether nodes of this type are numbers."""
        return self.kind in (None, Kind.RATIO, Kind.AMOUNT, Kind.COUNT)


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal: a number, a truth value or a word."""

    value: Fraction | bool | str
    type: Type
    sign: Sign = Sign.ANY


@dataclass(frozen=True, slots=True)
class FactRef:
    """A fact by its dotted name."""

    name: str
    type: Type
    sign: Sign = Sign.ANY


@dataclass(frozen=True, slots=True)
class CapRef:
    """A cap by its name, resolved for subject and actor when decided."""

    name: str
    type: Type
    sign: Sign = Sign.ANY


@dataclass(frozen=True, slots=True)
class MeasureRef:
    """A named measure."""

    name: str
    type: Type
    sign: Sign = Sign.ANY


@dataclass(frozen=True, slots=True)
class OutputRef:
    """One output of a decision table."""

    table: str
    output: str
    type: Type
    sign: Sign = Sign.ANY


@dataclass(frozen=True, slots=True)
class Negate:
    """`-x`."""

    operand: "Node"
    type: Type
    sign: Sign = Sign.ANY


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`+ - * /`; a divisor is positive by declaration."""

    op: str
    left: "Node"
    right: "Node"
    type: Type
    sign: Sign = Sign.ANY


@dataclass(frozen=True, slots=True)
class Extreme:
    """`min` or `max` of two or more numbers."""

    op: str
    arguments: tuple["Node", ...]
    type: Type
    sign: Sign = Sign.ANY


@dataclass(frozen=True, slots=True)
class Absolute:
    """`abs(x)`."""

    operand: "Node"
    type: Type
    sign: Sign = Sign.NONNEGATIVE


@dataclass(frozen=True, slots=True)
class Compare:
    """Two values of one type; order only among numbers."""

    op: str
    left: "Node"
    right: "Node"
    type: Type = Type(Kind.BOOL)


@dataclass(frozen=True, slots=True)
class Member:
    """`item in list` or `item not in list`; a list that is none means any."""

    item: "Node"
    list: "Node"
    negated: bool
    type: Type = Type(Kind.BOOL)


@dataclass(frozen=True, slots=True)
class Logic:
    """`and` / `or`, stopping early, left to right."""

    op: str
    left: "Node"
    right: "Node"
    type: Type = Type(Kind.BOOL)


@dataclass(frozen=True, slots=True)
class Not:
    """`not x`."""

    operand: "Node"
    type: Type = Type(Kind.BOOL)


@dataclass(frozen=True, slots=True)
class Known:
    """`known(fact)`: whether the fact was given."""

    fact: FactRef
    type: Type = Type(Kind.BOOL)


Node = (
    Constant
    | FactRef
    | CapRef
    | MeasureRef
    | OutputRef
    | Negate
    | Arithmetic
    | Extreme
    | Absolute
    | Compare
    | Member
    | Logic
    | Not
    | Known
)


def sign_of(node: Node) -> Sign:
    """What is known of a node's sign; words and truth values have none."""
    return getattr(node, "sign", Sign.ANY)


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below, in the order in which they are written."""
    match node:
        case FactRef() | CapRef() | Constant() | MeasureRef() | OutputRef():
            return ()
        case Negate(operand=x) | Absolute(operand=x) | Not(operand=x):
            return (x,)
        case Arithmetic(left=a, right=b) | Compare(left=a, right=b) | Logic(left=a, right=b):
            return (a, b)
        case Member(item=a, list=b):
            return (a, b)
        case Extreme(arguments=arguments):
            return arguments
        case Known(fact=fact):
            return (fact,)


def walk(node: Node) -> tuple[Node, ...]:
    """The node and everything below it, in the order in which it is written."""
    found: list[Node] = [node]
    for child in children(node):
        found.extend(walk(child))
    return tuple(found)
