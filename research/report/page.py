"""The page: what was read, drawn and put into the template. The same journal gives the same bytes."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from execution.feeds.remarks import RemarkCode
from research.report import charts, risk_charts, text
from research.report.attention import concerns
from research.report.drawing.marks import balance, meter
from research.report.drawing.plot import Band
from research.report.drawing.scales import Period
from research.report.drawing.svg import clean
from research.report.flow import Fate
from research.report.headroom import least
from research.report.reading import Reading
from research.report.trades import Sum, by, total
from universe.instruments import instruments
from universe.trading import Side

TEMPLATES: Final = Path(__file__).parent / "templates"
TRADES: Final = 100
NOTES: Final = 200
ALWAYS: Final = (Fate.PASSED, Fate.VETOED)
MONEY: Final = ("realised", "unrealised", "fees", "funding", "pnl")
LONG_OR_SHORT: Final = {Side.BUY.value: "long", Side.SELL.value: "short"}


def page(reading: Reading) -> str:
    """The whole page, as HTML."""
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=True,
        finalize=_finished,
    )
    environment.filters |= FILTERS
    ticks = {name: instrument.tick for name, instrument in instruments(reading.parts.caps.universe).items()}
    environment.filters["price"] = lambda value, symbol: text.price(_decimal(value), ticks.get(symbol))
    return environment.get_template("report.html").render(**_context(reading))


def _finished(value: Any) -> Any:
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _decimal(value: Decimal | str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _of_decimal(write: Callable[[Decimal | None], Any]) -> Callable[[Decimal | str | None], Any]:
    return lambda value: write(_decimal(value))


def _whole(value: Decimal | str | None, places: int) -> Markup:
    """Every digit of an amount, those behind the cents in their own style; all of a column at the same places."""
    known = _decimal(value)
    if known is None:
        return Markup(text.NOTHING)
    head, tail = text.whole(known, places)
    return Markup('{}<span class="tail">{}</span>').format(head, tail)


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "money": _of_decimal(text.money),
    "change": _of_decimal(text.change),
    "percent": _of_decimal(text.percent),
    "ratio": _of_decimal(text.ratio),
    "bps": _of_decimal(text.basis_points),
    "exact": _of_decimal(text.exact),
    "whole": _whole,
    "limit": _of_decimal(text.limit),
    "moment": text.moment,
    "day": text.day,
    "duration": text.duration,
    "share": lambda value: text.percent(Decimal(str(value)), 1),
    "count": text.count,
    "words": text.words,
    "short": text.short,
    "sign": lambda value: "" if not (known := _decimal(value)) else "gain" if known > 0 else "loss",
}


def _context(reading: Reading) -> dict[str, Any]:
    parts = reading.parts
    period = Period.of(reading.first, reading.last)
    behind = charts.bands(parts.diary, reading.last)
    return {
        "reading": reading,
        "run": reading.run,
        "period": period,
        "records": reading.records,
        "concerns": concerns(reading),
        "sides": LONG_OR_SHORT,
        "meanings": {code.value: code.meaning for code in RemarkCode},
        "notes_shown": NOTES,
        **_money(reading, period, behind),
        **_risk(reading, period, behind),
        **_vetoes(reading, period, behind),
        **_trading(reading),
    }


def _money(reading: Reading, period: Period, behind: list[Band]) -> dict[str, Any]:
    curve = reading.parts.curve
    days = curve.days()
    return {
        "drawdown": curve.drawdown(),
        "drawdowns": {name: curve.drawdown(name) for name in curve.strategies},
        "days": days,
        "results_chart": charts.results(curve, period, behind),
        "drawdown_chart": charts.drawdowns(curve, period, reading.moment.cap("drawdown"), behind),
        "days_chart": charts.by_day(days),
    }


def _risk(reading: Reading, period: Period, behind: list[Band]) -> dict[str, Any]:
    held, headroom = reading.parts.exposures.held(), reading.parts.headroom
    gates = {gate["id"]: gate for gate in reading.parts.caps.universe.document["gates"]}
    return {
        "uses": [
            [risk_charts.use(place, of) for place, of in places]
            for _, places in groupby(held.items(), key=lambda item: item[0].part)
        ],
        "exposure_charts": [
            (place, risk_charts.exposure(place, of, period, behind))
            for place, of in held.items()
            if place.part != "symbol" and of.largest[1]
        ],
        "tightest_chart": risk_charts.tightest(headroom, period, behind),
        "rooms": [
            (gate, least(rooms), rooms[-1], risk_charts.headroom_strip(rooms, period))
            for gate, rooms in sorted(headroom.gates.items(), key=lambda item: least(item[1]).left)
        ],
        "gates": gates,
    }


def _vetoes(reading: Reading, period: Period, behind: list[Band]) -> dict[str, Any]:
    flow = reading.parts.flow
    reasons, fates = flow.by_count, flow.fates()
    most = reasons[0][1].count if reasons else 1
    return {
        "reasons": [
            (name, reason, meter(reason.count / most), risk_charts.hours_strip(name, reason))
            for name, reason in reasons
        ],
        "vetoes_chart": risk_charts.vetoes(reasons, period, behind) if reasons else None,
        "fates": [(cause, strategy, of) for (cause, strategy), of in fates.items()],
        "fate_names": [f for f in Fate if f in ALWAYS or any(of[f] for of in fates.values())],
        "dropped": [(name, many, flow.dropped_text[name]) for name, many in flow.dropped.most_common()],
    }


def _trading(reading: Reading) -> dict[str, Any]:
    closed = reading.parts.trades.closed
    kpis = reading.records["kpis"]
    money = [of[name] for of in (kpis["account"], *kpis["strategies"].values()) for name in MONEY]
    return {
        "kpis": kpis,
        "gained": None if kpis["account"]["pnl"] is None else Decimal(kpis["account"]["pnl"]) / reading.run.cash,
        "places": text.places_of(Decimal(value) for value in money if value is not None),
        "nav": reading.records["nav"],
        "router": reading.records["router_health"],
        "positions": reading.records["positions_ledger"]["positions"],
        "trades": closed[: -TRADES - 1 : -1],
        "trades_in_all": len(closed),
        "by_reason": _with_bars(by(closed, lambda t: t.reason)),
        "by_symbol": _with_bars(by(closed, lambda t: t.symbol)),
        "all_trades": total(closed),
    }


def _with_bars(sums: list[tuple[str, Sum]]) -> list[tuple[str, Sum, Markup]]:
    """Each sum with a bar for its result, on one scale."""
    largest = max((abs(of.result) for _, of in sums), default=Decimal(0))
    return [(name, of, balance(float(of.result), float(largest))) for name, of in sums]
