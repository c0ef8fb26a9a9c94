"""Graph items in our words, field by field."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from shared.model import Attendee, Deletion, Event, Occurrence, Organizer, Refusal, When, Window
from shared.states import EventKind, EventStatus, Response, ShowAs, Visibility
from tests.unit.microsoft_examples import (
    ALL_DAY,
    ALL_DAY_SERIES,
    ANN,
    MASTER,
    MOVED,
    REMOVED,
    SERIES,
    TIMED,
    Raw,
    at,
    changes,
    event,
    occurrence,
)

TEN, ELEVEN = datetime(2026, 11, 24, 9, tzinfo=UTC), datetime(2026, 11, 24, 10, tzinfo=UTC)


def series(**more: Any) -> Event:
    return event({**SERIES, "master": {**MASTER, **more}})


def refusal(raw: Raw) -> tuple[str, str]:
    (refused,) = (each for each in changes(raw) if isinstance(each, Refusal))
    return refused.provider_event_id, refused.reason


def test_a_timed_event() -> None:
    assert event(TIMED) == Event(
        provider_event_id="AAkALgAAAAAAHYQDEapmEc2byACqAC-EWg0ATimed=",
        kind=EventKind.SINGLE,
        status=EventStatus.CONFIRMED,
        etag='W/"EZ9r3czxY0m2jz8c45czkwAAFXcvIQ=="',
        ical_uid="040000008200E00074C5B7101A82E008",
        when=When(TEN, ELEVEN),
        time_zone="Europe/Berlin",
        summary="Quarterly review",
        description="Agenda\nfollows",
        location="Room 4",
        organizer=Organizer("bob@y.test", "Bob"),
        attendees=(
            Attendee(ANN, "Ann", Response.TENTATIVE, is_self=True),
            Attendee("cat@y.test", None, Response.NEEDS_ACTION, optional=True),
            Attendee("room4@x.test", None, Response.DECLINED, resource=True),
        ),
        self_response=Response.TENTATIVE,
        conference_url="https://teams.microsoft.com/l/meetup-join/19%3ameeting_x/0",
        html_link="https://outlook.office365.com/owa/?itemid=1",
        provider_created_at=datetime(2026, 11, 10, 8, 0, 0, 561970, UTC),
        provider_updated_at=datetime(2026, 11, 10, 8, 0, 0, 617044, UTC),
        occurrences=(Occurrence("", When(TEN, ELEVEN)),),
    )


def test_an_all_day_event_floats() -> None:
    when = When(start_date=date(2026, 11, 24), end_date=date(2026, 11, 26))
    found = event(ALL_DAY)
    assert (found.when, found.time_zone) == (when, None)
    assert found.occurrences == (Occurrence("", when),)


@pytest.mark.parametrize(
    ("end", "last"),
    [
        ("2026-11-24T00:00:00", date(2026, 11, 25)),
        ("2026-11-25T23:59:59", date(2026, 11, 26)),
        ("2026-11-24T23:59:59", date(2026, 11, 25)),
    ],
)
def test_an_all_day_event_that_does_not_end_at_midnight(end: str, last: date) -> None:
    when = event({**ALL_DAY, "end": at(end)}).when
    assert when == When(start_date=date(2026, 11, 24), end_date=last)


def test_what_lies_outside_the_window_has_no_occurrence() -> None:
    window = Window(ELEVEN, ELEVEN.replace(month=12))
    assert event(TIMED, window=window).occurrences == ()
    found = event(SERIES, window=window)
    assert [each.key for each in found.occurrences] == ["20261208T090000Z"]


def test_a_series_with_its_exception() -> None:
    master, moved = changes(SERIES)
    assert isinstance(master, Event)
    assert isinstance(moved, Event)
    assert (master.kind, master.is_whole, master.is_listed) == (EventKind.SERIES, True, True)
    assert master.recurrence == ("RRULE:FREQ=WEEKLY;COUNT=3;BYDAY=TU",)
    assert master.time_zone == "Europe/Berlin"
    assert [each.key for each in master.occurrences] == ["20261124T090000Z", "20261208T090000Z"]
    assert (moved.kind, moved.series_event_id) == (EventKind.EXCEPTION, "master")
    assert moved.occurrence_key == "20261201T090000Z"
    assert moved.ical_uid == "of-the-series", "elsewhere the occurrences of a series share one"
    assert [each.key for each in moved.occurrences] == ["20261201T090000Z"]


def test_an_all_day_series_is_keyed_by_days() -> None:
    master, exception = changes(ALL_DAY_SERIES)
    assert isinstance(master, Event)
    assert isinstance(exception, Event)
    assert master.time_zone is None
    assert [each.key for each in master.occurrences] == ["20261124"]
    assert exception.occurrence_key == "20261201", "midnight in Berlin, told as an instant"
    plain = {**ALL_DAY_SERIES["exceptions"][0], "originalStart": "2026-12-01T00:00:00Z"}
    _, exception = changes({**ALL_DAY_SERIES, "exceptions": [plain]})
    assert isinstance(exception, Event)
    assert exception.occurrence_key == "20261201"
    odd = {**ALL_DAY_SERIES["master"], "originalStartTimeZone": "tzone://Microsoft/Custom"}
    _, exception = changes({**ALL_DAY_SERIES, "master": odd})
    assert isinstance(exception, Event)
    assert exception.occurrence_key == "20261130"


def test_an_occurrence_that_is_named_twice_counts_once() -> None:
    twice = occurrence("2026-11-24T09:00:00", "2026-11-24T10:00:00")
    found = event({**SERIES, "occurrences": [twice, twice]})
    assert len(found.occurrences) == 1


def test_a_cancelled_exception_says_no_more_than_elsewhere() -> None:
    _, cancelled = changes({**SERIES, "exceptions": [{**MOVED, "isCancelled": True}]})
    assert cancelled == Event(
        provider_event_id="exception",
        kind=EventKind.EXCEPTION,
        status=EventStatus.CANCELLED,
        etag=TIMED["@odata.etag"],
        series_event_id="master",
        occurrence_key="20261201T090000Z",
        provider_updated_at=datetime(2026, 11, 10, 8, 0, 0, 617044, UTC),
    )


@pytest.mark.parametrize(
    ("zone", "calendar_zone", "expected"),
    [
        ("tzone://Microsoft/Custom", "Europe/Paris", "Europe/Berlin"),
        (None, "UTC", "Europe/Berlin"),
        ("Eastern Standard Time", "UTC", "America/New_York"),
        ("Asia/Tokyo", "UTC", "Asia/Tokyo"),
    ],
)
def test_the_zone_of_a_series(zone: str | None, calendar_zone: str, expected: str) -> None:
    raw = {**SERIES, "master": {**MASTER, "originalStartTimeZone": zone}}
    assert event(raw, calendar_zone).time_zone == expected


@pytest.mark.parametrize(
    ("calendar_zone", "expected"), [("Europe/Paris", "Europe/Paris"), ("?", "UTC")]
)
def test_a_series_whose_zones_are_made_up_follows_its_calendar(
    calendar_zone: str, expected: str
) -> None:
    custom = "tzone://Microsoft/Custom"
    span = {**MASTER["recurrence"]["range"], "recurrenceTimeZone": custom}
    rule = {**MASTER["recurrence"], "range": span}
    master = {**MASTER, "originalStartTimeZone": custom, "recurrence": rule}
    assert event({**SERIES, "master": master}, calendar_zone).time_zone == expected


def test_stamps_that_tell_nothing() -> None:
    found = event({**TIMED, "createdDateTime": "0001-01-01T00:00:00Z", "lastModifiedDateTime": 7})
    assert (found.provider_created_at, found.provider_updated_at) == (None, None)


def test_a_removal() -> None:
    assert changes(REMOVED) == (Deletion("gone"),)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("free", ShowAs.FREE),
        ("tentative", ShowAs.TENTATIVE),
        ("busy", ShowAs.BUSY),
        ("oof", ShowAs.OUT_OF_OFFICE),
        ("workingElsewhere", ShowAs.WORKING_ELSEWHERE),
        ("unknown", ShowAs.BUSY),
        (None, ShowAs.BUSY),
    ],
)
def test_free_and_busy(name: str | None, expected: ShowAs) -> None:
    assert event({**TIMED, "showAs": name}).show_as is expected


def test_tentative_is_what_its_organiser_is_not_sure_of() -> None:
    unsure = {**TIMED, "showAs": "tentative"}
    assert event(unsure).status is EventStatus.CONFIRMED
    assert event({**unsure, "isOrganizer": True}).status is EventStatus.TENTATIVE


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("normal", Visibility.DEFAULT),
        (None, Visibility.DEFAULT),
        ("personal", Visibility.PRIVATE),
        ("private", Visibility.PRIVATE),
        ("confidential", Visibility.CONFIDENTIAL),
        ("secret", Visibility.PRIVATE),
    ],
)
def test_who_may_see_it(name: str | None, expected: Visibility) -> None:
    assert event({**TIMED, "sensitivity": name}).visibility is expected


@pytest.mark.parametrize(
    ("told", "is_organizer", "expected"),
    [
        ("accepted", False, Response.ACCEPTED),
        ("declined", False, Response.DECLINED),
        ("notResponded", False, Response.NEEDS_ACTION),
        ("none", False, None),
        ("organizer", False, None),
        ("accepted", True, None),
    ],
)
def test_the_owners_answer(told: str, is_organizer: bool, expected: Response | None) -> None:
    raw = {**TIMED, "responseStatus": {"response": told}, "isOrganizer": is_organizer}
    assert event(raw).self_response is expected


def test_the_owners_answer_counts_among_the_guests() -> None:
    """The list of guests is the organizer's, and need not know it yet."""
    raw = {**TIMED, "responseStatus": {"response": "declined"}}
    assert event(raw).attendees[0] == Attendee(ANN, "Ann", Response.DECLINED, is_self=True)
    untold = {**TIMED, "responseStatus": {"response": "none"}}
    assert event(untold).attendees[0].response is Response.TENTATIVE


