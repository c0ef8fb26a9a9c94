"""What the mirror must hold, in the columns that no provider colours."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from tests.support.rig import Rig

Happening = tuple[str, date, date]
"""Occurrence key, start, end: instants in UTC, or dates."""


@dataclass(frozen=True)
class Row:
    """A row of calendar_events with its rows of event_occurrences."""

    title: str | None
    start: date
    end: date
    zone: str | None = "Europe/Berlin"
    kind: str = "single"
    key: str = ""
    status: str = "confirmed"
    show_as: str = "busy"
    visibility: str = "default"
    self_response: str | None = None
    is_busy: bool = True
    is_all_day: bool = False
    location: str | None = None
    description: str | None = None
    guests: tuple[tuple[str, str], ...] = ()
    organizer: str | None = None
    own_tag: str | None = None
    happens: tuple[Happening, ...] = ()


def single(title: str, start: date, end: date, **more: Any) -> Row:
    """An event that happens once."""
    return Row(title, start, end, happens=(("", start, end),), **more)


def exception(title: str, key: str, start: date, end: date, **more: Any) -> Row:
    """A changed instance."""
    return Row(title, start, end, kind="exception", key=key, happens=((key, start, end),), **more)


def mirrored(rig: Rig) -> list[Row]:
    """Every row of the mirror by title and start, but those of cancelled instances.

    Google tells of a cancelled instance, Graph and an EXDATE of CalDAV only leave it out: that
    it does not happen shows among the occurrences of its series.
    """
    happens = defaultdict(list)
    for row in rig.rows("event_occurrences"):
        happens[row["event_id"]].append((row["occurrence_key"], *_span(row)))
    rows = [
        _row(row, tuple(sorted(happens[row["id"]])))
        for row in rig.rows("calendar_events")
        if row["status"] != "cancelled"
    ]
    return sorted(rows, key=lambda row: (row.title or "", row.key))


def _row(row: Mapping[str, Any], happens: tuple[Happening, ...]) -> Row:
    start, end = _span(row)
    guests = tuple(sorted((each["email"], each["response"]) for each in row["attendees"]))
    return Row(
        title=row["summary"],
        start=start,
        end=end,
        zone=row["time_zone"],
        kind=row["kind"],
        key=row["occurrence_key"],
        status=row["status"],
        show_as=row["show_as"],
        visibility=row["visibility"],
        self_response=row["self_response"],
        is_busy=row["is_busy"],
        is_all_day=row["is_all_day"],
        location=row["location"],
        description=row["description"],
        guests=guests,
        # Google and Graph name an organizer of whatever is entered, CalDAV of meetings.
        organizer=row["organizer"]["email"] if guests else None,
        own_tag=row["own_tag"],
        happens=happens,
    )


def _span(row: Mapping[str, Any]) -> tuple[date, date]:
    if row["start_date"] is not None:
        return row["start_date"], row["end_date"]
    start: datetime = row["start_at"].astimezone(UTC)
    end: datetime = row["end_at"].astimezone(UTC)
    return start, end
