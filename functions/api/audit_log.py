"""GET audit-log: who did what to a person's calendars."""

from datetime import datetime
from typing import Any
from uuid import UUID

from functions.api.endpoint import Call, Endpoint
from functions.api.models import Output
from functions.api.paging import Page, PageInput, page_of


class AuditEntry(Output):
    """One act: by whom (`user:<id>` or `service_role`), what, on what, by which request."""

    id: UUID
    actor: str
    action: str
    subject: str
    request_id: str | None
    details: dict[str, Any]
    created_at: datetime


def list_audit_log(call: Call, given: PageInput) -> Page[AuditEntry]:
    """Newest first."""
    keys = {"created_at": datetime, "id": UUID}
    return page_of(call, AuditEntry, "list_audit_log", keys, given)


ENDPOINTS = (
    Endpoint("GET", "audit-log", "Acts, newest first", PageInput, Page[AuditEntry], list_audit_log),
)
