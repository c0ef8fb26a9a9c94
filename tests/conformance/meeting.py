"""Meetings in neutral words; each driver writes them in its provider's own way."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from shared.states import EventStatus, Response, ShowAs, Visibility

ANN = "ann@x.test"
BEN = "ben@x.test"
CLEO = "cleo@x.test"
BERLIN = "Europe/Berlin"

WINDOWS_ZONES: Mapping[str, str] = {
    BERLIN: "W. Europe Standard Time",
    "America/New_York": "Eastern Standard Time",
    "Asia/Kolkata": "India Standard Time",
    "UTC": "UTC",
}
"""What Outlook calls the zones."""


def wall(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """A time on the clocks of wherever the meeting is."""
    return datetime(year, month, day, hour, minute)  # noqa: DTZ001 - its zone stands beside it


@dataclass(frozen=True)
class Rule:
    """Every `interval` days, or weeks on `days` (MO, TU, …); `count` times, or for ever."""

    every: str = "week"
    days: tuple[str, ...] = ()
    interval: int = 1
    count: int | None = None


@dataclass(frozen=True)
class Guest:
    """Somebody invited."""

    email: str
    response: Response = Response.NEEDS_ACTION


@dataclass(frozen=True)
class Meeting:
    """What a person enters. Times are naive, on the clocks of `zone`; dates if it is all-day.

    The end is exclusive. `organizer` is None for Ann's own. `own_tag` marks what CalSync wrote.
    """

    title: str
    start: date
    end: date
    zone: str = BERLIN
    rule: Rule | None = None
    location: str | None = None
    description: str | None = None
    show_as: ShowAs = ShowAs.BUSY
    status: EventStatus = EventStatus.CONFIRMED
    visibility: Visibility = Visibility.DEFAULT
    guests: tuple[Guest, ...] = ()
    organizer: str | None = None
    own_tag: str | None = None

    @property
    def all_day(self) -> bool:
        """Whether dates, not times, say when."""
        return not isinstance(self.start, datetime)


def answered(meeting: Meeting, response: Response) -> Meeting:
    """The meeting after Ann's answer."""
    guests = (Guest(ANN, response) if each.email == ANN else each for each in meeting.guests)
    return replace(meeting, guests=tuple(guests))
