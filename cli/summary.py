"""The summary of a run on a terminal: what it brought, what was stopped and why, and how much room is left."""

from collections.abc import Mapping, Sequence
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
    closed, vetoes = kpis["account"]["closed_by"], risk["vetoes"]
    console.print(_counts("positions were left by", "trades", closed, "blue") if closed else "\nno position was left")
    console.print(_counts("vetoes by reason", "count", vetoes, "red") if vetoes else "\nno vetoes")
    if risk["headroom"]:
        console.print(_rooms(risk["headroom"]))
    console.print(_at_the_end(records["router_health"], records["positions_ledger"]["positions"]))


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


def _counts(title: str, column: str, counts: Mapping[str, int], style: str) -> "Table":
    table = _table(title, ("reason", column, ""))
    most = max(counts.values())
    for reason, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        table.add_row(reason, str(count), _bar(count / most, style))
    return table


def _rooms(headroom: Mapping[str, Record]) -> "Table":
    table = _table("exposure against its bounds, at the end", ("gate", "in use", "bound", "room left", ""))
    for gate, entry in headroom.items():
        observed, limit, room = (Decimal(entry[name]) for name in ("observed", "limit", "room"))
        if room > 0 and observed > limit:
            # A floor: what is there may fall to it.
            room = (observed - limit) / observed
        shown = max(0.0, min(1.0, float(room)))
        table.add_row(gate, _percent(observed), _percent(limit), _percent(room), _bar(shown, "green"))
    return table


def _at_the_end(router: Record, positions: Sequence[Record]) -> str:
    orders, open_orders = router["orders"], len(router["open_orders"])
    bare = sum(p["exits"] is None for p in positions)
    exits = f"{bare} WITHOUT EXITS" if bare else "each with its exits in its record"
    held = f"{len(positions)} positions open, {exits}" if positions else "no position open"
    working = f", {open_orders} orders working" if open_orders else ""
    return (
        f"\n{orders['sent']} orders, {orders['fills']} fills, {_percent(orders['maker_share'])} as a maker, "
        f"{orders['requotes']} re-quotes, {orders['rejected']} rejected; {held}{working}"
    )


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
