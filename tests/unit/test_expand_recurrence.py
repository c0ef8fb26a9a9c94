"""Occurrences of series: rules, single dates, clocks that change, and bombs."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from shared.decide.expand_recurrence import expand_recurrence
from shared.model import Occurrence, When, Window

BERLIN = "Europe/Berlin"
YEAR = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
ALWAYS = Window(datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def timed(start: str, zone: str = BERLIN, length: timedelta = timedelta(hours=1)) -> When:
    begin = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return When(start_at=begin, end_at=begin + length)


def days(start: str, count: int = 1) -> When:
    first = date.fromisoformat(start)
    return When(start_date=first, end_date=first + timedelta(days=count))


def keys(first: When, *lines: str, zone: str | None = BERLIN, window: Window = YEAR) -> list[str]:
    return [occurrence.key for occurrence in expand_recurrence(first, zone, lines, window)]


@pytest.mark.parametrize(
    ("start", "rule", "expected"),
    [
        # RFC 5545 section 3.8.5.3, in other years
        ("2026-03-02T09:00", "FREQ=DAILY;COUNT=2", ["20260302T080000Z", "20260303T080000Z"]),
        ("2026-03-02T09:00", "FREQ=DAILY;INTERVAL=10;COUNT=2",
         ["20260302T080000Z", "20260312T080000Z"]),
        ("2026-01-05T09:00", "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=TU,MO;UNTIL=20260120T235959Z",
         ["20260105T080000Z", "20260106T080000Z", "20260119T080000Z", "20260120T080000Z"]),
        ("2026-01-30T09:00", "FREQ=MONTHLY;BYDAY=-1FR;COUNT=3",
         ["20260130T080000Z", "20260227T080000Z", "20260327T080000Z"]),
        ("2026-01-31T09:00", "FREQ=MONTHLY;COUNT=3",
         ["20260131T080000Z", "20260331T070000Z", "20260531T070000Z"]),
        ("2026-01-30T09:00", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=2",
         ["20260130T080000Z", "20260227T080000Z"]),
        ("2026-01-01T09:00", "FREQ=YEARLY;BYDAY=20MO;COUNT=2",
         ["20260101T080000Z", "20260518T070000Z"]),
        ("2026-05-12T09:00", "FREQ=YEARLY;BYWEEKNO=20;COUNT=1", ["20260512T070000Z"]),
        ("2026-05-12T09:00", "FREQ=YEARLY;BYWEEKNO=20,21;COUNT=2",
         ["20260512T070000Z", "20260519T070000Z"]),
        ("2024-02-29T09:00", "FREQ=YEARLY", []),
        ("2026-02-13T09:00", "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
         ["20260213T080000Z", "20260313T080000Z", "20261113T080000Z"]),
        ("2026-01-05T09:00", "FREQ=HOURLY;INTERVAL=3;UNTIL=20260105T170000Z",
         ["20260105T080000Z", "20260105T110000Z", "20260105T140000Z", "20260105T170000Z"]),
        ("2026-01-05T09:00", "FREQ=MINUTELY;INTERVAL=90;COUNT=2",
         ["20260105T080000Z", "20260105T093000Z"]),
        ("2026-01-05T09:00", "FREQ=SECONDLY;UNTIL=20260105T080001Z",
         ["20260105T080000Z", "20260105T080001Z"]),
        ("2026-01-05T09:00", "FREQ=DAILY;BYHOUR=9,10;BYMINUTE=0,20;COUNT=3",
         ["20260105T080000Z", "20260105T082000Z", "20260105T090000Z"]),
        # as programs in the wild write them
        ("2026-01-05T09:00", "freq=weekly;count=2;", ["20260105T080000Z", "20260112T080000Z"]),
        ("2026-01-05T09:00", "FREQ=WEEKLY;UNTIL=20260112",
         ["20260105T080000Z", "20260112T080000Z"]),
        ("2026-01-05T09:00", "FREQ=WEEKLY;UNTIL=20260112T090000",
         ["20260105T080000Z", "20260112T080000Z"]),
        ("2026-01-05T09:00", "FREQ=WEEKLY;UNTIL=20260112T075959Z", ["20260105T080000Z"]),
        ("2026-01-05T09:00", "FREQ=WEEKLY;UNTIL=20260104T000000Z", []),
    ],
)  # fmt: skip
def test_rules(start: str, rule: str, expected: list[str]) -> None:
    assert keys(timed(start), f"RRULE:{rule}") == expected


def test_the_clock_on_the_wall_is_kept_when_its_offset_changes() -> None:
    weekly = expand_recurrence(
        timed("2026-10-19T09:00"), BERLIN, ["RRULE:FREQ=WEEKLY;COUNT=2"], YEAR
    )
    assert weekly == (
        Occurrence("20261019T070000Z", timed("2026-10-19T09:00")),
        Occurrence("20261026T080000Z", timed("2026-10-26T09:00")),
    )


def test_a_time_that_the_clocks_skip_is_read_with_the_offset_before() -> None:
    # 02:30 does not exist in Berlin on 29 March 2026: it happens at 03:30 summer time.
    assert keys(timed("2026-03-28T02:30"), "RRULE:FREQ=DAILY;COUNT=3") == [
        "20260328T013000Z", "20260329T013000Z", "20260330T003000Z"
    ]  # fmt: skip


def test_a_time_that_the_clocks_show_twice_is_the_first_of_the_two() -> None:
    assert keys(timed("2026-10-24T02:30"), "RRULE:FREQ=DAILY;COUNT=3") == [
        "20261024T003000Z", "20261025T003000Z", "20261026T013000Z"
    ]  # fmt: skip


def test_a_first_occurrence_in_the_second_of_two_equal_hours_stays_there() -> None:
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    first = When(start_at=second, end_at=second + timedelta(hours=1))
    assert keys(first, "RRULE:FREQ=DAILY;COUNT=2") == ["20261025T013000Z", "20261026T013000Z"]


def test_an_occurrence_over_the_change_of_the_clocks_lasts_as_long_as_any() -> None:
    night = expand_recurrence(
        timed("2026-10-23T22:00", length=timedelta(hours=8)),
        BERLIN,
        ["RRULE:FREQ=DAILY;COUNT=2"],
        YEAR,
    )
    assert [occurrence.when for occurrence in night] == [
        timed("2026-10-23T22:00", length=timedelta(hours=8)),
        timed("2026-10-24T22:00", length=timedelta(hours=8)),
    ]


def test_without_a_zone_the_clocks_are_those_of_utc() -> None:
    first = timed("2026-10-19T09:00", zone="UTC")
    assert keys(first, "RRULE:FREQ=WEEKLY;COUNT=2", zone=None)[1] == "20261026T090000Z"


def test_windows_names_of_zones_are_known() -> None:
    first = timed("2026-10-19T09:00")
    weekly = keys(first, "RRULE:FREQ=WEEKLY;COUNT=2", zone="W. Europe Standard Time")
    assert weekly[1] == "20261026T080000Z"


def test_all_day_stays_dates() -> None:
    assert expand_recurrence(
        days("2026-10-24", 2), BERLIN, ["RRULE:FREQ=WEEKLY;UNTIL=20261031"], YEAR
    ) == (
        Occurrence("20261024", days("2026-10-24", 2)),
        Occurrence("20261031", days("2026-10-31", 2)),
    )


@pytest.mark.parametrize("until", ["20260109", "20260109T000000", "20260109T080000Z"])
def test_all_day_reads_the_day_of_any_until(until: str) -> None:
    assert keys(days("2026-01-08"), f"RRULE:FREQ=DAILY;UNTIL={until}") == ["20260108", "20260109"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("RDATE:20260303T080000Z", "20260303T080000Z"),
        ("RDATE;TZID=America/New_York:20260303T030000", "20260303T080000Z"),
        ('RDATE;TZID="America/New_York":20260303T030000', "20260303T080000Z"),
        ("RDATE:20260303T090000", "20260303T080000Z"),
        ("RDATE;VALUE=DATE:20260303", "20260303T080000Z"),
        ("rdate;value=date-time:20260303T080000Z", "20260303T080000Z"),
    ],
)
def test_single_dates_are_added_in_their_own_zone(line: str, expected: str) -> None:
    assert keys(timed("2026-03-02T09:00"), line) == ["20260302T080000Z", expected]


def test_a_list_of_dates_is_sorted_and_has_no_twins() -> None:
    line = "RDATE;VALUE=DATE:20260310,20260302,,20260305,20260310"
    assert keys(days("2026-03-02"), "", line) == ["20260302", "20260305", "20260310"]


def test_folded_lines_and_several_in_one_text_are_taken_apart() -> None:
    text = "RRULE:FREQ=DAILY;\r\n COUNT=3\r\nEXDATE;VALUE=DATE:202603\n\t03\n"
    assert keys(days("2026-03-02"), text) == ["20260302", "20260304"]


def test_periods_bring_their_own_length() -> None:
    found = expand_recurrence(
        timed("2026-03-02T09:00"),
        BERLIN,
        [
            "RDATE;VALUE=PERIOD:20260303T080000Z/PT2H,20260304T080000Z/20260304T083000Z",
            "RDATE;VALUE=PERIOD;TZID=Europe/Berlin:20260329T010000/20260329T040000",
            "RDATE;VALUE=PERIOD:20260401T090000/20260401T093000",
        ],
        YEAR,
    )
    assert [
        o.when.end_at - o.when.start_at for o in found if o.when.end_at and o.when.start_at
    ] == [
        timedelta(hours=1),
        timedelta(hours=2),
        timedelta(minutes=30),
        timedelta(hours=2),  # the clocks lose one
        timedelta(minutes=30),
    ]


def test_all_day_takes_no_more_than_the_day_of_a_period() -> None:
    found = expand_recurrence(
        days("2026-03-02"), None, ["RDATE;VALUE=PERIOD:20260303T080000Z/PT2H"], YEAR
    )
    assert found[1] == Occurrence("20260303", days("2026-03-03"))


@pytest.mark.parametrize(
    "line",
    [
        "EXDATE:20260303T080000Z",
        "EXDATE;TZID=Europe/Berlin:20260303T090000",
        "EXDATE;TZID=America/New_York:20260303T030000,20260401T030000",
        "EXDATE:20260303T090000",
        "EXDATE;VALUE=DATE:20260303",
        "EXRULE:FREQ=WEEKLY;BYDAY=TU",
        "EXRULE:FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=3",
    ],
)
def test_exclusions(line: str) -> None:
    found = keys(timed("2026-03-02T09:00"), "RRULE:FREQ=DAILY;COUNT=3", line)
    assert found == ["20260302T080000Z", "20260304T080000Z"]


def test_an_exclusion_at_another_time_of_the_day_excludes_nothing() -> None:
    found = keys(timed("2026-03-02T09:00"), "RRULE:FREQ=DAILY;COUNT=2", "EXDATE:20260303T090000Z")
    assert len(found) == 2


@pytest.mark.parametrize(
    "line",
    [
        "EXDATE;VALUE=DATE:20260303",
        "EXDATE;TZID=Europe/Berlin:20260303T000000",
        "EXDATE:20260303T000000Z",
    ],
)
def test_all_day_exclusions(line: str) -> None:
    found = keys(days("2026-03-02"), "RRULE:FREQ=DAILY;COUNT=3", line)
    assert found == ["20260302", "20260304"]


@pytest.mark.parametrize(
    "line", ["EXDATE:20260302T080000Z", "EXRULE:FREQ=WEEKLY", "EXRULE:FREQ=DAILY;COUNT=1"]
)
def test_the_first_occurrence_itself_can_be_excluded(line: str) -> None:
    found = keys(timed("2026-03-02T09:00"), "RRULE:FREQ=DAILY;COUNT=2", line)
    assert found == ["20260303T080000Z"]


def test_the_first_occurrence_counts_even_where_the_rule_does_not_give_it() -> None:
    # 2 March 2026 is a Monday.
    found = keys(timed("2026-03-02T09:00"), "RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=3")
    assert found == ["20260302T080000Z", "20260303T080000Z", "20260310T080000Z"]


def test_rules_add_up() -> None:
    found = keys(
        timed("2026-03-02T09:00"),
        "RRULE:FREQ=WEEKLY;COUNT=2",
        "RRULE:FREQ=DAILY;COUNT=2",
        "EXDATE:20260302T080000Z",
    )
    assert found == ["20260303T080000Z", "20260309T080000Z"]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-03-02T08:30", "2026-03-02T09:30", 1),
        ("2026-03-02T09:00", "2026-03-03T08:00", 0),  # ends as the window starts, and the reverse
        ("2026-03-02T08:59:59", "2026-03-03T08:00:01", 2),
        ("2026-03-02T08:00", "2026-03-02T08:00:00.000001", 1),
    ],
)
def test_what_overlaps_the_window_is_in(start: str, end: str, expected: int) -> None:
    window = Window(
        datetime.fromisoformat(start).replace(tzinfo=UTC),
        datetime.fromisoformat(end).replace(tzinfo=UTC),
    )
    found = keys(timed("2026-03-01T09:00"), "RRULE:FREQ=DAILY", window=window)
    assert len(found) == expected


def test_what_takes_no_time_is_in_at_the_start_of_the_window_but_not_at_its_end() -> None:
    window = Window(datetime(2026, 3, 2, 8, tzinfo=UTC), datetime(2026, 3, 4, 8, tzinfo=UTC))
    first = timed("2026-03-01T09:00", length=timedelta(0))
    found = keys(first, "RRULE:FREQ=DAILY", window=window)
    assert found == ["20260302T080000Z", "20260303T080000Z"]


def test_a_long_occurrence_that_began_before_the_window_is_in() -> None:
    first = timed("2025-11-01T09:00", length=timedelta(days=60, hours=12))
    assert keys(first, "RRULE:FREQ=MONTHLY;COUNT=2") == ["20251201T080000Z"]


@pytest.mark.parametrize(
    ("start", "rule", "first_key", "count"),
    [
        ("2006-01-02T09:00", "FREQ=DAILY", "20260101T080000Z", 365),
        ("2006-01-02T09:00", "FREQ=DAILY;INTERVAL=7", "20260105T080000Z", 52),
        ("2006-01-02T09:00", "FREQ=DAILY;COUNT=7305", "20260101T080000Z", 1),
        ("2006-01-04T09:00", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", "20260105T080000Z", 26),
        ("2006-03-31T09:00", "FREQ=MONTHLY;INTERVAL=5", "20260331T070000Z", 2),
        ("2005-03-31T09:00", "FREQ=YEARLY;INTERVAL=3", "20260331T070000Z", 1),
        ("2006-01-02T09:00", "FREQ=HOURLY;INTERVAL=100", "20260101T120000Z", 88),
    ],
)
def test_a_series_of_twenty_years_keeps_its_phase(
    start: str, rule: str, first_key: str, count: int
) -> None:
    found = keys(timed(start), f"RRULE:{rule}")
    assert (found[0], len(found)) == (first_key, count)


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=MINUTELY",
        "FREQ=HOURLY",
        "FREQ=SECONDLY;COUNT=999999999",
        "FREQ=SECONDLY;INTERVAL=60",
        "FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12;BYMINUTE=0,5,10,15,"
        "20,25,30,35,40,45,50,55;BYSECOND=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21",
    ],
)
def test_a_bomb_is_refused_before_it_goes_off(rule: str) -> None:
    with pytest.raises(ValueError, match="too many occurrences"):
        keys(timed("2006-01-02T09:00"), f"RRULE:{rule}")


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTH=5",
        "FREQ=WEEKLY;BYSETPOS=20",
        "FREQ=DAILY;INTERVAL=7;BYDAY=TU",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=3",
    ],
)
def test_a_rule_that_never_comes_leaves_the_first_occurrence(rule: str) -> None:
    assert keys(timed("2026-01-05T09:00"), f"RRULE:{rule}") == ["20260105T080000Z"]


def test_a_series_that_ended_before_the_window_has_nothing_in_it() -> None:
    assert keys(timed("2016-01-05T09:00"), "RRULE:FREQ=SECONDLY;UNTIL=20160105T080001Z") == []


def test_what_comes_after_the_window_is_not_looked_for() -> None:
    assert keys(timed("2031-01-05T09:00"), "RRULE:FREQ=DAILY", "RDATE:20320101T080000Z") == []


def test_a_century_of_holidays() -> None:
    line = "RDATE;VALUE=DATE:" + ",".join(f"{year}1003" for year in range(1990, 2090))
    assert len(keys(days("1990-10-03"), line, window=ALWAYS)) == 100
