"""Facts of one decision: from nested plain data to typed values in fixed slots.

Numbers arrive as text, so that nothing is ever a binary float. What is absent or null is missing; what is not
of the declared type, not finite or out of range is invalid: both are for the gates to judge. A name that nobody
declared is the caller's mistake.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from engine.catalog import Fact, Value, did_you_mean
from engine.numbers import canonical, read_number
from engine.ruleset import RuleSet
from engine.units import Kind
from engine.values import check_range, typed_value

# So many texts of a fact are remembered: enough for words and round numbers, and few enough to stay at hand.
MEMO_SIZE: Final = 100
MAX_BITS: Final = 256
# What a fact was read as, and what is logged of it.
_Read = tuple[Value, str]
_Memo = dict[str | bool, _Read]
# Groups of facts by the segments of their names; a leaf is a fact's slot and memo.
_TREE = dict[str, Any]


class FactsFault(ValueError):
    """Facts that can't be decided on at all: an undeclared name, a fact that the universe gives, no mapping."""

    def __init__(self, message: str, help_text: str | None = None) -> None:
        super().__init__(message)
        self.help = help_text


@dataclass(slots=True)
class Snapshot:
    """The facts of one decision. `values` holds None for what is missing or invalid; `texts` is what is logged of
    each.
    """

    values: list[Value | None]
    texts: list[str | None]
    invalid: dict[str, str] = field(default_factory=dict)


class FactReader:
    """Reads facts for one rule set; remembers the numbers that it has parsed."""

    def __init__(self, ruleset: RuleSet) -> None:
        self._facts: list[Fact] = list(ruleset.supplied)
        self.slots: dict[str, int] = {f.name: i for i, f in enumerate(self._facts)}
        derived = [f for f in ruleset.catalog.facts.values() if f.indicates]
        self._derived = [
            (len(self._facts) + i, self.slots[f.indicates[0]], f.indicates[1])
            for i, f in enumerate(derived)
            if f.indicates
        ]
        self.slots.update({f.name: len(self._facts) + i for i, f in enumerate(derived)})
        self._tree = _nested([f.name for f in self._facts])
        self._numeric = tuple(f.unit.numeric for f in self._facts)
        # A positive number is in the range of every fact but counts and those with bounds of their own.
        self._bounded = tuple(f.unit.kind is Kind.COUNT or f.low is not None or f.high is not None for f in self._facts)
        self._catalog = ruleset.catalog
        self._templates: dict[tuple[bool, ...], str] = {}
        self._whole = _template([f.name for f in self._facts])
        self._no_texts: list[str | None] = [None] * len(self._facts)
        self._no_values: list[Value | None] = [None] * len(self.slots)

    def read(self, document: Mapping[str, Any]) -> Snapshot:
        """The snapshot of nested facts.

        Raises:
            FactsFault: naming the fact and the remedy.
        """
        if not isinstance(document, Mapping):
            raise FactsFault("facts are an object of named values", 'write {"order": {"price": "50000", …}, …}')
        snapshot = Snapshot(self._no_values.copy(), self._no_texts.copy())
        self._fill(self._tree, document, "", snapshot)
        values = snapshot.values
        for slot, of, word in self._derived:
            given = values[of]
            if given is not None:
                values[slot] = _ONE if given == word else _ZERO
        return snapshot

    def _fill(self, tree: _TREE, entries: Mapping[str, Any], prefix: str, snapshot: Snapshot) -> None:
        values, texts = snapshot.values, snapshot.texts
        for key, raw in entries.items():
            place = tree.get(key)
            if type(place) is tuple:
                slot, memo = place
                if type(raw) is Decimal:
                    raw = str(raw)
                read = memo.get(raw) if type(raw) is str or type(raw) is bool else None
                if read is None and raw is not None:
                    read = self._decoded(slot, memo, raw, snapshot)
                if read is not None:
                    values[slot], texts[slot] = read
            elif place is not None and (type(raw) is dict or isinstance(raw, Mapping)):
                self._fill(place, raw, f"{prefix}{key}.", snapshot)
            elif raw is not None or place is None:
                raise self._undeclared(f"{prefix}{key}", raw)

    def _decoded(self, slot: int, memo: _Memo, raw: Any, snapshot: Snapshot) -> _Read | None:
        """A fact as it is read for the first time; None, and noted, where it is invalid."""
        fact = self._facts[slot]
        try:
            if type(raw) is str and self._numeric[slot]:
                value, digits = read_number(raw)
                if self._bounded[slot] or value <= 0:
                    check_range(raw, value, fact)
                read: _Read = (value, f'"{digits}"')
            else:
                typed = typed_value(_plain(raw), fact)
                read = (typed, _dump(canonical(typed) if isinstance(typed, Decimal) else typed))
        except ValueError as error:
            snapshot.invalid[fact.name] = str(error)
            snapshot.texts[slot] = _dump(_plain(raw))
            return None
        if type(raw) is str or type(raw) is bool:
            if len(memo) >= MEMO_SIZE:
                memo.clear()
            memo[raw] = read
        return read

    def _undeclared(self, name: str, raw: Any) -> FactsFault:
        fact = self._catalog.facts.get(name)
        if fact is not None:
            source = (
                "the universe gives it"
                if fact.attribute
                else f"it follows from `{fact.indicates[0]}`"
                if fact.indicates
                else ""
            )
            return FactsFault(f"`{name}` may not be given: {source}", "leave it out")
        if isinstance(raw, Mapping) and raw:
            name = f"{name}.{next(iter(raw))}"
        nested = any(f.startswith(name + ".") for f in self.slots)
        if nested:
            return FactsFault(f"`{name}` holds facts; it is no value itself", f'write {{"{name}": {{…}}}}')
        return FactsFault(f"`{name}` is no declared fact", did_you_mean(name, self.slots))

    def resized(self, snapshot: Snapshot, slot: int, value: Decimal) -> Snapshot:
        """The same facts with another value in one slot."""
        values, texts = snapshot.values.copy(), snapshot.texts.copy()
        values[slot], texts[slot] = value, _dump(canonical(value))
        return Snapshot(values, texts, snapshot.invalid)

    def facts_json(self, snapshot: Snapshot) -> str:
        """All facts given, as canonical JSON nested by their dotted names."""
        texts = snapshot.texts
        if None not in texts:
            return self._whole % tuple(texts)
        present = tuple([t is not None for t in texts])
        template = self._templates.get(present)
        if template is None:
            template = self._templates[present] = _template(
                [f.name for f, p in zip(self._facts, present, strict=True) if p]
            )
        return template % tuple([t for t in texts if t is not None])


