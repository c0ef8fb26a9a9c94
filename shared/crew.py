"""A crew: threads that claim leased work and do it, as many at a time as there are threads."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore, Event
from typing import Generic, TypeVar

import structlog

from shared.errors import CalSyncError, DatabaseUnavailable

log = structlog.get_logger()

Work = TypeVar("Work")

LOOK_SECONDS = 0.5
"""How often to look for work when no NOTIFY wakes us (a pooler swallows them)."""
OUTAGE_SECONDS = 2.0


class Crew(Generic[Work]):
    """`claim(free)` leases at most `free` pieces of work, `do(piece)` does one."""

    def __init__(
        self,
        name: str,
        threads: int,
        claim: Callable[[int], Sequence[Work]],
        do: Callable[[Work], object],
        stopping: Event,
    ) -> None:
        self.name = name
        self.wake = Event()
        self._threads = threads
        self._claim = claim
        self._do = do
        self._stopping = stopping
        self._free = BoundedSemaphore(threads)

    def run(self) -> None:
        """Works until `stopping` is set; what runs then is finished first."""
        with ThreadPoolExecutor(self._threads, thread_name_prefix=self.name) as pool:
            while not self._stopping.is_set():
                if not guarded(lambda: self._dispatch(pool)):
                    self._stopping.wait(OUTAGE_SECONDS)

    def _dispatch(self, pool: ThreadPoolExecutor) -> None:
        self.wake.clear()
        free = self._take_free_threads()
        claimed: Sequence[Work] = ()
        try:
            # Waiting for a thread may have taken long: whoever is asked to stop claims no more.
            if not self._stopping.is_set():
                claimed = self._claim(free)
        finally:
            for _ in range(free - len(claimed)):
                self._free.release()
        for work in claimed:
            self._start(pool, work)
        if not claimed:
            self.wake.wait(LOOK_SECONDS)

    def _start(self, pool: ThreadPoolExecutor, work: Work) -> None:
        try:
            pool.submit(self._run_one, work)
        except RuntimeError:
            # The interpreter is ending, and pools take nothing more; a lease taken is still served.
            self._run_one(work)

    def _take_free_threads(self) -> int:
        """Waits for a free thread, then takes all that are: a lease never waits in a queue."""
        self._free.acquire()
        taken = 1
        while taken < self._threads and self._free.acquire(blocking=False):
            taken += 1
        return taken

    def _run_one(self, work: Work) -> None:
        try:
            guarded(lambda: self._do(work))
        finally:
            self._free.release()


def guarded(work: Callable[[], object]) -> bool:
    """Runs one piece of work; trouble is logged and never ends the worker. Gives whether it ran."""
    try:
        work()
    except DatabaseUnavailable:
        log.warning("database_unavailable")
        return False
    except CalSyncError as error:
        log.warning("work_refused", error=str(error))
        return False
    except Exception:
        log.exception("work_failed")
        return False
    return True
