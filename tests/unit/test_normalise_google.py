"""What each shape of Google event becomes."""

from datetime import UTC, date, datetime

import pytest

from shared.model import Attendee, Deletion, Event, Occurrence, Organizer, Refusal, When
from shared.states import EventKind, EventStatus, Response, ShowAs, Visibility
from tests.unit.google_examples import (
    ALL_DAY,
    CANCELLED_INSTANCE,
    DELETED,
    MOVED,
    SERIES,
    TIMED,
    WORKING_LOCATION,
    event,
    normalised,
)

TEN_TO_ELEVEN = When(
    start_at=datetime(2026, 11, 24, 9, tzinfo=UTC), end_at=datetime(2026, 11, 24, 10, tzinfo=UTC)
)


def keys(given: Event) -> list[str]:
    return [occurrence.key for occurrence in given.occurrences]


def test_a_timed_event_with_all_its_fields() -> None:
    assert normalised(TIMED) == Event(
        provider_event_id="6ihhq3tqcan9",
        kind=EventKind.SINGLE,
        status=EventStatus.CONFIRMED,
        etag='"3588595201234000"',
        ical_uid="6ihhq3tqcan9@google.com",
        when=TEN_TO_ELEVEN,
        time_zone="Europe/Berlin",
        summary="Quarterly review",
        description="Agenda follows",
        location="Room 4",
        show_as=ShowAs.BUSY,
        visibility=Visibility.DEFAULT,
        event_type="default",
        organizer=Organizer("ann@x.test", "Ann", is_self=True),
        attendees=(
            Attendee("ann@x.test", None, Response.ACCEPTED, is_self=True),
            Attendee("bob@y.test", "Bob", Response.TENTATIVE),
            Attendee("cat@y.test", None, Response.NEEDS_ACTION, optional=True),
            Attendee("room4@resource.test", None, Response.DECLINED, resource=True),
        ),
        self_response=Response.ACCEPTED,
        conference_url="https://meet.google.com/abc-defg-hij",
        html_link="https://www.google.com/calendar/event?eid=NmloaHEzdHFjYW45",
        sequence=2,
        provider_created_at=datetime(2026, 11, 10, 8, tzinfo=UTC),
        provider_updated_at=datetime(2026, 11, 10, 8, 0, 0, 617_000, tzinfo=UTC),
        occurrences=(Occurrence("", TEN_TO_ELEVEN),),
    )


def test_all_day_dates_stay_dates() -> None:
    three_days = event(ALL_DAY)
    assert three_days.when == When(start_date=date(2026, 11, 24), end_date=date(2026, 11, 26))
    assert three_days.time_zone is None
    assert three_days.occurrences == (Occurrence("", three_days.when),)


def test_a_single_event_outside_the_window_has_no_occurrence() -> None:
    past = event(ALL_DAY, start={"date": "2026-10-30"}, end={"date": "2026-11-01"})
    assert past.when is not None
    assert past.occurrences == ()


def test_a_series_comes_with_its_occurrences_over_the_change_of_the_clocks() -> None:
    series = event(
        SERIES,
        start={"dateTime": "2026-10-20T10:00:00+02:00", "timeZone": "Europe/Berlin"},
        end={"dateTime": "2026-10-20T11:00:00+02:00", "timeZone": "Europe/Berlin"},
        recurrence=["RRULE:FREQ=WEEKLY;COUNT=4", "EXDATE;TZID=Europe/Berlin:20261103T100000"],
    )
    assert series.kind is EventKind.SERIES
    assert series.recurrence == (
        "RRULE:FREQ=WEEKLY;COUNT=4",
        "EXDATE;TZID=Europe/Berlin:20261103T100000",
    )
    assert keys(series) == ["20261110T090000Z"]


def test_a_series_without_zone_follows_the_calendar() -> None:
    series = event(SERIES, start={"dateTime": "2026-11-24T10:00:00+01:00"})
    assert series.time_zone == "Europe/Berlin"


def test_an_all_day_series_follows_no_zone() -> None:
    series = event(ALL_DAY, recurrence=["RRULE:FREQ=YEARLY"])
    assert series.kind is EventKind.SERIES
    assert series.time_zone is None
    assert keys(series) == ["20261124"]


def test_a_moved_instance_stands_at_its_new_time_under_its_original_key() -> None:
    moved = event(MOVED)
    assert moved.kind is EventKind.EXCEPTION
    assert moved.series_event_id == "ser1"
    assert moved.occurrence_key == "20261124T090000Z"
    afternoon = When(
        start_at=datetime(2026, 11, 25, 14, tzinfo=UTC),
        end_at=datetime(2026, 11, 25, 15, tzinfo=UTC),
    )
    assert moved.occurrences == (Occurrence("20261124T090000Z", afternoon),)


