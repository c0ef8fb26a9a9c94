"""Serves an application over HTTP, one thread per connection, until told to stop."""

import json
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class PortTaken(Exception):
    """Another program listens there."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(f"port {port} on {host} is taken; choose another one with --port")


class QuietHandler(WSGIRequestHandler):
    """Counters tell what was asked; a log line per request only costs time."""

    def log(self, type: str, message: str, *args: object) -> None:
        """Say nothing."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; PortTaken if it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(512)
    except OSError as error:
        listener.close()
        raise PortTaken(host, port) from error
    return listener


def make(
    app: "WSGIApplication",
    host: str,
    listener: socket.socket,
    tls: ssl.SSLContext | None = None,
) -> BaseWSGIServer:
    """The server on a socket that listens already."""
    return make_server(
        host,
        listener.getsockname()[1],
        app,
        threaded=True,
        request_handler=QuietHandler,
        fd=listener.fileno(),
        ssl_context=tls,
    )


@contextmanager
def serving(server: BaseWSGIServer) -> Iterator[None]:
    """Answer requests in the background until the block ends."""
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def stopped_by_signals() -> threading.Event:
    """What SIGTERM and SIGINT set from now on."""
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    # Both by hand: a background job of a shell starts with SIGINT ignored.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    return stop


def say_ready(url: str) -> None:
    """The line that whoever started the program waits for."""
    sys.stdout.write(json.dumps({"ready": True, "url": url}) + "\n")
    sys.stdout.flush()


def serve_until_stopped(server: BaseWSGIServer, host: str) -> None:
    """Print the ready line, serve, and return soon after SIGTERM or SIGINT."""
    stop = stopped_by_signals()
    with serving(server):
        name = f"[{host}]" if ":" in host else host
        say_ready(f"http://{name}:{server.port}")
        stop.wait()
