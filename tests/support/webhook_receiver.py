"""A webhook endpoint for tests: records what arrives and answers as told."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from tests.support.google_emulator import wait_until


@dataclass(frozen=True)
class Received:
    """One POST; `at` is monotonic seconds."""

    at: float
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def channel(self) -> str:
        """X-Goog-Channel-ID."""
        return self.headers.get("X-Goog-Channel-ID", "")

    @property
    def state(self) -> str:
        """X-Goog-Resource-State."""
        return self.headers.get("X-Goog-Resource-State", "")

    @property
    def number(self) -> int:
        """X-Goog-Message-Number."""
        return int(self.headers["X-Goog-Message-Number"])


class WebhookReceiver:
    """Context manager; `answers` are given in turn, the last one for ever."""

    def __init__(self) -> None:
        self.answers = [204]
        self.on_receive: Callable[[Received], None] | None = None
        self._lock = threading.Lock()
        self._received: list[Received] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                status = outer._record(
                    Received(
                        time.monotonic(), self.path, dict(self.headers), self.rfile.read(length)
                    )
                )
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

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
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """Where to send notifications."""
        return f"http://127.0.0.1:{self._server.server_port}/hook"

    def received(self, state: str | None = None) -> list[Received]:
        """What arrived so far, optionally only one resource state."""
        with self._lock:
            return [each for each in self._received if state in (None, each.state)]

    def wait_for(
        self, count: int, state: str | None = None, seconds: float = 30.0
    ) -> list[Received]:
        """The messages, once there are `count`."""
        wait_until(lambda: len(self.received(state)) >= count, seconds)
        return self.received(state)

    def _record(self, message: Received) -> int:
        if self.on_receive is not None:
            self.on_receive(message)
        with self._lock:
            self._received.append(message)
            return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
