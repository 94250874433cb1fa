"""Facts of one decision: from nested plain data to typed values in fixed slots.

Numbers arrive as text, so that nothing is ever a binary float. What is absent or null is missing; what is not
of the declared type, not finite or out of range is invalid: both are for the gates to judge. A name that nobody
declared is the caller's mistake.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain
from types import NoneType
from typing import Any, Final

from engine.catalog import Fact, Value, did_you_mean
from engine.layout import Form, Layout, Names, Place, Read, as_logged, dump, names_of, template
from engine.ruleset import RuleSet
from engine.units import Kind
from engine.values import SHOWN, shown

MAX_LAYOUTS: Final = 50
MAX_FORMS: Final = 8
# Groups of facts by the segments of their names; a leaf is the place of a fact.
_TREE = dict[str, Any]


class FactsFault(ValueError):
    """Facts that can't be decided on at all: an undeclared name, a fact that the universe gives, no mapping."""

    def __init__(self, message: str, help_text: str | None = None) -> None:
        super().__init__(message)
        self.help = help_text


@dataclass(slots=True)
class Snapshot:
    """The facts of one decision: their values in the slots of a rule set (None for what is missing or invalid), what
    is wrong with each that is invalid, and all that was given as canonical JSON, nested by dotted names.
    """

    ruleset: RuleSet
    values: list[Value | None]
    invalid: dict[str, str]
    json: str


class FactReader:
    """Reads facts for one rule set; remembers the numbers that it has parsed."""

    def __init__(self, ruleset: RuleSet) -> None:
        self._ruleset = ruleset
        self._facts: list[Fact] = list(ruleset.supplied)
        self.slots: dict[str, int] = {f.name: i for i, f in enumerate(self._facts)}
        derived = [f for f in ruleset.catalog.facts.values() if f.indicates]
        self._derived = [
            (len(self._facts) + i, self.slots[f.indicates[0]], f.indicates[1])
            for i, f in enumerate(derived)
            if f.indicates
        ]
        self.slots.update({f.name: len(self._facts) + i for i, f in enumerate(derived)})
        self._tree: _TREE = {}
        for slot, fact in enumerate(self._facts):
            # A number without bounds of its own is in range if its sign is right; a count is whole, too.
            signed = fact.unit.numeric and fact.low is None and fact.high is None
            counts = fact.unit.kind is Kind.COUNT
            _put(self._tree, fact.name, Place(fact, slot, signed and not counts, signed and counts))
        self._catalog = ruleset.catalog
        self._kinds = {f.name: (slot, _kind(f)) for slot, f in enumerate(self._facts)}
        self._layouts: dict[Names, Layout] = {}
        self._forms: list[Form] = []

    def read(self, document: Mapping[str, Any]) -> Snapshot:
        """The snapshot of nested facts.

        Raises:
            FactsFault: naming the fact and the remedy.
        """
        if not isinstance(document, Mapping):
            raise FactsFault("facts are an object of named values", 'write {"order": {"price": "50000", …}, …}')
        names = names_of(document)
        layout = self._layouts.get(names) if names is not None else None
        read = layout.read(document) if layout is not None else None
        return self._snapshot(read) if read is not None else self._read_each(document, names)

    def read_json(self, text: str) -> Snapshot:
        """As `read` of the parsed text.

        Raises:
            ValueError: no JSON, as `parse_json` says.
            FactsFault: as `read` says.
        """
        for form in self._forms:
            read = form.read(text)
            if read is not None:
                return self._snapshot(read)
        document = parse_json(text)
        snapshot = self.read(document)
        if not snapshot.invalid and len(self._forms) < MAX_FORMS:
            layout = self.layout(document)
            if layout is not None and (new := layout.form(text)) is not None:
                self._forms.append(new)
        return snapshot

    def glance(self, document: Mapping[str, Any]) -> Snapshot | None:
        """A snapshot of facts as code gives them, two names deep, that are neither checked nor logged; None where one
        is not of its fact's type.

        It is for seeing quickly that nothing stops: whoever finds that something does reads the facts.
        """
        values: list[Any] = [None] * len(self.slots)
        nowhere = (0, NoneType)
        for group, facts in document.items():
            for name, value in facts.items():
                slot, kind = self._kinds.get(f"{group}.{name}", nowhere)
                if type(value) is not kind:
                    return None
                values[slot] = value
        self.derive(values)
        return Snapshot(self._ruleset, values, {}, "")

    def _snapshot(self, read: Read) -> Snapshot:
        values, text = read
        self.derive(values)
        return Snapshot(self._ruleset, values, {}, text)

    def _read_each(self, document: Mapping[str, Any], names: Names | None) -> Snapshot:
        """The snapshot of nested facts, read one by one."""
        values: list[Value | None] = [None] * len(self.slots)
        texts: dict[str, str] = {}
        invalid: dict[str, str] = {}
        found = [*self._found(self._tree, document, "")]
        for place, raw in found:
            name = place.fact.name
            try:
                if raw is not None:
                    values[place.slot], texts[name] = place.read(raw)
            except ValueError as error:
                invalid[name], texts[name] = str(error), dump(as_logged(raw))
        self.derive(values)
        if names is not None and all(place.fact.name.count(".") == 1 for place, _ in found):
            if len(self._layouts) >= MAX_LAYOUTS:
                self._layouts.clear()
            self._layouts[names] = Layout([place for place, _ in found], len(self.slots))
        return Snapshot(self._ruleset, values, invalid, template(dict(sorted(texts.items()))))

    def layout(self, document: Mapping[str, Any]) -> Layout | None:
        """How facts in the arrangement of a document are read at once, if such were read before."""
        return self._layouts.get(names_of(document) or ())

    def place(self, name: str) -> Place:
        """How the values of a fact are read.

        Raises:
            FactsFault: it is none that may be given.
        """
        tree: Any = self._tree
        for part in name.split("."):
            tree = tree.get(part) if isinstance(tree, dict) else None
        if not isinstance(tree, Place):
            raise self._undeclared(name, None)
        return tree

    def _found(self, tree: _TREE, entries: Mapping[str, Any], prefix: str) -> Iterator[tuple[Place, Any]]:
        """Each fact that is named, and what was given."""
        for key, raw in entries.items():
            place = tree.get(key)
            if isinstance(place, Place):
                yield place, raw
            elif place is not None and isinstance(raw, Mapping):
                yield from self._found(place, raw, f"{prefix}{key}.")
            elif raw is not None or place is None:
                raise self._undeclared(f"{prefix}{key}", raw)

    def derive(self, values: list[Value | None]) -> None:
        """Put the facts that follow from others into their slots."""
        for slot, of, word in self._derived:
            given = values[of]
            if given is not None:
                values[slot] = _ONE if given == word else _ZERO

    def _undeclared(self, name: str, raw: Any) -> FactsFault:
        facts = self._catalog.facts
        while name not in facts and isinstance(raw, Mapping) and raw and len(name) < SHOWN:
            key, raw = next(iter(raw.items()))
            name = f"{name}.{key}"
        fact = facts.get(name)
        if fact is not None and not fact.supplied:
            source = f"it follows from `{fact.indicates[0]}`" if fact.indicates else "the universe gives it"
            return FactsFault(f"{shown(name)} may not be given: {source}", "leave it out")
        if any(f.startswith(name + ".") for f in self.slots):
            return FactsFault(f"{shown(name)} holds facts; it is no value itself", f'write {{"{name}": {{…}}}}')
        return FactsFault(f"{shown(name)} is no declared fact", did_you_mean(name[:SHOWN], self.slots))

    @staticmethod
    def given(snapshot: Snapshot, name: str) -> str:
        """What was given for a fact, valid or not, as a person reads it."""
        value = json.loads(snapshot.json)
        for part in name.split("."):
            value = value[part]
        return value if isinstance(value, str) else dump(value)


