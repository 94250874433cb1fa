"""Facts that many orders share, read once: each order brings its own, which are laid over them."""

import re
from collections.abc import Mapping
from itertools import chain
from typing import Any, Final, NamedTuple

from engine import Engine
from engine.arrangement import MAX_ARRANGEMENTS
from engine.facts import FactsFault, Snapshot, parse_json
from engine.layout import Names, names_of
from engine.nesting import merged
from engine.plain import Plain, braces
from engine.reason import Told
from universe.decision_log import MAX_FACTS

# So many layers over one are remembered.
MAX_SEEN: Final = 1024
# Of these, what is equal is the same.
_PLAIN: Final = frozenset({str, bool, type(None)})
# A group of facts in canonical JSON, as long as no text in it holds a brace.
_GROUP: Final = re.compile(r'"([a-z][a-z0-9_]*)":(\{[^{}]*\})')


class Read(NamedTuple):
    """The facts of an order, read; and as they are logged: in layers of canonical JSON, and its own."""

    snapshot: Snapshot
    layers: tuple[str, ...]
    own: str


class Layer:
    """Facts that orders share, over those of another layer.

    An order's facts are those that `merged` makes of all layers and its own; here they are read only once.

    Args:
        engine: who decides on them.
        facts: as they were given.
        below: what they are laid over.

    Raises:
        FactsFault: they can't be decided on at all.
    """

    def __init__(self, engine: Engine, facts: Mapping[str, Any], below: "Layer | None" = None) -> None:
        self._engine, self._given, self._below = engine, facts, below
        if below is None:
            snapshot = engine.reader.read(facts)
            read = Read(snapshot, (), snapshot.json)
        else:
            read = below.read(facts)
        self._snapshot = read.snapshot
        #: how they are logged
        self.texts: tuple[str, ...] = read.layers if read.own == "{}" else (*read.layers, read.own)
        groups = _groups(self._snapshot.json)
        self._groups = None if groups is None else dict(groups)
        self._plain: dict[Names, Plain] = {}
        self._above: dict[tuple[Any, ...], Layer | None] = {}
        self._last: Layer | None = None

    @property
    def _facts(self) -> Mapping[str, Any]:
        return self._given if self._below is None else merged(self._below._facts, self._given)

    def above(self, facts: Mapping[str, Any]) -> "Layer | None":
        """The layer of these facts over this one; None the first time, since most never come again.

        Raises:
            FactsFault: they can't be decided on at all.
        """
        last = self._last
        if last is not None and last._given == facts:
            return last
        names = names_of(facts)
        if names is None:
            return None
        values = [*chain.from_iterable(map(dict.values, facts.values()))]
        types = set(map(type, values))
        if not types <= _PLAIN:
            return None
        key = (*names, *values)
        if key not in self._above:
            if len(self._above) >= MAX_SEEN:
                self._above.clear()
            self._above[key] = None
            return None
        layer = self._above[key]
        if layer is None:
            copied = {name: {**group} for name, group in facts.items()}  # whoever gave them may change them
            layer = self._above[key] = Layer(self._engine, copied, self)
        if types == {str}:  # what equals these is the same, as `True` and 1 are not
            self._last = layer
        return layer

    def decide(self, own: Any, scope: str) -> Told:
        """The decision on an order that brings these; in short, if they are plain, and such were read before.

        Raises:
            FactsFault: they can't be decided on at all, or would make a line that nobody reads again.
        """
        told = None
        if scope == "order":
            for plain in self._plain.values():
                told = plain.of(own)
                if told is not None:
                    break
            else:
                made = self._prepared(own)
                told = made.of(own) if made is not None else None
        if told is None:
            read = self.read(own)
            told = self._engine.decide_snapshot(read.snapshot, scope).told(read.layers, read.own)
        if len(told.facts) > MAX_FACTS:
            raise FactsFault(f"the facts take more than {MAX_FACTS} characters in a record")
        return told

    def _prepared(self, own: Any) -> Plain | None:
        """What decides on these and all others in the same arrangement, where they may be plain and none such came."""
        names = names_of(own) if type(own) is dict else None
        if names is None or names in self._plain or self._snapshot.invalid or self._groups is None:
            return None
        arrangement = self._engine.arrangements.of(own)
        if arrangement is None or not arrangement.groups.keys().isdisjoint(self._groups):
            return None
        if len(self._plain) >= MAX_ARRANGEMENTS:
            self._plain.clear()
        made = self._plain[names] = Plain(arrangement, self._snapshot, self._groups, self.texts)
        return made

    def read(self, own: Mapping[str, Any]) -> Read:
        """The facts of an order that brings these.

        Raises:
            FactsFault: they can't be decided on at all.
        """
        reader, shared = self._engine.reader, self._snapshot
        if self._groups is None or type(own) is not dict or not own.keys().isdisjoint(self._groups):
            return self._whole(own)
        alone = reader.read(own)
        found = _groups(alone.json)
        if found is None:
            return self._whole(own)
        both = zip(alone.values, shared.values, strict=True)
        values = [mine if mine is not None else theirs for mine, theirs in both]
        text = braces({**self._groups, **dict(found)})
        return Read(Snapshot(shared.ruleset, values, shared.invalid | alone.invalid, text), self.texts, alone.json)

    def _whole(self, own: Any) -> Read:
        whole = self._engine.reader.read(merged(self._facts, own) if isinstance(own, Mapping) else own)
        return Read(whole, (), whole.json)


