"""The summary of a run on a terminal: what it brought, what was stopped and why, and how much room is left."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

BAR: Final = 20
Record = Mapping[str, Any]


def show(records: Mapping[str, Record], console: "Console") -> None:
    """Print the summary that the state files hold."""
    nav, kpis, risk = records["nav"], records["kpis"], records["risk_snapshot"]
    console.print(_headline(nav, kpis, records["diagnostics"]))
    console.print(_strategies(kpis))
    console.print(_exits(kpis))
    if risk["vetoes"]:
        console.print(_vetoes(risk["vetoes"]))
    else:
        console.print("\nno vetoes")
    console.print(_rooms(risk))
    orders = records["router_health"]["orders"]
    console.print(
        f"\n{orders['sent']} orders, {orders['fills']} fills, {_percent(orders['maker_share'])} as a maker, "
        f"{orders['requotes']} re-quotes, {orders['rejected']} rejected; "
        f"{risk['open_positions']} positions open, each with its exits in its record"
    )


def _headline(nav: Record, kpis: Record, diagnostics: Record) -> str:
    what = diagnostics["what"]
    start, end = Decimal(nav["start"]), Decimal(nav["nav"])
    label = f"{what['feed']}, no real prices" if nav["synthetic"] else what["feed"]
    return (
        f"run {nav['run']}  {label}  {_day(diagnostics['started'])} to {_day(nav['time'])}\n"
        f"NAV {_money(start)} → {_money(end)} USDT ({_percent((end - start) / start, signed=True)}), deepest fall "
        f"{_percent(kpis['account']['max_drawdown_share'])}\n"
        "modelled: spread, slippage, the way inside a bar; mark is the last close where no mark was recorded\n"
    )


def _strategies(kpis: Record) -> "Table":
    table = _table("strategies", ("strategy", "PnL", "realised", "fees", "funding", "trades", "won", "deepest fall"))
    rows = {**kpis["strategies"], "account": kpis["account"]}
    for name, row in rows.items():
        table.add_row(
            name,
            _money(row["pnl"]),
            _money(row["realised"]),
            _money(row["fees"]),
            _money(row["funding"]),
            str(row["trades"]),
            _percent(row["win_rate"]),
            _money(row["max_drawdown"]),
            style="bold" if name == "account" else "",
        )
    return table


def _exits(kpis: Record) -> "Table":
    table = _table("positions were left by", ("reason", "trades", ""))
    closed = kpis["account"]["closed_by"]
    most = max(closed.values(), default=1)
    for reason, count in sorted(closed.items(), key=lambda item: (-item[1], item[0])):
        table.add_row(reason, str(count), _bar(count / most, "blue"))
    return table


def _vetoes(vetoes: Mapping[str, int]) -> "Table":
    table = _table("vetoes by reason", ("reason", "count", ""))
    most = max(vetoes.values())
    for reason, count in sorted(vetoes.items(), key=lambda item: (-item[1], item[0])):
        table.add_row(reason, str(count), _bar(count / most, "red"))
    return table


def _rooms(risk: Record) -> "Table":
    table = _table("exposure against caps, at the end", ("gate", "in use", "cap", "room left", ""))
    for gate, entry in risk["headroom"].items():
        room = max(0.0, min(1.0, float(entry["room"])))
        table.add_row(
            gate, _percent(entry["observed"]), _percent(entry["limit"]), _percent(entry["room"]), _bar(room, "green")
        )
    return table


def _table(title: str, columns: tuple[str, ...]) -> "Table":
    from rich.table import Table

    table = Table(
        box=None, pad_edge=False, header_style="bold", title=f"\n{title}", title_justify="left", title_style="bold"
    )
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number and column else "left", no_wrap=True)
    return table


def _bar(share: float, style: str) -> Any:
    from rich.text import Text

    from cli.project import bar

    return Text(bar(share, BAR), style=style)


def _money(value: Any) -> str:
    return f"{Decimal(value):,.2f}"


def _percent(value: Any, *, signed: bool = False) -> str:
    if value is None:
        return "–"
    return f"{Decimal(value):+.2%}" if signed else f"{Decimal(value):.1%}"


def _day(time: int | None) -> str:
    return "–" if time is None else datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M")
