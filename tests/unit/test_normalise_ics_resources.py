"""Resources that break off, hold several events, or series with exceptions."""

import pytest

from shared.model import (
    Deletion,
    Event,
    Occurrence,
    Refusal,
)
from shared.states import EventKind, EventStatus
from tests.providers.caldav.examples import titled, vcalendar, vevent
from tests.unit.test_normalise_ics import (
    BERLIN_TEN,
    HREF,
    TEN_TO_ELEVEN,
    changes,
    fixed,
    one,
    refused,
)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["DTSTART;X=1"], "bad_start"),
        (["DTSTART:soon"], "bad_start"),
        (["DTSTART:20261131T000000"], "bad_start"),
        (["DTSTART:00010101T000000Z"], "date_out_of_range"),
        (["DTSTART;TZID=Asia/Tokyo:00010101T000000"], "date_out_of_range"),
        (["DTSTART:20261124T090000Z", "DTEND:tomorrow"], "bad_end"),
        (["DTSTART:20261124T090000Z", "DTEND;VALUE=DATE:20261125"], "bad_end"),
        (["DTSTART:20261124T090000Z", "DTEND:20261124T080000Z"], "end_before_start"),
        (["DTSTART:20261124T090000Z", "DURATION:-PT1H"], "bad_duration"),
        (["DTSTART:20261124T090000Z", "DURATION:P"], "bad_duration"),
        (["DTSTART:99991230T090000Z", "DURATION:P9999W"], "date_out_of_range"),
        (["RRULE:FREQ=SOMETIMES"], "bad_recurrence"),
        (["RRULE:FREQ=DAILY", "EXDATE:soon"], "bad_recurrence"),
        (["DTSTART;TZID=Nowhere:20261124T090000"], "unknown_time_zone"),
    ],
)
def test_what_cannot_be_mirrored_is_refused_by_name(lines: list[str], reason: str) -> None:
    assert refused(*lines) == reason


def test_without_a_start_it_is_refused() -> None:
    text = titled("u", "No start").replace("DTSTART:20261124T090000Z\r\n", "")
    (refusal,) = changes(text)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "missing_start"


def test_an_id_that_cannot_be_stored_is_refused() -> None:
    for href, reason in (
        ("", "missing_id"),
        ("/" + "x" * 2000, "id_too_long"),
        (None, "missing_id"),
    ):
        (refusal,) = changes(titled("u", "t"), href=href)
        assert isinstance(refusal, Refusal)
        assert refusal.reason == reason
    (refusal,) = changes(titled("u" * 2000, "t"))
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "ical_uid_too_long"


@pytest.mark.parametrize(
    ("data", "reason"),
    [(None, "unreadable_resource"), ("<html>", "no_calendar"), ("", "no_calendar")],
)
def test_a_resource_without_calendar_is_refused(data: object, reason: str) -> None:
    (refusal,) = changes(data)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == reason


def test_a_resource_that_is_gone() -> None:
    assert changes(None, deleted=True) == (Deletion(HREF),)


def test_what_a_resource_no_longer_holds_is_gone() -> None:
    gone = f"{HREF}#20261125T090000Z"
    event, deletion = changes(titled("u", "t"), known=[HREF, gone, 7])
    assert isinstance(event, Event)
    assert deletion == Deletion(gone)
    todo = titled("u", "t").replace("VEVENT", "VTODO")
    assert changes(todo, known=[HREF]) == (Deletion(HREF),)


SERIES = vevent("s", *BERLIN_TEN, "RRULE:FREQ=DAILY;COUNT=5", "SUMMARY:Daily")


@pytest.mark.parametrize(
    "recurrence_id",
    [
        ":20261125T090000Z",
        ";TZID=Europe/Berlin:20261125T100000",
        ";TZID=America/New_York:20261125T040000",
        ":20261125T100000",  # on the clocks of the series
        ";VALUE=DATE:20261125",
    ],
)
def test_an_instance_is_named_by_its_original_start(recurrence_id: str) -> None:
    moved = vevent("s", "SUMMARY:Late", f"RECURRENCE-ID{recurrence_id}")
    series, exception = changes(vcalendar(SERIES, moved), "UTC")
    assert isinstance(series, Event)
    assert isinstance(exception, Event)
    assert exception.provider_event_id == f"{HREF}#20261125T090000Z"
    assert (exception.kind, exception.series_event_id) == (EventKind.EXCEPTION, HREF)
    assert exception.occurrences == (Occurrence("20261125T090000Z", TEN_TO_ELEVEN),)
    assert (series.is_whole, exception.is_whole) == (True, False)


def test_instances_of_an_all_day_series_are_named_by_dates() -> None:
    master = vevent("s", "DTSTART;VALUE=DATE:20261124", "RRULE:FREQ=DAILY;COUNT=5")
    moved = vevent("s", "RECURRENCE-ID;TZID=Asia/Tokyo:20261125T000000")
    _, exception = changes(vcalendar(master, moved))
    assert exception.provider_event_id == f"{HREF}#20261125"


def test_an_instance_of_a_series_in_nobodys_zone() -> None:
    zone = fixed("+0117").replace("Europe/Berlin", "Mine")
    master = vevent("s", "DTSTART;TZID=Mine:20261124T100000", "RRULE:FREQ=DAILY")
    moved = vevent("s", "RECURRENCE-ID;VALUE=DATE:20261125", "DTSTART;TZID=Mine:20261124T110000")
    refusal, orphan = changes(vcalendar(zone, master, moved))
    assert isinstance(refusal, Refusal)
    assert orphan.provider_event_id == f"{HREF}#20261125T094300Z"


