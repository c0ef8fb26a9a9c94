"""Poll: make stale calendars due, sync them within a time budget, and say what came of it.

What the outbox holds is delivered along the way: where no process lives, nobody else does it.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import UUID

from shared.clock import elapsed, pause
from shared.db.rows import PollAnswer, SyncLog, call_for, decode
from shared.states import SyncStatus
from shared.steps.claim import claim_calendars
from shared.steps.claim_writes import claim_writes
from shared.steps.deliver_writes import deliver_writes
from shared.steps.service import Service
from shared.steps.sync_calendar import sync_calendar

PEEK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class PollRequest:
    """Whom to poll (None: everybody), why, and whether healthy push spares a poll."""

    reason: str = "polling"
    user_id: UUID | None = None
    calendar_id: UUID | None = None
    smart: bool = True
    limit: int = 1000


@dataclass(frozen=True, slots=True)
class PollReport:
    """What a poll did; `waiting` calendars did not finish within the budget and stay due."""

    calendars: int
    polled: int
    skipped_calendars: int
    failed: int
    waiting: int
    processed: int
    created: int
    updated: int
    deleted: int
    refused: int
    api_calls: int
    errors: tuple[tuple[str, str], ...]

    @property
    def skipped(self) -> bool:
        """Whether push made the whole poll needless."""
        return self.calendars > 0 and self.skipped_calendars == self.calendars


def poll(service: Service, request: PollRequest) -> PollReport:
    """Polls and reports. Whoever syncs first counts: this process, or a worker beside it."""
    answers = call_for(
        service.database,
        PollAnswer,
        "request_polls",
        stale_seconds=service.settings.stale_after.total_seconds() if request.smart else 0.0,
        reason=request.reason,
        limit=request.limit,
        user_id=request.user_id,
        calendar_id=request.calendar_id,
    )
    polled = [answer for answer in answers if not answer.skipped]
    deadline = elapsed() + service.settings.cron_budget_seconds
    logs: Sequence[SyncLog] = []
    while True:
        ran = _drain(service, request)
        logs = _finished(service, polled)
        left = deadline - elapsed()
        if left < 0 or not (ran or _pending(service, polled, logs, left)):
            break
        if not ran:
            pause(PEEK_SECONDS)
    return _report(answers, logs)


def _drain(service: Service, request: PollRequest) -> int:
    """Syncs what is due and delivers what syncs called for; gives how much there was to do."""
    workers = max(service.settings.sync_workers, 1) * 2
    claims = claim_calendars(service, workers, request.user_id, request.calendar_id)
    deliveries = claim_writes(service, workers, request.user_id)
    work: list[Callable[[], object]] = [partial(sync_calendar, service, claim) for claim in claims]
    work += [partial(deliver_writes, service, delivery) for delivery in deliveries]
    if work:
        with ThreadPoolExecutor(max_workers=len(work)) as threads:
            for done in [threads.submit(each) for each in work]:
                done.result()
    return len(work)


def _pending(
    service: Service, polled: Sequence[PollAnswer], logs: Sequence[SyncLog], seconds: float
) -> bool:
    """Whether a sync that was asked for may still end in time: none is waited for in vain."""
    ended = {log.calendar_id for log in logs}
    missing = [answer for answer in polled if answer.calendar_id not in ended]
    if not missing:
        return False
    (counted,) = service.database.call(
        "count_pending_polls",
        polls=[
            {"user_id": str(answer.user_id), "calendar_id": str(answer.calendar_id)}
            for answer in missing
        ],
        seconds=seconds,
    )
    return bool(counted["pending"])


def _finished(service: Service, polled: Sequence[PollAnswer]) -> list[SyncLog]:
    """Gives the last ended sync of each polled calendar that began after the request."""
    if not polled:
        return []
    asked = {answer.calendar_id: answer.lease_token for answer in polled}
    # One read for a person or a calendar; for everybody, one read over the logs since the request.
    users = {answer.user_id for answer in polled}
    where = {"user_id": next(iter(users))} if len(users) == 1 else {}
    since = polled[0].now - timedelta(microseconds=1)
    rows = service.database.read(
        "calendar_sync_logs", where=where, after={"created_at": since}, order=("created_at",)
    )
    last: dict[UUID, SyncLog] = {}
    for log in (decode(SyncLog, row) for row in rows):
        served = log.lease_token > asked.get(log.calendar_id, log.lease_token)
        if served and log.status != SyncStatus.RUNNING:
            last[log.calendar_id] = log
    return list(last.values())


def _report(answers: Sequence[PollAnswer], logs: Sequence[SyncLog]) -> PollReport:
    skipped = sum(answer.skipped for answer in answers)
    good = [log for log in logs if log.status == "success"]
    bad = [log for log in logs if log.status != "success"]
    return PollReport(
        calendars=len(answers),
        polled=len(good),
        skipped_calendars=skipped,
        failed=len(bad),
        waiting=len(answers) - skipped - len(logs),
        processed=sum(log.events_processed for log in logs),
        created=sum(log.events_created for log in logs),
        updated=sum(log.events_updated for log in logs),
        deleted=sum(log.events_deleted for log in logs),
        refused=sum(log.events_refused for log in logs),
        api_calls=sum(log.api_calls for log in logs),
        errors=tuple((str(log.calendar_id), log.error_code or log.status) for log in bad),
    )
