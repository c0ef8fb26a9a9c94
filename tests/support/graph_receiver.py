"""A webhook for Graph's notifications: answers the handshake, records collections."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.support.google_emulator import wait_until

Json = dict[str, Any]


@dataclass(frozen=True)
class Collection:
    """One POST with its notifications; `at` is monotonic seconds."""

    at: float
    path: str
    value: list[Json]


class GraphReceiver:
    """Context manager; `answers` are given to notifications in turn, the last one for ever.

    `handshake` turns the decoded token into `(status, content type, body)`; `slow_s` delays
    every answer; `on_handshake` is called with the path before it is answered.
    """

    def __init__(self) -> None:
        self.answers = [202]
        self.slow_s = 0.0
        self.handshake: Callable[[str], tuple[int, str, str]] = lambda token: (
            200,
            "text/plain; charset=utf-8",
            token,
        )
        self.on_handshake: Callable[[str], None] | None = None
        self.raw_queries: list[str] = []
        self._lock = threading.Lock()
        self._collections: list[Collection] = []
        self._handshakes: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, kind, answer = outer._answer(self.path, body)
                if outer.slow_s:
                    outer._pause.wait(outer.slow_s)
                try:
                    self.send_response(status)
                    self.send_header("Content-Type", kind)
                    self.send_header("Content-Length", str(len(answer.encode())))
                    self.end_headers()
                    self.wfile.write(answer.encode())
                except OSError:
                    # Nobody waits any more: the sender's deadline passed.
                    return

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._pause = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pause.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def url(self, path: str = "/hook") -> str:
        """Where to send notifications."""
        return f"http://127.0.0.1:{self._server.server_port}{path}"

    def collections(self, path: str | None = None) -> list[Collection]:
        """The POSTs so far, optionally of one path."""
        with self._lock:
            return [each for each in self._collections if path in (None, each.path)]

    def items(self, path: str | None = None) -> list[Json]:
        """The notifications so far, in order of arrival."""
        return [item for each in self.collections(path) for item in each.value]

    def handshakes(self) -> list[str]:
        """Paths that were validated, in order."""
        with self._lock:
            return list(self._handshakes)

    def wait_for(self, count: int, path: str | None = None, seconds: float = 30.0) -> list[Json]:
        """The notifications, once there are `count`."""
        wait_until(lambda: len(self.items(path)) >= count, seconds)
        return self.items(path)

    def _answer(self, target: str, body: bytes) -> tuple[int, str, str]:
        parts = urlsplit(target)
        token = parse_qs(parts.query).get("validationToken")
        if token is not None:
            if self.on_handshake is not None:
                self.on_handshake(parts.path)
            with self._lock:
                self._handshakes.append(parts.path)
                self.raw_queries.append(parts.query)
            return self.handshake(token[0])
        with self._lock:
            value = json.loads(body)["value"]
            self._collections.append(Collection(time.monotonic(), parts.path, value))
            status = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return status, "text/plain", ""
