"""The cascade: specific beats general, nothing beats global, and each value says where it comes from.

Random layers are written as `rules/risk.yaml` and go through the compile's own stages; what must come out is worked out
here a second time, from the sentences of the rule language.
"""

from copy import copy
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.read import read
from engine.ruleset import RuleSet
from generator.compile.files import Folder
from generator.compile.sources import Sources
from generator.compile.stages import STAGES, Compile, as_written
from generator.compile.text import read_text
from tests.conftest import ROOT, TODAY

# Per order, symbol, tier, group, strategy and account; lower, higher and superset as the tighter way; four units.
CAPS: Final = {
    "leverage": ("order", "lower", "{}x", range(1, 9)),
    "min_notional": ("order", "higher", "{} USDT", range(5, 12)),
    "cooldown": ("order", "higher", "{}m", range(4)),
    "symbol_exposure": ("symbol", "lower", "{}%", range(10, 16)),
    "tier_exposure": ("tier", "lower", "{}%", range(40, 46)),
    "group_exposure": ("group", "lower", "{}%", range(30, 36)),
    "strategy_positions": ("strategy", "lower", "{}", range(1, 7)),
    "open_positions": ("account", "lower", "{}", range(3, 9)),
    "restricted": ("account", "superset", "[{}]", ("", "BTCUSDT", "BTCUSDT, WIFUSDT")),
}
FACTORS: Final = {"%": Decimal("0.01"), "x": Decimal(1), "m": Decimal(60), " USDT": Decimal(1), "": Decimal(1)}
PER: Final = {
    "tiers": ("order", "symbol", "tier"),
    "groups": ("group",),
    "symbols": ("order", "symbol"),
    "strategies": ("order", "strategy"),
}
TIERS: Final = {"BTCUSDT": "CORE", "ETHUSDT": "CORE", "SOLUSDT": "SATELLITE", "ETCUSDT": "ALT-EXT"}
GROUPS: Final = {"BTCUSDT": "bluechips", "ETHUSDT": "bluechips", "SOLUSDT": "bluechips", "WIFUSDT": "alts"}
NAMES: Final = {
    "tiers": ("CORE", "SATELLITE", "ALT-EXT"),
    "groups": ("bluechips", "alts"),
    "symbols": ("BTCUSDT", "ETHUSDT", "SOLUSDT"),
    "strategies": ("momentum", "btc_micro"),
}
SYMBOLS: Final = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "ETCUSDT")
KINDS: Final = {"tiers": "tier", "groups": "group", "symbols": "symbol", "strategies": "strategy"}

Layer = dict[str, Any]
Chain = list[tuple[str, Layer]]


@dataclass
class Written:
    """Layers as somebody wrote them: the values of global, and by kind and name those of every other layer."""

    everywhere: Layer
    layers: dict[str, dict[str, Layer]]
    lines: dict[tuple[str, str], int] = field(default_factory=dict)

    def named(self) -> Chain:
        """Global and every other layer, with its name in words."""
        others = [(f"{KINDS[k]} {n}", layer) for k, of in self.layers.items() for n, layer in of.items()]
        return [("global", self.everywhere), *others]

    def of(self, kind: str, name: str | None) -> tuple[str, Layer]:
        """One layer with its name in words."""
        return f"{KINDS[kind]} {name}", self.layers[kind].get(name or "", {})

    def text(self) -> str:
        """The file, one value a line; `lines` keeps where each stands."""
        rows = ["format: 1", "global:"]
        self._write(rows, "global", self.everywhere, "  ")
        for kind, of in self.layers.items():
            rows.append(f"{kind}:" if of else f"{kind}: {{}}")
            for name, layer in of.items():
                rows.append(f"  {name}:" if layer else f"  {name}: {{}}")
                self._write(rows, f"{KINDS[kind]} {name}", layer, "    ")
        return "\n".join(rows) + "\n"

    def _write(self, rows: list[str], layer_name: str, layer: Layer, indent: str) -> None:
        for cap, value in layer.items():
            rows.append(f"{indent}{cap}: {spelled(cap, value)}")
            self.lines[layer_name, cap] = len(rows)


