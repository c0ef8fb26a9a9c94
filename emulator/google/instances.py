"""Occurrences of a series: their ids, their bodies, and which exist in a window."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from emulator.common.json_types import Json

from .event_time import When, duration, parse, zone
from .recurrence import MAX_INSTANCES, Rule, contains, starts

INSTANCE_ID = re.compile(r"^(?P<master>.+)_(?P<stamp>\d{8}(?:T\d{6}Z)?)$")
# What an occurrence does not take over from its master.
_NOT_INHERITED = frozenset({"recurrence", "start", "end", "id", "htmlLink"})


def rule_of(body: Json, calendar_zone: str) -> Rule:
    """The rule of a master body."""
    start = parse(body["start"], calendar_zone)
    return Rule(start.wall(), start.zone, start.day is not None, tuple(body["recurrence"]))


def split_instance_id(event_id: str) -> tuple[str, str] | None:
    """`(master id, stamp)` of an occurrence id; None if it has not that form."""
    match = INSTANCE_ID.match(event_id)
    return (match["master"], match["stamp"]) if match else None


def original_start(master: Json, stamp: str, calendar_zone: str) -> When | None:
    """Where the occurrence with that id stamp begins; None if the series has none there."""
    start = parse(master["start"], calendar_zone)
    if (start.day is None) != ("T" in stamp):
        return None
    try:
        wall = _stamp_as_wall(stamp, start.zone)
    except ValueError:
        return None
    return start.shifted(wall) if contains(rule_of(master, calendar_zone), wall) else None


def _stamp_as_wall(stamp: str, zone_name: str) -> datetime:
    if "T" not in stamp:
        return datetime.strptime(stamp, "%Y%m%d")  # noqa: DTZ007 - a day has no zone
    moment = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return moment.astimezone(zone(zone_name)).replace(tzinfo=None)


def instance_body(master: Json, start: When, calendar_zone: str) -> Json:
    """The occurrence that begins at `start`, as nobody has touched it."""
    body = {key: value for key, value in master.items() if key not in _NOT_INHERITED}
    body["id"] = f"{master['id']}_{start.id_suffix()}"
    body["htmlLink"] = f"{master['htmlLink']}_{start.id_suffix()}"
    body["recurringEventId"] = master["id"]
    rendered = start.render(calendar_zone)
    body["originalStartTime"] = rendered
    body["start"] = rendered
    body["end"] = _end_of(master, start, calendar_zone).render(calendar_zone)
    return body


def _end_of(master: Json, start: When, calendar_zone: str) -> When:
    length = duration(master, calendar_zone)
    if start.day is not None:
        return start.shifted(start.wall() + length)
    end_zone = parse(master["end"], calendar_zone).zone
    return When(None, start.instant() + length, end_zone)


def expand(
    master: Json,
    calendar_zone: str,
    *,
    time_min: datetime | None = None,
    time_max: datetime | None = None,
    limit: int = MAX_INSTANCES,
) -> Iterator[When]:
    """Original starts of the occurrences that end after `time_min` and begin before `time_max`.

    At most `limit`: Google too stops an endless series somewhere, and says nowhere where.
    """
    first = parse(master["start"], calendar_zone)
    length = duration(master, calendar_zone)
    after = None
    if time_min is not None:
        # A day of slack covers every difference between wall time and UTC.
        after = time_min.replace(tzinfo=None) - length - timedelta(days=1)
    count = 0
    for wall in starts(rule_of(master, calendar_zone), after):
        start = first.shifted(wall)
        instant = start.instant()
        if (time_max is not None and instant >= time_max) or count >= limit:
            return
        if time_min is not None and instant + length <= time_min:
            continue
        count += 1
        yield start
