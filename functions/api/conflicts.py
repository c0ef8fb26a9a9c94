"""conflicts: both sides of an appointment changed; conflict-policy: who wins (docs/writing.md)."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from functions.api.endpoint import Call, Endpoint
from functions.api.models import Id, Input, Output
from functions.api.paging import Page, PageInput, page_of
from functions.api.whose import OfCalendar
from shared.db.rows import decode
from shared.states import ConflictKind, ConflictPolicy, Decision

Version = Annotated[
    dict[str, str | None] | None,
    Field(description="The content of an appointment; null: unknown, or deleted on that side."),
]
FieldName = Literal["summary", "description", "location", "when", "show_as", "visibility"]
Side = Literal["local", "remote"]


class Conflict(Output):
    """Both versions, what they had in common, and what was decided by whom."""

    id: UUID
    appointment_id: UUID
    calendar_id: UUID
    kind: ConflictKind
    base: Version
    local: Version
    remote: Version
    fields: list[str]
    policy: ConflictPolicy
    decision: Decision
    decided_by: str | None
    decided_at: datetime | None
    undone_by: str | None
    undone_at: datetime | None
    created_at: datetime


class ConflictsInput(PageInput):
    """Which conflicts."""

    decision: Annotated[
        Literal["merged", "local", "remote", "both", "pending"] | None,
        Field(description="Those alone; pending ones wait for you."),
    ] = None


class OfConflict(Input):
    """One conflict, named in the path."""

    conflict_id: Id


class Resolve(OfConflict):
    """The decision; for `merged`, `fields` tells whose value each field in conflict gets."""

    choice: Literal["local", "remote", "both", "merged"]
    fields: Annotated[dict[FieldName, Side], Field(default_factory=dict)]


class OfAccount(Input):
    """One account, named in the path."""

    account_id: Id


class AccountPolicy(OfAccount):
    """Who wins in this account from now on."""

    conflict_policy: Literal["newest_wins", "provider_wins", "local_wins", "manual"]


class CalendarPolicy(OfCalendar):
    """Who wins in this calendar from now on; null: as its account says."""

    conflict_policy: Literal["newest_wins", "provider_wins", "local_wins", "manual"] | None


class PolicySet(Output):
    """The policy that was set."""

    conflict_policy: ConflictPolicy | None


def list_conflicts(call: Call, given: ConflictsInput) -> Page[Conflict]:
    """Newest first."""
    keys = {"created_at": datetime, "id": UUID}
    return page_of(call, Conflict, "list_conflicts", keys, given, decision=given.decision)


def resolve(call: Call, given: Resolve) -> Conflict:
    """Decides a pending conflict, and carries that out."""
    more = {"choice": given.choice, "fields": dict(given.fields)}
    return _act(call, "resolve_conflict", given, **more)


def undo(call: Call, given: OfConflict) -> Conflict:
    """Puts back the version that lost."""
    return _act(call, "undo_conflict", given)


def set_account_policy(call: Call, given: AccountPolicy) -> PolicySet:
    """For all calendars of the account that have none of their own."""
    return _set_policy(call, given.account_id, None, given.conflict_policy)


def set_calendar_policy(call: Call, given: CalendarPolicy) -> PolicySet:
    """For one calendar."""
    return _set_policy(call, None, given.calendar_id, given.conflict_policy)


def _act(call: Call, function: str, given: OfConflict, **more: Any) -> Conflict:
    (row,) = call.service.database.call(
        function, user_id=call.user_id, conflict_id=given.conflict_id, **more, **call.audit
    )
    return decode(Conflict, row)


def _set_policy(
    call: Call, account_id: UUID | None, calendar_id: UUID | None, policy: str | None
) -> PolicySet:
    (row,) = call.service.database.call(
        "set_conflict_policy",
        user_id=call.user_id,
        account_id=account_id,
        calendar_id=calendar_id,
        policy=policy,
        **call.audit,
    )
    return decode(PolicySet, row)


_RESOLVE = "conflicts/{conflict_id}/resolve"
_UNDO = "conflicts/{conflict_id}/undo"
_ACCOUNT = "accounts/{account_id}/conflict-policy"
_CALENDAR = "calendars/{calendar_id}/conflict-policy"

ENDPOINTS = (
    Endpoint(
        "GET",
        "conflicts",
        "Conflicts of appointments, newest first",
        ConflictsInput,
        Page[Conflict],
        list_conflicts,
    ),
    Endpoint("POST", _RESOLVE, "Decide a conflict", Resolve, Conflict, resolve, refuses=True),
    Endpoint("POST", _UNDO, "Take a decision back", OfConflict, Conflict, undo, refuses=True),
    Endpoint("PATCH", _ACCOUNT, "Who wins", AccountPolicy, PolicySet, set_account_policy),
    Endpoint("PATCH", _CALENDAR, "Who wins here", CalendarPolicy, PolicySet, set_calendar_policy),
)