def spelled(cap: str, value: Any) -> str:
    """A value as a person writes it."""
    return "none" if value is None else CAPS[cap][2].format(value)


def meant(cap: str, value: Any) -> Any:
    """A value in the cap's unit."""
    if value is None:
        return None
    if CAPS[cap][1] == "superset":
        return tuple(value.split(", ")) if value else ()
    return value * FACTORS[CAPS[cap][2].removeprefix("{}")]


def looser(cap: str, one: Any, other: Any) -> bool:
    """Whether `one` lets through what `other` stops; none lets everything through."""
    if one is None or other is None:
        return one is None and other is not None
    if CAPS[cap][1] == "superset":
        return not set(meant(cap, other)) <= set(meant(cap, one))
    return bool(one > other) if CAPS[cap][1] == "lower" else bool(one < other)


def layers_of(per: tuple[str, ...] | None) -> st.SearchStrategy[Layer]:
    """Values of the caps that a layer may set; global sets them all."""
    names = {n: c for n, c in CAPS.items() if per is None or c[0] in per}
    values = {n: st.sampled_from([*c[3], *([] if c[1] == "superset" else [None])]) for n, c in names.items()}
    return st.fixed_dictionaries(values) if per is None else st.fixed_dictionaries({}, optional=values)


WRITTEN: Final = st.builds(
    Written,
    layers_of(None),
    st.fixed_dictionaries(
        {k: st.fixed_dictionaries({}, optional={n: layers_of(PER[k]) for n in NAMES[k]}) for k in NAMES}
    ),
)


@cache
def shipped() -> tuple[Compile, RuleSet]:
    """The shipped sources and what they make: all but the caps is taken from them."""
    work = Compile(Folder(ROOT), "prod", TODAY, Sources(Folder(ROOT)), as_written)
    for stage in STAGES:
        stage.run(work)
    assert work.ruleset is not None
    return work, work.ruleset


def compiled(risk: str, environment: str = "prod") -> Compile:
    """A compile of another `rules/risk.yaml`, up to the assembled document; the strategies set nothing elsewhere."""
    made = copy(shipped()[0])
    made.environment, made.problems, made.sources = environment, [], copy(made.sources)
    document, problems = read_text("rules/risk.yaml", risk)
    assert problems == []
    strategies, problems = read_text("rules/strategies.yaml", "strategies: {momentum: {why: x}, btc_micro: {why: x}}")
    made.sources.documents = {**made.sources.documents, "risk": document, "strategies": strategies}
    for stage in STAGES:
        if stage.name in ("values", "cascade", "assembly"):
            stage.run(made)
    return made


def expected(cap: str, chain: Chain) -> tuple[str, Any, list[tuple[str, Any]]] | None:
    """The layer that counts, its value, and what it overrode: the first layer of a chain that speaks."""
    found = [(name, layer[cap]) for name, layer in chain if cap in layer]
    return (*found[0], found[1:]) if found else None


def chain_of(written: Written, symbol: str, per: str) -> Chain:
    """The layers of a symbol's cap, most specific first."""
    own, tier = written.of("symbols", symbol), written.of("tiers", TIERS[symbol])
    group = written.of("groups", GROUPS.get(symbol))
    between = {"order": [own, tier], "symbol": [own, tier], "tier": [tier], "group": [group], "account": []}[per]
    return [*between, ("global", written.everywhere)]


def assert_resolved(entry: dict[str, Any], cap: str, chain: Chain, written: Written) -> None:
    """The value is the first of the chain, and its provenance names layer, line and everything overridden."""
    layer, value, overrode = expected(cap, chain) or pytest.fail(f"{cap} is in no layer")
    origin = entry["provenance"][cap]

    assert plain(entry["caps"][cap]) == meant(cap, value)
    assert (origin["layer"], origin["source"]) == (layer, f"rules/risk.yaml:{written.lines[layer, cap]}")
    links = [(link["layer"], plain(link["value"]), link["source"]) for link in origin.get("overrode", [])]
    assert links == [(n, meant(cap, v), f"rules/risk.yaml:{written.lines[n, cap]}") for n, v in overrode]


