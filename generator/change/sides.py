"""The two sides of a comparison: what each decides by, where its parts stand, and how its values are written."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from typing import Any, Final, Protocol, TypedDict

from engine.numbers import parse_number
from engine.ruleset import RuleSet
from engine.tree import Node
from engine.units import NUMERIC, Unit, write_value
from generator.change.changes import Place
from generator.change.effective import Effective
from generator.change.effects import Readers
from generator.change.fields import ABSENT, Absent
from generator.change.forms import Forms, Writing
from generator.change.places import named_by
from generator.change.renames import renames

LONG: Final = 4  # words of a list that are read at a glance


class Texts(Protocol):
    """Where the parts of a compiled document stand, by their paths in it (a gate by its id), and their own words."""

    def place(self, path: tuple[str, ...], /) -> Place | None:
        """Where a part stands."""

    def written(self, path: tuple[str, ...], /) -> str | None:
        """A value as it is written, in one line; None where none stands there."""


class Places(TypedDict):
    """Where something stood and where it stands."""

    was: Place | None
    now: Place | None


class Values(TypedDict):
    """The values of a change, as people write them and as data."""

    before: str | None
    after: str | None
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Named:
    """The places that a compiled document names by itself; nothing is known of how it was written."""

    document: Mapping[str, Any]

    def place(self, path: tuple[str, ...]) -> Place | None:
        """Where a gate, a measure, a row or a cap stands."""
        return named_by(self.document, path)

    def written(self, path: tuple[str, ...]) -> str | None:
        """Nobody knows."""
        return None


@dataclass(frozen=True)
class Rules:
    """One side: a compiled document, the checked rule set that it holds, and the texts that it came from."""

    document: Mapping[str, Any]
    ruleset: RuleSet
    texts: Texts


@dataclass(frozen=True)
class Sides:
    """What is compared, and what is worked out of it once."""

    old: Rules
    new: Rules

    @cached_property
    def effective(self) -> Effective:
        """The caps that hold on both sides."""
        return Effective(self.old.ruleset, self.new.ruleset)

    @cached_property
    def readers(self) -> Readers:
        """Who reads which name in the new rules."""
        return Readers(self.new.ruleset)

    @cached_property
    def renames(self) -> Mapping[str, str]:
        """The gates that have another id and are the same else: old id to new id."""
        return renames(self.old.document, self.new.document)

    @cached_property
    def stood(self) -> frozenset[str]:
        """The gates of the new rules that were enforced before, under whatever id."""
        now = {**{g.id: g.id for g in self.old.ruleset.gates}, **self.renames}
        return frozenset(now[g.id] for g in self.old.ruleset.gates if g.enforced)

    @cached_property
    def _forms(self) -> dict[bool, tuple[Writing, Writing]]:
        forms = Forms()
        return {
            whole: (Writing(self.old.ruleset, forms, whole), Writing(self.new.ruleset, forms, whole))
            for whole in (False, True)
        }

    def writing(self, *, whole: bool) -> tuple[Writing, Writing]:
        """Expressions of both sides in one form, with what they name written out or not."""
        return self._forms[whole]

    def form(self, old: Node | None, new: Node | None) -> tuple[int | None, int | None]:
        """Two expressions in one form, which is the same number where they mean the same on the face of it."""
        before, after = self.writing(whole=False)
        named = before.of(old), after.of(new)
        if named[0] == named[1]:
            return named
        before, after = self.writing(whole=True)
        return before.of(old), after.of(new)

    def places(self, *path: str) -> Places:
        """Where a part stands on both sides, as arguments of a change."""
        return Places(was=self.old.texts.place(path), now=self.new.texts.place(path))

    def values(self, path: tuple[str, ...], old: Any, new: Any, unit: str = "", symbol: str = "") -> Values:
        """The values of a part as arguments of a change: as they are written, else as a person would write them."""
        texts = [side.texts.written(path) for side in (self.old, self.new)]
        told = [None if isinstance(v, Absent) else t for v, t in zip((old, new), texts, strict=True)]
        if None in texts or told[0] == told[1]:
            told = [self.written(value, unit, symbol) for value in (old, new)]
        if isinstance(old, list) and isinstance(new, list):
            told = list(apart(old, new))
        return Values(before=told[0], after=told[1], old=data_of(old), new=data_of(new))

    def written(self, value: Any, unit: str, symbol: str = "") -> str | None:
        """A compiled value as a person writes it; None for one that is absent."""
        if isinstance(value, Absent):
            return None
        if value is None:
            return "none"
        if isinstance(value, list):
            return f"[{', '.join(map(str, value))}]"
        found = self.new.ruleset.catalog.units.get(unit) or self.old.ruleset.catalog.units.get(unit)
        if found is None or found.kind not in NUMERIC or not isinstance(value, str):
            return plain(value)
        return write_value(parse_number(value), found, self._names(found, symbol))

    def _names(self, unit: Unit, symbol: str) -> dict[str, str]:
        entry = self.new.document["symbols"].get(symbol) if unit.names and symbol else None
        return {n: str(entry[n]) for n in unit.names if n in entry} if entry else {}


def plain(value: Any) -> str:
    """A value of a document in one line, without quotes around words."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k}: {plain(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(plain, value)) + "]"
    return "none" if value is None else str(value)


def apart(old: list[Any], new: list[Any]) -> tuple[str, str]:
    """Two lists in one line each; of long ones what they share is left out, three dots for each stretch."""
    if max(len(old), len(new)) <= LONG:
        return plain(old), plain(new)
    shown: tuple[list[str], list[str]] = ([], [])
    for op, a, b, c, d in SequenceMatcher(a=[*map(plain, old)], b=[*map(plain, new)], autojunk=False).get_opcodes():
        for words, part in zip(shown, (old[a:b], new[c:d]), strict=True):
            if op != "equal" or len(part) <= 2:
                words += map(plain, part)
            elif words[-1:] != ["…"]:
                words.append("…")
    return f"[{', '.join(shown[0])}]", f"[{', '.join(shown[1])}]"


def text_of(value: Any) -> str | None:
    """A value of a document in one line; None for one that is absent."""
    return None if isinstance(value, Absent) else plain(value)


def data_of(value: Any) -> Any:
    """A value as the data of a change: None for one that is absent."""
    return None if value is ABSENT else value
