"""Times as files write them, read as whole seconds since 1970: ISO dates with their offset, and venue epochs."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Final

EARLIEST: Final = 10**9
LATEST: Final = 10**10
UNITS: Final = {13: 1_000, 16: 1_000_000}

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)
_DAY_SECONDS: Final = 86_400

ReadTime = Callable[[str], int]


class TimeFault(ValueError):
    """A text that is no time from 2001 to 2286 in the file's notation; the message says why."""


class IsoTimes:
    """Reads `2025-05-04 15:33:00+00:00`. A date and a clock with its offset are each read once, then looked up.

    Args:
        whole: whether a fraction of a second is refused; else it is cut off.
    """

    def __init__(self, whole: bool) -> None:
        self._whole = whole
        self._days: dict[str, int] = {}
        self._clocks: dict[str, int] = {}

    def __call__(self, text: str) -> int:
        """Unix seconds.

        Raises:
            TimeFault: no ISO date with an offset, or out of bounds.
        """
        day, clock = self._days.get(text[:10]), self._clocks.get(text[10:])
        if day is None or clock is None:
            return self._read(text)
        return day + clock

    def _read(self, text: str) -> int:
        try:
            moment = datetime.fromisoformat(text)
            local = date.fromisoformat(text[:10])
        except ValueError:
            raise TimeFault("not an ISO date") from None
        if local != moment.date() or text[10:11] not in " T":
            raise TimeFault("not an ISO date")
        if moment.tzinfo is None:
            raise TimeFault("without an offset it could be any zone")
        if self._whole and moment.microsecond:
            raise TimeFault("a candle opens on a whole second")
        seconds = _bounded((moment - _EPOCH) // _SECOND)
        day = (local - _EPOCH.date()).days * _DAY_SECONDS
        if not moment.microsecond and len(self._clocks) < _DAY_SECONDS:
            self._days[text[:10]] = day
            self._clocks[text[10:]] = seconds - day
        return seconds


class EpochTimes:
    """Reads `1746372780000`: milliseconds or microseconds since 1970, told by the number of digits; one unit a file.

    Args:
        whole: whether a fraction of a second is refused; else it is cut off.
    """

    def __init__(self, whole: bool) -> None:
        self._whole = whole
        self._unit = 0

    def __call__(self, text: str) -> int:
        """Unix seconds.

        Raises:
            TimeFault: another number of digits than 13 or 16, or than in the rows before.
        """
        if self._unit == 0 or UNITS.get(len(text)) != self._unit:
            self._find_unit(text)
        try:
            seconds, part = divmod(int(text), self._unit)
        except ValueError:
            raise TimeFault("not a whole number") from None
        if self._whole and part:
            raise TimeFault("a candle opens on a whole second")
        return _bounded(seconds)

    def _find_unit(self, text: str) -> None:
        unit = UNITS.get(len(text), 0)
        if unit == 0:
            raise TimeFault("neither milliseconds nor microseconds since 1970")
        if self._unit:
            raise TimeFault("another unit than in the rows before")
        self._unit = unit

    def closes(self, text: str, closed: int) -> bool:
        """Whether the text is the last unit of time before a second: how the venue writes the close of a candle."""
        return text == str(closed * self._unit - 1)


def _bounded(seconds: int) -> int:
    if not EARLIEST <= seconds < LATEST:
        raise TimeFault("not between 2001 and 2286")
    return seconds