def test_the_owner_may_be_the_organiser() -> None:
    organizer = event({**TIMED, "isOrganizer": True}).organizer
    assert organizer == Organizer("bob@y.test", "Bob", is_self=True)
    assert event({**TIMED, "organizer": None}).organizer is None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"contentType": "html", "content": "<p>Hi</p>\r\n"}, "<p>Hi</p>\r\n"),
        ({"contentType": "html", "content": ""}, None),
        ({"contentType": "text", "content": "\r\n \r\n"}, None),
        ({"contentType": "text", "content": "a\rb\r\n"}, "a\nb"),
        (None, None),
    ],
)
def test_the_body(body: object, expected: str | None) -> None:
    assert event({**TIMED, "body": body}).description == expected


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"onlineMeeting": None}, None),
        (
            {"onlineMeeting": None, "onlineMeetingUrl": "https://meet.x.test/1"},
            "https://meet.x.test/1",
        ),
        (
            {"onlineMeeting": {}, "location": {"displayName": "https://zoom.us/j/123456789"}},
            "https://zoom.us/j/123456789",
        ),
    ],
)
def test_where_people_meet(more: Raw, expected: str | None) -> None:
    assert event({**TIMED, **more}).conference_url == expected


def extended(name: str, value: str) -> Raw:
    guid = "{0d6f7f3c-5b1e-4c52-9d3e-7c1a8f0e4b21}"
    return {"singleValueExtendedProperties": [{"id": f"String {guid} Name {name}", "value": value}]}


