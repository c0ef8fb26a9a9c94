"""Google Calendar v3, on google-api-python-client."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import httplib2

from shared.config import GoogleSettings
from shared.decide.normalise_google import normalise_google
from shared.errors import ProviderError
from shared.model import Change, Page, Window
from shared.providers import google_errors
from shared.providers.base import (
    Channel,
    ChannelRequest,
    ListedCalendar,
    Outcome,
    Pull,
    Rotated,
    Write,
)
from shared.providers.google_calls import Calls
from shared.providers.google_http import CalendarApi, HttpPool, calendar_api
from shared.providers.google_tokens import AccountCredentials, TokenMemory
from shared.providers.google_write import GoogleWriter

TIMEOUT_SECONDS = 30.0
LARGEST_PAGE = 2500
LARGEST_CALENDAR_PAGE = 250

ACCESS_ROLES = {
    "owner": "owner",
    "writer": "writer",
    "writerWithoutPrivateAccess": "writer",
    "reader": "reader",
    "freeBusyReader": "free_busy",
}


class Google:
    """The provider. Thread-safe; its sessions are not."""

    def __init__(self, settings: GoogleSettings, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        """`timeout_seconds` bounds the connecting and each wait for data."""
        self._settings = settings
        self._pool = HttpPool(timeout_seconds)
        self._tokens = TokenMemory()

    def sign_in(
        self, account_key: str, credentials: Mapping[str, Any], rotated: Rotated
    ) -> "GoogleSession":
        """Gives a session; asks Google nothing yet. `credentials` hold a `refresh_token`.

        Raises `Reauthorize` if they do not.
        """
        http = self._pool.borrow()
        shared = self._tokens.of(account_key)
        try:
            signed = AccountCredentials(self._settings, credentials, shared, rotated, http)
        except BaseException:
            self._pool.give_back(http)
            raise
        api_url = self._settings.api_url
        return GoogleSession(calendar_api(api_url), Calls(api_url, signed, http), http, self._pool)

    def close(self) -> None:
        """Closes the connections kept for later sessions."""
        self._pool.close()


class GoogleSession:
    """One account, signed in."""

    def __init__(
        self,
        api: CalendarApi,
        calls: Calls,
        http: httplib2.Http,
        pool: HttpPool,
    ) -> None:
        """`http` is what `calls` are made with, borrowed from `pool`."""
        self._api = api
        self._calls = calls
        self._http = http
        self._pool = pool

    @property
    def api_calls(self) -> int:
        """How many requests were made so far."""
        return self._calls.made

    def list_calendars(self) -> list[ListedCalendar]:
        """Gives all calendars on the person's list, those hidden in the web interface included."""
        listed: list[ListedCalendar] = []
        token: str | None = None
        while True:
            answer = self._calls.ask(
                self._api.calendar_list.list(
                    maxResults=LARGEST_CALENDAR_PAGE, showHidden=True, pageToken=token
                )
            )
            listed += map(_listed, filter(_readable, _items(answer)))
            token = _next_page(answer)
            if token is None:
                return listed

    def fetch_changes(self, pull: Pull) -> Iterator[Page]:
        """Yields pages of raw events, never holding more than one of them.

        No parameter but the tokens differs between a full and an incremental listing, as Google
        demands (guides/sync). `showDeleted` stays unset in both: with a sync token deletions
        always come, without one they would be noise; cancelled instances come either way.
        """
        token = pull.page
        while True:
            answer = self._calls.ask(
                self._api.events.list(
                    calendarId=pull.provider_calendar_id,
                    maxResults=LARGEST_PAGE,
                    singleEvents=False,
                    syncToken=pull.cursor,
                    pageToken=token,
                )
            )
            token = _next_page(answer)
            yield Page(
                items=_items(answer),
                next_page=token,
                cursor=answer.get("nextSyncToken"),
                time_zone=answer.get("timeZone"),
            )
            del answer
            if token is None:
                return

    def normalise(
        self, raw: Mapping[str, object], time_zone: str, window: Window
    ) -> Sequence[Change]:
        """Gives a raw event in our words: always one change."""
        return (normalise_google(raw, time_zone, window),)

    def watch(self, request: ChannelRequest) -> Channel:
        """Opens a push channel (guides/push); Google may shorten its life."""
        body = {
            "id": request.channel_id,
            "type": "web_hook",
            "address": request.address,
            "token": request.token,
            "expiration": str(int(request.expires_at.timestamp() * 1000)),
        }
        call = self._api.events.watch(calendarId=request.provider_calendar_id, body=body)
        answer = self._calls.ask(call)
        return Channel(
            channel_id=request.channel_id,
            resource_id=answer.get("resourceId"),
            expires_at=_expiry(answer) or request.expires_at,
        )

    def stop(self, channel_id: str, resource_id: str) -> None:
        """Closes a push channel; one that Google does not know counts as closed."""
        call = self._api.channels.stop(body={"id": channel_id, "resourceId": resource_id})
        try:
            self._calls.send(call)
        except ProviderError as error:
            if error.code != google_errors.NOT_FOUND:
                raise

    def write(self, provider_calendar_id: str, writes: Sequence[Write]) -> Iterator[Outcome]:
        """Creates, updates and deletes events of ours, up to 50 in one request."""
        return GoogleWriter(self._api.events, self._calls, provider_calendar_id).write(writes)

    def close(self) -> None:
        """Hands the connection on to a later session."""
        self._pool.give_back(self._http)


def _items(answer: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    items = answer.get("items", [])
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise google_errors.unexpected_answer("listing")
    return tuple(items)


def _next_page(answer: Mapping[str, Any]) -> str | None:
    return answer.get("nextPageToken") or None


def _readable(entry: Mapping[str, Any]) -> bool:
    present = bool(entry.get("id")) and not entry.get("deleted")
    return present and entry.get("accessRole") in ACCESS_ROLES


def _listed(entry: Mapping[str, Any]) -> ListedCalendar:
    return ListedCalendar(
        provider_calendar_id=entry["id"],
        name=entry.get("summaryOverride") or entry.get("summary") or entry["id"],
        time_zone=entry.get("timeZone") or "UTC",
        access_role=ACCESS_ROLES[entry["accessRole"]],
        is_primary=bool(entry.get("primary")),
    )


def _expiry(answer: Mapping[str, Any]) -> datetime | None:
    """Milliseconds since 1970, as a number or as a string: Google's documents disagree."""
    milliseconds = answer.get("expiration")
    if milliseconds is None:
        return None
    try:
        return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
    except (ValueError, TypeError, OverflowError):
        raise google_errors.unexpected_answer("watch") from None