class Layers:
    """What orders share: all of them, those about a subject, and those that bring the same beside who and what they
    are about; each read when the first order needs it.

    Args:
        engine: who decides on them.
        shared: the facts that all share.
        subjects: those that orders about a subject share, by its name.
    """

    def __init__(self, engine: Engine, shared: Mapping[str, Any], subjects: Mapping[str, Any]) -> None:
        self.engine, self._given, self._facts = engine, shared, subjects
        head = engine.ruleset.head
        self._path = head.subject.key.split(".") if head.subject is not None else []
        self._own = own_groups(engine)
        self._shared: Layer | None = None
        self._subjects: dict[str, Layer] = {}

    def of(self, item: Any) -> tuple[Layer, Any]:
        """The layer below an order's facts, and those of them that are not in it.

        Raises:
            FactsFault: what it shares with others can't be decided on.
        """
        name = item
        try:
            for part in self._path:
                name = name[part]
            layer = self._subjects.get(name)
        except (TypeError, LookupError):  # it says nobody's name
            name = layer = None
        if layer is None:
            layer = self._below(name)
        if type(item) is not dict or item.keys() <= self._own:
            return layer, item
        rest = {name: facts for name, facts in item.items() if name not in self._own}
        try:
            above = layer.above(rest)
        except FactsFault:  # the reader of all says it of all
            above = None
        if above is None:
            return layer, item
        return above, {name: facts for name, facts in item.items() if name in self._own}

    def _below(self, name: Any) -> Layer:
        """What an order shares with others by whom it is about, where that is not known yet."""
        if self._shared is None:
            self._shared = Layer(self.engine, self._given)
        if name not in self._facts:
            return self._shared
        facts = self._facts[name]
        if not isinstance(facts, Mapping):
            raise FactsFault("the facts that a subject's items share are an object of named values")
        made = self._subjects[name] = Layer(self.engine, facts, self._shared)
        return made


class Repeated:
    """What single requests repeat beside the facts of the order itself: found by its text, and read once.

    Args:
        engine: who decides on them.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        own = own_groups(engine)
        self._name = next(iter(own), "")
        # The order's facts, in a text that is not searched where they are in several groups.
        self._own = re.compile(rf'"{self._name}"\s*:\s*(\{{[^{{}}]*\}})') if len(own) == 1 else None
        self._layers: dict[tuple[str, str], Layer | None] = {}

    def of(self, text: str) -> tuple[Layer, Any] | None:
        """The layer below an order's facts in a JSON text, and these; None where the rest did not come before."""
        found = self._own.search(text) if self._own is not None else None
        if found is None:
            return None
        key = text[: found.start(1)], text[found.end(1) :]
        if key not in self._layers:
            if len(self._layers) >= MAX_SEEN:
                self._layers.clear()
            self._layers[key] = None
            return None
        try:
            layer = self._layers[key]
            if layer is None:
                layer = self._layers[key] = self._read(*key)
            return layer, {self._name: parse_json(found[1])}
        except ValueError:  # whoever reads all of it says what is wrong
            return None

    def _read(self, before: str, after: str) -> Layer:
        """The layer of facts around those of an order.

        Raises:
            ValueError: it is no JSON, or the order's facts were not that group of it.
        """
        document = parse_json(f"{before}null{after}")
        if type(document) is not dict or document.pop(self._name, "") is not None:
            raise ValueError("these are not the facts of an order")
        return Layer(self._engine, document)


def own_groups(engine: Engine) -> frozenset[str]:
    """The groups of facts that say who and what an order is about: no two orders have the same."""
    head = engine.ruleset.head
    return frozenset(part.key.split(".")[0] for part in (head.subject, head.actor) if part is not None)


def _groups(text: str) -> list[tuple[str, str]] | None:
    """The groups of facts in canonical JSON, in order; None where they are not plain."""
    found: list[tuple[str, str]] = _GROUP.findall(text)
    length = sum([len(name) + len(body) + 4 for name, body in found]) + 1
    return found if length == len(text) or text == "{}" else None
