"""Binance USD-M futures over REST, through python-binance, which is imported when the venue is asked and not before."""

import asyncio
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from execution.venues.imposed import Words
from universe.venue import VenueFault

URL: Final = "https://fapi.binance.com"
SECONDS: Final = 10
_WINDOW: Final = 5_000
_LOCAL: Final = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Account:
    """The key of an account, which may only read; shown nowhere."""

    key: str = field(repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Binance:
    """Asks the venue what it imposes.

    Args:
        clock: Unix seconds with their fraction, by the clock of this machine: the library stamps requests by it.
        account: whose key signs; without one the venue tells no brackets.
        url: of the futures API; without encryption only on this machine.
    """

    clock: Callable[[], float]
    account: Account | None = None
    url: str = URL

    def words(self) -> Words:
        """What the venue says now, asked once.

        Raises:
            VenueFault: python-binance is not installed, or the venue can't be reached, or refuses.
        """
        parts = urlsplit(self.url)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOCAL):
            raise VenueFault(f"{self.url} is no address of a venue", f"write it as {URL}")
        library = _library()
        return asyncio.run(self._ask(library, parts.hostname or self.url))

    async def _ask(self, library: Any, host: str) -> Words:
        import aiohttp
        from binance.exceptions import BinanceAPIException, BinanceRequestException

        try:
            return await self._asked(library, host)
        except BinanceAPIException as error:
            raise _refused(host, error) from None
        except (BinanceRequestException, aiohttp.ContentTypeError, ValueError) as error:
            raise VenueFault(f"{host} answers with no JSON: {str(error)[:80]}", f"is it {URL} that answers?") from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            message = f"{host} can't be reached: {str(error) or type(error).__name__}"
            raise VenueFault(message, "try again, or give what was recorded with --from") from None

    async def _asked(self, library: Any, host: str) -> Words:
        client = self._client(library)
        try:
            info = await client.futures_exchange_info()
            brackets = None
            if self.account is not None:
                sent = self.clock()
                told = await client.futures_time()
                # The venue read its clock somewhere between our two readings.
                client.timestamp_offset = int(told["serverTime"] - (sent + self.clock()) * 500)
                brackets = await client.futures_leverage_bracket()
        finally:
            await client.close_connection()
        return Words(info, brackets, host)

    def _client(self, library: Any) -> Any:
        """A client of this address: the library has it as a class attribute, into which it puts a top-level domain."""
        own = type(
            "Client",
            (library,),
            {
                "FUTURES_URL": f"{self.url.rstrip('/')}/fapi",
                "REQUEST_TIMEOUT": SECONDS,
                "REQUEST_RECVWINDOW": _WINDOW,
            },
        )
        account = self.account
        return own(*((account.key, account.secret) if account is not None else ()))


def _library() -> Any:
    try:
        with warnings.catch_warnings():
            # It imports names that websockets has deprecated, and says so to whoever imports it.
            warnings.simplefilter("ignore", DeprecationWarning)
            from binance import AsyncClient
    except ImportError:
        raise VenueFault("python-binance is not installed", "pip install -e '.[binance]'") from None
    return AsyncClient


def _refused(host: str, error: Any) -> VenueFault:
    """What the venue's refusal means, and what to do."""
    status, code = error.status_code, error.code
    if status in (418, 429):
        wait = error.response.headers.get("Retry-After")
        return VenueFault(f"{host} is asked too often", f"wait {wait or 60} s, and try again")
    if status in (401, 403) or code in (-2014, -2015, -1022):
        return VenueFault(f"{host} does not take the key: {error.message}", "a key that may read, and this address")
    if status == 451:
        return VenueFault(f"{host} answers nobody from here", "give what was recorded elsewhere with --from")
    if status >= 500 or not code:
        return VenueFault(f"{host} answers with status {status}", "try again later")
    return VenueFault(f"{host} refuses: {error.message} ({code})", "give what was recorded with --from")
