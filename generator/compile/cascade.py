"""The cascade: global → tier → symbol, beside groups and strategies. Specific beats general; nothing beats global.

Each resolved value keeps where it comes from and what it overrode.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from engine.catalog import Cap, Value
from generator.compile.problems import Problem
from generator.compile.values import Layer, Setting


@dataclass(slots=True)
class Layers:
    """Every layer of caps, read."""

    everywhere: Layer = field(default_factory=dict)
    tiers: dict[str, Layer] = field(default_factory=dict)
    groups: dict[str, Layer] = field(default_factory=dict)
    symbols: dict[str, Layer] = field(default_factory=dict)
    strategies: dict[str, Layer] = field(default_factory=dict)

    def named(self) -> Iterable[tuple[str, Layer]]:
        """Each layer below global, with its name in words."""
        for kind, layers in (
            ("tier", self.tiers),
            ("group", self.groups),
            ("symbol", self.symbols),
            ("strategy", self.strategies),
        ):
            for name, layer in layers.items():
                yield f"{kind} {name}", layer


@dataclass(frozen=True, slots=True)
class Resolved:
    """A cap's effective value, its layer, and the settings that it overrode, nearest first."""

    value: Value | None
    layer: str
    source: str
    overrode: tuple[tuple[str, Setting], ...] = ()


def resolve(cap: Cap, chain: Iterable[tuple[str, Layer]]) -> Resolved | None:
    """The first setting in a chain of layers, most specific first; None where nobody sets it."""
    found: list[tuple[str, Setting]] = []
    for name, layer in chain:
        setting = layer.get(cap.name)
        if setting is not None:
            found.append((f"{name} of {setting.environment}" if setting.environment else name, setting))
            if setting.instead_of is not None:
                found.append((name, setting.instead_of))
    if not found:
        return None
    (name, setting), *rest = found
    return Resolved(setting.value, name, setting.source, tuple(rest))


def for_symbol(
    caps: Mapping[str, Cap], layers: Layers, symbol: str, tier: str, group: str | None
) -> dict[str, Resolved]:
    """The caps of a symbol: its own, its tier's, its group's and the account's; a symbol without a group has no
    group's caps.
    """
    everywhere = ("global", layers.everywhere)
    own = (f"symbol {symbol}", layers.symbols.get(symbol, {}))
    of_tier = (f"tier {tier}", layers.tiers.get(tier, {}))
    chains: dict[str, list[tuple[str, Layer]]] = {
        "account": [everywhere],
        "order": [own, of_tier, everywhere],
        "symbol": [own, of_tier, everywhere],
        "tier": [of_tier, everywhere],
        "group": [(f"group {group}", layers.groups.get(group or "", {})), everywhere],
    }
    resolved: dict[str, Resolved] = {}
    for name, cap in caps.items():
        if cap.per == "group" and group is None:
            resolved[name] = Resolved(None, "no group", "")
        elif cap.per in chains and (found := resolve(cap, chains[cap.per])) is not None:
            resolved[name] = found
    return resolved


def for_strategy(caps: Mapping[str, Cap], layers: Layers, strategy: str) -> dict[str, Resolved]:
    """The caps of a strategy: those per strategy, and those per order that it sets itself."""
    own = (f"strategy {strategy}", layers.strategies.get(strategy, {}))
    resolved: dict[str, Resolved] = {}
    for name, cap in caps.items():
        chain = [own, ("global", layers.everywhere)] if cap.per == "strategy" else [own] if cap.per == "order" else []
        if (found := resolve(cap, chain)) is not None:
            resolved[name] = found
    return resolved


def for_account(caps: Mapping[str, Cap], layers: Layers) -> dict[str, Resolved]:
    """The caps of the account."""
    everywhere = [("global", layers.everywhere)]
    return {n: r for n, c in caps.items() if c.per == "account" and (r := resolve(c, everywhere)) is not None}


def check_layers(caps: Mapping[str, Cap], layers: Layers, tier_of: Mapping[str, str]) -> list[Problem]:
    """A value looser than global is an error that names both lines; one that says what held anyway is a warning."""
    problems: list[Problem] = []
    for layer_name, layer in layers.named():
        for name, setting in layer.items():
            above = layers.everywhere.get(name)
            if above is not None and caps[name].looser(setting.value, above.value):
                message = f"{layer_name}'s `{name}` is looser than global, which nothing below may be"
                help_text = f"global is set in {above.source}; {caps[name].tighter} is tighter"
                problems.append(setting.document.problem("looser-than-global", setting.path, message, help_text))
    problems += _no_ops(layers, tier_of)
    return problems


def _no_ops(layers: Layers, tier_of: Mapping[str, str]) -> Iterable[Problem]:
    for layer_name, layer in layers.named():
        kind, _, who = layer_name.partition(" ")
        for name, setting in layer.items():
            tier = layers.tiers.get(tier_of.get(who, ""), {}) if kind == "symbol" else {}
            above_name, above = ("its tier", tier[name]) if name in tier else ("global", layers.everywhere.get(name))
            if above is not None and above.value == setting.value:
                message = f"{layer_name}'s `{name}` says what {above_name} says already"
                yield setting.document.problem(
                    "no-op-override", setting.path, message, f"remove it, or see {above.source}", warning=True
                )
