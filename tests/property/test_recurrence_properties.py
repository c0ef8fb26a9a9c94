"""Recurrence against an independent library, and laws of windows."""

import contextlib
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events
from dateutil.rrule import rrulestr
from hypothesis import assume, example, given
from hypothesis import strategies as st

from shared.decide.expand_recurrence import expand_recurrence
from shared.decide.occurrence_key import occurrence_key
from shared.decide.overlap import overlaps
from shared.model import Occurrence, When, Window
from tests.property.strategies import any_text, naive, rules, wall_starts

WINDOW = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 3, 1, tzinfo=UTC))
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BERLIN = ZoneInfo("Europe/Berlin")


def independent_keys(start: date, length: timedelta, *lines: str) -> list[str]:
    """What recurring-ical-events makes of the same series."""
    event = icalendar.Event.from_ical(
        "\r\n".join(["BEGIN:VEVENT", "UID:1", *lines, "END:VEVENT", ""])
    )
    event.add("DTSTART", start)
    event.add("DTEND", start + length)
    calendar = icalendar.Calendar()
    calendar.add_component(event)
    found = recurring_ical_events.of(calendar).between(WINDOW.start, WINDOW.end)
    return sorted({occurrence_key(each["DTSTART"].dt) for each in found})


def timed(start: datetime, length: timedelta = HOUR) -> When:
    begin = start.astimezone(UTC)
    return When(start_at=begin, end_at=begin + length)


def zone_of(start: datetime) -> str:
    assert isinstance(start.tzinfo, ZoneInfo)
    return start.tzinfo.key


def keys(occurrences: tuple[Occurrence, ...]) -> list[str]:
    return [occurrence.key for occurrence in occurrences]


@st.composite
def limited_rules(draw: st.DrawFn) -> str:
    """Rules with or without an end."""
    rule = draw(rules())
    end = draw(st.sampled_from(["", "COUNT", "UNTIL"]))
    if end == "COUNT":
        return f"{rule};COUNT={draw(st.integers(1, 900))}"
    if end == "UNTIL":
        until = draw(naive(2025, 2028))
        return f"{rule};UNTIL={until:%Y%m%dT%H%M00}Z"
    return rule


def is_plain(start: datetime, rule: str) -> bool:
    """Whether all agree on COUNT: only where the rule gives the first occurrence itself."""
    if "COUNT" not in rule:
        return True
    return next(iter(rrulestr(rule, dtstart=start)), None) == start


@given(wall_starts(), limited_rules())
@example(datetime(2012, 2, 29, 2, 30, tzinfo=BERLIN), "FREQ=YEARLY")
@example(datetime(2026, 3, 1, 2, 30, tzinfo=BERLIN), "FREQ=DAILY")
@example(datetime(2026, 10, 1, 2, 30, tzinfo=BERLIN), "FREQ=DAILY")
def test_timed_series_agree_with_an_independent_library(start: datetime, rule: str) -> None:
    assume(is_plain(start.replace(tzinfo=None), rule))
    found = expand_recurrence(timed(start), zone_of(start), [f"RRULE:{rule}"], WINDOW)
    assert keys(found) == independent_keys(start, HOUR, f"RRULE:{rule}")


@given(st.dates(date(2010, 1, 1), date(2026, 6, 1)), rules(), st.integers(1, 5))
def test_all_day_series_agree_with_an_independent_library(
    start: date, rule: str, days: int
) -> None:
    assume("BYHOUR" not in rule and "BYMINUTE" not in rule)
    first = When(start_date=start, end_date=start + days * DAY)
    found = expand_recurrence(first, None, [f"RRULE:{rule}"], WINDOW)
    assert keys(found) == independent_keys(start, days * DAY, f"RRULE:{rule}")


@given(wall_starts(), rules(), st.data())
def test_single_dates_agree_with_an_independent_library(
    start: datetime, rule: str, data: st.DataObject
) -> None:
    # With several occurrences a day, the other library takes 00:00 in UTC for 00:00 on the wall.
    assume("BYHOUR" not in rule)
    whole = keys(expand_recurrence(timed(start), zone_of(start), [f"RRULE:{rule}"], WINDOW))
    assume(whole)
    lines = [
        f"RRULE:{rule}",
        "EXDATE:" + ",".join(data.draw(st.lists(st.sampled_from(whole), min_size=1, max_size=5))),
        "RDATE:20260707T121200Z,20260101T000000Z",
    ]
    found = expand_recurrence(timed(start), zone_of(start), lines, WINDOW)
    assert keys(found) == independent_keys(start, HOUR, *lines)


@given(wall_starts(), limited_rules(), st.timedeltas(timedelta(0), timedelta(days=40)))
def test_occurrences_are_sorted_unique_equally_long_and_in_the_window(
    start: datetime, rule: str, length: timedelta
) -> None:
    first = timed(start, length)
    found = expand_recurrence(first, zone_of(start), [f"RRULE:{rule}"], WINDOW)
    assert keys(found) == sorted(set(keys(found)))
    for each in found:
        begin, end = each.when.start_at, each.when.end_at
        assert begin is not None
        assert end is not None
        assert end - begin == length
        assert occurrence_key(begin) == each.key
        assert overlaps(each.when, WINDOW)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    """Windows within WINDOW."""
    start = draw(naive(2026, 2027)).replace(tzinfo=UTC)
    return Window(start, start + draw(st.timedeltas(timedelta(0), timedelta(days=59))))


@given(wall_starts(), limited_rules(), windows(), st.timedeltas(timedelta(0), timedelta(days=40)))
def test_a_smaller_window_shows_the_same_occurrences(
    start: datetime, rule: str, window: Window, length: timedelta
) -> None:
    first, lines = timed(start, length), [f"RRULE:{rule}"]
    whole = expand_recurrence(first, zone_of(start), lines, WINDOW)
    part = expand_recurrence(first, zone_of(start), lines, window)
    assert part == tuple(each for each in whole if overlaps(each.when, window))


@given(wall_starts(), limited_rules())
def test_excluding_all_leaves_nothing(start: datetime, rule: str) -> None:
    first, zone = timed(start), zone_of(start)
    whole = expand_recurrence(first, zone, [f"RRULE:{rule}"], WINDOW)
    one_by_one = [f"RRULE:{rule}", *(f"EXDATE:{key}" for key in keys(whole))]
    assert expand_recurrence(first, zone, one_by_one, WINDOW) == ()


@given(
    st.lists(
        any_text
        | st.builds(
            "{}:{}".format, st.sampled_from(["RRULE", "EXRULE", "RDATE", "EXDATE"]), any_text
        )
        | st.builds("RDATE;VALUE=PERIOD:20260101T090000Z/{}".format, any_text),
        max_size=3,
    )
)
def test_nonsense_is_refused_or_ignored_but_never_breaks(lines: list[str]) -> None:
    understood_or_refused(lines)


@given(limited_rules(), st.integers(0, 80), st.sampled_from("0123456789-+,;=ZTMO"), st.booleans())
def test_a_misspelt_rule_is_refused_or_understood(
    rule: str, place: int, letter: str, insert: bool
) -> None:
    place %= len(rule)
    understood_or_refused([f"RRULE:{rule[:place]}{letter}{rule[place + (not insert) :]}"])


def understood_or_refused(lines: list[str]) -> None:
    first = timed(datetime(2026, 1, 5, 9, tzinfo=BERLIN))
    with contextlib.suppress(ValueError):
        found = expand_recurrence(first, "Europe/Berlin", lines, WINDOW)
        assert keys(found) == sorted(set(keys(found)))
