"""Connecting a CalDAV account: the password is tried before anything is stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, urlsplit

from shared.errors import InvalidRequest, ProviderError, Reauthorize, Retry
from shared.providers.caldav import Caldav
from shared.providers.caldav_dav import canonical_href

PRESETS: Mapping[str, str] = {
    "icloud": "https://caldav.icloud.com/",
    "fastmail": "https://caldav.fastmail.com/dav/",
    "yahoo": "https://caldav.calendar.yahoo.com/",
}
"""Servers that people know by name. Nextcloud and the like are named by their own URL."""

_APP_PASSWORD = (
    "The server refuses this user name and password. iCloud, Fastmail and others want an"
    " app-specific password here, made in the settings of the account."
)


@dataclass(frozen=True, slots=True)
class CaldavGrant:
    """What a person gave, checked; `credentials` are to be sealed."""

    provider_account_id: str
    email: str | None
    credentials: dict[str, Any] = field(repr=False)


def caldav_grant(provider: Caldav, server: str, username: str, password: str) -> CaldavGrant:
    """Signs in at `server` (a URL, or a name of `PRESETS`) and finds the account's home.

    Raises `InvalidRequest` for a URL that would show the password to the network, a refused
    password, and a server that has no CalDAV; `Retry` where the server cannot be reached.
    """
    url = server_url(server)
    given = {"url": url, "username": username, "password": password}
    found: dict[str, Any] = dict(given)
    session = provider.sign_in("", given, found.update)
    try:
        principal = session.find_principal()
    except Reauthorize:
        raise InvalidRequest(_APP_PASSWORD) from None
    except Retry:
        raise
    except ProviderError as error:
        raise InvalidRequest(f"No calendars can be read there. {error}") from None
    finally:
        session.close()
    path = canonical_href(principal.url, url)
    own = username.lower() if "@" in username else None
    return CaldavGrant(
        # Without the host that iCloud keeps the account on today.
        provider_account_id=f"{urlsplit(url).netloc}{path}",
        email=next(iter(principal.addresses), own),
        credentials=found,
    )


def server_url(server: str) -> str:
    """The URL that a person means. Raises `InvalidRequest`."""
    written = server.strip()
    preset = PRESETS.get(written.lower())
    if preset is not None:
        return preset
    if "://" not in written:
        written = f"https://{written}"
    parts = _taken_apart(written)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        names = ", ".join(PRESETS)
        raise InvalidRequest(f"Give the server's https URL, or one of these names: {names}.")
    if parts.username or parts.password:
        raise InvalidRequest("Give user name and password on their own, not within the URL.")
    if parts.scheme == "http" and not _is_this_machine(parts.hostname):
        raise InvalidRequest("Over http anyone on the way could read the password: use https.")
    return written


def _taken_apart(url: str) -> SplitResult | None:
    """None for what is no URL: half an IPv6 address, a port beyond all ports."""
    try:
        parts = urlsplit(url)
        return parts if parts.port != 0 else None
    except ValueError:
        return None


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
