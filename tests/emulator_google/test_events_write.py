"""insert, get, update, patch, delete, import, move: what is kept, refused and restored."""

from datetime import datetime
from typing import Any

import httplib2
import pytest
from googleapiclient.errors import HttpError

from tests.emulator_google.helpers import ANN, BEN, ids, refusal, timed, whole_day
from tests.support.google_emulator import GoogleEmulator

CLIENT_ID = "0123456789abcdefghijklmnopqrstuv"


def insert(client: Any, body: dict[str, Any], **more: Any) -> Any:
    return client.events().insert(calendarId="primary", body=body, **more).execute()


def get(client: Any, event_id: str) -> Any:
    return client.events().get(calendarId="primary", eventId=event_id).execute()


def patch(client: Any, event_id: str, body: dict[str, Any], **more: Any) -> Any:
    return (
        client.events().patch(calendarId="primary", eventId=event_id, body=body, **more).execute()
    )


def test_insert_gives_the_full_event(ann: Any) -> None:
    event = insert(ann, timed("2026-11-24T10:00", id=CLIENT_ID))
    assert event["id"] == CLIENT_ID
    assert event["iCalUID"] == f"{CLIENT_ID}@google.com"
    assert event["kind"] == "calendar#event"
    assert event["status"] == "confirmed"
    assert event["sequence"] == 0
    assert event["eventType"] == "default"
    assert event["organizer"] == event["creator"] == {"email": ANN, "self": True}
    assert event["start"] == {"dateTime": "2026-11-24T10:00:00+01:00", "timeZone": "Europe/Berlin"}
    assert event["reminders"] == {"useDefault": True}
    assert get(ann, CLIENT_ID) == event


def test_the_etag_is_twice_updated_in_microseconds(ann: Any) -> None:
    event = insert(ann, timed("2026-11-24T10:00"))
    updated_us = round(datetime.fromisoformat(event["updated"]).timestamp() * 1_000_000)
    assert event["etag"] == f'"{2 * updated_us}"'


def test_defaults_are_not_shown(ann: Any) -> None:
    event = insert(
        ann,
        timed("2026-11-24T10:00", transparency="opaque", visibility="default", location=""),
    )
    assert not {"transparency", "visibility", "location", "attendees"} & event.keys()


def test_dates_stay_dates(ann: Any) -> None:
    event = insert(ann, whole_day("2026-11-24", 2))
    assert (event["start"], event["end"]) == ({"date": "2026-11-24"}, {"date": "2026-11-26"})


@pytest.mark.parametrize("bad", ["abcd", "ABCDEF", "wxyz01", "with-dash", "a" * 1025])
def test_client_ids_are_base32hex(ann: Any, bad: str) -> None:
    call = ann.events().insert(calendarId="primary", body=timed("2026-11-24T10:00", id=bad))
    assert refusal(call.execute) == (400, "invalid")


def test_ids_cannot_be_reused_after_deletion(ann: Any) -> None:
    body = timed("2026-11-24T10:00", id=CLIENT_ID)
    insert(ann, body)
    again = ann.events().insert(calendarId="primary", body=body)
    assert refusal(again.execute) == (409, "duplicate")
    ann.events().delete(calendarId="primary", eventId=CLIENT_ID).execute()
    assert refusal(again.execute) == (409, "duplicate")
    restored = patch(ann, CLIENT_ID, {"status": "confirmed"})
    assert (restored["status"], restored["summary"]) == ("confirmed", "Meeting")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"start": {"date": "2026-11-24"}}, "required"),
        ({"summary": "no times"}, "required"),
        (timed("2026-11-24T10:00", minutes=-1), "timeRangeEmpty"),
        (whole_day("2026-11-24", 0), "timeRangeEmpty"),
        (timed("2026-11-24T10:00", end={"date": "2026-11-25"}), "invalid"),
        (timed("2026-11-24T10:00") | {"start": {"dateTime": "x"}}, "invalid"),
        (timed("2026-11-24T10:00", zone="Mars/Olympus"), "invalid"),
        (timed("2026-11-24T10:00") | {"start": {"dateTime": "2026-11-24T10:00:00"}}, "required"),
        (timed("2026-11-24T10:00", status="maybe"), "invalid"),
        (timed("2026-11-24T10:00", visibility="secret"), "invalid"),
        (timed("2026-11-24T10:00", recurrence=["RRULE:FREQ=SOMETIMES"]), "invalid"),
        (timed("2026-11-24T10:00", recurrence=["RRULE:FREQ=MINUTELY"]), "invalid"),
        (timed("2026-11-24T10:00", recurrence=["RRULE:FREQ=DAILY;INTERVAL=0"]), "invalid"),
        (timed("2026-11-24T10:00", recurrence="RRULE:FREQ=DAILY"), "invalid"),
        (timed("2026-11-24T10:00", summary=5), "invalid"),
        (timed("2026-11-24T10:00", guestsCanModify="yes"), "invalid"),
        (timed("2026-11-24T10:00", sequence=True), "invalid"),
        (timed("2026-11-24T10:00", attendees=[None]), "invalid"),
        (timed("2026-11-24T10:00", extendedProperties={"private": "x"}), "invalid"),
        (whole_day("9999-01-01"), "invalid"),
        (timed("2026-11-24T10:00", recurrence=["DTSTART:20261124T100000Z"]), "invalid"),
        (timed("2026-11-24T10:00", attendees=[{"email": "nobody"}]), "invalid"),
        (
            {
                "start": {"dateTime": "2026-11-24T10:00:00Z"},
                "end": {"dateTime": "2026-11-24T11:00:00Z"},
                "recurrence": ["RRULE:FREQ=DAILY"],
            },
            "required",
        ),
    ],
)
def test_malformed_bodies(ann: Any, body: dict[str, Any], reason: str) -> None:
    call = ann.events().insert(calendarId="primary", body=body)
    assert refusal(call.execute) == (400, reason)


