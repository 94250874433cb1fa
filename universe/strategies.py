"""What the rules say of strategies: the parameters that each declares, and how each that runs is set.

The compiler checks what people write; a finished universe is checked again here when it is read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from engine.catalog import CatalogFault, did_you_mean
from engine.numbers import parse_number
from engine.tree import Sign, Type
from engine.units import Kind, Unit
from engine.values import typed_value

ParamValue = int | Decimal | bool | str

DAY: Final = 86_400
MINUTE: Final = 60
# A unit that is written in a symbol's own coin has no meaning for a parameter, which holds for every symbol.
KINDS: Final = frozenset({Kind.RATIO, Kind.AMOUNT, Kind.COUNT, Kind.BOOL, Kind.ENUM})


@dataclass(frozen=True, slots=True)
class Param:
    """A declared parameter of a strategy: its unit, range and meaning.

    `below` names the parameter of the same strategy that this one must be less than.
    """

    name: str
    unit: Unit
    type: Type
    meaning: str
    sign: Sign = Sign.ANY
    low: Decimal | None = None
    high: Decimal | None = None
    below: str | None = None


Params = Mapping[str, Param]


@dataclass(frozen=True, slots=True)
class RunningStrategy:
    """A strategy that runs: asked at the close of each bar of `every` seconds, for these symbols, in this order.

    `params` are in their units: a count is an int, any other number a Decimal (a duration in seconds).
    """

    name: str
    every: int
    symbols: tuple[str, ...]
    params: Mapping[str, ParamValue]


def read_params(entries: Mapping[str, Mapping[str, Any]], units: Mapping[str, Unit]) -> dict[str, Param]:
    """The parameters of one strategy from their compiled entries.

    Raises:
        CatalogFault: naming, as its key, the parameter and the part of its entry at fault: `fast.unit`.
    """
    params = {name: _param(name, entry, units) for name, entry in entries.items()}
    for name, param in params.items():
        other = params.get(param.below) if param.below is not None else None
        if param.below is not None and other is None:
            help_text = did_you_mean(param.below, params.keys() - {name})
            raise CatalogFault(f"{name}.below", "unknown-param", f"`{param.below}` is no parameter", help_text)
        if other is not None and (other.unit != param.unit or not param.unit.numeric):
            message = f"`{name}` and `{other.name}` are not numbers of one unit"
            raise CatalogFault(f"{name}.below", "unit-mismatch", message)
    return params


def _param(name: str, entry: Mapping[str, Any], units: Mapping[str, Unit]) -> Param:
    unit = units.get(entry["unit"])
    if unit is None:
        help_text = did_you_mean(entry["unit"], units)
        raise CatalogFault(f"{name}.unit", "unknown-unit", f"`{entry['unit']}` is no unit", help_text)
    if unit.kind not in KINDS or unit.names:
        raise CatalogFault(f"{name}.unit", "type-mismatch", f"a parameter can't be a {unit.name}")
    words = entry.get("values")
    if (unit.kind is Kind.ENUM) != isinstance(words, (list, tuple)):
        raise CatalogFault(f"{name}.unit", "type-mismatch", "an enum has `values`, and nothing else has")
    return Param(
        name=name,
        unit=unit,
        type=Type(Kind.ENUM, values=frozenset(map(str, words))) if words else Type(unit.kind, unit.dimensions),
        meaning=entry["meaning"],
        sign=Sign(entry.get("sign", "any")),
        low=parse_number(entry["min"]) if "min" in entry else None,
        high=parse_number(entry["max"]) if "max" in entry else None,
        below=entry.get("below"),
    )


def above_its_bound(params: Params, values: Mapping[str, Any]) -> list[tuple[Param, str]]:
    """The parameters that are not below what they must be, each with the name of that."""
    return [
        (p, p.below)
        for n, p in params.items()
        if p.below is not None and n in values and p.below in values and not values[n] < values[p.below]
    ]


def divides_a_day(seconds: Decimal) -> bool:
    """Whether bars of so many seconds fill a UTC day: whole minutes, and whole bars in a day."""
    return seconds >= MINUTE and not seconds % MINUTE and not DAY % seconds


def read_running(document: Mapping[str, Any], units: Mapping[str, Unit]) -> dict[str, RunningStrategy]:
    """The strategies of a compiled document that run, checked against the parameters that it declares.

    Raises:
        ValueError, LookupError, TypeError, AttributeError, ArithmeticError: the document does not hold them.
    """
    declared = {name: read_params(entries, units) for name, entries in document["params"].items()}
    return {
        name: _running(name, entry, declared[name], document["symbols"])
        for name, entry in document["strategies"].items()
        if "every" in entry
    }


def _running(name: str, entry: Mapping[str, Any], params: Params, symbols: Mapping[str, Any]) -> RunningStrategy:
    every, named = parse_number(entry["every"]), tuple(entry["symbols"])
    if not divides_a_day(every):
        raise ValueError(f"`{every}` seconds don't divide a day")
    if not named or len(set(named)) != len(named) or not set(named) <= symbols.keys():
        raise ValueError(f"the symbols of {name} are not distinct ones of the universe")
    if entry["params"].keys() != params.keys():
        raise ValueError(f"the parameters of {name} are not those that it declares")
    values = {n: _value(params[n], v) for n, v in entry["params"].items()}
    for param, bound in above_its_bound(params, values):
        raise ValueError(f"`{param.name}` of {name} is not below `{bound}`")
    return RunningStrategy(name, int(every), named, values)


def _value(param: Param, given: Any) -> ParamValue:
    value = typed_value(given, param)
    assert not isinstance(value, tuple)  # no parameter is a list
    return int(value) if param.unit.kind is Kind.COUNT and isinstance(value, Decimal) else value
