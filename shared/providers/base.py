"""What every provider's adapter does; the steps know no more of a provider than this."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from shared.errors import ProviderError
from shared.model import Change, Draft, Page, Window


@dataclass(frozen=True, slots=True)
class ListedCalendar:
    """One calendar of an account, in the words of the `calendars` table."""

    provider_calendar_id: str
    name: str
    time_zone: str
    access_role: str
    is_primary: bool


@dataclass(frozen=True, slots=True)
class Channel:
    """A webhook subscription as the provider confirmed it."""

    channel_id: str
    resource_id: str | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ChannelRequest:
    """A webhook subscription to ask for: `channel_id` is our proposal, `token` our proof.

    `renews` is the provider's id of the present one, where the provider prolongs it in place
    instead of letting two overlap (Graph); `repair`: push failed over it, so prolonging it is not
    enough.
    """

    provider_calendar_id: str
    channel_id: str
    address: str
    token: str
    expires_at: datetime
    renews: str | None = None
    repair: bool = False


@dataclass(frozen=True, slots=True)
class Pull:
    """What to read of a calendar: everything since `cursor` (None: all of it), from `page` on.

    `window` bounds occurrences where the provider expands series itself. `mirrored` gives the
    etag of every event in the mirror by provider event id, for servers whose cursor cannot be
    trusted; `series` gives the ids of the recurring ones. Both read the database, so adapters
    call them only when they must.
    """

    provider_calendar_id: str
    cursor: str | None
    page: str | None
    window: Window
    mirrored: Callable[[], Mapping[str, str]]
    series: Callable[[], Collection[str]] = frozenset


@dataclass(frozen=True, slots=True)
class Write:
    """One event of ours to bring to the provider, from the outbox row `id`.

    Without `provider_event_id` it is created, without `draft` deleted, else updated under
    `etag`. Without either, an event that an unanswered create may have left behind is found by
    its tag and deleted. `tag` marks the event as ours (shared.decide.own_tag). The whole content
    of a busy block is ours; of an appointment only what the draft says.
    """

    id: UUID
    tag: str
    draft: Draft | None
    provider_event_id: str | None = None
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """The event as the provider holds it now, under the id and etag that `normalise` gives it.

    `as_asked` is False where an earlier attempt had created it with another content: it is to be
    updated next.
    """

    provider_event_id: str
    etag: str
    as_asked: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the write `id`: `written`, `error`, or neither: deleted."""

    id: UUID
    written: Written | None = None
    error: ProviderError | None = None


Rotated = Callable[[Mapping[str, Any]], None]
"""Called with new credentials whenever the provider rotated them, before they are used."""


class Session(Protocol):
    """One account, signed in. Every method may raise a `ProviderError`; none is thread-safe."""

    @property
    def api_calls(self) -> int:
        """The number of requests made so far, refused ones included."""
        ...

    def list_calendars(self) -> list[ListedCalendar]:
        """Gives all calendars that the account can read."""
        ...

    def fetch_changes(self, pull: Pull) -> Iterator[Page]:
        """Yields pages of raw changes; the last one carries the new cursor.

        Raises `ResyncFully` when cursor or page died.
        """
        ...

    def normalise(
        self, raw: Mapping[str, object], time_zone: str, window: Window
    ) -> Sequence[Change]:
        """Gives a raw item of a page in our words; one item may hold a series with exceptions."""
        ...

    def watch(self, request: ChannelRequest) -> Channel:
        """Makes a webhook subscription, or prolongs the one that `request` renews."""
        ...

    def stop(self, channel_id: str, resource_id: str) -> None:
        """Ends a webhook subscription; one that is unknown there counts as ended."""
        ...

    def write(self, provider_calendar_id: str, writes: Sequence[Write]) -> Iterator[Outcome]:
        """Brings events of ours to a calendar, and yields the outcome of each as it is known.

        Each is judged alone: an error is in its outcome (`Stale` and `Vanished` tell that the
        mirror is behind). Doing a write twice leaves one event: a create that was answered to
        nobody is found again by the key of its tag; deleting what is gone has succeeded. Raises
        a `ProviderError` where no further write of this account can succeed now: those that
        have no outcome yet were not done, or may have been.
        """
        ...

    def close(self) -> None:
        """Closes connections."""
        ...


class Provider(Protocol):
    """A calendar provider."""

    def sign_in(
        self, account_key: str, credentials: Mapping[str, Any], rotated: Rotated
    ) -> Session:
        """Gives a session. Access tokens are remembered by `account_key` within the process."""
        ...
