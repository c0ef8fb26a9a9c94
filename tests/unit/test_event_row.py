"""The JSON that SQL stores, and the hashes that tell whether an event changed."""

import json
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from shared.decide.event_row import content_hash, event_row, occurrence_hash
from shared.model import Attendee, Event, Occurrence, Organizer, When
from shared.states import EventKind, EventStatus, Response, ShowAs, Visibility

BERLIN = ZoneInfo("Europe/Berlin")
TEN = When(
    start_at=datetime(2026, 11, 24, 10, tzinfo=BERLIN),
    end_at=datetime(2026, 11, 24, 11, 0, 0, 5, tzinfo=BERLIN),
)
BOB = Attendee("bob@y.test", "Bob", Response.TENTATIVE, optional=True)
ROOM = Attendee("room4@resource.test", resource=True)
SERIES = Event(
    provider_event_id="ser1",
    kind=EventKind.SERIES,
    status=EventStatus.CONFIRMED,
    etag='"35"',
    ical_uid="ser1@google.com",
    when=TEN,
    time_zone="Europe/Berlin",
    summary="Büro 🔒",
    organizer=Organizer("ann@x.test", "Ann", is_self=True),
    attendees=(BOB, ROOM),
    self_response=Response.ACCEPTED,
    recurrence=("RRULE:FREQ=WEEKLY", "EXDATE:20261201T090000Z"),
    html_link="https://www.google.com/calendar/event?eid=1",
    sequence=1,
    provider_updated_at=datetime(2026, 11, 10, 8, tzinfo=UTC),
    occurrences=(Occurrence("20261124T090000Z", TEN),),
)
CANCELLED = Event(
    provider_event_id="ser1_20261124T090000Z",
    kind=EventKind.EXCEPTION,
    status=EventStatus.CANCELLED,
    etag="",
    series_event_id="ser1",
    occurrence_key="20261124T090000Z",
)


def test_a_row_has_the_columns_of_calendar_events() -> None:
    assert event_row(SERIES) == {
        "provider_event_id": "ser1",
        "kind": "series",
        "status": "confirmed",
        "etag": '"35"',
        "ical_uid": "ser1@google.com",
        "series_event_id": None,
        "occurrence_key": "",
        "start_at": "2026-11-24T09:00:00.000000Z",
        "end_at": "2026-11-24T10:00:00.000005Z",
        "start_date": None,
        "end_date": None,
        "time_zone": "Europe/Berlin",
        "summary": "Büro 🔒",
        "description": None,
        "location": None,
        "show_as": "busy",
        "visibility": "default",
        "event_type": "default",
        "organizer": {"email": "ann@x.test", "name": "Ann", "is_self": True},
        "attendees": [
            {
                "email": "bob@y.test",
                "name": "Bob",
                "response": "tentative",
                "optional": True,
                "resource": False,
                "is_self": False,
            },
            {
                "email": "room4@resource.test",
                "name": None,
                "response": "needs_action",
                "optional": False,
                "resource": True,
                "is_self": False,
            },
        ],
        "self_response": "accepted",
        "recurrence": ["RRULE:FREQ=WEEKLY", "EXDATE:20261201T090000Z"],
        "conference_url": None,
        "html_link": "https://www.google.com/calendar/event?eid=1",
        "sequence": 1,
        "own_tag": None,
        "provider_created_at": None,
        "provider_updated_at": "2026-11-10T08:00:00.000000Z",
        "content_hash": content_hash(SERIES),
        "is_whole": False,
        "is_listed": False,
        "occurrences": [
            {
                "key": "20261124T090000Z",
                "start_at": "2026-11-24T09:00:00.000000Z",
                "end_at": "2026-11-24T10:00:00.000005Z",
                "start_date": None,
                "end_date": None,
            }
        ],
    }


def test_a_cancelled_exception_has_no_time_and_nobody() -> None:
    row = event_row(CANCELLED)
    assert [row[name] for name in ("start_at", "end_at", "start_date", "end_date")] == [None] * 4
    assert (row["organizer"], row["self_response"], row["attendees"]) == (None, None, [])
    assert row["occurrences"] == []


