"""Stands between a client and a server, and turns requests away when told to."""

import threading
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Self

import httpx
from werkzeug.datastructures import Headers
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# Of one connection, not of what travels over it (RFC 9110 section 7.6.1).
HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})
# What `httpx` already undid.
_UNDONE = frozenset({"content-encoding"})


class Gate:
    """`with Gate(url) as gate:` — `gate.url` is where the server can be reached through it."""

    def __init__(self, target: str) -> None:
        self._target = target.rstrip("/")
        self._http = httpx.Client(timeout=60)
        self._server = make_server("127.0.0.1", 0, self._serve, threaded=True)
        self._refusals: dict[str, Response] = {}
        self._locked = False
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._http.close()

    def refuse_once(self, path: str, status: int, **headers: str) -> None:
        """The next request for `path` gets this; `Retry_After` becomes Retry-After."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._refusals[path] = Response(status=status, headers=named)

    def lock(self) -> None:
        """From now on every request gets 401, as if the password were another."""
        self._locked = True

    def open(self) -> None:
        """Everything passes again."""
        self._locked, self._refusals = False, {}

    def _serve(self, environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        return self._answer(Request(environ))(environ, start)

    def _answer(self, request: Request) -> Response:
        if request.path in self._refusals:
            return self._refusals.pop(request.path)
        if self._locked:
            return Response(status=401, headers={"WWW-Authenticate": 'Basic realm="gate"'})
        sent = [(name, value) for name, value in request.headers if _travels(name)]
        answer = self._http.request(
            request.method,
            # Unquoted by nobody: which characters are quoted is part of a resource's name.
            self._target + request.environ["RAW_URI"],
            content=request.get_data(),
            headers=[*sent, ("Accept-Encoding", "identity")],
        )
        kept = [
            (name, value)
            for name, value in answer.headers.multi_items()
            if _travels(name) and name not in _UNDONE
        ]
        return Response(answer.content, answer.status_code, Headers(kept))


def _travels(name: str) -> bool:
    return name.lower() not in HOP_BY_HOP | {"host", "accept-encoding"}
