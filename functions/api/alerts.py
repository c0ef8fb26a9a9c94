"""monitoring/alerts: what is open, what was, and closing one by hand."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from functions.api.endpoint import Call, Endpoint
from functions.api.models import TRUE_OR_FALSE, Id, Input, Output
from functions.api.paging import Page, PageInput, page_of
from shared.db.rows import decode


class AlertsInput(PageInput):
    """Whose alerts, and which."""

    user_id: Id
    open: Annotated[
        bool | None, Field(description="true: open ones, false: resolved ones."), TRUE_OR_FALSE
    ] = None


class AlertInput(Input):
    """One alert, named in the path."""

    alert_id: Id


class Alert(Output):
    """One episode of trouble; `resolved_by` tells who or what ended it."""

    id: UUID
    account_id: UUID
    calendar_id: UUID | None
    kind: str
    severity: Literal["critical", "high", "medium", "low"]
    message: str
    opened_at: datetime
    resolved_at: datetime | None
    resolved_by: str | None


def list_alerts(call: Call, given: AlertsInput) -> Page[Alert]:
    """Newest first."""
    keys = {"opened_at": datetime, "id": UUID}
    return page_of(call, Alert, "list_alerts", keys, given, open=given.open)


def resolve(call: Call, given: AlertInput) -> Alert:
    """A resolved one stays as it is; the next episode opens another."""
    (row,) = call.service.database.call(
        "resolve_alert", user_id=call.user_id, alert_id=given.alert_id, **call.audit
    )
    return decode(Alert, row)


_LIST = "monitoring/alerts/{user_id}"
_RESOLVE = "monitoring/alerts/{alert_id}/resolve"

ENDPOINTS = (
    Endpoint("GET", _LIST, "Alerts, newest first", AlertsInput, Page[Alert], list_alerts),
    Endpoint("POST", _RESOLVE, "Close an alert by hand", AlertInput, Alert, resolve),
)
