"""Runs `calsync` as a process of its own, for tests of signals, ports and what is left behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.planted import leaked
from tests.support.postgres import REPOSITORY

WAIT_SECONDS = 60.0


class Program:
    """`with Program(folder, variables, "worker") as program:` — killed, if need be, at the end."""

    def __init__(self, folder: Path, variables: Mapping[str, str], *arguments: str) -> None:
        self._log = folder / f"{arguments[0]}-{time.monotonic_ns()}.log"
        self._command = [sys.executable, "-m", "shared.cli", *arguments]
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self._variables = {**kept, "PYTHONFAULTHANDLER": "1", **variables}

    def __enter__(self) -> Self:
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                self._command,
                cwd=REPOSITORY,
                env=self._variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        obeys = self._end()
        if error is None:
            assert obeys, f"SIGTERM did not end it:\n{self.said()}"
            assert leaked(self.said()) == [], "a planted secret is in its logs"

    def _end(self) -> bool:
        """Ends it; False where it had to be killed, its log then shows what its threads did."""
        if self._process.poll() is not None:
            return True
        self._process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(20)
            return True
        self._process.send_signal(signal.SIGABRT)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        return False

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def said(self) -> str:
        """Its output so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def until(self, condition: Callable[[], object]) -> None:
        """Waits until the condition holds; fails with the output when the program ends before."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not condition():
            assert self._process.poll() is None, f"it ended:\n{self.said()}"
            assert time.monotonic() < deadline, f"it did not happen:\n{self.said()}"
            time.sleep(0.02)

    def until_said(self, text: str, times: int = 1) -> None:
        """Waits for a text in the output."""
        self.until(lambda: self.said().count(text) >= times)

    def send(self, number: signal.Signals) -> None:
        """Sends a signal."""
        self._process.send_signal(number)

    def ended(self, within: float) -> int:
        """The exit status; fails if it takes longer than `within` seconds."""
        try:
            return self._process.wait(within)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it still runs after {within} s:\n{self.said()}") from None


def free_port() -> int:
    """A port that nobody uses now."""
    return free_ports(1)[0]


# Below the ports that the kernel gives to connections. Test processes begin far from each other,
# and none gives a port twice: whoever asked may be about to use it.
_PORTS = count(20000 + os.getpid() * 127 % 10000)


def free_ports(number: int) -> list[int]:
    """Different ports that nobody uses now, nor was given before."""
    found: list[int] = []
    while len(found) < number:
        port = next(_PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found.append(port)
    return found


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def processes_about(text: str) -> list[int]:
    """The processes that have `text` in their command line or their environment."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            words = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
        except OSError:
            continue
        if text.encode() in words:
            found.append(int(entry.name))
    return [pid for pid in found if alive(pid)]
