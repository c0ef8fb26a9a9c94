"""What the emulator remembers of a mailbox: calendars, events, subscriptions."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from emulator.common.json_types import Json

from .zones import to_utc


@dataclass(frozen=True, slots=True)
class Item:
    """One version of a single event, of a series, or of one exception of a series.

    `start` and `end` are naive wall times in `zone` (a name as the client wrote it); an all-day
    event is floating. `fields` holds what the wire shows whoever asks. `seq` is the calendar's
    change counter when this version was written. `exceptions` and `removed` are keyed by the
    wall date (ISO) that the pattern gives an occurrence.
    """

    key: str
    seq: int
    start: datetime
    end: datetime
    zone: str
    end_zone: str
    all_day: bool
    created: datetime
    modified: datetime
    fields: Json
    moves: int = 0
    recurrence: Json | None = None
    transaction_id: str | None = None
    extended: dict[str, str] = field(default_factory=dict)
    exceptions: dict[str, "Item"] = field(default_factory=dict)
    removed: tuple[str, ...] = ()

    @property
    def is_series(self) -> bool:
        """Whether this is a series master."""
        return self.recurrence is not None

    @property
    def length(self) -> timedelta:
        """From start to end."""
        return self.end - self.start

    def span(self) -> tuple[datetime, datetime]:
        """Start and end in UTC; an all-day event counts its midnights as UTC's."""
        if self.all_day:
            return self.start.replace(tzinfo=UTC), self.end.replace(tzinfo=UTC)
        return to_utc(self.start, self.zone), to_utc(self.end, self.zone)


@dataclass(frozen=True, slots=True)
class Gone:
    """An event that left its calendar, as it was last."""

    item: Item
    seq: int
    at: datetime


@dataclass
class Calendar:
    """A calendar of one mailbox. `epoch` goes up when its delta tokens are killed."""

    id: str
    owner: str
    name: str
    is_default: bool = False
    color: str = "auto"
    hex_color: str = ""
    can_edit: bool = True
    seq: int = 0
    epoch: int = 0
    items: dict[str, Item] = field(default_factory=dict)
    gone: dict[str, Gone] = field(default_factory=dict)

    def next_seq(self) -> int:
        """The number of the next change."""
        self.seq += 1
        return self.seq


@dataclass
class Person:
    """A Microsoft account: `id` and `tenant` are GUIDs, `zone` is the mailbox' time zone."""

    email: str
    name: str
    id: str
    tenant: str
    zone: str


@dataclass
class Subscription:
    """A change-notification subscription; `calendar` is the id of the one calendar it covers."""

    id: str
    user: str
    client_id: str
    resource: str
    calendar: str
    change_type: str
    notification_url: str
    lifecycle_url: str | None
    client_state: str | None
    expires: datetime
    immutable_ids: bool
    tls: str | None = None
    paused: bool = False

    def wants(self, change_type: str) -> bool:
        """Whether it asked for this kind of change."""
        return change_type in self.change_type.split(",")
