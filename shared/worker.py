"""The worker: a crew that syncs due calendars, one that delivers writes, and upkeep beside them."""

from threading import Event, Thread, main_thread

from shared.clock import elapsed
from shared.crew import Crew, guarded
from shared.db.listen import listen
from shared.db.rows import Claim
from shared.steps.claim import claim_calendars
from shared.steps.claim_writes import Delivery, claim_writes
from shared.steps.deliver_writes import deliver_writes
from shared.steps.maintain import keep_up, maintain
from shared.steps.service import Service
from shared.steps.sync_calendar import sync_calendar

UPKEEP_SECONDS = 2.0
MAINTENANCE_SECONDS = 1800.0


class Worker:
    """Syncs and delivers until stopped. `wake` is called by whoever knows of work."""

    def __init__(self, service: Service, syncs: int, deliveries: int) -> None:
        """`syncs` and `deliveries` are how many of each run at a time."""
        self._service = service
        self.stopping = Event()
        self._crews = (
            Crew[Claim](
                "sync",
                syncs,
                lambda free: claim_calendars(service, free),
                lambda claim: sync_calendar(service, claim),
                self.stopping,
            ),
            Crew[Delivery](
                "write",
                deliveries,
                lambda free: claim_writes(service, free),
                lambda delivery: deliver_writes(service, delivery),
                self.stopping,
            ),
        )

    def run(self) -> None:
        """Works until `stop`; syncs and deliveries that run then are finished first."""
        upkeep = Thread(target=self._keep_up, name="upkeep", daemon=True)
        upkeep.start()
        crews = [Thread(target=crew.run, name=crew.name) for crew in self._crews]
        for crew in crews:
            crew.start()
        for crew in crews:
            crew.join()
        # A verification may take long; it writes only at its end, so it is left to itself.
        upkeep.join(UPKEEP_SECONDS)

    def stop(self) -> None:
        """Asks `run` to end."""
        self.stopping.set()
        self.wake()

    def wake(self) -> None:
        """There may be work: all look now."""
        for crew in self._crews:
            crew.wake.set()

    def _keep_up(self) -> None:
        maintained = -MAINTENANCE_SECONDS
        while not self.stopping.is_set():
            guarded(lambda: keep_up(self._service))
            if elapsed() - maintained > MAINTENANCE_SECONDS:
                maintained = elapsed()
                guarded(lambda: maintain(self._service))
            self.stopping.wait(UPKEEP_SECONDS)


def start_in_background(service: Service) -> Worker:
    """Starts a worker (and LISTEN, where there is a direct connection) in threads of this process.

    When the main thread ends, running syncs are finished first. Where the process is killed before
    that, their leases lapse and others take over.
    """
    settings = service.settings
    worker = Worker(service, settings.sync_workers, settings.write_workers)
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
    settings = service.settings
    worker = Worker(service, max(settings.sync_workers, 1), settings.write_workers)
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
            target=listen, args=(url, worker.wake, worker.stopping), name="listen", daemon=True
        ).start()
