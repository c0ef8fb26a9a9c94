"""Waiting for the browser to come back from the consent page: a loopback listener, or a paste."""

from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Empty, Queue
from threading import Thread
from typing import TextIO
from urllib.parse import parse_qs, urlsplit, urlunsplit

from shared.cli.ports import PortTaken, require_free
from shared.errors import InvalidRequest

LOOPBACK = ("127.0.0.1", "localhost", "::1")
DONE = b"<!doctype html><title>CalSync</title><p>Thank you. You can close this window.</p>"


def wait_for_redirect(redirect_uri: str, paste: TextIO | None, seconds: float) -> str:
    """Gives the URL that the browser was sent to, whichever way it comes first.

    Listens where `redirect_uri` points if that is this machine and the port is free; reads lines
    of `paste` (None: nobody types). Raises `InvalidRequest` after `seconds`, or where neither is
    possible.
    """
    arrived: Queue[str] = Queue()
    listener = _listener(redirect_uri, arrived.put)
    if listener is None and paste is None:
        raise InvalidRequest(
            f"Nobody can listen at {redirect_uri}: run this in a terminal and paste the URL"
        )
    if listener is not None:
        Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    if paste is not None:
        Thread(target=_read, args=(paste, arrived.put), daemon=True).start()
    try:
        return arrived.get(timeout=seconds)
    except Empty:
        raise InvalidRequest(f"Nobody came back within {seconds:.0f} s: start again") from None
    finally:
        if listener is not None:
            listener.shutdown()
            listener.server_close()


def free_uri(redirect_uri: str, other_port: int) -> str:
    """Where to have the browser sent: the redirect URI of the settings, if nobody listens there.

    On this machine that is mostly `calsync serve`, which waits for people of its own; then the
    same on `other_port`. An address elsewhere stays: its person pastes what they end up at.
    """
    parts = urlsplit(redirect_uri)
    if parts.scheme != "http" or parts.hostname not in LOOPBACK:
        return redirect_uri
    try:
        require_free(parts.hostname, parts.port or 80, "redirect", "OAUTH_PORT")
    except PortTaken:
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        return urlunsplit(parts._replace(netloc=f"{host}:{other_port}"))
    return redirect_uri


def answer_of(url: str, state: str) -> dict[str, str]:
    """The query of a redirect URL, a `code` in it (RFC 6749 section 4.1.2).

    Raises `InvalidRequest` when the person said no, or when it is not for this attempt.
    """
    query = {name: values[0] for name, values in parse_qs(urlsplit(url.strip()).query).items()}
    if query.get("state") != state:
        raise InvalidRequest("That URL is not of this attempt (its state differs): start again")
    if "code" not in query:
        raise InvalidRequest(f"Access was not granted: {query.get('error', 'no code came back')}")
    return query


def _listener(redirect_uri: str, arrived: Callable[[str], object]) -> HTTPServer | None:
    parts = urlsplit(redirect_uri)
    if parts.scheme != "http" or parts.hostname not in LOOPBACK:
        return None
    host, port = parts.hostname, parts.port or 80
    with suppress(PortTaken):
        require_free(host, port, "redirect", "OAUTH_PORT")
        return HTTPServer((host, port), _handler(parts.path or "/", arrived))
    return None


def _handler(path: str, arrived: Callable[[str], object]) -> type[BaseHTTPRequestHandler]:
    class Redirected(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name that http.server asks for
            ours = urlsplit(self.path).path == path
            self.send_response(200 if ours else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            if ours:
                self.wfile.write(DONE)
                arrived(self.path)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing: the URL holds the code."""

    return Redirected


def _read(paste: TextIO, arrived: Callable[[str], object]) -> None:
    for line in paste:
        if line.strip():
            arrived(line)
            return