_ONE: Final = Decimal(1)
_ZERO: Final = Decimal(0)


def _plain(raw: Any) -> str | bool | list[str]:
    """What was given, as it is logged: so that its record is judged as it was.

    Exact numbers are their text. A float is not exact, and anything else no value: both become a list of what they
    are, which no unit takes.
    """
    if isinstance(raw, (str, bool)):
        return raw
    if isinstance(raw, (list, tuple)):
        return [word if isinstance(word, str) else _named(word) for word in raw]
    if isinstance(raw, Decimal) or (isinstance(raw, int) and raw.bit_length() < MAX_BITS):
        return str(raw)
    return [_named(raw)]


def _named(raw: Any) -> str:
    kind = type(raw).__name__
    return f"{kind} {raw!r}" if isinstance(raw, (bool, float)) else f"a {kind}"


def _dump(plain: Value | list[str]) -> str:
    return _ENCODER.encode(plain)


_ENCODER: Final = json.JSONEncoder(separators=(",", ":"))


def _nested(names: list[str]) -> _TREE:
    tree: _TREE = {}
    for slot, name in enumerate(names):
        *parents, last = name.split(".")
        group = tree
        for parent in parents:
            group = group.setdefault(parent, {})
        group[last] = (slot, {})
    return tree


def _template(names: list[str]) -> str:
    """JSON of these names, nested, with a place for each value; names are sorted, so groups stand together."""
    tree: _TREE = {}
    for name in names:
        *parents, last = name.split(".")
        place = tree
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = "%s"
    return _braces(tree)


def _braces(tree: _TREE) -> str:
    inside = ",".join(f'"{k}":{_braces(v) if isinstance(v, dict) else v}' for k, v in tree.items())
    return "{" + inside + "}"


def parse_json(text: str) -> Any:
    """JSON with every number kept as the text that was written.

    Raises:
        ValueError: no JSON, a key that stands twice, or nested too deeply.
    """
    try:
        document = _DECODER.decode(text)
        # Each key in the text has a colon of its own, so with as many colons as keys no key stood twice.
        if text.count(":") != _keys(document):
            json.loads(text, object_pairs_hook=_unique)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None
    return document


def _keys(document: Any) -> int:
    """How many keys an object of objects has; -1 for anything else."""
    if type(document) is not dict or set(map(type, document.values())) != {dict}:
        return -1
    return len(document) + sum(map(len, document.values()))


def _no_constant(name: str) -> str:
    """NaN and Infinity are kept as text; as a number's text they are refused, as invalid facts."""
    return name


_DECODER: Final = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=_no_constant)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [k for k, _ in pairs]
        twice = next(k for k in keys if keys.count(k) > 1)
        raise ValueError(f"the key `{twice}` stands twice")
    return found