@pytest.mark.parametrize(
    ("more", "tag"),
    [
        (extended("calsync", "block-1"), "block-1"),
        (extended("other", "block-1"), None),
        (extended("other", "x") | {"transactionId": "calsync:b:2"}, "calsync:b:2"),
        ({"transactionId": "calsync:a:2"}, "calsync:a:2"),
        ({"transactionId": "calsync:other"}, None),
        ({"transactionId": "7E163156-7762-4BEB-A1C6-729EA81755A7"}, None),
        ({}, None),
    ],
)
def test_what_we_wrote_ourselves(more: Raw, tag: str | None) -> None:
    assert event({**TIMED, **more}).own_tag == tag


def test_the_version_is_the_etag_or_else_the_change_key() -> None:
    bare = {name: value for name, value in TIMED.items() if name != "@odata.etag"}
    assert event(bare).etag == TIMED["changeKey"]
    assert event({**bare, "changeKey": None}).etag == ""


def test_times_may_carry_an_offset_or_a_zone_of_their_own() -> None:
    start = {"dateTime": "2026-11-24T10:00:00", "timeZone": BERLIN_NAME}
    end = {"dateTime": "2026-11-24T11:00:00+01:00"}
    assert event({**TIMED, "start": start, "end": end}).when == When(TEN, ELEVEN)


