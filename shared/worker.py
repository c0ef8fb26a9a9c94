"""The worker: claims due calendars and syncs them, and keeps subscriptions in order beside it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore, Event, Thread, main_thread

import structlog

from shared.clock import elapsed
from shared.db.listen import listen
from shared.db.rows import Claim
from shared.errors import CalSyncError, DatabaseUnavailable
from shared.steps.claim import claim_calendars
from shared.steps.maintain import keep_up, maintain
from shared.steps.service import Service
from shared.steps.sync_calendar import sync_calendar

log = structlog.get_logger()

LOOK_SECONDS = 0.5
"""How often to look for due calendars when no NOTIFY wakes us (a pooler swallows them)."""
UPKEEP_SECONDS = 2.0
MAINTENANCE_SECONDS = 1800.0
OUTAGE_SECONDS = 2.0


class Worker:
    """Syncs with `threads` at a time until stopped. `wake` is set by whoever knows of work."""

    def __init__(self, service: Service, threads: int) -> None:
        self._service = service
        self._threads = threads
        self._free = BoundedSemaphore(threads)
        self.stopping = Event()
        self.wake = Event()

    def run(self) -> None:
        """Works until `stop`; syncs that run then are finished first."""
        upkeep = Thread(target=self._keep_up, name="upkeep", daemon=True)
        upkeep.start()
        with ThreadPoolExecutor(self._threads, thread_name_prefix="sync") as pool:
            while not self.stopping.is_set():
                if not self._guarded(lambda: self._dispatch(pool)):
                    self.stopping.wait(OUTAGE_SECONDS)
        # A verification may take long; it writes only at its end, so it is left to itself.
        upkeep.join(UPKEEP_SECONDS)

    def stop(self) -> None:
        """Asks `run` to end."""
        self.stopping.set()
        self.wake.set()

    def _dispatch(self, pool: ThreadPoolExecutor) -> None:
        self.wake.clear()
        free = self._take_free_threads()
        claims: list[Claim] = []
        try:
            # Waiting for a thread may have taken long: whoever is asked to stop claims no more.
            if not self.stopping.is_set():
                claims = claim_calendars(self._service, free)
        finally:
            for _ in range(free - len(claims)):
                self._free.release()
        for claim in claims:
            self._start(pool, claim)
        if not claims:
            self.wake.wait(LOOK_SECONDS)

    def _start(self, pool: ThreadPoolExecutor, claim: Claim) -> None:
        try:
            pool.submit(self._sync, claim)
        except RuntimeError:
            # The interpreter is ending, and pools take nothing more; a lease taken is still served.
            self._sync(claim)

    def _take_free_threads(self) -> int:
        """Waits for a free thread, then takes all that are: a lease never waits in a queue."""
        self._free.acquire()
        taken = 1
        while taken < self._threads and self._free.acquire(blocking=False):
            taken += 1
        return taken

    def _sync(self, claim: Claim) -> None:
        try:
            self._guarded(lambda: sync_calendar(self._service, claim))
        finally:
            self._free.release()

    def _keep_up(self) -> None:
        maintained = -MAINTENANCE_SECONDS
        while not self.stopping.is_set():
            self._guarded(lambda: keep_up(self._service))
            if elapsed() - maintained > MAINTENANCE_SECONDS:
                maintained = elapsed()
                self._guarded(lambda: maintain(self._service))
            self.stopping.wait(UPKEEP_SECONDS)

    def _guarded(self, work: Callable[[], object]) -> bool:
        """Runs one piece of work; trouble is logged and never ends the worker."""
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


def start_in_background(service: Service) -> Worker:
    """Starts a worker (and LISTEN, where there is a direct connection) in threads of this process.

    When the main thread ends, running syncs are finished first. Where the process is killed before
    that, their leases lapse and others take over.
    """
    worker = Worker(service, service.settings.sync_workers)
    Thread(target=worker.run, name="worker").start()
    Thread(target=_stop_at_exit, args=(worker,), name="stop", daemon=True).start()
    _listen_in_background(service, worker)
    return worker


def _stop_at_exit(worker: Worker) -> None:
    """The server that we are a guest of handles signals; the end of its main thread tells us."""
    main_thread().join()
    worker.stop()


def run_worker(service: Service, stopping: Event) -> None:
    """Runs a worker in this thread until `stopping` is set; running syncs are finished first."""
    worker = Worker(service, max(service.settings.sync_workers, 1))
    _listen_in_background(service, worker)

    def stop_when_asked() -> None:
        stopping.wait()
        worker.stop()

    Thread(target=stop_when_asked, daemon=True).start()
    worker.run()


def _listen_in_background(service: Service, worker: Worker) -> None:
    url = service.settings.database_url
    if url is not None:
        Thread(
            target=listen, args=(url, worker.wake.set, worker.stopping), name="listen", daemon=True
        ).start()
