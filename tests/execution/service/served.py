"""A service as an executor meets it: the command in a process of its own, asked over a real connection."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

PATIENCE: Final = 30
SILENT: Final = {k: v for k, v in os.environ.items() if not k.startswith("HEDGEROW_")}


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=PATIENCE)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(self._path)


class Served:
    """A running service.

    Args:
        root: the project.
        arguments: of the command, beside the port, where it listens at none that is named.
        environment: variables beside the ordinary ones.
    """

    def __init__(self, root: Path, *arguments: str, **environment: str) -> None:
        at = () if "--socket" in arguments else ("--port", "0")
        command = [sys.executable, "-m", "cli.main", "--root", str(root), "serve", *at, *arguments]
        here = {"PYTHONPATH": str(Path(__file__).resolve().parents[3]), **environment}
        self.process = subprocess.Popen(
            command, env={**SILENT, **here}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().removeprefix("deciding at ").strip()
        self.said = self.process.stdout.readline()

    def connection(self) -> http.client.HTTPConnection:
        """A new connection to it."""
        if self.address.startswith("unix:"):
            return _UnixConnection(self.address.removeprefix("unix:"))
        host, _, port = self.address.removeprefix("http://").rpartition(":")
        return http.client.HTTPConnection(host.strip("[]"), int(port), timeout=PATIENCE)

    def ask(self, path: str, body: Any = None, *, text: bytes | None = None, **headers: str) -> tuple[int, Any]:
        """The status and the data of an answer; a body is posted as JSON."""
        given = json.dumps(body).encode() if text is None and body is not None else text
        connection = self.connection()
        try:
            kind = {} if given is None else {"Content-Type": "application/json"}
            sent = {**kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
            connection.request("GET" if given is None else "POST", path, given, sent)
            answer = connection.getresponse()
            read = answer.read().decode()
        finally:
            connection.close()
        return answer.status, json.loads(read) if "json" in answer.headers.get("Content-Type", "") else read

    def stop(self) -> tuple[int, str, str]:
        """End it as an operator would: exit code, and what it said."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        out, errors = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out, errors
