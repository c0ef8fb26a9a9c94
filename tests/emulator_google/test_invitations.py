"""Meetings with guests: copies, answers, and who may change what."""

from typing import Any

from tests.emulator_google.helpers import ANN, BEN, CLEO, refusal, timed
from tests.support.google_emulator import GoogleEmulator

GUESTS = [{"email": ANN, "responseStatus": "accepted"}, {"email": BEN}]


def meeting(google: GoogleEmulator, **more: Any) -> str:
    return str(google.create_event(ANN, timed("2026-11-24T10:00", attendees=GUESTS, **more))["id"])


def copy_of(google: GoogleEmulator, email: str, event_id: str) -> dict[str, Any]:
    return next(each for each in google.events(email, deleted=True) if each["id"] == event_id)


def answers(event: dict[str, Any]) -> dict[str, str]:
    return {guest["email"]: guest["responseStatus"] for guest in event["attendees"]}


def test_a_guest_gets_a_copy_with_the_same_ids(google: GoogleEmulator, ben: Any) -> None:
    made = meeting(google)
    copy = ben.events().get(calendarId="primary", eventId=made).execute()
    assert copy["iCalUID"] == copy_of(google, ANN, made)["iCalUID"]
    assert copy["organizer"] == {"email": ANN}
    assert copy["start"] == {"dateTime": "2026-11-24T04:00:00-05:00", "timeZone": "Europe/Berlin"}
    own = next(guest for guest in copy["attendees"] if guest.get("self"))
    assert own == {"email": BEN, "responseStatus": "needsAction", "self": True}
    assert next(g for g in copy["attendees"] if g.get("organizer"))["email"] == ANN


def test_private_properties_and_reminders_are_not_shared(google: GoogleEmulator) -> None:
    made = meeting(
        google,
        extendedProperties={"private": {"mine": "1"}, "shared": {"ours": "2"}},
        reminders={"useDefault": False},
        colorId="3",
    )
    copy = copy_of(google, BEN, made)
    assert copy["extendedProperties"] == {"shared": {"ours": "2"}}
    assert copy["reminders"] == {"useDefault": True}
    assert "colorId" not in copy


def test_the_organizers_changes_reach_the_copy(google: GoogleEmulator) -> None:
    made = meeting(google)
    google.patch_event(ANN, made, {"summary": "Renamed"})
    assert copy_of(google, BEN, made)["summary"] == "Renamed"
    google.delete_event(ANN, made)
    assert set(copy_of(google, BEN, made)) == {"kind", "etag", "id", "status"}
    assert copy_of(google, ANN, made)["summary"] == "Renamed"  # the organizer can restore it


def test_an_answer_reaches_the_organizer_and_the_others(google: GoogleEmulator, ben: Any) -> None:
    google.add_person(CLEO)
    made = meeting(google)
    google.patch_event(ANN, made, {"attendees": [*GUESTS, {"email": CLEO}]})
    body = {"attendees": [{"email": BEN, "responseStatus": "declined", "comment": "away"}]}
    ben.events().patch(calendarId="primary", eventId=made, body=body).execute()
    for email in (ANN, BEN, CLEO):
        assert answers(copy_of(google, email, made))[BEN] == "declined", email
    assert answers(copy_of(google, BEN, made)).keys() == {ANN, BEN, CLEO}


def test_a_guest_cannot_change_what_is_shared(google: GoogleEmulator, ben: Any) -> None:
    made = meeting(google)
    call = ben.events().patch(calendarId="primary", eventId=made, body={"summary": "Mine"})
    assert refusal(call.execute) == (403, "forbiddenForNonOrganizer")
    own = {"colorId": "5", "extendedProperties": {"private": {"x": "1"}}}
    ben.events().patch(calendarId="primary", eventId=made, body=own).execute()
    assert "colorId" not in copy_of(google, ANN, made)
    google.patch_event(ANN, made, {"summary": "Renamed"})
    assert copy_of(google, BEN, made)["colorId"] == "5"


