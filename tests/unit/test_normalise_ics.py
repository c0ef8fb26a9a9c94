"""What each shape of CalDAV resource becomes."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from shared.decide.event_row import content_hash, occurrence_hash
from shared.decide.normalise_ics import normalise_ics
from shared.model import (
    Attendee,
    Change,
    Event,
    Occurrence,
    Organizer,
    Refusal,
    When,
    Window,
)
from shared.states import EventKind, EventStatus, Response, ShowAs, Visibility
from tests.providers.caldav.examples import BERLIN, vcalendar, vevent
from tests.unit.google_examples import normalised

WINDOW = Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 11, 1, tzinfo=UTC))


HREF = "/ann/work/a.ics"


TEN_TO_ELEVEN = When(
    start_at=datetime(2026, 11, 24, 9, tzinfo=UTC), end_at=datetime(2026, 11, 24, 10, tzinfo=UTC)
)


BERLIN_TEN = (
    "DTSTART;TZID=Europe/Berlin:20261124T100000",
    "DTEND;TZID=Europe/Berlin:20261124T110000",
)


def changes(data: object, zone: str = "Europe/Berlin", **more: Any) -> tuple[Change, ...]:
    raw = {"href": HREF, "etag": '"1"', "data": data, **more}
    return normalise_ics(raw, zone, WINDOW, frozenset({"ann@x.test"}))


def one(*lines: str, zone: str = "Europe/Berlin") -> Event:
    """The only event of an object with these lines."""
    (event,) = changes(vcalendar(vevent("u", *lines)), zone)
    assert isinstance(event, Event), event
    return event


def refused(*lines: str, zone: str = "Europe/Berlin") -> str:
    """Why an object with these lines is refused."""
    (refusal,) = changes(vcalendar(vevent("u", *lines)), zone)
    assert isinstance(refusal, Refusal), refusal
    assert (refusal.provider_event_id, refusal.etag) == (HREF, '"1"')
    return refusal.reason


def test_a_timed_event_with_all_its_fields() -> None:
    event = one(
        *BERLIN_TEN,
        "SUMMARY:Review\\, quarterly",
        "DESCRIPTION:First\\nSecond \\\\ third\\; ",
        "LOCATION:Room 4",
        "STATUS:CONFIRMED",
        "CLASS:PUBLIC",
        "SEQUENCE:2",
        "CREATED:20261110T080000Z",
        "LAST-MODIFIED:20261110T090000Z",
        "URL:https://wiki.x.test/review",
        'ORGANIZER;CN="Ann, A.":mailto:Ann@X.test',
        "ATTENDEE;PARTSTAT=ACCEPTED;CN=Ann:MAILTO:ann@x.test",
        "ATTENDEE;PARTSTAT=TENTATIVE;ROLE=OPT-PARTICIPANT;CN=Bob ^'B^'^nC^^:mailto:bob@y.test",
        "ATTENDEE;CUTYPE=ROOM;EMAIL=room4@y.test:urn:uuid:4",
        "ATTENDEE:/principals/nobody/",
        "CONFERENCE;VALUE=URI;FEATURE=VIDEO:https://meet.google.com/abc-defg-hij",
        "X-CALSYNC:blk-1",
    )
    assert event == Event(
        provider_event_id=HREF,
        kind=EventKind.SINGLE,
        status=EventStatus.CONFIRMED,
        etag='"1"',
        ical_uid="u",
        when=TEN_TO_ELEVEN,
        time_zone="Europe/Berlin",
        summary="Review, quarterly",
        description="First\nSecond \\ third; ",
        location="Room 4",
        organizer=Organizer("ann@x.test", "Ann, A.", is_self=True),
        attendees=(
            Attendee("ann@x.test", "Ann", Response.ACCEPTED, is_self=True),
            Attendee("bob@y.test", 'Bob "B"\nC^', Response.TENTATIVE, optional=True),
            Attendee("room4@y.test", resource=True),
        ),
        self_response=Response.ACCEPTED,
        conference_url="https://meet.google.com/abc-defg-hij",
        html_link="https://wiki.x.test/review",
        sequence=2,
        own_tag="blk-1",
        provider_created_at=datetime(2026, 11, 10, 8, tzinfo=UTC),
        provider_updated_at=datetime(2026, 11, 10, 9, tzinfo=UTC),
        occurrences=(Occurrence("", TEN_TO_ELEVEN),),
        is_whole=True,
    )


def test_the_same_meeting_has_the_same_content_as_from_google() -> None:
    """Nothing but ids and etags tells where a meeting came from."""
    here = one(
        *BERLIN_TEN,
        "SUMMARY:Stand-up",
        "RRULE:FREQ=WEEKLY;COUNT=3",
        "ORGANIZER;CN=Ann:mailto:ann@x.test",
        "ATTENDEE;PARTSTAT=ACCEPTED:mailto:ann@x.test",
        "ATTENDEE;PARTSTAT=DECLINED;CN=Bob:mailto:bob@y.test",
    )
    there = normalised(
        {
            "id": HREF,
            "etag": '"2"',
            "status": "confirmed",
            "iCalUID": "u",
            "summary": "Stand-up",
            "start": {"dateTime": "2026-11-24T10:00:00+01:00", "timeZone": "Europe/Berlin"},
            "end": {"dateTime": "2026-11-24T11:00:00+01:00", "timeZone": "Europe/Berlin"},
            "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=3"],
            "organizer": {"email": "ann@x.test", "displayName": "Ann", "self": True},
            "attendees": [
                {"email": "bob@y.test", "displayName": "Bob", "responseStatus": "declined"},
                {"email": "ann@x.test", "self": True, "responseStatus": "accepted"},
            ],
        }
    )
    assert isinstance(there, Event)
    assert content_hash(here) == content_hash(there)
    assert occurrence_hash(here.occurrences) == occurrence_hash(there.occurrences)
    assert [each.key for each in here.occurrences] == [
        "20261124T090000Z",
        "20261201T090000Z",
        "20261208T090000Z",
    ]


@pytest.mark.parametrize(
    ("lines", "when"),
    [
        (["DTSTART;VALUE=DATE:20261124"], (date(2026, 11, 24), date(2026, 11, 25))),
        (
            ["DTSTART;VALUE=DATE:20261124", "DTEND;VALUE=DATE:20261124"],
            (date(2026, 11, 24), date(2026, 11, 25)),
        ),
        (
            ["DTSTART;VALUE=DATE:20261124", "DURATION:P2D"],
            (date(2026, 11, 24), date(2026, 11, 26)),
        ),
    ],
)
def test_all_day_dates_stay_dates(lines: list[str], when: tuple[date, date]) -> None:
    event = one(*lines)
    assert event.when == When(start_date=when[0], end_date=when[1])
    assert event.time_zone is None


@pytest.mark.parametrize(
    ("lines", "end"),
    [
        (["DTSTART:20261124T090000Z"], datetime(2026, 11, 24, 9, tzinfo=UTC)),
        (
            ["DTSTART:20261124T090000Z", "DURATION:PT1H30M"],
            datetime(2026, 11, 24, 10, 30, tzinfo=UTC),
        ),
        (["DTSTART:20261124T090000Z", "DURATION:+P1W"], datetime(2026, 12, 1, 9, tzinfo=UTC)),
        # A day over the change of the clocks has 25 hours, 24 hours have 24.
        (
            ["DTSTART;TZID=Europe/Berlin:20261024T120000", "DURATION:P1D"],
            datetime(2026, 10, 25, 11, tzinfo=UTC),
        ),
        (
            ["DTSTART;TZID=Europe/Berlin:20261024T120000", "DURATION:PT24H"],
            datetime(2026, 10, 25, 10, tzinfo=UTC),
        ),
        # An end without zone is on the clocks of the start.
        (
            ["DTSTART;TZID=Asia/Tokyo:20261124T180000", "DTEND:20261124T190000"],
            datetime(2026, 11, 24, 10, tzinfo=UTC),
        ),
    ],
)
def test_ends(lines: list[str], end: datetime) -> None:
    when = one(*lines).when
    assert when is not None
    assert when.end_at == end


@pytest.mark.parametrize(
    "tzid",
    [
        "Europe/Berlin",
        "W. Europe Standard Time",
        '"W. Europe Standard Time"',
        "/freeassociation.sourceforge.net/Tzfile/Europe/Berlin",
        "/mozilla.org/20070129_1/Europe/Berlin",
        "Europe_Berlin",
    ],
)
def test_names_of_zones(tzid: str) -> None:
    event = one(f"DTSTART;TZID={tzid}:20261124T100000", "DURATION:PT1H")
    assert event.when == TEN_TO_ELEVEN
    assert event.time_zone in ("Europe/Berlin", "W. Europe Standard Time")


def test_windows_names_become_iana_names() -> None:
    event = one("DTSTART;TZID=Tokyo Standard Time:20261124T180000", "DURATION:PT1H")
    assert (event.when, event.time_zone) == (TEN_TO_ELEVEN, "Asia/Tokyo")


def defined(tzid: str, *lines: str, definition: str = BERLIN) -> Change:
    """What becomes of an event in a zone that the object defines."""
    zone = definition.replace("TZID:Europe/Berlin", f"TZID:{tzid}")
    when = (f"DTSTART;TZID={tzid}:20261124T100000", f"DTEND;TZID={tzid}:20261124T110000")
    (change,) = changes(vcalendar(zone, vevent("u", *when, *lines)), "UTC")
    return change


def fixed(offset: str, more: str = "") -> str:
    return (
        "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\n" + more + "BEGIN:STANDARD\r\n"
        f"DTSTART:19700101T000000\r\nTZOFFSETFROM:{offset}\r\nTZOFFSETTO:{offset}\r\n"
        "END:STANDARD\r\nEND:VTIMEZONE\r\n"
    )


def test_a_zone_with_the_clocks_of_a_known_one_is_that_one() -> None:
    event = defined("Customized Time Zone", "RRULE:FREQ=WEEKLY;COUNT=30")
    assert isinstance(event, Event)
    assert (event.when, event.kind) == (TEN_TO_ELEVEN, EventKind.SERIES)
    assert event.time_zone == "Europe/Berlin"
    assert event.occurrences[-1].when.start_at == datetime(2027, 6, 15, 8, tzinfo=UTC)


def test_a_zone_may_say_where_it_is() -> None:
    definition = fixed("+0100", "X-LIC-LOCATION:Africa/Lagos\r\n")
    event = defined("Home", definition=definition)
    assert isinstance(event, Event)
    assert event.time_zone == "Africa/Lagos"


def test_a_zone_of_nobody_keeps_its_instant_but_cannot_recur() -> None:
    event = defined("Mine", definition=fixed("+0117"))
    assert isinstance(event, Event)
    assert event.when is not None
    assert event.when.start_at == datetime(2026, 11, 24, 8, 43, tzinfo=UTC)
    assert event.time_zone == "UTC"
    long = defined("Mine", "X:", definition=fixed("+0117"))
    assert isinstance(long, Event)
    series = defined("Mine", "RRULE:FREQ=DAILY", definition=fixed("+0117"))
    assert isinstance(series, Refusal)
    assert series.reason == "unknown_time_zone"


@pytest.mark.parametrize(
    "definition",
    [
        fixed("nonsense"),
        "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nEND:VTIMEZONE\r\n",
        fixed("+0100", "COMMENT:" + "x" * 100_000 + "\r\n"),
        fixed("+0100").replace("DTSTART:1970", "DTSTART:0000"),
        fixed("+0100").replace("TZOFFSETFROM", "RRULE:FREQ=SECONDLY\r\nTZOFFSETFROM"),
    ],
)
def test_a_zone_that_nobody_can_read_is_refused(definition: str) -> None:
    refusal = defined("Broken", definition=definition)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "unknown_time_zone"


def test_floating_times_are_on_the_clocks_of_the_calendar() -> None:
    floating = ("DTSTART:20261124T180000", "DURATION:PT1H")
    assert one(*floating, zone="Asia/Tokyo").when == TEN_TO_ELEVEN
    assert refused(*floating, zone="Nowhere") == "unknown_time_zone"
    stated = vcalendar(vevent("u", *floating)).replace(
        "VERSION:2.0", "VERSION:2.0\r\nX-WR-TIMEZONE:Asia/Tokyo"
    )
    (event,) = changes(stated, "Europe/Berlin")
    assert isinstance(event, Event)
    assert (event.when, event.time_zone) == (TEN_TO_ELEVEN, "Asia/Tokyo")


@pytest.mark.parametrize(
    ("lines", "show_as"),
    [
        ([], ShowAs.BUSY),
        (["TRANSP:OPAQUE"], ShowAs.BUSY),
        (["TRANSP:transparent"], ShowAs.FREE),
        (["STATUS:TENTATIVE"], ShowAs.TENTATIVE),
        (["STATUS:TENTATIVE", "TRANSP:TRANSPARENT"], ShowAs.FREE),
        (["X-MICROSOFT-CDO-BUSYSTATUS:OOF"], ShowAs.OUT_OF_OFFICE),
        (["X-MICROSOFT-CDO-BUSYSTATUS:BUSY"], ShowAs.BUSY),
        (
            ["X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE", "TRANSP:TRANSPARENT"],
            ShowAs.WORKING_ELSEWHERE,
        ),
    ],
)
def test_how_it_counts_for_free_and_busy(lines: list[str], show_as: ShowAs) -> None:
    assert one(*lines).show_as is show_as


@pytest.mark.parametrize(
    ("word", "visibility"),
    [
        ("PUBLIC", Visibility.DEFAULT),
        ("PRIVATE", Visibility.PRIVATE),
        ("CONFIDENTIAL", Visibility.CONFIDENTIAL),
        ("X-FAMILY", Visibility.PRIVATE),
    ],
)
def test_who_may_see_it(word: str, visibility: Visibility) -> None:
    assert one(f"CLASS:{word}").visibility is visibility


@pytest.mark.parametrize(
    ("lines", "url"),
    [
        (["X-GOOGLE-CONFERENCE:https://meet.google.com/abc-defg-hij"],
         "https://meet.google.com/abc-defg-hij"),
        (["X-MICROSOFT-SKYPETEAMSMEETINGURL:https://teams.microsoft.com/l/meetup-join/1"],
         "https://teams.microsoft.com/l/meetup-join/1"),
        (["URL:https://zoom.us/j/123"], "https://zoom.us/j/123"),
        (["URL:https://example.test/", "LOCATION:https://zoom.us/j/1"], "https://zoom.us/j/1"),
        (["CONFERENCE:tel:+49-30-1", "DESCRIPTION:see https://zoom.us/j/2"], "https://zoom.us/j/2"),
        (["URL:message:%3Cx%3E"], None),
    ],
)  # fmt: skip
def test_where_people_meet(lines: list[str], url: str | None) -> None:
    assert one(*lines).conference_url == url


@pytest.mark.parametrize("text", ["-1", "x", "9999999999", "²", "12345678901"])
def test_a_sequence_that_is_no_count_is_none(text: str) -> None:
    assert one(f"SEQUENCE:{text}").sequence == 0


def test_stamps_that_cannot_be_read_are_none() -> None:
    event = one("CREATED:yesterday", "CREATED:20261110T080000", "LAST-MODIFIED:20261110")
    assert event.provider_created_at == datetime(2026, 11, 10, 8, tzinfo=UTC)
    assert event.provider_updated_at is None


def test_an_unknown_status_says_nothing() -> None:
    assert one("STATUS:MAYBE").status is EventStatus.CONFIRMED


@pytest.mark.parametrize(
    ("lines", "recurrence"),
    [
        (["RRULE:FREQ=DAILY; COUNT=2", "RRULE:"], ("RRULE:FREQ=DAILY;COUNT=2",)),
        # On the clocks of the series where none are named.
        (["RDATE:20261125T100000,"], ("RDATE:20261125T090000Z",)),
        (
            ["RDATE;VALUE=PERIOD:20261125T100000/PT2H,20261126T090000Z/20261126T120000Z"],
            ("RDATE;VALUE=PERIOD:20261125T090000Z/PT2H,20261126T090000Z/20261126T120000Z",),
        ),
    ],
)
def test_recurrence_is_written_in_one_way(lines: list[str], recurrence: tuple[str, ...]) -> None:
    event = one(*BERLIN_TEN, *lines)
    assert event.recurrence == recurrence
    assert event.kind is EventKind.SERIES


def test_all_day_series_recur_by_dates() -> None:
    event = one("DTSTART;VALUE=DATE:20261124", "RRULE:FREQ=DAILY;COUNT=2", "RDATE:20261127T000000Z")
    assert event.recurrence == ("RRULE:FREQ=DAILY;COUNT=2", "RDATE;VALUE=DATE:20261127")
    assert [each.key for each in event.occurrences] == ["20261124", "20261125", "20261127"]


def test_an_exdate_alone_makes_no_series() -> None:
    assert one("EXDATE:20261124T090000Z").kind is EventKind.SINGLE