def test_update_replaces_and_patch_merges(ann: Any) -> None:
    event = insert(ann, timed("2026-11-24T10:00", description="long", location="Room 1"))
    patched = patch(ann, event["id"], {"location": None, "summary": "New"})
    assert patched["summary"] == "New"
    assert patched["description"] == "long"
    assert "location" not in patched
    put = ann.events().update(
        calendarId="primary", eventId=event["id"], body=timed("2026-11-24T10:00")
    )
    replaced = put.execute()
    assert "description" not in replaced
    assert {key: replaced[key] for key in ("id", "iCalUID", "created", "creator")} == {
        key: event[key] for key in ("id", "iCalUID", "created", "creator")
    }


def test_sequence_counts_significant_changes(ann: Any) -> None:
    event = insert(ann, timed("2026-11-24T10:00"))
    assert patch(ann, event["id"], {"description": "only words"})["sequence"] == 0
    moved = patch(ann, event["id"], timed("2026-11-24T12:00"))
    assert moved["sequence"] == 1
    stale = ann.events().patch(calendarId="primary", eventId=event["id"], body={"sequence": 0})
    assert refusal(stale.execute) == (400, "invalidSequenceValue")


def test_if_match(ann: Any) -> None:
    event = insert(ann, timed("2026-11-24T10:00"))
    for make in (ann.events().patch, ann.events().update):
        stale = make(calendarId="primary", eventId=event["id"], body=timed("2026-11-24T11:00"))
        stale.headers["If-Match"] = '"1"'
        assert refusal(stale.execute) == (412, "conditionNotMet")
    fresh = ann.events().update(
        calendarId="primary", eventId=event["id"], body=timed("2026-11-24T11:00")
    )
    fresh.headers["If-Match"] = event["etag"]
    assert fresh.execute()["etag"] != event["etag"]
    gone = ann.events().delete(calendarId="primary", eventId=event["id"])
    gone.headers["If-Match"] = event["etag"]
    assert refusal(gone.execute) == (412, "conditionNotMet")


def test_if_none_match_answers_304(ann: Any) -> None:
    event = insert(ann, timed("2026-11-24T10:00"))
    request = ann.events().get(calendarId="primary", eventId=event["id"])
    request.headers["If-None-Match"] = event["etag"]
    with pytest.raises(HttpError) as caught:
        request.execute()
    assert isinstance(caught.value.resp, httplib2.Response)
    assert caught.value.resp.status == 304


def test_delete_twice_is_410_and_unknown_404(ann: Any) -> None:
    event = insert(ann, timed("2026-11-24T10:00"))
    delete = ann.events().delete(calendarId="primary", eventId=event["id"])
    delete.execute()
    assert refusal(delete.execute) == (410, "deleted")
    unknown = ann.events().delete(calendarId="primary", eventId="unknown0")
    assert refusal(unknown.execute) == (404, "notFound")


def test_reminders_do_not_move_updated(ann: Any) -> None:
    event = insert(ann, timed("2026-11-24T10:00"))
    reminders = {"useDefault": False, "overrides": [{"method": "popup", "minutes": 5}]}
    changed = patch(ann, event["id"], {"reminders": reminders})
    assert changed["reminders"] == reminders
    assert (changed["updated"], changed["etag"]) == (event["updated"], event["etag"])


def test_extended_properties_are_cut_silently(ann: Any) -> None:
    private = {"k" * 44: "v" * 1025, "k" * 45: "dropped"}
    event = insert(ann, timed("2026-11-24T10:00", extendedProperties={"private": private}))
    assert event["extendedProperties"] == {"private": {"k" * 44: "v" * 1024}}
    merged = patch(ann, event["id"], {"extendedProperties": {"private": {"more": "1"}}})
    assert set(merged["extendedProperties"]["private"]) == {"k" * 44, "more"}


