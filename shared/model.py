"""The frozen shapes that travel between providers, decisions and the database."""

from dataclasses import dataclass
from datetime import date, datetime

from shared.states import EventKind, EventStatus, Response, ShowAs, Visibility


@dataclass(frozen=True, slots=True)
class Window:
    """The rolling window in which occurrences are materialised: [start, end), both aware."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class When:
    """Start and end of something: instants if timed, dates if all-day; the end is exclusive.

    Exactly one pair is set. All-day stays dates: it happens on that day wherever one is.
    """

    start_at: datetime | None = None
    end_at: datetime | None = None
    start_date: date | None = None
    end_date: date | None = None

    @property
    def all_day(self) -> bool:
        """Whether dates, not instants, say when."""
        return self.start_date is not None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One happening of an event.

    `key` is "" for a single event; for an instance of a series it is the original start in the
    form of a UTC RECURRENCE-ID (RFC 5545 section 3.8.4.4): `20261124T090000Z`, or `20261124`.
    """

    key: str
    when: When


@dataclass(frozen=True, slots=True)
class Attendee:
    """One invited person or room. Addresses are lower-cased."""

    email: str
    name: str | None = None
    response: Response = Response.NEEDS_ACTION
    optional: bool = False
    resource: bool = False
    is_self: bool = False


@dataclass(frozen=True, slots=True)
class Organizer:
    """Who owns the meeting."""

    email: str
    name: str | None = None
    is_self: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """One event as every provider's adapter hands it over, in the words of `calendar_events`.

    A series carries `recurrence` (RFC 5545 lines without DTSTART) and the `occurrences` of the
    window; an exception carries `series_event_id` (the master's provider id) and the
    `occurrence_key` of the instance that it replaces; a cancelled exception has no `when`.
    Where `is_whole`, all its exceptions came along: others in the mirror are gone. Where
    `is_listed`, the provider lists the occurrences itself: they are never expanded from the
    recurrence.
    """

    provider_event_id: str
    kind: EventKind
    status: EventStatus
    etag: str
    ical_uid: str | None = None
    series_event_id: str | None = None
    occurrence_key: str = ""
    when: When | None = None
    time_zone: str | None = None
    summary: str | None = None
    description: str | None = None
    location: str | None = None
    show_as: ShowAs = ShowAs.BUSY
    visibility: Visibility = Visibility.DEFAULT
    event_type: str = "default"
    organizer: Organizer | None = None
    attendees: tuple[Attendee, ...] = ()
    self_response: Response | None = None
    recurrence: tuple[str, ...] = ()
    conference_url: str | None = None
    html_link: str | None = None
    sequence: int = 0
    own_tag: str | None = None
    provider_created_at: datetime | None = None
    provider_updated_at: datetime | None = None
    occurrences: tuple[Occurrence, ...] = ()
    is_whole: bool = False
    is_listed: bool = False


@dataclass(frozen=True, slots=True)
class Deletion:
    """An event that is gone at the provider. `deleted_at` is None where it does not say when."""

    provider_event_id: str
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """An item that cannot be mirrored, and why; parked where it can be seen, never dropped."""

    provider_event_id: str
    reason: str
    detail: str
    etag: str = ""


Change = Event | Deletion | Refusal


@dataclass(frozen=True, slots=True)
class Draft:
    """What CalSync writes of an event; a provider keeps everything else of it as it is.

    `time_zone` is the IANA zone in which the times are to be shown, None for UTC.
    """

    when: When
    summary: str
    description: str | None = None
    location: str | None = None
    show_as: ShowAs = ShowAs.BUSY
    visibility: Visibility = Visibility.DEFAULT
    time_zone: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of raw changes. `cursor` comes with the last page only, `next_page` with others.

    `listed` is set on the pages of a listing from scratch by a provider that shows a window only
    (Graph): what this listing does not name and the window touches is gone, the rest is untold.
    """

    items: tuple[dict[str, object], ...]
    next_page: str | None = None
    cursor: str | None = None
    time_zone: str | None = None
    listed: Window | None = None

    @property
    def last(self) -> bool:
        """Whether nothing follows."""
        return self.next_page is None
