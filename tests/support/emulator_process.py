"""Runs one of the emulators as a process of its own and speaks to its control API."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

import httpx

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS, STOP_SECONDS = 60.0, 20.0

Json = dict[str, Any]


class EmulatorProcess:
    """`with SomeEmulator() as it:` — start once per session, `reset()` between tests.

    `options` are further command-line options. A stopped emulator can be started again by
    `start()`; with `--data FILE` it goes on with its data.
    """

    stand_in: ClassVar[str]

    def __init__(self, *options: str, port: int = 0) -> None:
        self.options = options
        self.port = port
        self.url = ""
        self._process: subprocess.Popen[str] | None = None
        self._http = httpx.Client(timeout=30)

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
        self._http.close()

    def start(self) -> None:
        """Start and wait for the ready line; RuntimeError with its stderr if it fails."""
        command = [sys.executable, "-m", "emulator", self.stand_in, "--port", str(self.port)]
        self._process = subprocess.Popen(
            [*command, *self.options],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        line = _first_line(self._process)
        if not line:
            self._process.kill()
            _, complaint = self._process.communicate()
            self._process = None
            raise RuntimeError(f"the emulator did not start: {complaint}")
        self.url = str(json.loads(line)["url"])

    def stop(self) -> int:
        """SIGTERM, then wait; returns the exit status."""
        process, self._process = self._process, None
        return 0 if process is None else _end(process, process.terminate)

    def kill(self) -> None:
        """SIGKILL: no last save."""
        process, self._process = self._process, None
        if process is not None:
            _end(process, process.kill)

    def control(self, path: str, body: Json | None = None, verb: str | None = None) -> Any:
        """Call the control API: GET without a body, POST with one, or `verb`.

        Raises AssertionError with the emulator's words if it refuses.
        """
        method = verb or ("GET" if body is None else "POST")
        answer = self._http.request(method, f"{self.url}/_control/{path.lstrip('/')}", json=body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def reset(self, seed: int = 0) -> None:
        """An empty world with default settings, real time, zero counters."""
        self.control("reset", {"seed": seed})

    def fault(self, kind: str, **options: Any) -> str:
        """Add a fault rule; returns its id."""
        return str(self.control("faults", {"kind": kind} | options)["id"])

    def clear_faults(self) -> None:
        """Remove every fault rule."""
        self.control("faults", verb="DELETE")

    def settings(self, **wanted: Any) -> Json:
        """Change settings; returns all of them."""
        return dict(self.control("settings", wanted))

    def counters(self) -> Json:
        """Calls and notifications so far."""
        return dict(self.control("counters"))

    def reset_counters(self) -> None:
        """Counters back to zero."""
        self.control("counters/reset", {})

    def advance(self, seconds: float) -> str:
        """Move the emulator's clock; returns its time."""
        return str(self.control("clock", {"advance_seconds": seconds})["now"])

    def set_clock(self, now: str | None, *, frozen: bool = False) -> str:
        """Set the emulator's clock (ISO 8601), None for real time."""
        return str(self.control("clock", {"now": now, "frozen": frozen})["now"])


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
