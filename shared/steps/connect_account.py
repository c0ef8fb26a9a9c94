"""Connect: store an account's sealed credentials; discovery, push and the first sync follow."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from shared.states import Provider
from shared.steps.discover_calendars import discover_due
from shared.steps.service import Service


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person granted: who they are at the provider, and the credentials."""

    provider: Provider
    provider_account_id: str
    email: str | None
    scopes: tuple[str, ...]
    credentials: dict[str, Any] = field(repr=False)


def connect_account(
    service: Service,
    user_id: UUID,
    grant: Grant,
    actor: str = "cli",
    request_id: str | None = None,
) -> UUID:
    """Connects (or reconnects) an account and reads its list of calendars; gives the account's id.

    Every calendar found is due for its first sync and its webhook subscription at once. `actor`
    and `request_id` are for the audit log. Raises `AccountTaken` where another person has
    connected the account, `AccountBusy` while it is being disconnected; nothing is written then.
    """
    (row,) = service.database.call(
        "connect_account",
        user_id=user_id,
        provider=grant.provider.value,
        provider_account_id=grant.provider_account_id,
        email=grant.email,
        scopes=list(grant.scopes),
        sealed=service.sealer.seal(grant.credentials),
        actor=actor,
        request_id=request_id,
    )
    discover_due(service, limit=10, user_id=user_id)
    return UUID(row["account_id"])
