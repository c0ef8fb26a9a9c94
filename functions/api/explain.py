"""GET calendars/{id}/explain: one calendar explained in one answer."""

from datetime import datetime
from typing import Any
from uuid import UUID

from functions.api.endpoint import Call, Endpoint
from functions.api.models import Output
from functions.api.whose import OfCalendar
from shared.db.rows import decode
from shared.errors import NotFound
from shared.states import Provider, SyncMethod


class Explanation(Output):
    """What was heard and read last, which method holds and why, what is next, what is wrong."""

    calendar_id: UUID
    account_email: str | None
    name: str | None
    provider: Provider
    method: SyncMethod
    reason: str
    next_action: str
    next_action_at: datetime | None
    last_notification_at: datetime | None
    heard_at: datetime | None
    last_pull_at: datetime | None
    last_poll_at: datetime | None
    waiting_since: datetime | None
    lag_seconds: float | None
    subscribed: bool
    subscription_status: str
    subscription_expires_at: datetime | None
    push: str
    webhook_failures: int
    attempts: int
    last_error_code: str | None
    last_error_message: str | None
    last_error_at: datetime | None
    dead_at: datetime | None
    events: int
    recent_syncs: list[dict[str, Any]]
    refused_events: dict[str, int]
    alerts: list[dict[str, Any]]
    now: datetime


def explain(call: Call, given: OfCalendar) -> Explanation:
    """The row of the view calendar_explanations."""
    where = {"user_id": call.user_id, "calendar_id": given.calendar_id}
    rows = call.service.database.read("calendar_explanations", where=where)
    if not rows:
        raise NotFound(f"calendar {given.calendar_id} does not exist")
    return decode(Explanation, rows[0])


_PATH = "calendars/{calendar_id}/explain"

ENDPOINTS = (Endpoint("GET", _PATH, "One calendar explained", OfCalendar, Explanation, explain),)
