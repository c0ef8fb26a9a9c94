"""Apply: one page of changes, in one transaction, for the holder of the lease."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from shared.db.rows import Applied, Claim, call_for
from shared.decide.event_row import event_row
from shared.decide.find_meeting import find_meeting, is_meeting
from shared.decide.plan_poll import Rhythm, poll_interval_seconds
from shared.model import Change, Deletion, Event, Page, Refusal, Window
from shared.states import DueReason, EventKind, Provider
from shared.steps.service import Service


@dataclass(frozen=True, slots=True)
class Batch:
    """The changes of one page, sorted by what is done with them."""

    events: tuple[Event, ...]
    deletions: tuple[Deletion, ...]
    refusals: tuple[Refusal, ...]

    @property
    def empty(self) -> bool:
        """Whether nothing changed."""
        return not (self.events or self.deletions or self.refusals)


def sort_changes(changes: Iterable[Change]) -> Batch:
    """Sorts changes. Where an item repeats, the last one counts, whatever it is."""
    last = {change.provider_event_id: change for change in changes}
    return Batch(
        events=tuple(c for c in last.values() if isinstance(c, Event)),
        deletions=tuple(c for c in last.values() if isinstance(c, Deletion)),
        refusals=tuple(c for c in last.values() if isinstance(c, Refusal)),
    )


def apply_page(
    service: Service, claim: Claim, batch: Batch, progress: dict[str, Any], window: Window
) -> Applied:
    """Writes a page. Raises `LeaseLost` when another worker took over; then nothing was written."""
    (applied,) = call_for(
        service.database,
        Applied,
        "apply_changes",
        user_id=claim.user_id,
        calendar_id=claim.calendar_id,
        lease_token=claim.lease_token,
        changes={
            "events": [_row(event, window) for event in batch.events],
            "deletions": [
                {"provider_event_id": d.provider_event_id, "deleted_at": d.deleted_at}
                for d in batch.deletions
            ],
            "refusals": [
                {
                    "provider_event_id": r.provider_event_id,
                    "reason": r.reason,
                    "detail": r.detail,
                    "etag": r.etag,
                }
                for r in batch.refusals
            ],
        },
        progress=progress,
    )
    return applied


def page_progress(
    service: Service, claim: Claim, page: Page, window: Window, found_changes: bool
) -> dict[str, Any]:
    """Gives where a sync stands after `page`: at a next page, or at its end with the cursor."""
    listed = page.listed
    scope = {"listed_from": listed.start, "listed_until": listed.end} if listed else {}
    window = listed or window
    if not page.last:
        return scope | {
            "next_page": page.next_page,
            "lease_seconds": service.settings.lease_seconds,
        }
    return scope | {
        "cursor": page.cursor,
        "next_due_seconds": _next_due_seconds(service, claim, found_changes),
        "window_start": window.start,
        "window_end": window.end,
    }


def _next_due_seconds(service: Service, claim: Claim, found_changes: bool) -> float:
    rhythm = Rhythm(
        listening=claim.listening,
        quiet_polls=0 if found_changes else claim.quiet_syncs + 1,
        failures=claim.webhook_failures,
        next_occurrence_at=claim.next_occurrence_at,
        has_push=claim.provider is not Provider.CALDAV,
        # Graph's listing may lag behind its notifications (delta-query-overview).
        unexplained=claim.provider is Provider.MICROSOFT
        and claim.trigger == DueReason.WEBHOOK
        and not found_changes,
    )
    return poll_interval_seconds(
        rhythm, claim.now, stale_after=service.settings.stale_after, jitter=service.jitter()
    )


def _row(event: Event, window: Window) -> dict[str, object]:
    meeting = find_meeting(event.conference_url, (event.location, event.description))
    counts = is_meeting(event)
    return event_row(event) | {
        "expanded_until": window.end if event.kind is EventKind.SERIES else None,
        "meeting": {
            "url": meeting.url if meeting else None,
            "platform": meeting.platform if meeting else None,
            "attendee_count": len(event.attendees),
        }
        if counts
        else None,
    }
