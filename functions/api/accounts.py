"""GET accounts: the connected accounts of a person."""

from datetime import datetime
from uuid import UUID

from functions.api.endpoint import Call, Endpoint
from functions.api.models import Output
from functions.api.paging import Page, PageInput, page_of
from shared.states import AccountStatus, Provider


class Account(Output):
    """A connected account; credentials are never shown."""

    id: UUID
    provider: Provider
    email: str | None
    status: AccountStatus
    status_reason: str | None
    scopes: list[str]
    blocked_until: datetime | None
    discovered_at: datetime | None
    created_at: datetime


def list_accounts(call: Call, given: PageInput) -> Page[Account]:
    """Oldest first."""
    keys = {"created_at": datetime, "id": UUID}
    return page_of(call, Account, "list_accounts", keys, given)


ENDPOINTS = (
    Endpoint("GET", "accounts", "Connected accounts", PageInput, Page[Account], list_accounts),
)
