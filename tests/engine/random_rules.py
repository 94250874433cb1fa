"""Random rule sets that are right by construction, and random facts for them.

One small catalog holds every kind of fact and cap; expressions are written from their type downwards, so that all
are accepted. Values come from a short list, so that measures meet their bounds often.

Hypothesis draws a size and a seed, and dice make the rest of them: drawing each choice would cost most of the time
that the laws could be tried in. A failing case is made smaller by its size.
"""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from engine import BACKENDS, Engine, RuleSet, read
from tests.engine.cloud import Document, nested

T = TypeVar("T")


COLOURS: Final = ("blue", "green", "red")
ITEMS: Final = ("x", "y", "z")
TEAMS: Final = ("p", "q")
SMALL: Final = ("0", "0.1", "0.5", "1", "1.5", "2", "3", "10")
LONG: Final = ("0.3333333333333333", "1234567890.0987654321", "0.0000000000000000000000000000000000000001")

_UNITS: Final = {
    "ratio": {"kind": "ratio", "suffixes": {"%": "0.01", "x": "1"}, "bare_below": "1"},
    "EUR": {"kind": "amount", "dimensions": {"money": 1}, "suffixes": {"EUR": "1", "kEUR": "1000"}},
    "GB": {"kind": "amount", "dimensions": {"data": 1}, "suffixes": {"GB": "1"}},
    "EUR/GB": {"kind": "amount", "dimensions": {"money": 1, "data": -1}, "suffixes": {"EUR/GB": "1"}},
    "count": {"kind": "count"},
    "bool": {"kind": "bool"},
    "enum": {"kind": "enum"},
    "text": {"kind": "text"},
    "list": {"kind": "list"},
}
_ASKED: Final = {
    "ask.item": {"unit": "enum", "values": "universe.items"},
    "ask.team": {"unit": "enum", "values": "universe.teams"},
    "ask.size": {"unit": "GB", "sign": "nonnegative", "min": "0"},
    "ask.price": {"unit": "EUR/GB", "sign": "positive"},
    "ask.side": {"unit": "enum", "values": ["in", "out"]},
    "ask.ins": {"unit": "ratio", "sign": "nonnegative", "indicates": {"fact": "ask.side", "value": "in"}},
    "ask.outs": {"unit": "count", "sign": "nonnegative", "indicates": {"fact": "ask.side", "value": "out"}},
    "ask.rush": {"unit": "bool"},
    "ask.colour": {"unit": "enum", "values": list(COLOURS)},
    "a.paint": {"unit": "enum", "values": list(COLOURS)},
    "a.colours": {"unit": "list", "of": list(COLOURS)},
    "a.note": {"unit": "text"},
    "a.shift": {"unit": "ratio"},
    "a.share": {"unit": "ratio", "sign": "nonnegative", "max": "3"},
    "a.scale": {"unit": "ratio", "sign": "positive"},
    "a.cash": {"unit": "EUR"},
    "a.debt": {"unit": "EUR", "sign": "nonnegative"},
    "a.total": {"unit": "EUR", "sign": "positive"},
    "a.stock": {"unit": "GB"},
    "a.grid": {"unit": "GB", "sign": "positive"},
    "a.n": {"unit": "count"},
    "a.parts": {"unit": "count", "sign": "positive"},
    "a.load": {"unit": "ratio", "varies_with": "ask.size"},
    "acct.age": {"unit": "ratio", "sign": "nonnegative"},
    "acct.sum": {"unit": "EUR"},
    "acct.on": {"unit": "bool"},
}
_OWN: Final = {
    "item.step": {"unit": "GB", "sign": "positive", "at": "filters.step"},
    "item.limit": {"unit": "EUR"},
    "item.weight": {"unit": "ratio", "sign": "positive"},
    "item.open": {"unit": "bool"},
    "item.colour": {"unit": "enum", "values": list(COLOURS)},
    "item.bans": {"unit": "list", "of": list(COLOURS)},
}
_CAPS: Final = {
    "in_ratio": {"unit": "ratio", "sign": "positive", "tighter": "lower"},
    "in_cash": {"unit": "EUR", "tighter": "lower"},
    "in_size": {"unit": "GB", "sign": "positive", "tighter": "lower"},
    "in_n": {"unit": "count", "tighter": "higher"},
    "top_ratio": {"unit": "ratio", "tighter": "lower"},
    "top_eur": {"unit": "EUR", "tighter": "lower"},
    "top_gb": {"unit": "GB", "tighter": "lower"},
    "top_count": {"unit": "count", "tighter": "lower"},
    "low_ratio": {"unit": "ratio", "tighter": "higher"},
    "low_eur": {"unit": "EUR", "tighter": "higher"},
    "low_gb": {"unit": "GB", "tighter": "higher"},
    "low_count": {"unit": "count", "tighter": "higher"},
    "grid_gb": {"unit": "GB", "sign": "positive", "tighter": "higher"},
    "colours": {"unit": "list", "of": list(COLOURS), "tighter": "subset"},
    "acct_ratio": {"unit": "ratio", "tighter": "lower", "per": "account"},
    "acct_eur": {"unit": "EUR", "tighter": "lower", "per": "account"},
    "acct_top_ratio": {"unit": "ratio", "tighter": "lower", "per": "account"},
    "acct_top_eur": {"unit": "EUR", "tighter": "lower", "per": "account"},
}
# What hypothesis tries where nobody says how much; the profile `soak` (tests/conftest.py) says that it is more there.
USUAL: Final = 100
# Caps that stand inside expressions are never none; those that only bound a measure may be.
INNER: Final = ("in_ratio", "in_cash", "in_size", "in_n", "acct_ratio", "acct_eur")