def test_a_cancelled_instance_tells_no_more_than_other_providers() -> None:
    cancelled = vevent("s", "STATUS:CANCELLED", "SUMMARY:x", "RECURRENCE-ID:20261125T090000Z")
    _, exception = changes(vcalendar(SERIES, cancelled))
    assert exception == Event(
        provider_event_id=f"{HREF}#20261125T090000Z",
        kind=EventKind.EXCEPTION,
        status=EventStatus.CANCELLED,
        etag='"1"',
        series_event_id=HREF,
        occurrence_key="20261125T090000Z",
    )


def test_an_instance_without_its_series_stands_alone() -> None:
    orphan = vevent("s", *BERLIN_TEN, "RECURRENCE-ID;TZID=Europe/Berlin:20261125T100000")
    (exception,) = changes(vcalendar(orphan))
    assert isinstance(exception, Event)
    assert exception.series_event_id == HREF
    assert exception.provider_event_id == f"{HREF}#20261125T090000Z"


def test_a_change_for_this_and_all_future_instances_is_refused() -> None:
    future = vevent("s", "RECURRENCE-ID;RANGE=THISANDFUTURE:20261125T090000Z")
    series, refusal = changes(vcalendar(SERIES, future))
    assert isinstance(series, Event)
    assert isinstance(refusal, Refusal)
    assert (refusal.provider_event_id, refusal.reason) == (f"{HREF}#2", "unsupported_range")


def test_one_broken_component_hides_no_other() -> None:
    broken = vevent("s", "DTSTART:soon", "RECURRENCE-ID:20261125T090000Z")
    fine = vevent("s", "RECURRENCE-ID:20261126T090000Z")
    reasons = [
        getattr(change, "reason", None) for change in changes(vcalendar(SERIES, broken, fine))
    ]
    assert reasons == [None, "bad_start", None]
    ids = [change.provider_event_id for change in changes(vcalendar(SERIES, broken, fine))]
    assert ids == [HREF, f"{HREF}#20261125T090000Z", f"{HREF}#20261126T090000Z"]

    refused_series = SERIES.replace("RRULE:FREQ=DAILY", "RRULE:FREQ=NEVER")
    kinds = [type(change) for change in changes(vcalendar(refused_series, fine))]
    assert kinds == [Refusal, Event]


def test_several_uids_and_masters_are_all_told() -> None:
    twice = vevent("s", *BERLIN_TEN, "SUMMARY:Newer", "SEQUENCE:1")
    other = vevent("t", "SUMMARY:Other", "RRULE:FREQ=DAILY;COUNT=2")
    moved = vevent("t", "RECURRENCE-ID:20261125T090000Z")
    found = {c.provider_event_id: c for c in changes(vcalendar(SERIES, twice, other, moved))}
    assert list(found) == [HREF, f"{HREF}#1", f"{HREF}#3", f"{HREF}#3#20261125T090000Z"]
    newer, refusal, second, exception = found.values()
    assert isinstance(newer, Event)
    assert newer.summary == "Newer"
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "duplicate_master"
    assert isinstance(second, Event)
    assert isinstance(exception, Event)
    assert exception.series_event_id == second.provider_event_id
    lone = vevent("t", "RECURRENCE-ID:20261125T090000Z")
    *_, orphan = changes(vcalendar(SERIES, lone))
    assert orphan.provider_event_id == f"{HREF}#2#20261125T090000Z"


def test_an_event_that_breaks_off_is_refused() -> None:
    cut_off = vcalendar(vevent("u", "SUMMARY:Half")).partition("SUMMARY")[0]
    (refusal,) = changes(cut_off)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "unclosed_component"
    whole = vevent("u", "SUMMARY:Whole")
    text = vcalendar(whole, whole.replace("END:VEVENT\r\n", ""), vevent("v"))
    reasons = [getattr(change, "reason", None) for change in changes(text)]
    assert reasons == [None, "duplicate_master", None]


def test_what_stands_inside_an_event_is_not_its_own() -> None:
    alarm = (
        "BEGIN:VALARM",
        "SUMMARY:Wake up",
        "BEGIN:X",
        "END:VALARM",
        "END:NOTHING",
        "LOCATION:Here",
    )
    event = one(*alarm)
    assert (event.summary, event.location) == (None, "Here")


def test_folds_lone_line_ends_and_broken_lines_are_read() -> None:
    text = titled(
        "u", "Folded\r\n  title", 'LOCATION;X="1:Here:there', "NONSENSE", "DESCRIPTION:a\x00b"
    )
    (event,) = changes(text.replace("\r\n", "\n"))
    assert isinstance(event, Event)
    assert (event.summary, event.description) == ("Folded title", "ab")
    assert event.location == "Here:there"


def test_several_calendars_in_a_resource_are_taken_as_one() -> None:
    first, second = changes(titled("u", "one") + titled("v", "two"))
    assert isinstance(first, Event)
    assert isinstance(second, Event)
    assert (first.provider_event_id, second.provider_event_id) == (HREF, f"{HREF}#2")


def test_outside_the_window_nothing_occurs() -> None:
    assert one("DTSTART:20250101T000000Z").occurrences == ()
