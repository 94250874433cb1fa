"""A venue on this machine: an HTTP server that answers as Binance's USD-M futures do, and checks what it is sent."""

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

KEY: Final = "reads-only"
SECRET: Final = "known-to-both"
# A number of milliseconds that is nobody's clock: whoever signs must have asked for it.
SERVER_TIME: Final = 1_700_000_000_000
LATE: Final = 5_000


@dataclass(slots=True)
class Answers:
    """What the server answers, by the end of the path: a status, headers, and a body."""

    bodies: dict[str, Any]
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    seen: list[str] = field(default_factory=list)


@contextmanager
def serving(answers: Answers) -> Iterator[str]:
    """The address of a server that gives these answers, while it is needed."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            name = parts.path.rpartition("/")[2]
            answers.seen.append(parts.path)
            status, body = _answer(answers, name, parts.query, self.headers.get("X-MBX-APIKEY"))
            self.send_response(status)
            for header, value in {"Content-Type": "application/json", **answers.headers}.items():
                self.send_header(header, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def _answer(answers: Answers, name: str, query: str, key: str | None) -> tuple[int, bytes]:
    if answers.raw is not None:
        return answers.status, answers.raw
    if name == "time":
        return 200, json.dumps({"serverTime": SERVER_TIME}).encode()
    if name == "leverageBracket" and (refused := _unsigned(query, key)):
        return 401, json.dumps(refused).encode()
    return answers.status, json.dumps(answers.bodies[name]).encode()


def _unsigned(query: str, key: str | None) -> dict[str, Any] | None:
    """What is wrong with a signed request, as the venue says it."""
    signed, _, signature = query.partition("&signature=")
    if key != KEY:
        return {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}
    if hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).hexdigest() != signature:
        return {"code": -1022, "msg": "Signature for this request is not valid."}
    if abs(int(dict(parse_qsl(signed))["timestamp"]) - SERVER_TIME) > LATE:
        return {"code": -1021, "msg": "Timestamp for this request is outside of the recvWindow."}
    return None
