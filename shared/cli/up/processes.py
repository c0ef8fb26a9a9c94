"""Child processes: started, kept running, and stopped with everything that they started."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from threading import Event

import httpx

from shared.cli.up.programs import STOPPING_ORDER, Program
from shared.cli.up.record import Record
from shared.clock import elapsed, pause
from shared.errors import CalSyncError

READY_WITHIN_SECONDS = 90.0
LOOK_SECONDS = 0.05
HEALTHY_SECONDS = 60.0
LONGEST_PAUSE_SECONDS = 30.0
LOG_BYTES = 5_000_000


class NotStarted(CalSyncError):
    """A program ended before it was ready."""


class Stopped(Exception):
    """Somebody asked to stop while something was being started."""


class Child:
    """One program and the process that runs it now. Its output goes to a log file."""

    def __init__(self, program: Program, logs: Path, record: Record) -> None:
        self.program = program
        self.log = logs / f"{program.name}.log"
        self._record = record
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._failures = 0
        self._restart_at: float | None = None

    @property
    def pid(self) -> int | None:
        """The process that runs now."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Starts the process, in a session of its own: a Ctrl-C in the terminal is not for it."""
        rotate(self.log)
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self.program.command,
                env=dict(self.program.variables),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._started_at, self._restart_at = elapsed(), None
        self._record.note(self.program.name, self._process.pid, self.program.command)

    def wait_until_ready(self, stopping: Event) -> None:
        """Waits until the program answers. Raises `NotStarted`, or `Stopped` when asked to."""
        deadline = elapsed() + READY_WITHIN_SECONDS
        with httpx.Client(timeout=2.0) as http:
            while not self._answers(http):
                if stopping.is_set():
                    raise Stopped
                if self.ended() is not None or elapsed() > deadline:
                    raise NotStarted(
                        f"{self.program.name} did not start: {last_line(self.log)} (see {self.log})"
                    )
                pause(LOOK_SECONDS)

    def ended(self) -> int | None:
        """The exit status; None while it runs."""
        return None if self._process is None else self._process.poll()

    def revive(self, say: Callable[[str], None]) -> None:
        """Starts a program that died again, after a pause that doubles from death to death."""
        if self._restart_at is None and (status := self.ended()) is not None:
            self._end_group()
            healthy = elapsed() - self._started_at > HEALTHY_SECONDS
            self._failures = 0 if healthy else self._failures + 1
            delay = min(2.0 ** max(self._failures - 1, 0), LONGEST_PAUSE_SECONDS)
            self._restart_at = elapsed() + delay
            say(
                f"[red]{self.program.name} ended with status {status}[/] "
                f"({self.log}); starting it again in {delay:.0f} s"
            )
        elif self._restart_at is not None and elapsed() >= self._restart_at:
            self.start()
            say(f"{self.program.name} was started again")

    def ask_to_stop(self) -> None:
        """Sends SIGTERM to the process itself; what it started, it stops."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def end(self) -> None:
        """Waits for the end, for as long as the program may take; then ends it by force."""
        if self._process is None:
            return
        try:
            self._process.wait(self.program.grace_seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._end_group()
        self._record.forget(self.program.name)
        self._process = None

    def _answers(self, http: httpx.Client) -> bool:
        if self.program.ready_url is None:
            return True
        try:
            return http.get(self.program.ready_url).status_code < self.program.refused
        except httpx.TransportError:
            return False

    def _end_group(self) -> None:
        if self._process is not None:
            end_group(self._process.pid)


class Children:
    """All the programs, in the order in which they were started."""

    def __init__(self, home: Path) -> None:
        self._logs = home / "logs"
        self._logs.mkdir(exist_ok=True)
        self._record = Record(home / "processes.json")
        self._record.end_leftovers()
        self._children: dict[str, Child] = {}

    def run(self, programs: Sequence[Program], stopping: Event) -> Iterator[str]:
        """Starts programs side by side; yields the name of each when it is ready."""
        started = [Child(program, self._logs, self._record) for program in programs]
        for child in started:
            self._children[child.program.name] = child
            child.start()
        for child in started:
            child.wait_until_ready(stopping)
            yield child.program.name

    def revive(self, say: Callable[[str], None]) -> None:
        """Starts again what died."""
        for child in self._children.values():
            child.revive(say)

    def stop(self) -> None:
        """Stops all, the functions first: nothing is recorded any more that nobody will read."""
        for child in self._in_stopping_order():
            child.ask_to_stop()
            child.end()

    def _in_stopping_order(self) -> Iterable[Child]:
        return (self._children[name] for name in STOPPING_ORDER if name in self._children)


def end_group(leader: int) -> None:
    """Ends by force what is left of the process group of `leader`."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def rotate(log: Path) -> None:
    """Keeps one older log beside a log that has grown large."""
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(".old.log"))


def last_line(log: Path) -> str:
    """The last line of a log, which mostly says why a program ended."""
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
