"""Changes of caps: one for each edit, however many symbols and strategies it moves."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from engine.catalog import Cap
from generator.change import lately, verdicts
from generator.change.changes import Change, Kind, Place, place_of
from generator.change.effective import Pair, looser_data
from generator.change.fields import ABSENT, Absent, Difference
from generator.change.places import layer_path
from generator.change.regimes import told_of
from generator.change.sides import Rules, Sides
from generator.change.verdicts import Verdict
from generator.change.words import Class
from generator.compile.regimes import PART as REGIMES
from generator.compile.regimes import made_caps

_RANK: Final = {"regime": 3, "symbol": 2, "strategy": 2, "tier": 1, "group": 1}


@dataclass(frozen=True, slots=True)
class Origin:
    """The layer that sets a value, in words, and where."""

    layer: str = ""
    source: str = ""

    @property
    def rank(self) -> int:
        """How specific the layer is."""
        return _RANK.get(self.layer.split(" ")[0], 0)

    @property
    def place(self) -> Place | None:
        """Its line."""
        return place_of(self.source)

    def key(self, cap: str) -> str:
        """The path of the setting, as `hedgerow whatif --set` takes it."""
        return ".".join(layer_path(self.layer, cap))


@dataclass(slots=True)
class Group:
    """The holders of one edit: the same cap, the same values, from the same two places.

    `own` is the one holder whose own edit it is: a symbol that moved to another tier or group.
    """

    cap: str
    old: Any
    new: Any
    before: Origin
    after: Origin
    own: str = ""
    symbols: list[str] = field(default_factory=list)
    strategies: list[str] = field(default_factory=list)
    account: bool = False

    @property
    def origin(self) -> Origin:
        """The layer that was edited: the more specific of the two, since a less specific one holds without it."""
        if isinstance(self.new, Absent):
            return self.before
        return self.before if self.before.rank > self.after.rank else self.after


def changes(sides: Sides, found: list[Difference]) -> Iterator[Change]:
    """The changes of caps, from every value that differs."""
    of_regimes = told_of(sides)
    for group in _grouped(sides, [d for d in found if d.path[-1] not in of_regimes]):
        yield _change(sides, group)


def _grouped(sides: Sides, found: list[Difference]) -> list[Group]:
    groups: dict[tuple[Any, ...], Group] = {}
    for difference in found:
        *holder, _, cap = difference.path
        before, after = (origin(side, holder, cap) for side in (sides.old, sides.new))
        own = holder[-1] if _moved_itself(sides, holder) or not (before.layer or after.layer) else ""
        key = (cap, str(difference.old), str(difference.new), before, after, own)
        group = groups.setdefault(key, Group(cap, difference.old, difference.new, before, after, own))
        match holder:
            case ["symbols", symbol]:
                group.symbols.append(symbol)
            case ["strategies", strategy]:
                group.strategies.append(strategy)
            case _:
                group.account = True
    return list(groups.values())


def _moved_itself(sides: Sides, holder: list[str]) -> bool:
    """Whether a symbol moved to another tier or group."""
    if holder[0] != "symbols":
        return False
    old, new = (side.document["symbols"].get(holder[1], {}) for side in (sides.old, sides.new))
    return any(old.get(part) != new.get(part) for part in ("tier", "group"))


def origin(side: Rules, holder: list[str], cap: str) -> Origin:
    """Where the value of a holder's cap comes from."""
    entry: Any = side.document
    for part in holder:
        entry = entry.get(part, {})
    made: Mapping[str, str] = entry.get("provenance", {}).get(cap, {})
    return Origin(made.get("layer", ""), made.get("source", ""))


def _change(sides: Sides, group: Group) -> Change:
    old, new = (side.ruleset.catalog.caps.get(group.cap) for side in (sides.old, sides.new))
    declared = new or old
    assert declared is not None  # the reader refuses a value of a cap that nobody declares
    verdict = _verdict(sides, group, declared) if old and new else _of_declaration(group)
    symbol = group.symbols[0] if len(group.symbols) == 1 else ""
    unit = declared.unit.name
    cap, regime = made_caps(sides.new.document.get(REGIMES, {})).get(group.cap, (group.cap, ""))
    return Change(
        kind=Kind.CAP,
        name=_name(group, cap, regime),
        key=_key(group, cap),
        word=verdict.word,
        why=verdict.why + _moved(group),
        **sides.values((*_holder(group), "caps", group.cap), group.old, group.new, unit, symbol),
        was=group.before.place,
        now=group.after.place,
        symbols=tuple(group.symbols),
        strategies=tuple(group.strategies),
        gates=verdict.gates,
        unproved=verdict.unproved,
        gates_alone=verdict.gates_alone,
    )


def _verdict(sides: Sides, group: Group, cap: Cap) -> Verdict:
    reading = sides.readers.of(f"caps.{cap.name}")
    new, old = sides.new.ruleset, sides.old.ruleset
    found = lately.of_cap(sides, cap.name, verdicts.of_cap(cap, _pairs(sides, group), reading, new, sides.stood))
    if any(f.attribute == ("caps", cap.name) for side in (old, new) for f in side.catalog.facts.values()):
        return Verdict(Class.LOOSEN, "a fact hands it to rules, where it has no direction", found.gates)
    was = old.catalog.caps[cap.name]
    if was.tighter != cap.tighter:
        return Verdict(Class.LOOSEN, "its direction was declared otherwise", found.gates)
    held = (group.old, group.new)
    if found.word is Class.EQUIVALENT and ABSENT not in held and looser_data(cap, group.new, group.old):
        why = f"{verdicts.ONE[cap.tighter, True]}, and a tighter value of somebody else's holds today"
        return Verdict(Class.LATENT_LOOSEN, why, found.gates)
    return found


def _pairs(sides: Sides, group: Group) -> Iterator[Pair]:
    effective, cap = sides.effective, group.cap
    for symbol in group.symbols:
        if symbol in effective.subjects:
            yield from effective.of_subject(cap, symbol)
    for strategy in group.strategies:
        if strategy in effective.actors:
            yield from effective.of_actor(cap, strategy)
    if group.account:
        yield from effective.of_account(cap)


def _of_declaration(group: Group) -> Verdict:
    if isinstance(group.old, Absent):
        return Verdict(Class.EQUIVALENT, "a cap that is newly declared; what reads it is listed by itself")
    return Verdict(Class.EQUIVALENT, "a cap that is no longer declared; what read it is listed by itself")


def _layer(group: Group) -> str:
    """Who was edited, in words."""
    return group.own or group.origin.layer or "account"


def _name(group: Group, cap: str, regime: str) -> str:
    """What was edited, in words: the cap in a regime stands with the layer that it is from."""
    of_regime = not regime or _layer(group) == f"regime {regime}"
    return f"{_layer(group)}: {cap}" if of_regime else f"{_layer(group)}: {cap} in {regime}"


def _holder(group: Group) -> tuple[str, ...]:
    """One of those that the edit moves."""
    if group.symbols:
        return "symbols", group.symbols[0]
    return ("strategies", group.strategies[0]) if group.strategies else ("account",)


def _key(group: Group, cap: str) -> str:
    if group.own:
        return f"{'symbols' if group.symbols else 'strategies'}.{group.own}.{cap}"
    return group.origin.key(cap) if group.origin.layer else f"global.{cap}"


def _moved(group: Group) -> str:
    before, after = group.before.layer, group.after.layer
    if before == after or ABSENT in (group.old, group.new):
        return ""
    return f"; set by {after or 'nobody'} now, by {before or 'nobody'} before"