def plain(value: Any) -> Any:
    """A compiled value as a number or a tuple."""
    return Decimal(value) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


@given(WRITTEN)
@settings(max_examples=80, deadline=None, derandomize=True)
def test_specific_beats_general_and_provenance_names_the_layer(written: Written) -> None:
    """For each symbol symbol → tier → global, beside its group; for the account global alone."""
    document = compiled(written.text()).document

    for symbol in SYMBOLS:
        entry = document["symbols"][symbol]
        for cap, (per, *_) in CAPS.items():
            if per == "group" and symbol not in GROUPS:
                assert entry["caps"][cap] is None
                assert cap not in entry["provenance"]
            elif per != "strategy":
                assert_resolved(entry, cap, chain_of(written, symbol, per), written)
    for cap in ("open_positions", "restricted"):
        assert_resolved(document["account"], cap, [("global", written.everywhere)], written)


@given(WRITTEN)
@settings(max_examples=80, deadline=None, derandomize=True)
def test_nothing_beats_global(written: Written) -> None:
    """Each value that is looser than the global one is an error at its line; a tighter one never is."""
    made = compiled(written.text())

    found = [(p.line, p.help) for p in made.problems if p.code == "looser-than-global"]

    assert sorted(found) == sorted(
        (
            written.lines[name, cap],
            f"global is set in rules/risk.yaml:{written.lines['global', cap]}; {CAPS[cap][1]} is tighter",
        )
        for name, layer in written.named()[1:]
        for cap, value in layer.items()
        if looser(cap, value, written.everywhere[cap])
    )


@given(WRITTEN)
@settings(max_examples=80, deadline=None, derandomize=True)
def test_saying_what_holds_already_is_a_warning(written: Written) -> None:
    """A value equal to what it overrides says something that is not so; it stops nothing."""
    made = compiled(written.text())

    expected_lines = []
    for kind, of in written.layers.items():
        for name, layer in of.items():
            tier = written.layers["tiers"].get(TIERS[name], {}) if kind == "symbols" else {}
            above = {**written.everywhere, **tier}
            expected_lines += [
                written.lines[f"{KINDS[kind]} {name}", cap]
                for cap, value in layer.items()
                if meant(cap, value) == meant(cap, above[cap])
            ]

    found = [p for p in made.problems if p.code == "no-op-override"]
    assert sorted(p.line for p in found) == sorted(expected_lines)
    assert all(p.warning for p in found)


@given(WRITTEN)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_for_an_order_the_tighter_of_strategy_and_symbol_counts(written: Written) -> None:
    """Per order: the tighter of what the strategy sets and what the symbol gets; per strategy: the strategy's own."""
    for _, layer in written.named():
        for cap in [c for c in layer if layer[c] is None]:
            layer[cap] = CAPS[cap][3][0]  # none inside an expression is another test's
    made = compiled(written.text())
    ruleset = rules_of(made)

    for strategy in NAMES["strategies"]:
        own_name, own = written.of("strategies", strategy)
        for symbol in SYMBOLS:
            for cap in ("leverage", "min_notional", "cooldown"):
                name, value, _ = expected(cap, chain_of(written, symbol, "order")) or pytest.fail(cap)
                if cap in own and looser(cap, value, own[cap]):
                    name, value = own_name, own[cap]
                found, (source, layer_name) = ruleset.cap(cap, ruleset.subjects[symbol], ruleset.actors[strategy])
                assert found == meant(cap, value)
                if cap not in own or own[cap] != value or layer_name == name:
                    assert (layer_name, source) == (name, f"rules/risk.yaml:{written.lines[name, cap]}")
            per_strategy = own.get("strategy_positions", written.everywhere["strategy_positions"])
            found, _ = ruleset.cap("strategy_positions", ruleset.subjects[symbol], ruleset.actors[strategy])
            assert found == meant("strategy_positions", per_strategy)


