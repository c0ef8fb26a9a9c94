"""Which processes run: so that those of a `calsync up` that was killed can be ended by the next."""

import json
import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from shared.clock import elapsed, pause

PATIENCE_SECONDS = 5.0


class Record:
    """A file with the pid and the command of each program. One `calsync up` at a time uses it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def note(self, name: str, pid: int, command: Sequence[str]) -> None:
        """Writes down that a program runs."""
        self._write(self._read() | {name: {"pid": pid, "command": list(command)}})

    def forget(self, name: str) -> None:
        """Writes down that it does not."""
        self._write({key: value for key, value in self._read().items() if key != name})

    def end_leftovers(self) -> None:
        """Ends what an earlier `calsync up` left running; a pid that was given away is spared."""
        for noted in self._read().values():
            if command_line(noted["pid"]) == noted["command"]:
                _end(noted["pid"])
        self._write({})

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            found: dict[str, dict[str, Any]] = json.loads(self._path.read_text("utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return found

    def _write(self, noted: dict[str, dict[str, Any]]) -> None:
        draft = self._path.with_suffix(".draft")
        draft.write_text(json.dumps(noted, indent=1), "utf-8")
        draft.replace(self._path)


def command_line(pid: int) -> list[str]:
    """The words a process was started with; none when it is gone or only waits to be reaped."""
    with suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        return words.removesuffix("\0").split("\0") if words else []
    if Path("/proc/self").exists():
        return []
    told = subprocess.run(
        ["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False
    )
    return told.stdout.split()


def _end(pid: int) -> None:
    """SIGTERM to the group, then SIGKILL."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGTERM)
        deadline = elapsed() + PATIENCE_SECONDS
        while command_line(pid) and elapsed() < deadline:
            pause(0.05)
        os.killpg(pid, signal.SIGKILL)
