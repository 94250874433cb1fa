"""Random edits of random rule sets, in the shape of a compiled universe."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hypothesis import strategies as st

from engine import Refused, read
from generator.change.sides import Named, Rules
from tests.engine.random_rules import (
    COLOURS,
    ITEMS,
    SMALL,
    Dice,
    Document,
    RuleMaker,
    Shape,
    asked,
)

_PARTS: Final = {"items": "symbols", "teams": "strategies"}
ANY: Final = Shape()
_PLACES: Final = {
    "item.weight": ("filters", "weight"),
    "item.open": ("enabled",),
    "item.colour": ("liquidity",),
    "item.bans": ("blocked_sides",),
    "item.limit": ("filters", "limit"),
}


def as_universe(document: Document) -> Document:
    """A random document with the names that compiled universes have."""
    made = copy.deepcopy(document)
    for old, new in _PARTS.items():
        made[new] = made.pop(old)
    for name, entry in made["facts"].items():
        for key in ("values", "of"):
            word = str(entry.get(key, "")).removeprefix("universe.")
            if word in _PARTS:
                entry[key] = f"universe.{_PARTS[word]}"
        if name in _PLACES:
            entry["at"] = ".".join(_PLACES[name])
    for part in made["head"].values():
        if isinstance(part, dict) and str(part.get("in", "")).removeprefix("universe.") in _PARTS:
            part["in"] = f"universe.{_PARTS[part['in'].removeprefix('universe.')]}"
    made["symbols"] = {name: _symbol(entry) for name, entry in made["symbols"].items()}
    return made


def _symbol(entry: Mapping[str, Any]) -> Document:
    made: Document = {"caps": entry["caps"], "filters": {}}
    for name, given in entry.items():
        if name == "filters":
            made["filters"] |= given
        elif name != "caps":
            *above, last = _PLACES[f"item.{name}"]
            (made["filters"] if above else made)[last] = given
    return made


def rules_of(document: Document) -> Rules:
    """One side of a comparison; a document that is no rule set raises."""
    return Rules(document, read(document), Named(document))


class Editor:
    """Makes one random edit of a document, in place."""

    def __init__(self, dice: Dice, document: Document) -> None:
        self.pick, self.chance = dice.pick, dice.chance
        self.document = document
        self.gates: list[Document] = document["gates"]

    def edit(self) -> None:
        """One edit of any kind."""
        kinds: list[Callable[[], None]] = [self._cap, self._cap, self._cap, self._cap, self._fact, self._fact]
        kinds += [self._gone, self._come, self._mode, self._exits, self._missing, self._strictness, self._limit]
        kinds += [self._guard, self._guard, self._order, self._rename, self._rewrite, self._measure, self._row]
        kinds += [self._exempt, self._catalog]
        self.pick(kinds)()

    def _cap(self) -> None:
        holders = [*self.document["symbols"].values(), *self.document["strategies"].values(), self.document["account"]]
        caps = self.pick(holders)["caps"]
        name = self.pick(sorted(self.document["caps"]))
        if name in caps and self.chance(15) and caps is not self.document["account"]["caps"]:
            del caps[name]
        elif self.document["caps"][name]["unit"] == "list":
            caps[name] = self.pick([None, [], ["red"], ["blue", "red"], list(COLOURS)])
        else:
            values = SMALL if self.document["caps"][name]["unit"] != "count" else ("0", "1", "2", "3", "10")
            caps[name] = self.pick([*values, None] if not name.startswith(("in_", "acct_r", "acct_e")) else values[1:])

    def _fact(self) -> None:
        entry = self.document["symbols"][self.pick(ITEMS)]
        field = self.pick(["step", "weight", "limit", "limit", "enabled", "liquidity", "blocked_sides"])
        if field == "enabled":
            entry[field] = not entry[field]
        elif field == "liquidity":
            entry[field] = self.pick(COLOURS)
        elif field == "blocked_sides":
            entry[field] = self.pick([[], ["red"], ["blue", "red"], list(COLOURS)])
        elif field == "limit" and field in entry["filters"] and self.chance(30):
            del entry["filters"][field]
        else:
            entry["filters"][field] = self.pick(SMALL[1:])

    def _gone(self) -> None:
        if len(self.gates) > 1:
            self.gates.remove(self.pick(self.gates))

    def _come(self) -> None:
        self.gates.insert(
            self.pick(range(len(self.gates) + 1)), {**self.pick(self.gates), "id": f"new{len(self.gates)}"}
        )

    def _mode(self) -> None:
        gate = self.pick(self.gates)
        if gate.pop("mode", "enforce") == "shadow":
            del gate["until"]
        else:
            gate |= {"mode": "shadow", "until": "2099-12-31"}

    def _exits(self) -> None:
        gate = self.pick(self.gates)
        gate.pop("exits", None)
        if self.chance(60):
            gate["exits"] = self.pick(["form", "halt"])

    def _missing(self) -> None:
        gate = self.pick(self.gates)
        if gate.pop("on_missing", "veto") == "veto":
            gate["on_missing"] = "pass"

    def _strictness(self) -> None:
        gate = self.pick(self.gates)
        turns = {"at_most": "below", "below": "at_most", "at_least": "above", "above": "at_least"}
        op = next((op for op in turns if op in gate), None)
        if op is not None:
            limit = gate.pop(op)
            gate[turns[op] if self.chance(80) else self.pick(sorted(turns))] = limit

    def _limit(self) -> None:
        gate = self.pick(self.gates)
        op = next((op for op in ("at_most", "below", "at_least", "above") if op in gate), None)
        if op is not None:
            others = [g[o] for g in self.gates for o in ("at_most", "below", "at_least", "above") if o in g]
            gate[op] = self.pick([*others, "0", "caps.top_ratio", "caps.low_ratio", "caps.top_eur", "50%", "3 EUR"])

    def _guard(self) -> None:
        gate = self.pick(self.gates)
        others = [g["when"] for g in self.gates if "when" in g] + ["ask.rush", "a.scale > 1", "known(a.cash)"]
        if "when" in gate and self.chance(40):
            del gate["when"]
        elif "when" in gate and self.chance(80):
            gate["when"] = f"({gate['when']}) {self.pick(['and', 'or'])} ({self.pick(others)})"
        else:
            gate["when"] = self.pick(others)

    def _order(self) -> None:
        gate = self.pick(self.gates)
        self.gates.remove(gate)
        self.gates.insert(self.pick(range(len(self.gates) + 1)), gate)

    def _rename(self) -> None:
        gate = self.pick(self.gates)
        gate[self.pick(["id", "veto"])] = f"renamed{len(self.gates)}"

    def _rewrite(self) -> None:
        """Another spelling of the same, or nearly."""
        gate = self.pick(self.gates)
        key = "measure" if "measure" in gate else "require"
        text = gate[key]
        ways = [f"({text}) + 0", f"({text}) * 1", f"-(-({text}))", f"({text}) - 0", f"({text}) / 1", f"0 - ({text})"]
        truths = [f"not (not ({text}))", f"({text}) and true", f"({text}) or ({text})", f"({text}) and ask.rush"]
        gate[key] = self.pick(ways if key == "measure" else truths)

    def _measure(self) -> None:
        names = sorted(self.document["measures"])
        if names:
            entry = self.document["measures"][self.pick(names)]
            same = [m["is"] for m in self.document["measures"].values() if m["unit"] == entry["unit"]]
            entry["is"] = self.pick(same) if self.chance(50) or entry["unit"] == "bool" else f"({entry['is']}) + 0"

    def _row(self) -> None:
        names = sorted(self.document["tables"])
        if names:
            rows = self.document["tables"][self.pick(names)]["rows"]
            row = self.pick(rows)
            if "when" in row and self.chance(50):
                row["when"] = f"({row['when']}) {self.pick(['and', 'or'])} ask.rush"
            elif len(rows) > 1 and row is not rows[-1]:
                rows.remove(row)

    def _exempt(self) -> None:
        self.document["head"].pop("exempt", None)

    def _catalog(self) -> None:
        cap = self.document["caps"][self.pick(sorted(self.document["caps"]))]
        turns = {"lower": "higher", "higher": "lower", "subset": "superset", "superset": "subset"}
        cap["tighter"] = turns[cap["tighter"]]


@dataclass(frozen=True)
class EditCase:
    """A rule set before and after some edits, and facts to decide on by both."""

    old: Document
    new: Document
    requests: list[dict[str, Any]]


def edits(shape: Shape = ANY, *, most: int = 2, requests: int = 12) -> st.SearchStrategy[EditCase]:
    """Random rule sets with so many edits at most; an edit that leaves no rule set is undone."""

    def made(size: int, seed: int, count: int) -> EditCase:
        dice = Dice(seed)
        document = RuleMaker(dice, shape, size).document()
        facts = [asked(dice, document) for _ in range(requests)]
        old = as_universe(document)
        new = old
        for _ in range(count):
            tried = copy.deepcopy(new)
            Editor(dice, tried).edit()
            try:
                read(tried)
            except Refused:
                continue
            new = tried
        return EditCase(old, new, facts)

    return st.builds(made, st.integers(1, 5), st.integers(0, 2**32 - 1), st.integers(1, most))
