"""Who may change what: authors, places and surfaces of base's `rules/surfaces.yaml`, and the engine over them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

from engine import Engine, RuleSet
from engine.units import ValueFault, read_unit, read_value
from generator.compile.files import Files
from generator.compile.one_file import Form, OneFile, compile_one
from generator.compile.problems import Problem, Refused
from generator.compile.schema_parts import TRUTH

_PATTERNS: Final = {"type": "array", "items": {"type": "string"}, "minItems": 1}
FORM: Final = Form(
    name="surfaces",
    title="Who may change what",
    rules="rules/surfaces.yaml",
    catalog="schemas/surfaces.yaml",
    parts={
        "authors": {"logins": {**_PATTERNS, "description": "Who it is, by the CI platform's names."}},
        "places": {
            "files": {**_PATTERNS, "description": "Its files: `*` within a folder, `**` through folders."},
            "keys": {**_PATTERNS, "description": 'Its keys in them; all, where it is left out. `""` is a whole file.'},
            "generated": {**TRUTH, "description": "It follows from other files."},
            "runs": {**TRUTH, "description": "It is run by something."},
        },
        "accounts": {"nav": {"type": "string", "description": "NAV, in the account's currency."}},
    },
)
PERSON: Final = "person"
AGENT: Final = "agent"
MONEY: Final = "USDT"

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an edit may be: files, and keys in them."""

    name: str
    why: str
    files: tuple[str, ...]
    keys: tuple[str, ...]
    generated: bool
    runs: bool

    def holds(self, path: str, key: Key) -> bool:
        """Whether an edit of a key of a file is here; a whole file has the key of no parts."""
        if not any(fits(pattern, path.split("/"), "/") for pattern in self.files):
            return False
        return not self.keys or any(fits(k, list(key), ".") if k else not key for k in self.keys)


def fits(pattern: str, parts: list[str], separator: str) -> bool:
    """Whether parts fit a pattern: `*` is any text within one part, `**` any number of parts."""
    return _fits(pattern.split(separator), parts)


def _fits(pattern: list[str], parts: list[str]) -> bool:
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(_fits(pattern[1:], parts[i:]) for i in range(len(parts) + 1))
    return bool(parts) and _part(pattern[0]).fullmatch(parts[0]) is not None and _fits(pattern[1:], parts[1:])


def _part(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)


@dataclass(frozen=True)
class Surfaces:
    """The rules about changes, compiled."""

    made: OneFile

    @property
    def ruleset(self) -> RuleSet:
        """The checked rules."""
        return self.made.ruleset

    @cached_property
    def engine(self) -> Engine:
        """What decides on edits."""
        return Engine(self.ruleset)

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """The places in the order of the file: an edit is in the first that it fits."""
        return tuple(_place(name, entry) for name, entry in self.made.document["places"].items())

    @cached_property
    def people(self) -> frozenset[str]:
        """The logins of people, in lower case, as the platform compares them."""
        return frozenset(login.lower() for login in self.made.document["authors"][PERSON].get("logins", ()))

    @cached_property
    def accounts(self) -> Mapping[str, Decimal]:
        """The NAV of each account that must still be able to trade, in the account's currency.

        Raises:
            Refused: one is no money.
        """
        entry = self.made.document["units"][MONEY]
        unit, found, problems = read_unit(MONEY, entry), dict[str, Decimal](), list[Problem]()
        for name, account in self.made.document["accounts"].items():
            try:
                value = read_value(account["nav"], unit, {})
                assert isinstance(value, Decimal)
                found[name] = value
            except ValueFault as fault:
                path = ("accounts", name, "nav")
                problems.append(self.made.rules.problem("bad-value", path, str(fault), fault.help))
        if problems:
            raise Refused(problems, self.made.texts)
        return found

    def entry(self, surface: str) -> Mapping[str, Any]:
        """A surface as it is compiled: places, checks, caps."""
        found: Mapping[str, Any] = self.made.document["surfaces"][surface]
        return found

    def place_of(self, path: str, key: Key) -> Place:
        """Where an edit is.

        Raises:
            LookupError: nowhere; the last place should hold everything.
        """
        for place in self.places:
            if place.holds(path, key):
                return place
        raise LookupError(f"no place of {FORM.rules} holds {path}")

    def is_generated(self, path: str) -> bool:
        """Whether a file follows from others as a whole."""
        return self.place_of(path, ()).generated

    def surface_of(self, places: Iterable[str]) -> str:
        """The surface on which the fewest of these places are foreign; the first of several."""
        found = list(places)
        surfaces: Mapping[str, Mapping[str, Any]] = self.made.document["surfaces"]
        return min(surfaces, key=lambda name: sum(p not in surfaces[name]["places"] for p in found))


def read_surfaces(files: Files, *, today: date) -> Surfaces:
    """The rules about changes, from the files of base.

    Raises:
        Refused: they don't compile; nothing may be changed by anybody then.
    """
    found = Surfaces(compile_one(files, FORM, today=today))
    assert found.accounts is not None
    return found


def _place(name: str, entry: Mapping[str, Any]) -> Place:
    return Place(
        name,
        entry["why"],
        tuple(entry["files"]),
        tuple(entry.get("keys", ())),
        generated=entry.get("generated") == "true",
        runs=entry.get("runs") == "true",
    )
