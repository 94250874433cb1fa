"""Strategies: the parameters that the catalog declares, and what the rules set for each strategy that runs."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from engine.catalog import CatalogFault, did_you_mean
from engine.faults import Path
from engine.numbers import canonical
from engine.syntax import is_name
from engine.units import Kind, Unit, ValueFault, read_value
from generator.compile.catalogs import Entries
from generator.compile.finish import WITHOUT_MEANING
from generator.compile.problems import Problem
from generator.compile.text import Document
from generator.compile.values import check_range
from universe.strategies import Param, Params, above_its_bound, divides_a_day, read_params

# What a strategy has beside its parameters; and a name that the hash of the meaning leaves out decides nothing.
TAKEN: Final = frozenset({"name", "every", "symbols", "warm_up"}) | WITHOUT_MEANING
WHEN: Final = "write a bar that fills a day evenly: 5m, 15m, 1h, 4h, 1d"


def declared_params(
    document: Document, entries: Entries, units: Mapping[str, Unit], problems: list[Problem]
) -> dict[str, Params]:
    """Each strategy's parameters by name, from the compiled entries of the catalog."""
    declared: dict[str, Params] = {}
    for strategy, params in entries.items():
        path: Path = ("strategies", strategy, "params")
        for name in params:
            if not is_name(name) or name in TAKEN:
                message, help_text = f"`{name}` can't be a parameter", "it means something else in a strategy already"
                problems.append(document.problem("bad-name", (*path, name), message, help_text, at_key=True))
        try:
            declared[strategy] = read_params(params, units)
        except CatalogFault as fault:
            place = (*path, *fault.key.split("."))
            problems.append(document.problem(fault.code, place, str(fault), fault.help))
    return declared


def running(
    document: Document,
    declared: Mapping[str, Params],
    units: Mapping[str, Unit],
    symbols: Mapping[str, Any],
    problems: list[Problem],
) -> Entries:
    """What the universe says of each strategy that runs: `every` in seconds, `symbols`, `params`, all canonical."""
    found: Entries = {}
    for name, entry in document.data["strategies"].items():
        path: Path = ("strategies", name)
        if "every" not in entry:
            continue
        if name not in declared:
            message = f"`{name}` is to run, and schemas/strategies.yaml declares no such strategy"
            help_text = did_you_mean(name, declared) or "leave `every` out where nothing runs under its name"
            problems.append(document.problem("undeclared-strategy", path, message, help_text, at_key=True))
            continue
        found[name] = {
            "every": _every(document, (*path, "every"), entry["every"], units, problems),
            "symbols": _symbols(document, (*path, "symbols"), entry["symbols"], symbols, problems),
            "params": _params(document, (*path, "params"), entry.get("params", {}), declared[name], problems),
        }
    return found


def _every(document: Document, path: Path, written: Any, units: Mapping[str, Unit], problems: list[Problem]) -> str:
    try:
        seconds = _number(written, units["duration"]) if "duration" in units else None
        if seconds is None or not divides_a_day(seconds):
            raise ValueFault(f"`{written}` is no whole part of a day", WHEN)
        return canonical(seconds)
    except ValueFault as fault:
        problems.append(document.problem("bad-value", path, str(fault), fault.help))
        return ""


def _number(written: Any, unit: Unit) -> Decimal | None:
    value = read_value(written, unit, {}) if isinstance(written, str) else None
    return value if isinstance(value, Decimal) else None


def _symbols(
    document: Document, path: Path, written: list[str], known: Mapping[str, Any], problems: list[Problem]
) -> list[str]:
    for i, symbol in enumerate(written):
        place = (*path, i)
        if symbol not in known:
            message = f"`{symbol}` is no symbol of rules/universe.yaml"
            problems.append(document.problem("unknown-symbol", place, message, did_you_mean(symbol, known)))
        elif symbol in written[:i]:
            problems.append(document.problem("bad-value", place, f"`{symbol}` stands twice in the list"))
    return list(written)


def _params(
    document: Document, path: Path, written: Mapping[str, Any], params: Params, problems: list[Problem]
) -> dict[str, Any]:
    values: dict[str, Decimal | bool | str] = {}
    for name, text in written.items():
        if name not in params:
            continue
        try:
            values[name] = param_value(text, params[name])
        except ValueFault as fault:
            problems.append(document.problem("bad-value", (*path, name), str(fault), fault.help))
    for param, bound in above_its_bound(params, values):
        message = f"`{written[param.name]}`: {param.name} must be below {bound}, which is `{written[bound]}`"
        problems.append(document.problem("bad-value", (*path, param.name), message))
    return {n: canonical(v) if isinstance(v, Decimal) else v for n, v in values.items()}


def param_value(written: Any, param: Param) -> Decimal | bool | str:
    """The value of a parameter as it is written.

    Raises:
        ValueFault: another unit, a bare number, out of range, none of its words.
    """
    if not isinstance(written, str):
        raise ValueFault("a single value is needed here")
    value = read_value(written, param.unit, {})
    if param.unit.kind is Kind.ENUM and value not in param.type.values:
        words = sorted(param.type.values)
        help_text = did_you_mean(written, words) or f"one of {', '.join(words)}"
        raise ValueFault(f"`{written}` is no value of {param.name}", help_text)
    if isinstance(value, Decimal):
        check_range(written, value, param)
    return value