def test_conferences_need_the_version_parameter(ann: Any) -> None:
    wish = {"createRequest": {"requestId": "r1", "conferenceSolutionKey": {"type": "hangoutsMeet"}}}
    plain = insert(ann, timed("2026-11-24T10:00", conferenceData=wish))
    assert "conferenceData" not in plain
    event = insert(ann, timed("2026-11-24T10:00", conferenceData=wish), conferenceDataVersion=1)
    assert event["hangoutLink"].startswith("https://meet.google.com/")
    assert event["conferenceData"]["entryPoints"][0]["uri"] == event["hangoutLink"]
    kept = patch(ann, event["id"], {"summary": "still with video"})
    assert kept["hangoutLink"] == event["hangoutLink"]
    gone = patch(ann, event["id"], {"conferenceData": None}, conferenceDataVersion=1)
    assert "hangoutLink" not in gone


def test_event_types(ann: Any) -> None:
    place = {"type": "homeOffice", "homeOffice": {}}
    home = insert(
        ann,
        whole_day("2026-11-24", eventType="workingLocation", workingLocationProperties=place),
    )
    assert (home["transparency"], home["visibility"]) == ("transparent", "public")
    birthday = insert(
        ann, whole_day("2026-11-24", eventType="birthday", recurrence=["RRULE:FREQ=YEARLY"])
    )
    assert birthday["birthdayProperties"] == {"type": "birthday"}
    away = insert(ann, timed("2026-11-24T10:00", eventType="outOfOffice"))
    assert away["eventType"] == "outOfOffice"
    change = ann.events().patch(
        calendarId="primary", eventId=away["id"], body={"eventType": "default"}
    )
    assert refusal(change.execute) == (400, "eventTypeRestriction")


@pytest.mark.parametrize(
    "body",
    [
        timed("2026-11-24T10:00", eventType="fromGmail"),
        timed("2026-11-24T10:00", eventType="birthday"),
        whole_day("2026-11-24", eventType="outOfOffice"),
        whole_day("2026-11-24", eventType="focusTime"),
    ],
)
def test_event_type_restrictions(ann: Any, body: dict[str, Any]) -> None:
    call = ann.events().insert(calendarId="primary", body=body)
    assert refusal(call.execute) == (400, "eventTypeRestriction")


def test_import_is_idempotent_by_ical_uid(ann: Any) -> None:
    body = timed("2026-11-24T10:00", iCalUID="x-1@elsewhere", organizer={"email": "o@else.test"})
    first = ann.events().import_(calendarId="primary", body=body).execute()
    again = ann.events().import_(calendarId="primary", body=body | {"summary": "New"}).execute()
    assert (again["id"], again["summary"]) == (first["id"], "New")
    assert first["organizer"] == {"email": "o@else.test"}
    missing = ann.events().import_(calendarId="primary", body=timed("2026-11-24T10:00"))
    assert refusal(missing.execute) == (400, "required")


def test_move_changes_the_organizer(google: GoogleEmulator, ann: Any) -> None:
    other = google.add_calendar(ANN, "Team")
    series = timed("2026-11-24T10:00", recurrence=["RRULE:FREQ=DAILY;COUNT=3"])
    event = insert(ann, series)
    patch(ann, f"{event['id']}_20261125T090000Z", {"summary": "special"})
    moved = (
        ann.events().move(calendarId="primary", eventId=event["id"], destination=other).execute()
    )
    assert moved["organizer"] == {"email": other, "displayName": "Team", "self": True}
    assert get(ann, event["id"])["status"] == "cancelled"
    there = ann.events().list(calendarId=other, singleEvents=True).execute()["items"]
    assert sorted(item["summary"] for item in there) == ["Meeting", "Meeting", "special"]


def test_access_roles(google: GoogleEmulator, ann: Any, ben: Any) -> None:
    team = google.add_calendar(ANN, "Team")
    google.create_event(ANN, timed("2026-11-24T10:00", visibility="private"), team)
    assert refusal(ben.events().list(calendarId=team).execute) == (404, "notFound")
    for role, shows in (("freeBusyReader", False), ("reader", False), ("writer", True)):
        google.control(f"people/{ANN}/calendars/Team/share", {"email": BEN, "role": role})
        answer = ben.events().list(calendarId=team).execute()
        assert answer["accessRole"] == role
        assert ("summary" in answer["items"][0]) == shows, role
        write = ben.events().insert(calendarId=team, body=timed("2026-11-25T10:00"))
        if role == "writer":
            assert write.execute()["creator"] == {"email": BEN}
        else:
            assert refusal(write.execute) == (403, "requiredAccessLevel")


def test_calendar_ids_with_at_signs_travel_escaped(google: GoogleEmulator, ann: Any) -> None:
    made = google.create_event(ANN, timed("2026-11-24T10:00"))["id"]
    assert ids(ann.events().list(calendarId=ANN).execute()) == [made]
