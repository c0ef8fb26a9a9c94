"""Connect a CalDAV account: try the password, then store it sealed."""

from uuid import UUID

from shared.providers.caldav import Caldav
from shared.providers.caldav_connect import caldav_grant, server_url
from shared.providers.public_network import require_public
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
    *,
    public_only: bool = False,
) -> UUID:
    """Connects (or reconnects) an account at `server`, a URL or a name; gives the account's id.

    Raises `InvalidRequest`, storing nothing, where the server refuses or is none; `Retry` where
    it cannot be reached; the rest as `connect_account`. `public_only`: a server within our own
    network counts as none.
    """
    if public_only:
        require_public(server_url(server))
    granted = caldav_grant(Caldav(), server, username, password)
    grant = Grant(
        provider=Provider.CALDAV,
        provider_account_id=granted.provider_account_id,
        email=granted.email,
        scopes=(),
        credentials=granted.credentials,
    )
    return connect_account(service, user_id, grant, actor, request_id)
