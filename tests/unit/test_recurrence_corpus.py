"""Series of real calendars, where the corpus is at hand, against an independent library."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events

from shared.decide.expand_recurrence import expand_recurrence
from shared.decide.occurrence_key import occurrence_key
from shared.model import When, Window

CORPUS = Path(__file__).parents[3] / "shared" / "data" / "ics"
NAMES = ("RRULE", "RDATE", "EXDATE", "EXRULE")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

# Where the two part, and why ours is meant so.
DIFFERENT = {
    "korganizer_sample.ics": "DTSTART counts, though the rule does not give it (RFC 5545 3.3.10)",
    "non-utc-until-ny.ics": "an UNTIL without Z is on the clocks of the series, not of UTC",
    "test_with_tz_list.ics": "refused: the zone of its EXDATEs is a list of cities",
    "windows-quoted-tz-rrule.ics": "its start has no zone, its EXDATEs have one",
}


def series_in(path: Path) -> Iterator[icalendar.Event]:
    """The masters of a file, as far as icalendar can read it."""
    with contextlib.suppress(ValueError, AttributeError):
        for calendar in icalendar.Calendar.from_ical(path.read_bytes(), multiple=True):
            for event in calendar.walk("VEVENT"):
                repeats = "RRULE" in event or "RDATE" in event
                readable = "DTSTART" in event and not event.errors
                if repeats and readable and "RECURRENCE-ID" not in event:
                    yield event


def start_of(event: icalendar.Event) -> date | None:
    """DTSTART, on UTC clocks if it is on none; None if its zone is the file's own invention."""
    start = event["DTSTART"].dt
    if not isinstance(start, datetime):
        return start
    if start.tzinfo is None:
        return start.replace(tzinfo=UTC)
    if start.utcoffset() == timedelta(0) or isinstance(start.tzinfo, ZoneInfo):
        return start
    return None


def ours(event: icalendar.Event, start: date, window: Window) -> list[str] | str:
    unfolded = event.to_ical().decode().replace("\r\n ", "").splitlines()
    lines = [line for line in unfolded if line.startswith(NAMES)]
    if isinstance(start, datetime):
        begin = start.astimezone(UTC)
        first = When(start_at=begin, end_at=begin + HOUR)
        zone = start.tzinfo.key if isinstance(start.tzinfo, ZoneInfo) else None
    else:
        first, zone = When(start_date=start, end_date=start + DAY), None
    try:
        return [each.key for each in expand_recurrence(first, zone, lines, window)]
    except ValueError as refused:
        return str(refused)


def theirs(event: icalendar.Event, start: date, window: Window) -> list[str]:
    bare = icalendar.Event()
    bare.add("UID", "1")
    bare.add("DTSTART", start)
    for name in NAMES:
        if name in event:
            bare[name] = event[name]
    calendar = icalendar.Calendar()
    calendar.add_component(bare)
    found = recurring_ical_events.of(calendar).between(window.start, window.end)
    return sorted({occurrence_key(each["DTSTART"].dt) for each in found})


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real calendars is not at hand")
@pytest.mark.filterwarnings("ignore:Timezone .* is a globally unique TZID")
def test_real_series_agree_with_an_independent_library() -> None:
    compared, different = 0, set()
    for path in sorted(CORPUS.rglob("*.ics")):
        for event in series_in(path):
            start = start_of(event)
            if start is None:
                continue
            window = Window(
                datetime(start.year, 1, 1, tzinfo=UTC), datetime(start.year + 3, 1, 1, tzinfo=UTC)
            )
            compared += 1
            if ours(event, start, window) != theirs(event, start, window):
                different.add(path.name)
    assert different == DIFFERENT.keys()
    assert compared > 600
