"""Facts that many orders share, read once: each order brings its own, which are laid over them."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from engine.catalog import Catalog, Value
from engine.facts import FactReader, Snapshot
from universe.decision_log import canonical, merged

MAX_SEEN: Final = 1024
# A group of facts in canonical JSON, as long as no text in it holds a brace.
_GROUP: Final = re.compile(r'"([a-z][a-z0-9_]*)":(\{[^{}]*\})')


@dataclass(frozen=True, slots=True)
class Read:
    """The facts of an order, read; and as they are logged: in layers of canonical JSON, and its own."""

    snapshot: Snapshot
    layers: tuple[str, ...]
    own: str


class _Group(NamedTuple):
    """A group of facts as it was given, and read: values with their slots, what is invalid, canonical JSON."""

    name: str
    facts: Any
    values: Sequence[tuple[int, Value | None]]
    invalid: Mapping[str, str]
    text: str


class Layer:
    """Facts that orders share, over those of another layer.

    An order's facts are those that `merged` makes of all layers and its own; here they are read only once.

    Raises:
        FactsFault: they can't be decided on at all.
    """

    def __init__(self, reader: FactReader, facts: Mapping[str, Any], below: "Layer | None" = None) -> None:
        self._reader = reader
        self._facts: Mapping[str, Any] = facts if below is None else merged(below._facts, facts)
        self._snapshot = reader.read(self._facts)
        self._texts: tuple[str, ...] = self._in_layers(() if below is None else below._texts, reader.read(facts).json)
        groups = _groups(self._snapshot.json)
        self._groups = None if groups is None else dict(groups)
        self._templates: dict[tuple[str, ...], tuple[str, str]] = {}
        self._before: dict[str, _Group] = {}
        self._slots = _slots_by_group(reader, self._snapshot.ruleset.catalog)

    def _in_layers(self, below: tuple[str, ...], own: str) -> tuple[str, ...]:
        """How they are logged: as layers where those say the same, which a null over a value would not."""
        facts: dict[str, Any] = {}
        for text in (*below, own):
            facts = merged(facts, json.loads(text))
        return (*below, own) if canonical(facts) == self._snapshot.json else (self._snapshot.json,)

    def read(self, own: Mapping[str, Any]) -> Read:
        """The facts of an order that brings these.

        Raises:
            FactsFault: they can't be decided on at all.
        """
        if self._groups is not None and type(own) is dict and own.keys().isdisjoint(self._groups):
            shared, groups = self._snapshot, [self._group(name, own[name]) for name in sorted(own)]
            values, invalid = shared.values.copy(), {**shared.invalid}
            for group in groups:
                for slot, value in group.values:
                    values[slot] = value
                if group.invalid:
                    invalid |= group.invalid
            names, texts = tuple([g.name for g in groups if g.text]), tuple([g.text for g in groups if g.text])
            template = self._templates.get(names)
            if template is None:
                template = self._templates[names] = (self._template(names), _template_of(dict.fromkeys(names, "%s")))
            everything, alone = template
            return Read(Snapshot(shared.ruleset, values, invalid, everything % texts), self._texts, alone % texts)
        whole = self._reader.read(merged(self._facts, own) if isinstance(own, Mapping) else own)
        return Read(whole, (), whole.json)

    def _group(self, name: str, facts: Any) -> "_Group":
        """A group of an order's own facts; most are those of the order before, to the letter."""
        before = self._before.get(name)
        if before is not None and before.facts == facts:
            return before
        read = self._reader.read({name: facts})
        values = [(slot, read.values[slot]) for slot in self._slots.get(name, ())]
        body = read.json[len(name) + 4 : -1] if read.json != "{}" else ""
        made = _Group(name, facts, values, read.invalid, body)
        if type(facts) is dict and set(map(type, facts.values())) == {str}:  # True would equal 1
            self._before[name] = made._replace(facts=facts.copy())
        return made

    def _template(self, names: tuple[str, ...]) -> str:
        assert self._groups is not None
        bodies = {name: body.replace("%", "%%") for name, body in self._groups.items()} | dict.fromkeys(names, "%s")
        return _template_of(bodies)


class Repeated:
    """Facts of orders that come one by one: what of them comes again is logged once, as if it had been shared.

    Args:
        own: the groups of facts that are an order's own.
    """

    def __init__(self, own: frozenset[str]) -> None:
        self._own = own
        self._seen: set[str] = set()

    def read(self, snapshot: Snapshot) -> Read:
        """An order's facts, in a layer of what was given before and its own; or whole, where nothing was."""
        found = _groups(snapshot.json)
        if found is None:
            return Read(snapshot, (), snapshot.json)
        rest = "{" + ",".join([f'"{name}":{body}' for name, body in found if name not in self._own]) + "}"
        if rest not in self._seen:
            if len(self._seen) >= MAX_SEEN:
                self._seen.clear()
            self._seen.add(rest)
            return Read(snapshot, (), snapshot.json)
        mine = ",".join([f'"{name}":{body}' for name, body in found if name in self._own])
        return Read(snapshot, (rest,), f"{{{mine}}}")


def _slots_by_group(reader: FactReader, catalog: Catalog) -> Mapping[str, Sequence[int]]:
    """The slots of the facts in each group, and of those that follow from one of them."""
    found: dict[str, list[int]] = {}
    for name, slot in reader.slots.items():
        derived = catalog.facts[name].indicates
        found.setdefault((derived[0] if derived else name).split(".")[0], []).append(slot)
    return found


def _template_of(bodies: Mapping[str, str]) -> str:
    return "{" + ",".join(f'"{name}":{body}' for name, body in sorted(bodies.items())) + "}"


def _groups(text: str) -> list[tuple[str, str]] | None:
    """The groups of facts in canonical JSON, in order; None where they are not plain."""
    found: list[tuple[str, str]] = _GROUP.findall(text)
    length = sum([len(name) + len(body) + 4 for name, body in found]) + 1
    return found if length == len(text) or text == "{}" else None
