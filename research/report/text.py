"""How figures are written for people: one way for each kind of quantity. Times are UTC."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from engine.numbers import canonical
from research.report.drawing.scales import DAY, HOUR, MINUTE

MINUS: Final = "−"
NOTHING: Final = "–"
CENTS: Final = 2


def number(value: Decimal | int, places: int = 0) -> str:
    """A number at so many places, thousands apart."""
    shown = Decimal(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    return f"{shown + 0:,f}".replace("-", MINUS)


def money(value: Decimal | None) -> str:
    """USDT, to the cent."""
    return NOTHING if value is None else number(value, CENTS)


def change(value: Decimal | None) -> str:
    """USDT, to the cent, with its sign."""
    if value is None:
        return NOTHING
    text = money(value)
    return text if text.startswith(MINUS) or not text.strip("0.") else f"+{text}"


def whole(value: Decimal, places: int) -> tuple[str, str]:
    """Every digit of an amount, at so many places or more: down to the cent, and what is behind the cents."""
    head, _, tail = exact(value).partition(".")
    tail = tail.ljust(max(places, CENTS), "0")
    return f"{head}.{tail[:CENTS]}", tail[CENTS:]


def places_of(values: Iterable[Decimal]) -> int:
    """The places that every digit of all values needs."""
    return max((len(canonical(value).partition(".")[2]) for value in values), default=CENTS)


def percent(share: Decimal | None, places: int = 2) -> str:
    """A share, in percent."""
    return NOTHING if share is None else f"{number(share * 100, places)}%"


def limit(share: Decimal | None) -> str:
    """A cap that is a share: as it was written, in percent."""
    return "no cap" if share is None else f"{exact(share * 100)}%"


def basis_points(share: Decimal | None) -> str:
    """A small share, in ten-thousandths."""
    return NOTHING if share is None else f"{number(share * 10_000, 2)} bps"


def ratio(value: Decimal | None) -> str:
    """A plain quotient."""
    return NOTHING if value is None else number(value, 2)


def exact(value: Decimal | None) -> str:
    """Every digit, thousands apart."""
    if value is None:
        return NOTHING
    head, _, tail = canonical(value).replace("-", MINUS).partition(".")
    sign, digits = (MINUS, head[1:]) if head.startswith(MINUS) else ("", head)
    return f"{sign}{int(digits):,}" + (f".{tail}" if tail else "")


def price(value: Decimal | None, tick: Decimal | None) -> str:
    """A price, at as many places as its symbol's tick has."""
    if value is None:
        return NOTHING
    if tick is None:
        return exact(value)
    exponent = tick.normalize().as_tuple().exponent
    return number(value, max(0, -exponent) if isinstance(exponent, int) else 0)


def moment(time: int) -> str:
    """A time to the minute: `2025-05-04 15:33`; to the second where it is not a whole minute."""
    at = datetime.fromtimestamp(time, UTC)
    return at.strftime("%Y-%m-%d %H:%M:%S" if time % MINUTE else "%Y-%m-%d %H:%M")


def day(time: int) -> str:
    """A date: `2025-05-04`."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d")


def duration(seconds: int | None) -> str:
    """The two largest parts of a stretch of time: `2d 3h`, `4h 05m`, `12m`, `2m 30s`."""
    if seconds is None:
        return NOTHING
    if seconds >= DAY:
        return f"{seconds // DAY}d {seconds % DAY // HOUR}h"
    if seconds >= HOUR:
        return f"{seconds // HOUR}h {seconds % HOUR // MINUTE:02d}m"
    minutes, rest = divmod(seconds, MINUTE)
    parts = [f"{minutes}m"] * (minutes > 0) + [f"{rest}s"] * (rest > 0 or not minutes)
    return " ".join(parts)


def count(many: int, one: str, more: str | None = None) -> str:
    """So many of something: `1 gap`, `1,200 gaps`."""
    return f"{many:,} {one if many == 1 else more or one + 's'}"


def words(name: str) -> str:
    """An identifier as words: `symbol_exposure` is `symbol exposure`."""
    return name.replace("_", " ")


def short(digest: str) -> str:
    """The first twelve digits of a hash."""
    return digest.removeprefix("sha256:")[:12]
