"""What a venue imposes, out of its own words: the port that has them, and contracts made of them.

The words are those of Binance's USD-M futures: `exchangeInfo` for everybody, `leverageBracket` for accounts alone.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final, Protocol

from universe.instruments import Bracket
from universe.venue import FILTERS, Listed, VenueFault, VenueFile

TRADING: Final = "TRADING"
PERPETUAL: Final = "PERPETUAL"
_SHAPE: Final = "give exchangeInfo and leverageBracket of the USD-M futures API, as the venue answers them"
# How a bracket says it: our name for each part, and the venue's.
_BRACKET: Final = {
    "notional_cap": "notionalCap",
    "leverage": "initialLeverage",
    "maintenance_margin": "maintMarginRatio",
    "maintenance_amount": "cum",
}


@dataclass(frozen=True, slots=True)
class Words:
    """What a venue answered, as plain data, and who said it; no brackets where it was not asked as an account."""

    exchange_info: Mapping[str, Any]
    brackets: Iterable[Mapping[str, Any]] | None
    said_by: str


class Imposes(Protocol):
    """Whoever has a venue's words: the venue itself, or a recording of it."""

    def words(self) -> Words:
        """What the venue says now.

        Raises:
            VenueFault: it can't be asked, or does not answer.
        """


@dataclass(frozen=True, slots=True)
class Recorded:
    """Words that were recorded: JSON files, each told by its shape; several of one kind are one."""

    files: tuple[Path, ...]

    def words(self) -> Words:
        """As they stand in the files."""
        info: dict[str, Any] | None = None
        brackets: list[Mapping[str, Any]] | None = None
        for file in self.files:
            data = _json(file)
            if isinstance(data, dict) and "symbols" in data:
                info = data if info is None else {**data, "symbols": [*info["symbols"], *data["symbols"]]}
            elif isinstance(data, list) or (isinstance(data, dict) and "brackets" in data):
                brackets = [*(brackets or []), *([data] if isinstance(data, dict) else data)]
            else:
                raise VenueFault(f"{file}: neither contracts nor brackets", _SHAPE)
        if info is None:
            raise VenueFault("no file holds contracts", _SHAPE)
        return Words(info, brackets, ", ".join(file.name for file in self.files))


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_bytes(), parse_float=Decimal)
    except OSError as error:
        raise VenueFault(f"{file} can't be read: {error.strerror}", "give a file that was recorded") from None
    except (ValueError, RecursionError) as error:
        raise VenueFault(f"{file} is no JSON: {error}", _SHAPE) from None


def refreshed(words: Words, file: VenueFile, only: Iterable[str] = ()) -> tuple[VenueFile, tuple[str, ...]]:
    """A venue's file by the venue's words, and remarks on contracts that are not as they should be.

    A contract that the venue lists no longer is gone; brackets stay where it was not asked for them.

    Args:
        words: what the venue said.
        file: as it stood.
        only: these contracts alone, whether the file has them or not; none: all that it has.

    Raises:
        VenueFault: the words have another shape, or nothing to go by for a contract.
    """
    try:
        return _refreshed(words, file, tuple(dict.fromkeys(only)))
    except (LookupError, TypeError, AttributeError, InvalidOperation, ValueError, OverflowError) as error:
        if isinstance(error, VenueFault):
            raise
        message = f"{words.said_by}: not in the shape of the API: {type(error).__name__} {error}"
        raise VenueFault(message, _SHAPE) from None