def _declared(holder: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """A holder's caps, but for those that regimes make, of which these rules have none."""
    return {cap: value for cap, value in holder["caps"].items() if cap in document["caps"]}


def rules_of(made: Compile) -> RuleSet:
    """The rule set of an assembled document, with the shipped values where a layer was left out."""
    document = made.document
    whole = shipped()[0].document
    for part in ("symbols", "strategies"):
        for name, entry in document[part].items():
            entry["caps"] = {**_declared(whole[part].get(name, {"caps": {}}), document), **entry["caps"]}
    document["account"]["caps"] = {**_declared(whole["account"], document), **document["account"]["caps"]}
    return read(document)


@given(WRITTEN, WRITTEN, st.sets(st.sampled_from(sorted(CAPS))))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_an_environment_replaces_value_by_value(written: Written, replacing: Written, kept: set[str]) -> None:
    """What the environment says stands in the layer's place; what it doesn't say stays; prod is as if it were not."""
    for cap in kept:
        del replacing.everywhere[cap]
    indented = "".join(f"    {line}\n" for line in replacing.text().splitlines()[1:])
    text = f"{written.text()}environments:\n  testnet:\n{indented}"
    merged = Written(
        {**written.everywhere, **replacing.everywhere},
        {
            kind: {
                name: {**written.layers[kind].get(name, {}), **replacing.layers[kind].get(name, {})}
                for name in {**written.layers[kind], **replacing.layers[kind]}
            }
            for kind in KINDS
        },
    )

    testnet, prod = compiled(text, "testnet").document, compiled(text).document

    assert caps_of(testnet) == caps_of(compiled(merged.text()).document)
    assert caps_of(prod) == caps_of(compiled(written.text()).document)


def caps_of(document: dict[str, Any]) -> dict[str, Any]:
    """Every holder's caps."""
    holders = {**document["symbols"], **document["strategies"], "account": document["account"]}
    return {name: entry["caps"] for name, entry in holders.items()}


SHIPPED: Final = (
    ("a symbol over its tier", "ETHUSDT", "symbol_exposure", "0.2", ["symbol ETHUSDT", "tier CORE", "global"]),
    ("a tier over global", "WIFUSDT", "leverage", "3", ["tier SATELLITE", "global"]),
    ("global where nobody speaks", "BTCUSDT", "leverage", "4", ["global"]),
    ("a group beside the tier", "SOLUSDT", "group_exposure", "0.35", ["group bluechips", "global"]),
    ("none for the others", "ETHUSDT", "open_quantity", None, ["global"]),
)


@pytest.mark.parametrize(
    ("what", "symbol", "cap", "value", "layers"), SHIPPED, ids=[s[0].replace(" ", "_") for s in SHIPPED]
)
def test_the_shipped_rules_resolve(what: str, symbol: str, cap: str, value: str | None, layers: list[str]) -> None:
    """One example of each way through the layers."""
    entry = shipped()[0].document["symbols"][symbol]
    origin = entry["provenance"][cap]

    assert entry["caps"][cap] == value
    assert [origin["layer"], *(link["layer"] for link in origin.get("overrode", []))] == layers


def test_the_effective_leverage_is_within_the_venues_bracket() -> None:
    """A cap beyond what the venue allows at the largest order is cut to it; a venue's higher minimum counts."""
    risk = ROOT.joinpath("rules/risk.yaml").read_text(encoding="utf-8").replace("  leverage: 4x", "  leverage: 100x")
    made = compiled(risk.replace("min_notional: 25 USDT", "min_notional: 1 USDT"))
    btc, etc = made.document["symbols"]["BTCUSDT"], made.document["symbols"]["ETCUSDT"]

    assert (btc["caps"]["leverage"], btc["max_leverage"]) == ("100", "100")
    assert (etc["caps"]["min_notional"], etc["min_notional"]) == ("1", "5")


def test_a_value_that_cannot_be_read_is_left_out_and_told_once() -> None:
    """The cascade goes on without it."""
    made = compiled("format: 1\nglobal: {leverage: 5, cooldown: 5m}\n")

    assert [(p.code, p.line, p.column) for p in made.problems] == [("bad-value", 2, 20)]
    assert made.document["symbols"]["BTCUSDT"]["caps"] == {"cooldown": "300"}