BERLIN_NAME = "W. Europe Standard Time"


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"id": None}, "missing_id"),
        ({"id": 7}, "bad_id"),
        ({"start": None}, "missing_start"),
        ({"end": {}}, "missing_end"),
        ({"start": {"dateTime": "yesterday"}}, "bad_start"),
        ({"end": {"dateTime": "2026-13-24T09:00:00"}}, "bad_end"),
        ({"end": {"dateTime": 7}}, "bad_end"),
        ({"end": at("2026-11-24T08:00:00")}, "end_before_start"),
        ({"end": at("2026-11-23T00:00:00"), "isAllDay": True}, "end_before_start"),
        ({"start": {"dateTime": "2026-11-24T09:00:00", "timeZone": "?"}}, "unknown_time_zone"),
        ({"start": at("0001-01-01T00:00:00")}, "date_out_of_range"),
        ({"end": at("9999-12-31T00:00:00")}, "date_out_of_range"),
        ({"recurrence": MASTER["recurrence"]}, "series_without_occurrences"),
        ({"seriesMasterId": "master"}, "occurrence_without_series"),
    ],
)
def test_what_cannot_be_mirrored_is_refused_by_name(more: Raw, reason: str) -> None:
    raw = {**TIMED, **more}
    named = raw["id"] if isinstance(raw["id"], str) else ""
    assert refusal(raw) == (named, reason)


def test_a_removal_without_an_id_is_refused() -> None:
    assert refusal({"@removed": {}}) == ("", "missing_id")


def test_one_broken_part_of_a_series_does_not_hide_the_others() -> None:
    broken = {**MOVED, "id": "broken", "originalStart": None}
    found = changes({**SERIES, "exceptions": [broken, MOVED]})
    assert [type(each) for each in found] == [Event, Refusal, Event]
    assert refusal({**SERIES, "exceptions": [broken]}) == ("broken", "missing_original_start")
    bad = {**SERIES, "master": {**MASTER, "recurrence": {}}}
    assert refusal(bad) == ("master", "bad_recurrence")
    assert isinstance(changes(bad)[1], Event)


def test_an_item_of_no_shape_at_all() -> None:
    assert refusal({}) == ("", "missing_start")
    assert refusal({"master": {}, "occurrences": 7, "exceptions": None}) == ("", "missing_start")


def test_equal_content_whatever_the_order() -> None:
    reordered = {**TIMED, "attendees": TIMED["attendees"][::-1]}
    assert set(event(reordered).attendees) == set(event(TIMED).attendees)
    assert replace(event(reordered), attendees=()) == replace(event(TIMED), attendees=())
