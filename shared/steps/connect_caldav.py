"""Connect a CalDAV account: try the password, then store it sealed."""

from uuid import UUID

from shared.providers.caldav import Caldav
from shared.providers.caldav_connect import caldav_grant
from shared.states import Provider
from shared.steps.connect_account import Grant, connect_account
from shared.steps.service import Service


def connect_caldav(
    service: Service,
    user_id: UUID,
    server: str,
    username: str,
    password: str,
    actor: str = "cli",
    request_id: str | None = None,
) -> UUID:
    """Connects (or reconnects) an account at `server`, a URL or a name; gives the account's id.

    Raises `InvalidRequest`, storing nothing, where the server refuses or is none; `Retry` where
    it cannot be reached; the rest as `connect_account`.
    """
    granted = caldav_grant(Caldav(), server, username, password)
    grant = Grant(
        provider=Provider.CALDAV,
        provider_account_id=granted.provider_account_id,
        email=granted.email,
        scopes=(),
        credentials=granted.credentials,
    )
    return connect_account(service, user_id, grant, actor, request_id)
