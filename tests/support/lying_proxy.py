"""A server in front of a real one that passes its words on, and lies where a test wants it to."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self, cast

import httpx

HOP_BY_HOP = frozenset({"content-length", "transfer-encoding", "connection", "content-encoding"})


@dataclass(frozen=True)
class Asked:
    """A request as it came in."""

    verb: str
    path: str
    body: str
    headers: dict[str, str]


@dataclass(frozen=True)
class Said:
    """An answer; `cut` closes the connection without a word."""

    status: int = 200
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False


Lie = Callable[[Asked, Callable[[], Said]], Said]
"""Gives the answer to a request; the second argument asks the real server for its own."""


def truth(asked: Asked, real: Callable[[], Said]) -> Said:
    """No lie."""
    return real()


class LyingProxy:
    """`with LyingProxy(url) as proxy:` — set `proxy.lie`; `proxy.asked` remembers requests."""

    def __init__(self, target: str) -> None:
        self.target = target.rstrip("/")
        self.lie: Lie = truth
        self.asked: list[Asked] = []
        self.http = httpx.Client(timeout=60)
        # Radicale reads for a PROPFIND outside of its lock: during a DELETE it answers 500.
        self._one_by_one = threading.Lock()
        self._server = _Server(self)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

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
        self._thread.join()
        self._server.server_close()
        self.http.close()

    def answer(self, asked: Asked) -> Said:
        """What is said to a request."""
        self.asked.append(asked)
        return self.lie(asked, lambda: self.real(asked))

    def verbs(self) -> list[str]:
        """The verbs of all requests so far, REPORTs with the name of the report."""
        return [name_of(asked) for asked in self.asked]

    def real(self, asked: Asked) -> Said:
        """What the real server says to a request."""
        headers = {n: each for n, each in asked.headers.items() if n not in ("host", *HOP_BY_HOP)}
        url, content = self.target + asked.path, asked.body.encode()
        with self._one_by_one:
            answer = self.http.request(asked.verb, url, content=content, headers=headers)
        kept = {n: each for n, each in answer.headers.items() if n.lower() not in HOP_BY_HOP}
        return Said(answer.status_code, answer.text, kept)


def name_of(asked: Asked) -> str:
    """The verb of a request; of a REPORT which one it is."""
    kinds = ("sync-collection", "calendar-multiget")
    return next((kind for kind in kinds if kind in asked.body), asked.verb)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two packets; else each waits 40 ms

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        headers = {name.lower(): each for name, each in self.headers.items()}
        proxy = cast("_Server", self.server).proxy
        said = proxy.answer(Asked(self.command, self.path, body, headers))
        if said.cut:
            self.close_connection = True
            return
        payload = said.body.encode()
        self.send_response(said.status)
        for name, value in said.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    do_PROPFIND = do_REPORT = do_PUT = do_DELETE = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, proxy: LyingProxy) -> None:
        self.proxy = proxy
        super().__init__(("127.0.0.1", 0), _Handler)
