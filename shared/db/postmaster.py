"""Which Postgres serves a data folder: read from its postmaster.pid, trusting no stale one."""

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

_PID_LINE, _PORT_LINE, _STATUS_LINE = 0, 3, 7
_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Postmaster:
    """The main process of a server, alive when it was looked at."""

    pid: int
    port: int
    ready: bool


def find(data_dir: Path) -> Postmaster | None:
    """The server of `data_dir`, or None when no process serves it.

    The file may have been left by a `kill -9`, and its pid may belong to any program by now.
    Line numbers: "postmaster.pid" in the Postgres source, `src/include/utils/pidfile.h`.
    """
    try:
        lines = (data_dir / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return None
    if len(lines) <= _PORT_LINE or not _serves(int(lines[_PID_LINE]), data_dir):
        return None
    ready = len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == "ready"
    return Postmaster(int(lines[_PID_LINE]), int(lines[_PORT_LINE]), ready)


def forget_stale(data_dir: Path) -> None:
    """Removes a postmaster.pid whose process is gone: its reused pid would keep Postgres away."""
    pid_file = data_dir / "postmaster.pid"
    if pid_file.exists() and find(data_dir) is None:
        pid_file.unlink(missing_ok=True)


def shut_down(data_dir: Path, patience_seconds: float) -> None:
    """Ends the server of `data_dir`, in order if it can, by force after `patience_seconds`.

    SIGINT disconnects clients and flushes, SIGQUIT leaves the rest to crash recovery.
    """
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        server = find(data_dir)
        if server is None:
            return
        os.kill(server.pid, number)
        deadline = time.monotonic() + patience_seconds
        while find(data_dir) is not None and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)


def _serves(pid: int, data_dir: Path) -> bool:
    return str(data_dir) in _command_line(pid)


def _command_line(pid: int) -> list[str]:
    """The words a process was started with; none when it is gone or only waits to be reaped."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").split("\0")
        except (FileNotFoundError, ProcessLookupError):
            return []
    listing = subprocess.run(
        ["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False
    )
    _, found, folder = listing.stdout.strip().partition(" -D ")
    return [folder.split(" -c ")[0]] if found else []
