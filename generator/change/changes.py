"""What was found between two universes: each change in the user's words, its places, its class, and the whole."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from generator.change.words import Class, worst


class Kind(StrEnum):
    """What was edited."""

    CAP = "cap"
    SYMBOL = "symbol"
    STRATEGY = "strategy"
    GATE = "gate"
    MEASURE = "measure"
    TABLE = "table"
    HEAD = "head"
    CATALOG = "catalog"
    CONTRACT = "contract"
    ENVIRONMENT = "environment"
    TEXT = "text"
    OTHER = "other"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A line of a file; line 0 where only the file is known."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


def place_of(source: str) -> Place | None:
    """The place that a compiled document names as `file:line`, or None where it names none."""
    file, _, line = source.rpartition(":")
    if file and line.isdigit():
        return Place(file, int(line))
    return Place(source) if source else None


@dataclass(frozen=True, slots=True)
class Change:
    """One edit and what it means.

    Args:
        kind: what was edited.
        name: it, in words: `tier CORE: symbol_exposure`, `gate spread: guard`.
        key: the same for programs, dotted as `hedgerow whatif --set` takes it where it can be set:
            `tiers.CORE.symbol_exposure`.
        word: its class, as far as is known.
        why: one clause on why that is its class.
        before, after: the values as people write them; None where there is none.
        was, now: where they stand.
        old, new: the values as plain data of the compiled document; None where there is none.
        symbols, strategies: whom it moves, where that is not everybody.
        gates: the ids of the gates that it may move.
        environments: where it holds, when several were compared.
        unproved: a proof may find a better word; `word` is what holds until then.
        gates_alone: the class is about what gates stop and nothing else.
        masked: a layer was edited that others override, so that no value that holds has moved.
        witness: an order that shows it, where a proof found one.
    """

    kind: Kind
    name: str
    key: str
    word: Class
    why: str
    before: str | None = None
    after: str | None = None
    was: Place | None = None
    now: Place | None = None
    old: Any = None
    new: Any = None
    symbols: tuple[str, ...] = ()
    strategies: tuple[str, ...] = ()
    gates: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    unproved: bool = False
    gates_alone: bool = False
    masked: bool = False
    witness: Any = None

    @property
    def place(self) -> Place | None:
        """Where a reader looks first: where it stands now, else where it stood."""
        return self.now or self.was

    @property
    def sign(self) -> str:
        """`+` for what is new, `-` for what is gone, `~` for what is another."""
        return "+" if self.before is None else "-" if self.after is None else "~"


@dataclass(frozen=True, slots=True)
class Diff:
    """All changes between two rule sets, the worst first, and what they are called.

    Args:
        base, head: what was compared.
        changes: the worst first.
        environments: for which it was compared.
        rulesets: the hashes of what both sides mean, by environment.
        symbols: all that either side has.
        proved: the environments of which a solver had its say.
        notes: what a reader must know of how this was found.
    """

    base: str
    head: str
    changes: tuple[Change, ...]
    environments: tuple[str, ...] = ()
    rulesets: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    symbols: tuple[str, ...] = ()
    proved: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def word(self) -> Class:
        """The class of the whole: the worst of its parts."""
        return worst(c.word for c in self.changes)

    def of(self, word: Class) -> tuple[Change, ...]:
        """The changes of one class."""
        return tuple(c for c in self.changes if c.word is word)


CONSEQUENCE: Final[Mapping[Class, str]] = {
    Class.LOOSEN: "a person approves it",
    Class.NOT_PROVED: "a person approves it, as a loosening",
    Class.LATENT_LOOSEN: "a person approves it, as a loosening",
    Class.MIXED: "a person approves it, as a loosening",
    Class.CONTRACT: "whoever reads these names approves it",
    Class.TIGHTEN: "it lets nothing through that was stopped, and holds no exit",
    Class.EQUIVALENT: "every decision stays as it was",
    Class.COSMETIC: "nothing is decided by it",
}


def in_order(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The worst first; within a class by kind, place and name."""
    words, kinds = list(Class), list(Kind)
    nowhere = Place("￿")
    return tuple(
        sorted(changes, key=lambda c: (words.index(c.word), kinds.index(c.kind), c.place or nowhere, c.name, c.key))
    )
