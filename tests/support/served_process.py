"""Runs a server as a process of its own: start it, wait until it is ready, end it."""

import json
import os
import subprocess
import tempfile
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, ClassVar, Self

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS, STOP_SECONDS = 60.0, 20.0


class ServedProcess(ABC):
    """`with SomeServer() as it:` — it answers at `url` while the block runs.

    A stopped server can be started again by `start()`.
    """

    # Whether it prints a line `{"ready": true, "url": …}`; else `wait_for_answer` finds out.
    says_ready: ClassVar[bool] = True

    def __init__(self) -> None:
        self.url = ""
        self.folder = ROOT
        self.cleanup = ExitStack()
        self._process: subprocess.Popen[str] | None = None
        self._complaints: IO[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        self.cleanup.close()

    @abstractmethod
    def command(self) -> Sequence[str]:
        """How it is started, in its `folder`."""

    def environment(self) -> Mapping[str, str] | None:
        """Its environment variables; None for those of the tests."""
        return None

    def wait_for_answer(self, is_running: Callable[[], bool]) -> bool:
        """Wait until it answers at `url`; False if it does not, or is not running any more."""
        return is_running() and bool(self.url)

    def complaints(self) -> str:
        """What it wrote to stderr so far."""
        if self._complaints is None:
            return ""
        self._complaints.seek(0)
        return self._complaints.read()

    def start(self) -> None:
        """Start and wait until it is ready; RuntimeError with its stderr if it fails."""
        if self._complaints is None:
            # A file, not a pipe: nobody reads it while the server runs.
            complaints = tempfile.TemporaryFile(mode="w+")  # noqa: SIM115 - the stack closes it
            self._complaints = self.cleanup.enter_context(complaints)
        process = subprocess.Popen(
            self.command(),
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE if self.says_ready else self._complaints,
            stderr=self._complaints,
            text=True,
        )
        self._process = process
        if self.says_ready:
            line = _first_line(process)
            self.url = str(json.loads(line)["url"]) if line else ""
        if not self.wait_for_answer(lambda: process.poll() is None):
            self.kill()
            raise RuntimeError(f"{type(self).__name__} did not start: {self.complaints()}")

    def stop(self) -> int:
        """SIGTERM, then wait; returns the exit status."""
        process, self._process = self._process, None
        return 0 if process is None else _end(process, process.terminate)

    def kill(self) -> None:
        """SIGKILL: no last save."""
        process, self._process = self._process, None
        if process is not None:
            _end(process, process.kill)

    def cpu_seconds(self) -> float:
        """What the process has computed so far: other work of the machine does not count."""
        assert self._process is not None
        stat = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


def _first_line(process: subprocess.Popen[str]) -> str:
    """The first line of stdout; empty if there is none in time."""
    assert process.stdout is not None
    stream, lines = process.stdout, list[str]()
    reader = threading.Thread(target=lambda: lines.append(stream.readline()), daemon=True)
    reader.start()
    reader.join(START_SECONDS)
    return lines[0] if lines else ""


def _end(process: subprocess.Popen[str], how: Callable[[], None]) -> int:
    """End the process; kill it if it does not go."""
    how()
    try:
        process.communicate(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
    return process.returncode