def _refreshed(words: Words, file: VenueFile, only: tuple[str, ...]) -> tuple[VenueFile, tuple[str, ...]]:
    contracts = {str(entry["symbol"]): entry for entry in words.exchange_info["symbols"]}
    brackets = None if words.brackets is None else {str(e["symbol"]): _brackets(e["brackets"]) for e in words.brackets}
    symbols, remarks = dict(file.symbols), list[str]()
    for symbol in only or file.symbols:
        old, entry = symbols.pop(symbol, None), contracts.get(symbol)
        if entry is None:
            remarks.append(f"{symbol}: the venue does not list it")
            continue
        if (entry["contractType"], entry["status"]) != (PERPETUAL, TRADING):
            remarks.append(f"{symbol}: the venue says {entry['contractType'] or 'no contract'}, {entry['status']}")
        own = brackets.get(symbol) if brackets is not None else None
        if own is None and brackets is not None:
            remarks.append(f"{symbol}: the venue tells no brackets of it")
        symbols[symbol] = _listed(symbol, entry, own, old)
    in_order = {symbol: symbols[symbol] for symbol in (*file.symbols, *only) if symbol in symbols}
    return replace(file, sources=_sources(words, file, only), symbols=in_order), tuple(remarks)


def _sources(words: Words, file: VenueFile, only: tuple[str, ...]) -> dict[str, str]:
    """Where everything was learnt, from now on."""
    when = datetime.fromtimestamp(int(words.exchange_info["serverTime"]) // 1000, UTC)
    told = {", ".join(FILTERS): f"{words.said_by}, exchangeInfo of {when:%F}"}
    if words.brackets is not None:
        told[_BRACKETS] = f"{words.said_by}, leverageBracket; {_MEANING}"
    if only:
        return {**file.sources, **{f"{part} of {', '.join(only)}": text for part, text in told.items()}}
    return {_BRACKETS: file.sources.get(_BRACKETS, "not recorded"), **told}


_BRACKETS: Final = "brackets"
_MEANING: Final = "notional_cap inclusive upper end in USDT, maintenance_amount subtracted"


def _listed(symbol: str, entry: Mapping[str, Any], brackets: tuple[Bracket, ...] | None, old: Listed | None) -> Listed:
    """A contract; where the venue tells no brackets of it the old ones stay, with what was assumed of them."""
    assumed: dict[str, str] = {}
    if brackets is None:
        if old is None:
            message = f"{symbol}: no brackets are known"
            raise VenueFault(message, "ask as an account, or record leverageBracket")
        brackets = old.brackets
        assumed = {part: why for part, why in old.assumed.items() if part == _BRACKETS}
    of = {str(one["filterType"]): one for one in entry["filters"]}
    # An order may be sent either way, so what the stricter of both refuses is refused.
    limit, market = of["LOT_SIZE"], of.get("MARKET_LOT_SIZE", of["LOT_SIZE"])
    steps = sorted(_positive(symbol, one["stepSize"]) for one in (limit, market))
    if steps[1] % steps[0]:
        raise VenueFault(f"{symbol}: steps of {steps[0]} and {steps[1]} fit no common grid", _SHAPE)
    return Listed(
        base=str(entry["baseAsset"]),
        tick=_positive(symbol, of["PRICE_FILTER"]["tickSize"]),
        step=steps[1],
        min_quantity=max(_positive(symbol, one["minQty"]) for one in (limit, market)),
        max_quantity=min(_positive(symbol, one["maxQty"]) for one in (limit, market)),
        min_notional=_positive(symbol, of["MIN_NOTIONAL"]["notional"]),
        brackets=brackets,
        assumed=assumed,
    )


def _brackets(entries: Iterable[Mapping[str, Any]]) -> tuple[Bracket, ...]:
    """Brackets by rising notional, one beginning where another ends."""
    made = [Bracket(**{ours: _number(entry[theirs]) for ours, theirs in _BRACKET.items()}) for entry in entries]
    made.sort(key=lambda bracket: bracket.notional_cap)
    if not made or any(bracket.leverage <= 0 or bracket.notional_cap <= 0 for bracket in made):
        raise ValueError("brackets without leverage or notional")
    return tuple(made)


def _positive(symbol: str, given: Any) -> Decimal:
    number = _number(given)
    if number <= 0:
        raise VenueFault(f"{symbol}: {given} is not positive", _SHAPE)
    return number


def _number(given: Any) -> Decimal:
    """A number as the venue wrote it: the shortest text of a float is the text that it was read from."""
    number = Decimal(repr(given) if isinstance(given, float) else given)
    if not number.is_finite():
        raise ValueError(f"{given} is no number")
    return number