def test_a_guest_may_modify_if_allowed(google: GoogleEmulator, ben: Any) -> None:
    made = meeting(google, guestsCanModify=True)
    ben.events().patch(calendarId="primary", eventId=made, body={"summary": "Ours"}).execute()
    assert copy_of(google, ANN, made)["summary"] == "Ours"


def test_deleting_ones_copy_declines(google: GoogleEmulator) -> None:
    made = meeting(google)
    google.delete_event(BEN, made)
    assert answers(copy_of(google, ANN, made))[BEN] == "declined"
    google.patch_event(ANN, made, {"summary": "Still on"})
    assert copy_of(google, BEN, made)["status"] == "cancelled"


def test_an_uninvited_guest_loses_the_copy_and_can_get_it_back(google: GoogleEmulator) -> None:
    made = meeting(google)
    google.patch_event(ANN, made, {"attendees": [GUESTS[0]]})
    assert copy_of(google, BEN, made)["status"] == "cancelled"
    google.patch_event(ANN, made, {"attendees": GUESTS})
    assert copy_of(google, BEN, made)["status"] == "confirmed"


def test_exceptions_of_a_series_reach_the_guest(google: GoogleEmulator, ben: Any) -> None:
    made = meeting(google, recurrence=["RRULE:FREQ=WEEKLY;COUNT=4"])
    second, third = (f"{made}_202612{day}T090000Z" for day in ("01", "08"))
    google.patch_event(ANN, second, {"summary": "Special"})
    google.delete_event(ANN, third)
    found = ben.events().instances(calendarId="primary", eventId=made).execute()["items"]
    assert [item["summary"] for item in found] == ["Meeting", "Special", "Meeting"]
    body = {"attendees": [{"email": BEN, "responseStatus": "tentative"}]}
    fourth = f"{made}_20261215T090000Z"
    ben.events().patch(calendarId="primary", eventId=fourth, body=body).execute()
    assert answers(copy_of(google, ANN, fourth))[BEN] == "tentative"
    assert answers(copy_of(google, ANN, made))[BEN] == "needsAction"


def test_a_guest_invited_later_gets_the_exceptions_too(google: GoogleEmulator) -> None:
    body = timed("2026-11-24T10:00", recurrence=["RRULE:FREQ=WEEKLY;COUNT=4"])
    made = google.create_event(ANN, body)["id"]
    gone = f"{made}_20261201T090000Z"
    google.delete_event(ANN, gone)
    google.patch_event(ANN, made, {"attendees": GUESTS})
    assert copy_of(google, BEN, gone)["status"] == "cancelled"
    google.delete_event(ANN, made)
    assert {each["status"] for each in google.events(BEN, deleted=True)} == {"cancelled"}


def test_an_exception_the_series_loses_is_lost_to_the_guest_too(google: GoogleEmulator) -> None:
    made = meeting(google, recurrence=["RRULE:FREQ=WEEKLY"])
    late = f"{made}_20261215T090000Z"
    google.patch_event(ANN, late, {"summary": "Special"})
    google.patch_event(ANN, made, {"recurrence": ["RRULE:FREQ=WEEKLY;COUNT=2"]})
    assert copy_of(google, BEN, late)["status"] == "cancelled"


def test_a_moved_meeting_stays_with_its_guests(google: GoogleEmulator, ann: Any) -> None:
    team = google.add_calendar(ANN, "Team")
    made = meeting(google)
    ann.events().move(calendarId="primary", eventId=made, destination=team).execute()
    copy = copy_of(google, BEN, made)
    assert (copy["status"], copy["organizer"]["email"]) == ("confirmed", team)


def test_nothing_is_written_when_nothing_changed(google: GoogleEmulator) -> None:
    made = meeting(google)
    before = copy_of(google, BEN, made)
    google.patch_event(ANN, made, {"reminders": {"useDefault": False}})
    assert copy_of(google, BEN, made) == before
