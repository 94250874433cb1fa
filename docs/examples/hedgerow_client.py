"""A client of `hedgerow serve` that needs nothing but Python. Whatever fails is no."""

import http.client
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether an order may be sent, and why not: reasons of gates, or one of `asking_failed`.

    `max_quantity` is the largest that may; None where there is none, or nobody could say.
    """

    allowed: bool
    reasons: tuple[str, ...]
    text: str = ""
    max_quantity: Decimal | None = None


class Gate:
    """Asks a service before each order.

    Args:
        address: `http://127.0.0.1:8787`, or `unix:` and the path of a socket.
        token: the bearer token, where the service asks for one.
        timeout: seconds; an answer that takes longer is no.
    """

    def __init__(self, address: str = "http://127.0.0.1:8787", token: str | None = None, timeout: float = 1.0) -> None:
        self._address, self._timeout = address, timeout
        self._headers = {"Content-Type": "application/json"}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"

    def ask(self, facts: Mapping[str, Any]) -> Answer:
        """Whether an order may be sent, by all the facts about it; never raises."""
        try:
            record = self._post("/v1/decide", facts)
            reasons = tuple(veto["reason"] for veto in record["vetoes"])
            largest = record.get("max_quantity")
            return Answer(
                record["decision"] == "allow" and not reasons,
                reasons,
                "; ".join(veto["text"] for veto in record["vetoes"]),
                None if largest is None else Decimal(largest),
            )
        except Exception as error:
            return Answer(False, ("asking_failed",), f"{type(error).__name__}: {error}")

    def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        connection = self._connection()
        try:
            connection.request("POST", path, json.dumps(body, default=str), self._headers)
            answer = connection.getresponse()
            data = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} {data.get('error', {}).get('text', '')}")
        return data

    def _connection(self) -> http.client.HTTPConnection:
        kind, _, place = self._address.partition(":")
        if kind == "unix":
            return _UnixConnection(place, self._timeout)
        return http.client.HTTPConnection(place.strip("/"), timeout=self._timeout)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def written(number: Any) -> str:
    """A number as the decimal that it shows: a float has no other exact meaning here."""
    return format(Decimal(repr(number) if isinstance(number, float) else str(number)), "f")
