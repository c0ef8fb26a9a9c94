"""`calsync scheduler`: the polling fallback and maintenance, where no cron calls the functions."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from threading import Event
from typing import Annotated

import structlog
import typer

from shared.cli.context import opened
from shared.cli.stopping import stop_on_signals
from shared.clock import elapsed
from shared.errors import CalSyncError
from shared.log import set_up_logs
from shared.steps.maintain import keep_up, maintain
from shared.steps.poll import PollRequest, poll
from shared.steps.service import Service

log = structlog.get_logger()

POLL_SECONDS = 5.0
"""What a round of polling may take, so that stopping is quick; workers do the rest."""

Polling = Annotated[
    float, typer.Option(min=1, metavar="SECONDS", help="Between two rounds of the fallback.")
]
Maintaining = Annotated[
    float, typer.Option(min=1, metavar="SECONDS", help="Between two rounds of maintenance.")
]


def scheduler(polling_interval: Polling = 3600, maintenance_interval: Maintaining = 1800) -> None:
    """Poll what push has left stale and maintain the database, until SIGTERM or Ctrl-C."""
    set_up_logs()
    with opened() as service, stop_on_signals() as stopping:
        run(
            (
                Job("polling", polling_interval, lambda: poll_stale(service)),
                Job("maintenance", maintenance_interval, lambda: maintain_all(service)),
            ),
            stopping,
        )


@dataclass(frozen=True, slots=True)
class Job:
    """Work that repeats every `interval` seconds, counted from start to start."""

    name: str
    interval: float
    work: Callable[[], object]


def run(jobs: Sequence[Job], stopping: Event) -> None:
    """Runs each job at once and then at its interval, one after the other, until `stopping`."""
    due = {job.name: elapsed() for job in jobs}
    while not stopping.is_set():
        for job in jobs:
            if due[job.name] <= elapsed() and not stopping.is_set():
                due[job.name] = elapsed() + job.interval
                _attempt(job)
        stopping.wait(max(0.0, min(due.values()) - elapsed()))


def poll_stale(service: Service) -> None:
    """One round of the polling fallback; what is not finished in time stays due for the workers."""
    hurried = replace(service, settings=replace(service.settings, cron_budget_seconds=POLL_SECONDS))
    log.info("polled", **asdict(poll(hurried, PollRequest())))


def maintain_all(service: Service) -> None:
    """One round of maintenance."""
    log.info("maintained", **asdict(maintain(service)), **asdict(keep_up(service)))


def _attempt(job: Job) -> None:
    """Trouble is logged; the next round tries again."""
    try:
        job.work()
    except CalSyncError as error:
        log.warning("job_refused", job=job.name, error=str(error))
    except Exception:
        log.exception("job_failed", job=job.name)
