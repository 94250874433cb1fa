"""A file of `universe/venues/`, as values: what an exchange imposes on each contract, and where that was learnt."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from engine.numbers import canonical
from universe.instruments import Bracket

FORMAT: Final = 1
# The numbers of a contract that the venue lists beside its brackets, in the order of the file.
FILTERS: Final = ("tick", "step", "min_quantity", "max_quantity", "min_notional")
OF_BRACKET: Final = ("notional_cap", "leverage", "maintenance_margin", "maintenance_amount")


class VenueFault(ValueError):
    """What a venue says, or is said to impose, can't be used or can't be had; `help` says what to do."""

    def __init__(self, message: str, help_text: str) -> None:
        super().__init__(message)
        self.help = help_text


@dataclass(frozen=True, slots=True)
class Listed:
    """A contract as its venue lists it.

    Args:
        base: the coin that it counts.
        tick: USDT per coin; every price is its multiple.
        step: coins; every quantity is its multiple.
        min_quantity: coins in one order.
        max_quantity: coins in one order.
        min_notional: USDT of an order that adds.
        brackets: by rising notional.
        assumed: what was not recorded, by the name of the part: why it is as it is.
    """

    base: str
    tick: Decimal
    step: Decimal
    min_quantity: Decimal
    max_quantity: Decimal
    min_notional: Decimal
    brackets: tuple[Bracket, ...]
    assumed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VenueFile:
    """All that a file of a venue says; `sources` tells of each part where it was learnt."""

    venue: str
    quote: str
    sources: Mapping[str, str]
    symbols: Mapping[str, Listed]

    def text(self) -> str:
        """The file's own text: a contract on a line, each of its brackets on one of its own."""
        sources = ",\n".join(f"    {_json(name)}: {_json(text)}" for name, text in self.sources.items())
        symbols = ",\n".join(_entry(symbol, listed) for symbol, listed in self.symbols.items())
        return (
            f'{{\n  "format": {FORMAT},\n  "venue": {_json(self.venue)},\n  "quote": {_json(self.quote)},\n'
            f'  "sources": {{\n{sources}\n  }},\n  "symbols": {{\n{symbols}\n  }}\n}}\n'
        )


def read_venue_file(text: str) -> VenueFile:
    """What the text of a venue's file says.

    Raises:
        VenueFault: it is no such file.
    """
    remedy = "`hedgerow check` says where"
    try:
        data = json.loads(text, parse_int=Decimal, parse_float=Decimal)
        symbols = {name: _listed(entry) for name, entry in data["symbols"].items()}
        return VenueFile(str(data["venue"]), str(data.get("quote", "")), dict(data.get("sources", {})), symbols)
    except (ValueError, LookupError, TypeError, AttributeError, InvalidOperation, RecursionError) as error:
        raise VenueFault(f"the venue's file can't be read: {type(error).__name__} {error}", remedy) from None


def _listed(entry: Mapping[str, Any]) -> Listed:
    brackets = tuple(Bracket(*(Decimal(bracket.get(k, 0)) for k in OF_BRACKET)) for bracket in entry["brackets"])
    numbers = {name: Decimal(entry[name]) for name in FILTERS}
    return Listed(base=str(entry["base"]), brackets=brackets, assumed=dict(entry.get("assumed", {})), **numbers)


def _entry(symbol: str, listed: Listed) -> str:
    parts = {"base": listed.base} | {name: canonical(getattr(listed, name)) for name in FILTERS}
    head = ", ".join(f"{_json(name)}: {_json(value)}" for name, value in parts.items())
    assumed = f', "assumed": {_json(dict(listed.assumed))}' if listed.assumed else ""
    rows = (
        "      {" + ", ".join(f'"{k}": {_json(canonical(getattr(bracket, k)))}' for k in OF_BRACKET) + "}"
        for bracket in listed.brackets
    )
    return f'    {_json(symbol)}: {{{head}{assumed}, "brackets": [\n' + ",\n".join(rows) + "\n    ]}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
