"""GET sync-logs: what was synced, newest first."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from functions.api.endpoint import Call, Endpoint
from functions.api.models import Id, Output
from functions.api.paging import Page, PageInput, page_of
from shared.states import DueReason, SyncStatus, SyncType


class SyncLogsInput(PageInput):
    """Which syncs."""

    calendar_id: Annotated[Id | None, Field(description="Of this calendar only.")] = None


class SyncLog(Output):
    """One sync: what called it, what it found, what it cost."""

    id: UUID
    calendar_id: UUID
    sync_type: SyncType
    trigger: DueReason
    status: SyncStatus
    events_processed: int
    events_created: int
    events_updated: int
    events_deleted: int
    events_refused: int
    meetings_created: int
    meetings_updated: int
    busy_blocks_created: int
    busy_blocks_updated: int
    busy_blocks_deleted: int
    api_calls: int
    error_code: str | None
    error_message: str | None
    started_at: datetime
    finished_at: datetime | None
    created_at: datetime


def list_sync_logs(call: Call, given: SyncLogsInput) -> Page[SyncLog]:
    """Newest first."""
    keys = {"created_at": datetime, "id": UUID}
    more = {"calendar_id": given.calendar_id}
    return page_of(call, SyncLog, "list_sync_logs", keys, given, **more)


ENDPOINTS = (
    Endpoint(
        "GET", "sync-logs", "Syncs, newest first", SyncLogsInput, Page[SyncLog], list_sync_logs
    ),
)
