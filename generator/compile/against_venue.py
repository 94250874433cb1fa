"""Caps held against what the venue itself imposes: where the venue is tighter, a cap says something that is not so."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from engine.numbers import canonical
from generator.compile.cascade import Layers
from generator.compile.problems import Problem
from generator.compile.values import Setting

_EXPLAIN: Final = "the venue's own counts; `hedgerow explain` shows it"
# What is found of one setting: its code, how it ends, the help, whether it is a warning.
_Finding = tuple[str, str, str, bool]


def against_venue(venue: Mapping[str, Any], layers: Layers, tier_of: Mapping[str, str]) -> list[Problem]:
    """What is wrong with caps by the venue's minimums, maximums and brackets: one problem a setting, whoever shares it.

    Args:
        venue: the contracts of the venue's file, by name.
        layers: the caps as they were set.
        tier_of: the tier of each symbol.
    """
    found: dict[tuple[str, int, _Finding], tuple[Setting, list[str]]] = {}
    for symbol, tier in tier_of.items():
        if symbol in venue:
            chain = (layers.symbols.get(symbol, {}), layers.tiers.get(tier, {}), layers.everywhere)
            for setting, finding in _of_symbol(venue[symbol], chain):
                found.setdefault((setting.source, id(setting), finding), (setting, []))[1].append(symbol)
    return [_problem(setting, symbols, finding) for (_, _, finding), (setting, symbols) in found.items()]


def _problem(setting: Setting, symbols: list[str], finding: _Finding) -> Problem:
    code, words, help_text, warning = finding
    shown = ", ".join(symbols[:4]) + (f" and {len(symbols) - 4} more" if len(symbols) > 4 else "")
    cap = setting.path[-1]
    return setting.document.problem(code, setting.path, f"`{cap}` of {shown} {words}", help_text, warning=warning)


def _of_symbol(
    listed: Mapping[str, Any], chain: tuple[Mapping[str, Setting], ...]
) -> Iterator[tuple[Setting, _Finding]]:
    notional, smallest = _number("order_notional", chain), _number("min_notional", chain)
    leverage, quantity = _number("leverage", chain), _number("open_quantity", chain)
    least, step = Decimal(listed["min_notional"]), Decimal(listed["min_quantity"])
    if notional is not None:
        yield from _of_notional(*notional, listed["brackets"], least, leverage)
    if smallest is not None and smallest[1] < least:
        words = f"is under the venue's minimum of {canonical(least)} USDT"
        yield smallest[0], ("under-venue-minimum", words, _EXPLAIN, True)
    if quantity is not None and quantity[1] < step:
        words = f"is less than the smallest order that the venue takes, {canonical(step)} {listed['base']}"
        yield quantity[0], ("venue-minimum-over-cap", words, "no order could pass; block the symbol instead", False)


def _of_notional(
    setting: Setting,
    notional: Decimal,
    brackets: list[Mapping[str, Any]],
    least: Decimal,
    leverage: tuple[Setting, Decimal] | None,
) -> Iterator[tuple[Setting, _Finding]]:
    """What an order at its cap meets: the venue's minimum, the end of its brackets, the leverage of its bracket."""
    if notional < least:
        words = f"is less than the smallest order that the venue takes, {canonical(least)} USDT"
        yield setting, ("venue-minimum-over-cap", words, "no order could pass; block the symbol instead", False)
    bracket = next((b for b in brackets if notional <= Decimal(b["notional_cap"])), None)
    if bracket is None:
        words = f"is more than the venue lets anyone hold, {canonical(Decimal(brackets[-1]['notional_cap']))} USDT"
        yield setting, ("beyond-brackets", words, _EXPLAIN, True)
    elif leverage is not None and leverage[1] > (allowed := Decimal(bracket["leverage"])):
        words = f"is more than the {canonical(allowed)}x that the venue gives an order of {canonical(notional)} USDT"
        yield leverage[0], ("over-bracket", words, _EXPLAIN, True)


def _number(cap: str, chain: tuple[Mapping[str, Setting], ...]) -> tuple[Setting, Decimal] | None:
    """The setting of a cap that holds, and its value; None where nobody sets it, or sets it to none."""
    setting = next((layer[cap] for layer in chain if cap in layer), None)
    return (setting, setting.value) if setting is not None and isinstance(setting.value, Decimal) else None
