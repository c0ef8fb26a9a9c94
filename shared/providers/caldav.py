"""CalDAV (RFC 4791), on the caldav library: iCloud, Fastmail, Nextcloud, Radicale and others."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urljoin

from shared.decide.normalise_ics import normalise_ics
from shared.decide.trusted_host import may_follow
from shared.errors import GiveUp, Reauthorize
from shared.model import Change, Page, Window
from shared.providers import caldav_errors
from shared.providers.base import (
    Channel,
    ChannelRequest,
    ListedCalendar,
    Outcome,
    Pull,
    Rotated,
    Write,
)
from shared.providers.caldav_changes import CalendarReader
from shared.providers.caldav_dav import Dav
from shared.providers.caldav_discovery import (
    Principal,
    find_principal,
    list_calendars,
    start_urls,
)
from shared.providers.caldav_http import BASIC, DavHttp
from shared.providers.caldav_write import CalendarWriter

TIMEOUT_SECONDS = 60.0  # small servers think long about big calendars


class Caldav:
    """The provider. Thread-safe; its sessions are not."""

    def __init__(self, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        """`timeout_seconds` bounds the connecting and each wait for data."""
        self._timeout_seconds = timeout_seconds

    def sign_in(
        self, account_key: str, credentials: Mapping[str, Any], rotated: Rotated
    ) -> "CaldavSession":
        """Gives a session; asks the server nothing yet.

        `credentials` hold `url`, `username` and `password`; what discovery finds joins them:
        `principal_url`, `home_urls`, `addresses`, `auth_type`. Raises `Reauthorize` if the
        first three are not there.
        """
        if not all(credentials.get(name) for name in ("url", "username", "password")):
            raise Reauthorize("The account has no password.", code="no_password")
        return CaldavSession(credentials, rotated, self._timeout_seconds)


class CaldavSession:
    """One account, signed in."""

    def __init__(
        self, credentials: Mapping[str, Any], rotated: Rotated, timeout_seconds: float
    ) -> None:
        self.api_calls = 0
        self._credentials = dict(credentials)
        self._rotated = rotated
        self._http = DavHttp(
            credentials["username"],
            credentials["password"],
            credentials.get("auth_type") or BASIC,
            self._count,
        )
        self._dav = Dav(credentials["url"], self._http, timeout_seconds)

    def find_principal(self) -> Principal:
        """Finds out who the account is, and keeps what was found with the credentials."""
        principal = find_principal(self._dav, start_urls(self._credentials))
        self._keep(principal)
        return principal

    def list_calendars(self) -> list[ListedCalendar]:
        """Gives the event calendars. Looks for the home anew: iCloud moves accounts about."""
        principal = self.find_principal()
        return list_calendars(self._dav, principal, self._base_url)

    def fetch_changes(self, pull: Pull) -> Iterator[Page]:
        """Yields pages of resources, never holding more than 50 of them.

        One cheap request where nothing changed. The cursor is `DavCursor`, the page of an
        import `ImportPosition`.
        """
        url = self._calendar_url(pull.provider_calendar_id, "fetch changes")
        yield from CalendarReader(self._dav, url).pages(pull)

    def normalise(
        self, raw: Mapping[str, object], time_zone: str, window: Window
    ) -> Sequence[Change]:
        """Gives a resource in our words: a master with all its exceptions."""
        return normalise_ics(raw, time_zone, window, self._addresses)

    def watch(self, request: ChannelRequest) -> Channel:
        """Raises `GiveUp`: CalDAV announces nothing."""
        raise GiveUp("CalDAV has no push.", code=caldav_errors.PUSH_UNSUPPORTED)

    def stop(self, channel_id: str, resource_id: str) -> None:
        """Nothing to end: there never was a subscription."""

    def write(self, provider_calendar_id: str, writes: Sequence[Write]) -> Iterator[Outcome]:
        """Brings events of ours to a calendar, one request after the other."""
        url = self._calendar_url(provider_calendar_id, "write events")
        yield from CalendarWriter(self._dav, url).outcomes(writes)

    def close(self) -> None:
        """Closes connections."""
        self._http.close()

    def _count(self) -> None:
        self.api_calls += 1

    def _calendar_url(self, provider_calendar_id: str, doing: str) -> str:
        url = urljoin(self._base_url, provider_calendar_id)
        if not may_follow(self._credentials["url"], url):
            raise caldav_errors.untrusted_host(doing)
        return url

    @property
    def _base_url(self) -> str:
        homes = self._credentials.get("home_urls") or ()
        return str(next(iter(homes), self._credentials["url"]))

    @property
    def _addresses(self) -> frozenset[str]:
        own = [self._credentials["username"], *(self._credentials.get("addresses") or ())]
        return frozenset(address.lower() for address in own if "@" in address)

    def _keep(self, principal: Principal) -> None:
        found = {
            "principal_url": principal.url,
            "home_urls": list(principal.home_urls),
            "addresses": list(principal.addresses),
            "auth_type": self._http.auth_type,
        }
        if any(self._credentials.get(name) != value for name, value in found.items()):
            self._credentials |= found
            self._rotated(self._credentials)
