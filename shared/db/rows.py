"""Rows of functions and views as frozen typed models; decoded here and nowhere else."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

from pydantic import TypeAdapter

from shared.db.database import Database
from shared.states import ConflictPolicy, Provider, SyncType, WriteSubject

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Claim:
    """A leased calendar with all that its sync needs (claim_due_calendars)."""

    user_id: UUID
    calendar_id: UUID
    account_id: UUID
    provider: Provider
    provider_calendar_id: str
    time_zone: str
    sealed: str
    sync_token: str | None
    page_token: str | None
    lease_token: int
    trigger: str
    sync_type: SyncType
    attempts: int
    webhook_failures: int
    quiet_syncs: int
    listening: bool
    next_occurrence_at: datetime | None
    window_start: datetime | None
    window_end: datetime | None
    now: datetime


@dataclass(frozen=True, slots=True)
class Applied:
    """What a sync did so far (apply_changes)."""

    finished: bool
    processed: int
    created: int
    updated: int
    deleted: int
    refused: int
    api_calls: int


@dataclass(frozen=True, slots=True)
class WriteClaim:
    """A leased write of the outbox with all that its delivery needs (claim_provider_writes).

    `draft` holds the fields of `shared.model.Draft` with those of its `When` beside them; None
    where the event is to be deleted. `tag` is None where what was to be written is no more.
    """

    user_id: UUID
    calendar_id: UUID
    account_id: UUID
    provider: Provider
    provider_calendar_id: str
    sealed: str
    id: UUID
    subject: WriteSubject
    lease_token: int
    attempts: int
    tag: str | None
    draft: Mapping[str, Any] | None
    provider_event_id: str | None
    etag: str | None


@dataclass(frozen=True, slots=True)
class SettledWrites:
    """How many writes of a delivery counted, and how many of them are dead letters now."""

    settled: int
    dead: int


@dataclass(frozen=True, slots=True)
class SubscriptionClaim:
    """A webhook subscription to ask the provider for (claim_due_subscriptions).

    A pending one, or where `renews` names what is to be prolonged, the active one.
    """

    user_id: UUID
    calendar_id: UUID
    account_id: UUID
    provider: Provider
    provider_calendar_id: str
    sealed: str
    subscription_id: UUID
    renews: str | None
    webhook_failures: int
    now: datetime


@dataclass(frozen=True, slots=True)
class StopClaim:
    """A retiring webhook subscription to stop at the provider (claim_due_stops)."""

    user_id: UUID
    id: UUID
    account_id: UUID
    provider: Provider
    provider_calendar_id: str
    sealed: str
    channel_id: str
    resource_id: str
    stop_attempts: int


@dataclass(frozen=True, slots=True)
class AccountClaim:
    """An account whose calendars are to be discovered (claim_due_accounts)."""

    user_id: UUID
    account_id: UUID
    provider: Provider
    sealed: str
    now: datetime


@dataclass(frozen=True, slots=True)
class DisconnectionClaim:
    """An account whose access is to be given back (claim_due_disconnections)."""

    user_id: UUID
    account_id: UUID
    provider: Provider
    sealed: str | None
    attempts: int


@dataclass(frozen=True, slots=True)
class Discovered:
    """What a discovery changed (settle_discovery)."""

    found: int
    added: int
    removed: int


@dataclass(frozen=True, slots=True)
class PollAnswer:
    """Whether a calendar is polled or skipped (request_polls)."""

    user_id: UUID
    calendar_id: UUID
    skipped: bool
    lease_token: int
    now: datetime


@dataclass(frozen=True, slots=True)
class SyncLog:
    """A row of calendar_sync_logs, as far as the steps look at it."""

    calendar_id: UUID
    lease_token: int
    status: str
    events_processed: int
    events_created: int
    events_updated: int
    events_deleted: int
    events_refused: int
    api_calls: int
    error_code: str | None


@dataclass(frozen=True, slots=True)
class SeriesToExpand:
    """A series whose occurrences do not reach the end of the window (series_to_expand)."""

    user_id: UUID
    calendar_id: UUID
    event_id: UUID
    content_hash: str
    start_at: datetime | None
    end_at: datetime | None
    start_date: date | None
    end_date: date | None
    time_zone: str | None
    recurrence: tuple[str, ...]
    window_start: datetime
    window_end: datetime


@dataclass(frozen=True, slots=True)
class AppointmentToMerge:
    """An appointment whose event changed at the provider (appointments_to_merge).

    `local`, `remote`, `base`, `base_remote` and `offers` are versions as jsonb.
    """

    user_id: UUID
    calendar_id: UUID
    id: UUID
    version: int
    mark: UUID
    local: dict[str, Any] | None
    remote: dict[str, Any] | None
    base: dict[str, Any] | None
    base_remote: dict[str, Any] | None
    offers: tuple[dict[str, Any], ...] | None
    remote_etag: str | None
    is_series: bool
    is_echo: bool
    policy: ConflictPolicy
    local_changed_at: datetime
    remote_changed_at: datetime | None
    agreed_at: datetime | None
    seen_at: datetime


_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}


def decode(shape: type[T], row: Mapping[str, Any]) -> T:
    """Gives a row as a typed model. Columns that the model does not name are left out."""
    adapter = _ADAPTERS.get(shape) or _ADAPTERS.setdefault(shape, TypeAdapter(shape))
    decoded: T = adapter.validate_python(row)
    return decoded


def call_for(database: Database, shape: type[T], function: str, **arguments: Any) -> list[T]:
    """Calls a SQL function and decodes its rows."""
    return [decode(shape, row) for row in database.call(function, **arguments)]
