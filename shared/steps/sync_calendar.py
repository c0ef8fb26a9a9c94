"""Sync one leased calendar: fetch changes, decide what they are, apply them."""

import structlog

from shared.db.rows import Applied, Claim
from shared.decide.plan_retry import plan_retry
from shared.decide.plan_window import plan_window
from shared.errors import ConfigurationError, GiveUp, LeaseLost, ProviderError, Refused, Retry
from shared.model import Page, Window
from shared.providers.base import Pull, Session
from shared.steps.apply import Batch, apply_page, page_progress, sort_changes
from shared.steps.expand_series import expand_series
from shared.steps.merge_appointments import merge_appointments
from shared.steps.mirrored_etags import mirrored_etags, mirrored_series
from shared.steps.service import Service, account_of, signed_in

log = structlog.get_logger()


def sync_calendar(service: Service, claim: Claim) -> Applied | None:
    """Brings one calendar up to date and gives what changed; None when it failed or was taken over.

    A failure is settled: the calendar is due again when `plan_retry` says so. When the lease or
    the database is lost nothing is written, and the lease lapses by itself.
    """
    calls = 0
    try:
        with signed_in(service, account_of(claim)) as session:
            try:
                applied = _sync_pages(service, claim, session)
            finally:
                calls = session.api_calls
    except LeaseLost:
        log.warning("lease_lost", calendar_id=str(claim.calendar_id), lease=claim.lease_token)
        return None
    except ProviderError as error:
        _settle(service, claim, error, calls)
        return None
    except (ConfigurationError, Refused) as error:
        _settle(service, claim, GiveUp(str(error), code=type(error).__name__.lower()), calls)
        return None
    except Exception as error:
        # A bug must not hold its calendar for ever, nor hide: it becomes a dead letter in the end.
        log.exception("sync_crashed", calendar_id=str(claim.calendar_id))
        _settle(service, claim, Retry(type(error).__name__, code="internal"), calls)
        return None
    _report(claim, applied)
    return applied


def _sync_pages(service: Service, claim: Claim, session: Session) -> Applied:
    window = _window(service, claim)
    accounted, found, deleted = 0, False, False
    pull = Pull(
        claim.provider_calendar_id,
        cursor=claim.sync_token,
        page=claim.page_token,
        window=window,
        mirrored=lambda: mirrored_etags(service, claim.user_id, claim.calendar_id),
        series=lambda: mirrored_series(service, claim.user_id, claim.calendar_id),
    )
    applied = None
    for page in session.fetch_changes(pull):
        batch = _read(claim, session, page, window)
        found, deleted = found or not batch.empty, deleted or bool(batch.deletions)
        progress = page_progress(service, claim, page, window, found)
        progress["api_calls"] = session.api_calls - accounted
        accounted = session.api_calls
        applied = apply_page(service, claim, batch, progress, window)
    if applied is None:
        raise Retry("The provider answered no page at all", code="no_page")
    if deleted:
        expand_series(service, user_id=claim.user_id, calendar_id=claim.calendar_id)
    if found:
        merge_appointments(service, user_id=claim.user_id, calendar_id=claim.calendar_id)
    return applied


def _window(service: Service, claim: Claim) -> Window:
    """The calendar's window, which slide_windows moves; at first, a new one."""
    if claim.window_start and claim.window_end:
        return Window(claim.window_start, claim.window_end)
    settings = service.settings
    return plan_window(claim.now, settings.window_past_days, settings.window_future_days)


def _read(claim: Claim, session: Session, page: Page, window: Window) -> Batch:
    zone = page.time_zone or claim.time_zone
    return sort_changes(
        change for item in page.items for change in session.normalise(item, zone, window)
    )


def _settle(service: Service, claim: Claim, error: ProviderError, api_calls: int) -> None:
    plan = plan_retry(error.failure, claim.attempts + 1, error.retry_after, service.jitter())
    log.warning(
        "sync_failed",
        calendar_id=str(claim.calendar_id),
        failure=error.failure.value,
        code=error.code,
        retry_in=round(plan.delay_seconds, 1),
    )
    try:
        service.database.call(
            "settle_failed_sync",
            user_id=claim.user_id,
            calendar_id=claim.calendar_id,
            lease_token=claim.lease_token,
            failure=error.failure.value,
            delay_seconds=plan.delay_seconds,
            dead=plan.dead,
            error_code=error.code or error.failure.value,
            error_message=str(error)[:500],
            api_calls=api_calls,
        )
    except LeaseLost:
        log.warning("lease_lost", calendar_id=str(claim.calendar_id), lease=claim.lease_token)


def _report(claim: Claim, applied: Applied) -> None:
    log.info(
        "synced",
        calendar_id=str(claim.calendar_id),
        sync_type=claim.sync_type.value,
        trigger=claim.trigger,
        created=applied.created,
        updated=applied.updated,
        deleted=applied.deleted,
        refused=applied.refused,
    )