def test_a_moved_all_day_instance_keeps_a_date_as_key() -> None:
    moved = event(ALL_DAY, recurringEventId="ser2", originalStartTime={"date": "2026-11-23"})
    assert moved.occurrence_key == "20261123"


def test_a_cancelled_instance_is_kept_without_a_time() -> None:
    assert normalised(CANCELLED_INSTANCE) == Event(
        provider_event_id="ser1_20261124T090000Z",
        kind=EventKind.EXCEPTION,
        status=EventStatus.CANCELLED,
        etag="",
        series_event_id="ser1",
        occurrence_key="20261124T090000Z",
    )


def test_a_cancelled_instance_looks_the_same_however_much_google_says_of_it() -> None:
    full = event(MOVED, status="cancelled", etag=None, updated=None)
    assert full == normalised(CANCELLED_INSTANCE)


@pytest.mark.parametrize(
    ("event_id", "key"),
    [
        ("ser1_20261124T090000Z", "20261124T090000Z"),
        ("ser1_R20261101_20261124", "20261124"),
    ],
)
def test_the_id_of_an_instance_tells_its_original_start_too(event_id: str, key: str) -> None:
    assert event(CANCELLED_INSTANCE, id=event_id, originalStartTime=None).occurrence_key == key


@pytest.mark.parametrize(
    ("fields", "deleted_at"),
    [
        ({}, datetime(2026, 11, 10, 8, 0, 0, 617_000, tzinfo=UTC)),
        ({"updated": "2026-11-12T07:00:00.000Z"}, datetime(2026, 11, 12, 7, tzinfo=UTC)),
        ({"etag": None}, None),
        ({"etag": 7}, None),
        ({"etag": '"p33g"'}, None),
        ({"etag": '"1000000000"'}, None),  # would be 1970
        ({"etag": '"99999999999999999"'}, None),  # would be 3554
        ({"etag": '"99999999999999999999999999"'}, None),
    ],
)
def test_a_deletion_says_when_if_anything_tells(
    fields: dict[str, object], deleted_at: datetime | None
) -> None:
    assert normalised(DELETED, **fields) == Deletion("abc", deleted_at)


@pytest.mark.parametrize(
    ("fields", "show_as"),
    [
        ({}, ShowAs.BUSY),
        ({"transparency": "opaque"}, ShowAs.BUSY),
        ({"transparency": "transparent"}, ShowAs.FREE),
        ({"eventType": "outOfOffice"}, ShowAs.OUT_OF_OFFICE),
        ({"eventType": "focusTime"}, ShowAs.BUSY),
        ({"eventType": "birthday"}, ShowAs.FREE),
        ({"eventType": "workingLocation"}, ShowAs.FREE),
        ({"eventType": ["odd"]}, ShowAs.BUSY),
        ({"status": "tentative"}, ShowAs.TENTATIVE),
        ({"status": "tentative", "transparency": "transparent"}, ShowAs.FREE),
    ],
)
def test_how_an_event_counts_for_free_busy(fields: dict[str, object], show_as: ShowAs) -> None:
    assert event(TIMED, **fields).show_as is show_as


def test_a_working_location_is_kept_and_free() -> None:
    home = event(WORKING_LOCATION)
    assert (home.event_type, home.show_as) == ("workingLocation", ShowAs.FREE)
    assert home.visibility is Visibility.PUBLIC


def test_a_tentative_event_is_so_in_its_status_too() -> None:
    assert event(TIMED, status="tentative").status is EventStatus.TENTATIVE


def test_no_status_means_confirmed() -> None:
    assert event(TIMED, status=None).status is EventStatus.CONFIRMED


@pytest.mark.parametrize(
    ("name", "visibility"),
    [
        (None, Visibility.DEFAULT),
        ("private", Visibility.PRIVATE),
        ("confidential", Visibility.CONFIDENTIAL),
        ("something new", Visibility.PRIVATE),
    ],
)
def test_an_unknown_visibility_shows_too_little(name: str | None, visibility: Visibility) -> None:
    assert event(TIMED, visibility=name).visibility is visibility


def test_ones_own_answer_is_found_among_the_attendees() -> None:
    attendees = [
        {"email": "bob@y.test", "responseStatus": "accepted"},
        {"email": "ann@x.test", "self": True, "responseStatus": "declined"},
    ]
    assert event(TIMED, attendees=attendees).self_response is Response.DECLINED
    assert event(TIMED, attendees=attendees[:1]).self_response is None
    assert event(TIMED, attendees=[{"self": True}]).self_response is Response.NEEDS_ACTION


