"""A server that answers what a test dictates, for what no emulator says on its own."""

import json
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self, cast

TOKEN = {"access_token": "at-1", "expires_in": 3599, "token_type": "Bearer"}


@dataclass(frozen=True)
class Answer:
    """What is sent back, a dict or list as JSON, after `first` was called.

    `cut`: nothing is sent, the connection closes.
    """

    body: Any = field(default_factory=dict)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    first: Callable[[], object] | None = None

    def payload(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class CannedServer:
    """Gives the answers of a path in order, the last one for ever; remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str]] = []  # verb, path with query, body
        self.headers: list[dict[str, str]] = []  # of each, by names in lower case
        self.connections = 0
        self._answers: dict[str, deque[Answer]] = {}
        self._server = _Server(self)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        self.answer("/token", Answer(TOKEN))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, path: str, *answers: Answer) -> None:
        """Dictates the answers of a path (without its query)."""
        self._answers[path] = deque(answers)

    def count(self, path: str) -> int:
        """How often a path was asked for."""
        return len(self.queries(path))

    def queries(self, path: str) -> list[str]:
        """What a path was asked with."""
        split = [target.partition("?") for _, target, _ in self.asked]
        return [query for asked, _, query in split if asked == path]

    def take(self, verb: str, target: str, body: str) -> Answer:
        """The next answer; 404 where none was dictated."""
        path = target.partition("?")[0]
        self.asked.append((verb, target, body))
        answers = self._answers.get(path)
        if not answers:
            return Answer({}, 404)
        return answers.popleft() if len(answers) > 1 else answers[0]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two packets; else each waits 40 ms

    def setup(self) -> None:
        self._canned().connections += 1
        super().setup()

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self._canned().headers.append({name.lower(): text for name, text in self.headers.items()})
        answer = self._canned().take(self.command, self.path, body)
        if answer.first is not None:
            answer.first()
        if answer.cut:
            self.close_connection = True
            return
        payload = answer.payload()
        self.send_response(answer.status)
        for name, value in ({"Content-Type": "application/json"} | answer.headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""

    def _canned(self) -> CannedServer:
        return cast("_Server", self.server).canned


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, canned: CannedServer) -> None:
        self.canned = canned
        super().__init__(("127.0.0.1", 0), _Handler)
