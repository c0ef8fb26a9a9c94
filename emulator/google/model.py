"""What the emulator remembers: people, calendars, events, channels."""

from dataclasses import dataclass, field
from typing import Literal

from emulator.common.json_types import Json

Role = Literal["freeBusyReader", "reader", "writer", "owner"]
ROLE_RANK: dict[str, int] = {"freeBusyReader": 0, "reader": 1, "writer": 2, "owner": 3}


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One version of one event in one calendar.

    `body` is what the wire shows; `seq` is the calendar's change counter when it was written;
    `former` is the last living body of a deleted event, kept to restore it or to expand it.
    """

    body: Json
    seq: int
    former: Json | None = None

    @property
    def id(self) -> str:
        """The event id."""
        return str(self.body["id"])

    @property
    def cancelled(self) -> bool:
        """True for deleted events and for cancelled occurrences."""
        return bool(self.body["status"] == "cancelled")

    @property
    def series_id(self) -> str | None:
        """The master's id, if this is an exception."""
        return self.body.get("recurringEventId")


@dataclass
class Calendar:
    """A calendar; `events` is ordered by last change, oldest first."""

    id: str
    owner: str
    summary: str
    timezone: str
    extra: Json = field(default_factory=dict)
    acl: dict[str, Role] = field(default_factory=dict)
    events: dict[str, EventRecord] = field(default_factory=dict)
    exceptions: dict[str, set[str]] = field(default_factory=dict)
    change_seq: int = 0
    token_epoch: int = 0
    lost_seqs: list[tuple[int, int]] = field(default_factory=list)
    updated_ms: int = 0

    def role_of(self, email: str) -> Role | None:
        """What `email` may do here; None if nothing."""
        return "owner" if email == self.owner else self.acl.get(email)


@dataclass(frozen=True)
class ListEntry:
    """One calendar in one person's calendar list; `props` are that person's own settings."""

    calendar_id: str
    seq: int
    updated_ms: int
    deleted: bool = False
    props: Json = field(default_factory=dict)


@dataclass
class Person:
    """A Google account."""

    email: str
    name: str
    timezone: str
    sub: str
    entries: dict[str, ListEntry] = field(default_factory=dict)
    list_seq: int = 0
    token_epoch: int = 0
    lost_seqs: list[tuple[int, int]] = field(default_factory=list)


@dataclass
class Channel:
    """A push channel; `message_number` is the last one used."""

    id: str
    project: str
    client_id: str
    user: str
    resource: str
    resource_id: str
    resource_uri: str
    address: str
    token: str | None
    expires_ms: int
    event_types: tuple[str, ...] = ()
    message_number: int = 0
    stopped: bool = False
