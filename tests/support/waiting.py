"""How long processes waited for a CPU: what a busy machine, and not the program, takes."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

PROCESSES = Path("/proc")


def session_of(leader: int) -> list[int]:
    """The processes that belong to a session, its leader among them."""
    return [pid for pid in _pids() if _session(pid) == leader]


def waited_for_cpu(pids: Iterable[int]) -> float:
    """Seconds that all their threads were ready to run and did not (Linux, sched-stats.rst).

    Zero where the kernel does not count it.
    """
    threads = (file for pid in pids for file in PROCESSES.glob(f"{pid}/task/*/schedstat"))
    return sum(map(_waited, threads)) / 1e9


def _waited(schedstat: Path) -> int:
    with suppress(OSError):
        return int(schedstat.read_text().split()[1])
    return 0  # the thread ended


def _pids() -> Iterator[int]:
    return (int(entry.name) for entry in PROCESSES.iterdir() if entry.name.isdigit())


def _session(pid: int) -> int | None:
    with suppress(OSError):
        stat = (PROCESSES / str(pid) / "stat").read_text()
        return int(stat.rpartition(")")[2].split()[3])
    return None
