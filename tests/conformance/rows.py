"""What the mirror must hold, in the columns that no provider colours."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from tests.support.rig import Rig

Happening = tuple[str, date, date]
"""Occurrence key, start, end: instants in UTC, or dates."""


@dataclass(frozen=True)
class Row:
    """A row of calendar_events with its rows of event_occurrences.

    `rule` has the parts of the RRULE, sorted: programs write them in any order.
    """

    title: str | None
    start: date | None
    end: date | None
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
    rule: tuple[str, ...] = ()
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


def cancelled(key: str) -> Row:
    """An instance that does not take place."""
    return Row(
        *(None, None, None), zone=None, kind="exception", key=key, status="cancelled", is_busy=False
    )


def mirrored(rig: Rig) -> list[Row]:
    """Every row of the mirror by title and key."""
    happens = defaultdict(list)
    for row in rig.rows("event_occurrences"):
        happens[row["event_id"]].append((row["occurrence_key"], *_span(row)))
    rows = [_row(row, tuple(sorted(happens[row["id"]]))) for row in rig.rows("calendar_events")]
    return sorted(rows, key=order)


def order(row: Row) -> tuple[str, str]:
    """How rows are sorted to be compared."""
    return row.title or "", row.key


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
        rule=rule_parts(row["recurrence"]),
        guests=guests,
        organizer=row["organizer"] and row["organizer"]["email"],
        own_tag=row["own_tag"],
        happens=happens,
    )


def rule_parts(lines: Iterable[str]) -> tuple[str, ...]:
    """What recurrence lines say, whatever the order of its parts."""
    return tuple(sorted(part for line in lines for part in line.split(";")))


def _span(row: Mapping[str, Any]) -> tuple[date, date] | tuple[None, None]:
    if row["start_date"] is not None:
        return row["start_date"], row["end_date"]
    if row["start_at"] is None:
        return None, None
    start: datetime = row["start_at"].astimezone(UTC)
    end: datetime = row["end_at"].astimezone(UTC)
    return start, end