def _kind(fact: Fact) -> type:
    """Of which type code gives a fact."""
    if fact.unit.numeric:
        return Decimal
    return bool if fact.unit.kind is Kind.BOOL else str


_ONE: Final = Decimal(1)
_ZERO: Final = Decimal(0)


def _put(tree: _TREE, name: str, place: Place) -> None:
    *parents, last = name.split(".")
    for parent in parents:
        tree = tree.setdefault(parent, {})
    tree[last] = place


def parse_json(text: str) -> Any:
    """JSON with every number kept as the text that was written.

    Raises:
        ValueError: no JSON, a key that stands twice, or nested too deeply.
    """
    try:
        document = _DECODER.decode(text)
        # Each key in the text has a colon of its own, so with as many colons as keys no key stood twice.
        if not _has_keys(document, text.count(":")):
            json.loads(text, object_pairs_hook=_unique)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None
    return document


def _has_keys(document: Any, count: int) -> bool:
    """Whether the objects in a document, at whatever depth, have so many keys; it has no more."""
    level = [document]
    while count and not _CONTAINERS.isdisjoint(map(type, level)):
        objects = [part for part in level if type(part) is dict]
        lists = [part for part in level if type(part) is list]
        count -= sum(map(len, objects))
        level = [*chain.from_iterable(map(dict.values, objects)), *chain.from_iterable(lists)] if count else []
    return not count


def _no_constant(name: str) -> str:
    """NaN and Infinity are kept as text; as a number's text they are refused, as invalid facts."""
    return name


_CONTAINERS: Final = frozenset({dict, list})
_DECODER: Final = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=_no_constant)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [k for k, _ in pairs]
        twice = next(k for k in keys if keys.count(k) > 1)
        raise ValueError(f"the key `{twice}` stands twice")
    return found