def thorough(examples: int) -> settings:
    """So many examples, the same in each run; in `make soak` many times as many, others in each run."""
    at_length = settings.default.max_examples // USUAL
    return settings(
        max_examples=examples * at_length,
        derandomize=at_length == 1,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )


class Dice:
    """Choices that a seed decides."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def pick(self, options: Sequence[T]) -> T:
        """One of these."""
        return self._random.choice(options)

    def chance(self, percent: int) -> bool:
        """True so often."""
        return self._random.random() * 100 < percent

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """These in another order."""
        return self._random.sample(options, len(options))


@dataclass(frozen=True)
class Shape:
    """What a random rule set may hold."""

    linear: bool = False
    missing_passes: bool = True
    asks_known: bool = True
    nested: int = 3


@dataclass
class Names:
    """What an expression may name: by type, with those that are positive by declaration apart."""

    any: dict[str, list[str]] = field(default_factory=dict)
    positive: dict[str, list[str]] = field(default_factory=dict)
    varying: set[str] = field(default_factory=lambda: {"ask.size"})

    def add(self, kind: str, name: str, *, positive: bool = False) -> None:
        """One more name of a type."""
        self.any.setdefault(kind, []).append(name)
        if positive:
            self.positive.setdefault(kind, []).append(name)

    def varies(self, text: str) -> bool:
        """Whether an expression changes with the adjustable fact."""
        return not self.varying.isdisjoint(re.findall(r"[a-z][a-z0-9_.]*", text))


def _names(facts: Mapping[str, Any], caps: Sequence[str], *, account: bool) -> Names:
    names = Names()
    for name, entry in facts.items():
        kind = entry["unit"]
        if name.startswith("acct.") is account and kind in ("ratio", "EUR", "GB", "EUR/GB", "count", "bool"):
            names.add(kind, name, positive=entry.get("sign") == "positive")
        elif not account and entry.get("values") == list(COLOURS):
            names.add("colour", name)
        elif not account and kind == "list":
            names.add("list", name)
    for name in caps:
        names.add(_CAPS[name]["unit"], f"caps.{name}", positive=_CAPS[name].get("sign") == "positive")
    return names


_PRODUCTS: Final[Mapping[str, Sequence[tuple[str, str, str]]]] = {
    "ratio": [("*", "ratio", "ratio"), *(("/", kind, kind) for kind in ("ratio", "EUR", "GB", "count"))],
    "EUR": [("*", "GB", "EUR/GB"), ("*", "ratio", "EUR"), ("*", "count", "EUR"), ("/", "EUR", "ratio")],
    "GB": [("*", "ratio", "GB"), ("/", "EUR", "EUR/GB"), ("/", "GB", "count")],
    "EUR/GB": [("*", "EUR/GB", "ratio"), ("/", "EUR", "GB")],
    "count": [],
}
_LITERALS: Final[Mapping[str, Sequence[str]]] = {"ratio": ["1", "2", "0.5"], "count": ["1", "2", "3"]}
_WRITTEN: Final[Mapping[str, Sequence[str]]] = {
    "ratio": ["0", "50%", "1.5x", "3x"],
    "EUR": ["0", "1 EUR", "3 EUR", "1_000 EUR", "0.001 kEUR"],
    "GB": ["0", "1 GB", "2.5 GB"],
    "count": ["0", "1", "3"],
}


class Writer:
    """Writes expressions of a wanted type."""

    def __init__(self, dice: Dice, names: Names, shape: Shape) -> None:
        self.pick, self.chance = dice.pick, dice.chance
        self.names, self._shape = names, shape

    def number(self, kind: str, deep: int, *, positive: bool = False, fixed: bool = False) -> str:
        """A number of a type; `fixed` does not change with the adjustable fact."""
        fixed = fixed and self._shape.linear
        if deep == 0 or self.chance(30):
            return self._leaf(kind, positive=positive, fixed=fixed)
        known = self.names.positive if positive else self.names.any
        products = [p for p in _PRODUCTS[kind] if p[1] in known and p[2] in self.names.positive]
        forms = ["extreme", "sum", *(["product"] * 3 if products else [])]
        form = self.pick(forms if positive else [*forms, "negated", "absolute"])
        if form == "product":
            return self._product(*self.pick(products), deep - 1, positive=positive, fixed=fixed)
        if form == "negated":
            return f"-{self._inner(kind, deep, fixed=fixed)}"
        if form == "absolute":
            return f"abs({self.number(kind, deep - 1, fixed=fixed)})"
        if form == "extreme":
            return self._extreme(kind, deep - 1, positive=positive, fixed=fixed)
        op = "+" if positive else self.pick("+-")
        sides = [self._inner(kind, deep, positive=positive, fixed=fixed) for _ in "ab"]
        return f"{sides[0]} {op} {sides[1]}"

    def _leaf(self, kind: str, *, positive: bool, fixed: bool) -> str:
        known = (self.names.positive if positive else self.names.any).get(kind, [])
        named = [n for n in known if not (fixed and self.names.varies(n))]
        moving = [n for n in named if self.names.varies(n)]
        if self._shape.linear and moving and self.chance(60):
            return self.pick(moving)
        literals = _LITERALS.get(kind, [])
        return self.pick([*named, *named, *literals]) if named else self.pick(literals or ["0"])

    def _inner(self, kind: str, deep: int, *, positive: bool = False, fixed: bool = False) -> str:
        text = self.number(kind, deep - 1, positive=positive, fixed=fixed)
        return text if re.fullmatch(r"[a-z0-9_.]+", text) else f"({text})"

    def _product(self, op: str, left: str, right: str, deep: int, *, positive: bool, fixed: bool) -> str:
        one_fixed = op == "*" and self.chance(50)
        a = self._inner(left, deep + 1, positive=positive, fixed=fixed or one_fixed)
        b = self._inner(right, deep + 1, positive=positive or op == "/", fixed=fixed or not one_fixed)
        return f"{a} {op} {b}"

    def _extreme(self, kind: str, deep: int, *, positive: bool, fixed: bool) -> str:
        name = self.pick(["min", "max"])
        parts = [self.number(kind, deep, positive=positive, fixed=fixed)]
        for _ in range(1 + self.chance(25)):
            parts.append(self.number(kind, deep, positive=positive and name == "min", fixed=fixed))
        if not positive and self.chance(20):
            parts.append("0")
        return f"{name}({', '.join(parts)})"

    def condition(self, deep: int) -> str:
        """A condition."""
        forms = ["compare", "compare", "fact", "truth"]
        if "colour" in self.names.any:
            forms += ["colour", "list", *(["known"] if self._shape.asks_known else [])]
        form = self.pick(forms if deep == 0 else [*forms, "logic", "logic", "not"])
        match form:
            case "compare":
                kinds = ("ratio", "EUR", "count", *(["GB"] * (5 if self._shape.linear else 1)))
                kind = self.pick([k for k in kinds if k in self.names.any])
                op = self.pick(["<", "<=", ">", ">=", "==", "!=", "!="])
                size = min(deep, 2) if self.chance(50) else 0
                return f"{self.number(kind, size)} {op} {self.number(kind, size)}"
            case "fact":
                return self.pick(self.names.any["bool"])
            case "truth":
                return f"{self.pick(self.names.any['bool'])} {self.pick(['==', '!='])} {self.pick(['true', 'false'])}"
            case "colour":
                other = self.pick([*(f"'{c}'" for c in COLOURS), *self.names.any["colour"]])
                return f"{self.pick(self.names.any['colour'])} {self.pick(['==', '!='])} {other}"
            case "list":
                item = self.pick([*self.names.any["colour"], "'red'"])
                return f"{item} {self.pick(['in', 'not in'])} {self.pick(self.names.any['list'])}"
            case "known":
                return f"known({self.pick(self._facts())})"
            case "not":
                return f"not ({self.condition(deep - 1)})"
        return f"({self.condition(deep - 1)}) {self.pick(['and', 'or'])} ({self.condition(deep - 1)})"

    def _facts(self) -> list[str]:
        names = [n for kind in ("ratio", "EUR", "bool", "colour", "list") for n in self.names.any[kind]]
        return [n for n in names if "." in n and not n.startswith(("caps.", "tables."))]


class RuleMaker:
    """Makes one document of a size."""

    def __init__(self, dice: Dice, shape: Shape, size: int) -> None:
        self.shape, self._size = shape, size
        self.has_subject, self.has_actor = dice.chance(75), dice.chance(60)
        self._account_share = 100 if dice.chance(5) else 15
        self.facts = {**_ASKED, **(_OWN if self.has_subject else {})}
        self.order = Writer(dice, _names(self.facts, (*INNER, "colours"), account=False), shape)
        self.account = Writer(dice, _names(self.facts, INNER[-2:], account=True), shape)
        self.measures: Document = {}
        self.tables: Document = {}

    def document(self) -> Document:
        """All of it."""
        for number in range(self.order.pick(range(self._size + 1))):
            if self.order.chance(40):
                # With the outputs below, `t` + `a_a` could be mistaken for `t_a` + `a`.
                self._table("t" + "_a" * len(self.tables))
            else:
                self._measure(f"m_{number}")
        if self.order.chance(60):
            self.measures["lets_out"] = {"unit": "bool", "is": self.order.condition(2)}
        gates = [self._gate(i) for i in range(self.order.pick(range(1, self._size + 2)))]
        facts = {n: {"from": "test", "meaning": n, **e} for n, e in self.facts.items()}
        facts["ask.size"]["min"] = self.order.pick(["0", "0", "0", "0.7", "2"])
        head: Document = {"solve": {"for": "ask.size", "step": "a.grid", "as": "max_size"}}
        if self.has_subject:
            head["subject"] = {"key": "ask.item", "in": "universe.items", "as": "item", "unknown": "item_unknown"}
            head["solve"]["step"] = "item.step"
        if self.has_actor:
            head["actor"] = {"key": "ask.team", "in": "universe.teams"}
        if "lets_out" in self.measures:
            head["exempt"] = "lets_out"
        return {
            "environment": "test",
            "ruleset": "sha256:random",
            "universe": "sha256:random",
            "head": head,
            "units": _UNITS,
            "facts": facts,
            "caps": {n: {"per": "order", "meaning": n, **e} for n, e in _CAPS.items()},
            "measures": self.measures,
            "tables": self.tables,
            "gates": gates,
            "items": {name: self._item(name) for name in ITEMS},
            "teams": {name: {"caps": self._caps(25)} for name in TEAMS},
            "account": {"caps": self._caps(100)},
        }

    def _item(self, name: str) -> Document:
        pick = self.order.pick
        own: Document = {
            "filters": {"step": pick(["0.1", "0.5", "1", "3"])},
            "weight": pick(["0.5", "1", "3"]),
            "open": self.order.chance(50),
            "colour": pick(COLOURS),
            "bans": [pick(COLOURS)],
            "caps": self._caps(30),
        }
        return own if name == "x" else {**own, "limit": pick(SMALL)}

    def _caps(self, percent: int) -> Document:
        return {name: self._cap(name) for name in _CAPS if self.order.chance(percent)}

    def _cap(self, name: str) -> Any:
        if name not in INNER and self.order.chance(30):
            return None
        if name == "colours":
            return sorted({self.order.pick(COLOURS), self.order.pick(COLOURS)})
        values = SMALL if _CAPS[name]["unit"] != "count" else ("0", "1", "2", "3", "10")
        return self.order.pick(values[1:] if _CAPS[name].get("sign") == "positive" else values)

    def _measure(self, name: str) -> None:
        kind = self.order.pick(["ratio", "EUR", "GB", "count", "bool"])
        positive = kind not in ("bool", "count") and self.order.chance(30)
        text = (
            self.order.condition(2) if kind == "bool" else self.order.number(kind, self.shape.nested, positive=positive)
        )
        self.measures[name] = {"unit": kind, "is": text}
        self._remember(kind, name, text, positive=positive)

    def _remember(self, kind: str, name: str, text: str, *, positive: bool = False) -> None:
        if self.order.names.varies(text):
            self.order.names.varying.add(name)
        self.order.names.add(kind, name, positive=positive)

    def _table(self, name: str) -> None:
        kinds = {output: self.order.pick(["ratio", "EUR", "colour", "bool"]) for output in ("a", "a_a")}
        rows: list[Document] = []
        for number in range(self.order.pick(range(1, 4))):
            then = {o: self._output(k) for o, k in kinds.items() if not self.order.chance(10)}
            rows.append({"id": f"row_{number}", "when": self.order.condition(1), "then": then})
        del rows[-1]["when"]
        outputs = {o: list(COLOURS) if k == "colour" else k for o, k in kinds.items()}
        self.tables[name] = {"outputs": outputs, "rows": rows}
        for output, kind in kinds.items():
            self._remember(kind, f"tables.{name}.{output}", repr(rows))

    def _output(self, kind: str) -> str:
        if kind == "colour":
            return self.order.pick([*COLOURS, *self.order.names.any["colour"]])
        if kind == "bool":
            return self.order.pick(["true", "false", *self.order.names.any["bool"]])
        return self.order.pick(_WRITTEN[kind]) if self.order.chance(50) else self.order.number(kind, 1)

    def _gate(self, number: int) -> Document:
        whole = self.order.chance(self._account_share)
        writer = self.account if whole else self.order
        gate: Document = {"id": f"g{number}", "why": "Random.", "veto": f"v{number}"}
        gate |= {"scope": "account"} if whole else {}
        gate |= self._test(writer, whole=whole)
        if writer.chance(35):
            gate["when"] = writer.condition(2)
        if self.shape.missing_passes and writer.chance(20):
            gate["on_missing"] = "pass"
        if writer.chance(25):
            gate["exits"] = writer.pick(["form", "halt"])
        if writer.chance(15):
            gate |= {"mode": "shadow", "until": "2099-12-31"}
        return gate

    def _test(self, writer: Writer, *, whole: bool) -> Document:
        form = writer.pick(["bound", "bound", "bound", "require", *([] if whole else ["multiple"])])
        if form == "require":
            return {"require": writer.condition(2)}
        if form == "multiple":
            named = [n for n in writer.names.positive["GB"] if not n.startswith("caps.")]
            fixed = [n for n in named if not (self.shape.linear and writer.names.varies(n))]
            step = writer.pick([*fixed, "caps.grid_gb"])
            return {"measure": self._multiple(step), "multiple_of": step}
        kind = writer.pick(["ratio", "EUR"] if whole else ["ratio", "EUR", "GB", "count"])
        op = writer.pick(["at_most", "at_least", "below", "above"])
        end = "top" if op in ("at_most", "below") else "low"
        cap = f"caps.acct_top_{kind.lower()}" if whole else f"caps.{end}_{kind.lower()}"
        named = [n for n in writer.names.any[kind] if not n.startswith(("caps.", "tables."))]
        limit = writer.pick([cap] * 4 + [writer.pick(named), writer.pick(_WRITTEN[kind])])
        measure = writer.number(kind, self.shape.nested)
        for _ in range(4):
            if self.shape.linear and not whole and not writer.names.varies(measure):
                measure = writer.number(kind, self.shape.nested)
        return {"measure": measure if re.search(r"[a-z]\.|_", measure) else named[0], op: limit}

    def _multiple(self, step: str) -> str:
        if not self.shape.linear:
            return self.order.number("GB", 2)
        grid = "item.step" if self.has_subject else "a.grid"
        return self.order.pick(["ask.size", "a.stock + ask.size"]) if step == grid else "a.stock"


def _spellings(entry: Mapping[str, Any]) -> Sequence[Any]:
    """Values of a fact: mostly fine ones, one that is invalid; None where it is missing."""
    match entry["unit"]:
        case "bool":
            return [True, True, False, False, False, None, "true"]
        case "enum":
            words = {"universe.items": ITEMS, "universe.teams": TEAMS}.get(str(entry["values"]), entry["values"])
            return [*words, *words, *words, None, "purple"]
        case "list":
            return [["red"], ["red", "blue"], [], ["green", "blue"], None, ["purple"], "red"]
        case "text":
            return ["", "é", None]
        case "count":
            numbers = ["0", "1", "2", "3", "10", 2, "-1"]
        case _:
            numbers = [*SMALL, *SMALL, *LONG, "2.50", 3]
    if "sign" not in entry:
        numbers = [*numbers, "-1", "-0.0", "-0.5" if entry["unit"] != "count" else "-3"]
    if entry.get("sign") == "positive":
        numbers = [n for n in numbers if n != "0"]
    return [*numbers, *numbers, *numbers, None, None, "-1", "NaN"]


def asked(dice: Dice, document: Document, *, complete: bool = False) -> dict[str, Any]:
    """Facts by dotted names; `complete` leaves none out and makes none invalid.

    Else some requests are complete, some lack a few facts, and some have troubles of every kind: an engine takes
    another way for each.
    """
    trouble = "none" if complete else dice.pick(["none", "holes", "holes", "any"])
    facts = {}
    for name, entry in document["facts"].items():
        if "indicates" not in entry and not name.startswith("item."):
            spellings = _spellings(entry)
            facts[name] = dice.pick(spellings if trouble == "any" else _fine(entry, spellings))
            if trouble == "holes" and dice.chance(6):
                facts[name] = None
    return facts


def _fine(entry: Mapping[str, Any], spellings: Sequence[Any]) -> list[Any]:
    numeric = entry["unit"] not in ("bool", "enum", "list", "text")
    bad = {"NaN", "purple", "true"} | ({"-1"} if "sign" in entry else set())
    fine = [s for s in spellings if s is not None and not (isinstance(s, str) and s in bad) and s != ["purple"]]
    if entry["unit"] == "list":
        fine = [s for s in fine if isinstance(s, list)]
    return [s for s in fine if not (numeric and "max" in entry and s in ("10", LONG[1]))]


@dataclass(frozen=True)
class Case:
    """A document, facts to decide on by it, and the dice for what a test chooses beside."""

    document: Document
    requests: list[dict[str, Any]]
    dice: Dice = field(repr=False)


def cases(shape: Shape = Shape(), *, complete: bool = False, requests: int = 8) -> st.SearchStrategy[Case]:
    """Random documents with so many requests each."""

    def made(size: int, seed: int) -> Case:
        dice = Dice(seed)
        document = RuleMaker(dice, shape, size).document()
        return Case(document, [asked(dice, document, complete=complete) for _ in range(requests)], dice)

    return st.builds(made, st.integers(1, 5), st.integers(0, 2**32 - 1))


def with_gates(document: Document, gates: Sequence[Document]) -> Document:
    """The same document with other gates."""
    return {**document, "gates": list(gates)}


def engines(document: Document) -> tuple[Engine, Engine]:
    """Both backends on one rule set: the fast one, and the reference."""
    ruleset: RuleSet = read(document)
    fast, slow = (Engine(ruleset, backend) for backend in BACKENDS)
    return fast, slow


__all__ = ["Case", "Document", "Shape", "cases", "engines", "nested", "thorough", "with_gates"]