def test_all_day_rows_hold_dates() -> None:
    days = When(start_date=date(824, 1, 1), end_date=date(824, 1, 2))
    row = event_row(replace(SERIES, when=days, occurrences=(Occurrence("08240101", days),)))
    assert (row["start_at"], row["start_date"], row["end_date"]) == (
        None,
        "0824-01-01",
        "0824-01-02",
    )


def test_years_before_1000_are_padded() -> None:
    then = datetime(824, 1, 1, tzinfo=UTC)
    assert event_row(replace(SERIES, provider_created_at=then))["provider_created_at"] == (
        "0824-01-01T00:00:00.000000Z"
    )


def test_every_field_of_an_event_is_in_its_row() -> None:
    spread_out = {"when"}
    assert {field.name for field in fields(Event)} - spread_out <= event_row(SERIES).keys()


@pytest.mark.parametrize("event", [SERIES, CANCELLED])
def test_rows_are_json(event: Event) -> None:
    row = event_row(event)
    assert json.loads(json.dumps(row)) == row


def test_hashes_are_the_same_in_every_process_and_release() -> None:
    # Changing one of these makes every stored event look changed once.
    assert content_hash(CANCELLED) == (
        "0526e8a0e5c6b884caa38f59183668ccc71886736d86d537009294f4d16f308f"
    )
    assert occurrence_hash(()) == (
        "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"
    )


@pytest.mark.parametrize(
    "same",
    [
        replace(SERIES, etag='"36"'),
        replace(SERIES, sequence=9),
        replace(SERIES, html_link=None),
        replace(SERIES, provider_updated_at=None),
        replace(SERIES, provider_created_at=datetime(2026, 1, 1, tzinfo=UTC)),
        replace(SERIES, occurrences=()),
        replace(SERIES, attendees=(ROOM, BOB)),
        replace(SERIES, recurrence=SERIES.recurrence[::-1]),
        replace(
            SERIES,
            when=When(
                start_at=datetime(2026, 11, 24, 9, tzinfo=UTC),
                end_at=datetime(2026, 11, 24, 10, 0, 0, 5, tzinfo=UTC),
            ),
        ),
    ],
)
def test_content_is_the_same_after_bookkeeping(same: Event) -> None:
    assert content_hash(same) == content_hash(SERIES)


@pytest.mark.parametrize(
    "other",
    [
        replace(SERIES, kind=EventKind.SINGLE),
        replace(SERIES, status=EventStatus.TENTATIVE),
        replace(SERIES, when=replace(TEN, end_at=datetime(2026, 11, 24, 12, tzinfo=BERLIN))),
        replace(SERIES, time_zone="Europe/Paris"),
        replace(SERIES, summary="Büro"),
        replace(SERIES, description=""),
        replace(SERIES, location="Room 4"),
        replace(SERIES, show_as=ShowAs.FREE),
        replace(SERIES, visibility=Visibility.PRIVATE),
        replace(SERIES, event_type="focusTime"),
        replace(SERIES, organizer=None),
        replace(SERIES, attendees=(BOB,)),
        replace(SERIES, attendees=(replace(BOB, response=Response.ACCEPTED), ROOM)),
        replace(SERIES, self_response=Response.DECLINED),
        replace(SERIES, recurrence=("RRULE:FREQ=WEEKLY",)),
        replace(SERIES, conference_url="https://zoom.us/j/1"),
        replace(SERIES, series_event_id="ser0"),
        replace(SERIES, occurrence_key="20261124T090000Z"),
        replace(SERIES, own_tag="blk-1"),
    ],
)
def test_content_is_another_after_a_change(other: Event) -> None:
    assert content_hash(other) != content_hash(SERIES)


def test_occurrences_are_the_same_in_any_order_but_not_at_another_time() -> None:
    one = Occurrence("20261124T090000Z", TEN)
    two = Occurrence("20261201T090000Z", TEN)
    assert occurrence_hash([one, two]) == occurrence_hash((two, one))
    assert occurrence_hash([one]) != occurrence_hash([two])
    assert occurrence_hash([one]) != occurrence_hash([one, two])
    moved = replace(one, when=replace(TEN, end_at=datetime(2026, 11, 24, 12, tzinfo=BERLIN)))
    assert occurrence_hash([one]) != occurrence_hash([moved])