def test_attendees_without_an_address_are_left_out() -> None:
    attendees = [{"displayName": "Hidden"}, "odd", {"email": " "}, {"email": "Bob@Y.test "}]
    assert event(TIMED, attendees=attendees).attendees == (Attendee("bob@y.test"),)


def test_an_event_may_have_no_organizer() -> None:
    assert event(TIMED, organizer=None).organizer is None


def test_what_we_wrote_ourselves_carries_our_tag() -> None:
    properties = {"private": {"calsync": "blk-1", "other": "x"}, "shared": {"calsync": "no"}}
    assert event(TIMED, extendedProperties=properties).own_tag == "blk-1"
    assert event(TIMED, extendedProperties={"shared": {"calsync": "no"}}).own_tag is None


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ({"conferenceData": None}, "https://meet.google.com/abc-defg-hij"),
        (
            {"conferenceData": {"entryPoints": [{"entryPointType": "video", "uri": "https://x.test/r"}]}},
            "https://x.test/r",
        ),
        (
            {
                "conferenceData": None,
                "hangoutLink": None,
                "location": "https://acme.zoom.us/j/123",
                "description": "https://teams.microsoft.com/l/meetup-join/19%3ameeting",
            },
            "https://acme.zoom.us/j/123",
        ),
        ({"conferenceData": {"entryPoints": [7, {}]}, "hangoutLink": None}, None),
    ],
    ids=["hangoutLink", "an add-on", "location before description", "none"],
)  # fmt: skip
def test_where_people_meet(fields: dict[str, object], url: str | None) -> None:
    assert event(TIMED, **fields).conference_url == url


def test_texts_lose_what_postgres_cannot_store() -> None:
    odd = event(TIMED, summary="a\x00b\ud83dc", description="\x00", location=7)
    assert (odd.summary, odd.description, odd.location) == ("abc", None, None)
    assert event(TIMED, summary="🔒 Büro").summary == "🔒 Büro"


@pytest.mark.parametrize("sequence", [None, True, -1, "3", 2**31, 1.5])
def test_a_sequence_that_is_no_count_is_zero(sequence: object) -> None:
    assert event(TIMED, sequence=sequence).sequence == 0


@pytest.mark.parametrize("stamp", [None, "yesterday", 7, "2026-11-10"])
def test_stamps_that_say_nothing_are_none(stamp: object) -> None:
    assert event(TIMED, created=stamp).provider_created_at is None


def test_an_unknown_zone_of_a_single_event_does_not_matter() -> None:
    start = {"dateTime": "2026-11-24T10:00:00+01:00", "timeZone": "Mars/Olympus"}
    single = event(TIMED, start=start)
    assert (single.when, single.time_zone) == (TEN_TO_ELEVEN, None)


@pytest.mark.parametrize(
    ("raw", "fields", "reason"),
    [
        (TIMED, {"id": None}, "missing_id"),
        (TIMED, {"id": ""}, "missing_id"),
        (TIMED, {"id": 7}, "bad_id"),
        (TIMED, {"id": "a\x00b"}, "bad_id"),
        (TIMED, {"id": "a\ud800"}, "bad_id"),
        (TIMED, {"id": "a" * 1025}, "id_too_long"),
        (TIMED, {"iCalUID": "ü" * 513}, "ical_uid_too_long"),
        (MOVED, {"recurringEventId": "s" * 1025}, "series_id_too_long"),
        (MOVED, {"id": "ser1", "originalStartTime": None}, "missing_original_start"),
        (MOVED, {"originalStartTime": {"date": "soon"}}, "bad_original_start"),
        (TIMED, {"status": "postponed"}, "unknown_status"),
        (SERIES, {"recurrence": ["RRULE:FREQ=SOMETIMES"]}, "bad_recurrence"),
        (SERIES, {"recurrence": ["RRULE:FREQ=SECONDLY"]}, "bad_recurrence"),
        (SERIES, {"recurrence": "RRULE:FREQ=DAILY"}, "bad_recurrence"),
        (SERIES, {"recurrence": [7]}, "bad_recurrence"),
        (
            SERIES,
            {"start": {"dateTime": "2026-11-24T09:00:00Z", "timeZone": "Mars/Olympus"}},
            "unknown_time_zone",
        ),
    ],
)
def test_what_cannot_be_mirrored_is_refused_with_a_reason(
    raw: dict[str, object], fields: dict[str, object], reason: str
) -> None:
    refusal = normalised(raw, **fields)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == reason
    assert refusal.detail.endswith(".")
    assert refusal.etag == raw["etag"]


def test_a_refusal_names_the_event_and_nothing_personal() -> None:
    refusal = normalised(TIMED, start={"dateTime": "Ann's birthday"})
    assert refusal == Refusal(
        "6ihhq3tqcan9", "bad_start", "The start is no date or time.", '"3588595201234000"'
    )
