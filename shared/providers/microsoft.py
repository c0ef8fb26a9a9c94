"""Microsoft 365 and Outlook calendars: tokens by MSAL, Graph by httpx."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpx

from shared.config import MicrosoftSettings
from shared.decide.normalise_microsoft import normalise_microsoft
from shared.decide.zone import read_zone
from shared.errors import ProviderError
from shared.model import Change, Page, Window
from shared.providers import microsoft_errors, microsoft_subscriptions
from shared.providers.base import (
    Channel,
    ChannelRequest,
    ListedCalendar,
    Outcome,
    Pull,
    Rotated,
    Write,
)
from shared.providers.microsoft_authority import Authority
from shared.providers.microsoft_batch import Json
from shared.providers.microsoft_graph import Graph
from shared.providers.microsoft_rounds import Round
from shared.providers.microsoft_tokens import Credentials, Mailboxes
from shared.providers.microsoft_write import write_events
from shared.tls import authorities

TIMEOUT_SECONDS = 30.0
# What the granted scopes, or the kind of account, may not allow.
_UNTOLD = (microsoft_errors.ACCESS_DENIED, microsoft_errors.NOT_FOUND)


class Microsoft:
    """The provider. Thread-safe; its sessions are not."""

    def __init__(
        self, settings: MicrosoftSettings, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> None:
        """`timeout_seconds` bounds the connecting and each wait for data."""
        # Whoever redirects us must not see the credentials; Graph redirects none of these calls.
        self._http = httpx.Client(
            verify=authorities(), timeout=timeout_seconds, follow_redirects=False
        )
        self._settings = settings
        self._authority = Authority(settings, self._http)
        self._mailboxes = Mailboxes()

    def sign_in(
        self, account_key: str, credentials: Mapping[str, Any], rotated: Rotated
    ) -> "MicrosoftSession":
        """Gives a session; asks Microsoft nothing yet. `credentials` hold a `refresh_token`.

        Raises `Reauthorize` if they do not.
        """
        mailbox = self._mailboxes.of(account_key)
        signed = Credentials(self._authority, credentials, mailbox, rotated)
        graph = Graph(self._settings.graph_url, self._http, signed, mailbox.slots)
        return MicrosoftSession(graph, str(credentials.get("email") or ""))

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()


class MicrosoftSession:
    """One account, signed in."""

    def __init__(self, graph: Graph, email: str) -> None:
        """`email` tells which attendee is the calendar's owner."""
        self._graph = graph
        self._email = email

    @property
    def api_calls(self) -> int:
        """How many requests were made so far."""
        return self._graph.api_calls

    def list_calendars(self) -> list[ListedCalendar]:
        """Gives all calendars of the mailbox, shared ones included."""
        zone = self._time_zone()
        listed = self._graph.every("/me/calendars", "calendar list")
        return [_listed(each, zone) for each in listed if each.get("id")]

    def fetch_changes(self, pull: Pull) -> Iterator[Page]:
        """Yields pages of a calendarView/delta round, never holding more than one of them."""
        return Round(self._graph, pull).pages()

    def normalise(
        self, raw: Mapping[str, object], time_zone: str, window: Window
    ) -> Sequence[Change]:
        """Gives a single event, a removal, or a series with its exceptions, in our words."""
        return normalise_microsoft(raw, time_zone, window, self._email)

    def watch(self, request: ChannelRequest) -> Channel:
        """Makes a subscription, or prolongs the one that `request` renews."""
        return microsoft_subscriptions.watch(self._graph, request)

    def stop(self, channel_id: str, resource_id: str) -> None:
        """Deletes a subscription; one that Graph does not know counts as deleted."""
        microsoft_subscriptions.stop(self._graph, channel_id)

    def write(self, provider_calendar_id: str, writes: Sequence[Write]) -> Iterator[Outcome]:
        """Brings events of ours to a calendar, up to 20 in one request."""
        return write_events(self._graph, provider_calendar_id, writes)

    def close(self) -> None:
        """Nothing to do: connections belong to the provider."""

    def _time_zone(self) -> str:
        """The zone of the mailbox: calendars have none of their own. UTC where it is not told."""
        try:
            answer = self._graph.get("/me/mailboxSettings/timeZone", "mailbox settings")
        except ProviderError as error:
            if error.code not in _UNTOLD:
                raise
            return "UTC"
        name = answer.get("value")
        zone = read_zone(name) if isinstance(name, str) else None
        return zone.key if zone else "UTC"


def _listed(entry: Json, time_zone: str) -> ListedCalendar:
    return ListedCalendar(
        provider_calendar_id=str(entry["id"]),
        name=str(entry.get("name") or entry["id"]),
        time_zone=time_zone,
        access_role=_role(entry),
        is_primary=entry.get("isDefaultCalendar") is True,
    )


def _role(entry: Json) -> str:
    """Only the owner of a calendar may share it with others."""
    if entry.get("canEdit") is not True:
        return "reader"
    return "owner" if entry.get("canShare") is True else "writer"
