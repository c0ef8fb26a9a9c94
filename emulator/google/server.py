"""Serves the application over HTTP, one thread per connection, until told to stop."""

import json
import signal
import socket
import sys
import threading
from types import FrameType

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server


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


def make(app: Flask, host: str, listener: socket.socket) -> BaseWSGIServer:
    """The server on a socket that listens already."""
    port = listener.getsockname()[1]
    return make_server(
        host, port, app, threaded=True, request_handler=QuietHandler, fd=listener.fileno()
    )


def serve_until_stopped(server: BaseWSGIServer, host: str) -> None:
    """Print the ready line, serve, and return soon after SIGTERM or SIGINT."""
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    serving = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
    )
    serving.start()
    name = f"[{host}]" if ":" in host else host
    sys.stdout.write(json.dumps({"ready": True, "url": f"http://{name}:{server.port}"}) + "\n")
    sys.stdout.flush()
    stop.wait()
    server.shutdown()
    server.server_close()
