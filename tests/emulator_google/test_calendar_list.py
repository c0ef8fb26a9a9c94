"""calendarList and calendars: listing, incremental sync, roles."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from tests.emulator_google.discovery import service
from tests.emulator_google.helpers import ANN, BEN, ids, pages, refusal
from tests.support.google_emulator import SCOPE, GoogleEmulator


@pytest.fixture
def client(google: GoogleEmulator) -> Iterator[Any]:
    """Ann with the broad scope, which calendars.insert needs."""
    with closing(service(google, ANN, **google.tokens(ANN, [f"{SCOPE}calendar"]))) as broad:
        yield broad


def test_the_primary_calendar_is_there(client: Any) -> None:
    (entry,) = client.calendarList().list().execute()["items"]
    assert (entry["id"], entry["primary"], entry["accessRole"]) == (ANN, True, "owner")
    assert client.calendarList().get(calendarId="primary").execute() == entry
    assert client.calendars().get(calendarId="primary").execute()["timeZone"] == "Europe/Berlin"


def test_pages(google: GoogleEmulator, client: Any) -> None:
    for number in range(4):
        google.add_calendar(ANN, f"calendar {number}")
    answers = pages(client.calendarList().list, maxResults=2)
    assert [len(answer["items"]) for answer in answers] == [2, 2, 1]


def test_incremental_sync(google: GoogleEmulator, client: Any) -> None:
    token = client.calendarList().list().execute()["nextSyncToken"]
    made = client.calendars().insert(body={"summary": "Team", "timeZone": "UTC"}).execute()
    answer = client.calendarList().list(syncToken=token).execute()
    assert ids(answer) == [made["id"]]
    client.calendars().delete(calendarId=made["id"]).execute()
    (gone,) = client.calendarList().list(syncToken=answer["nextSyncToken"]).execute()["items"]
    assert (gone["id"], gone["deleted"]) == (made["id"], True)
    assert ids(client.calendarList().list().execute()) == [ANN]
    assert ids(client.calendarList().list(showDeleted=True).execute()) == [ANN, made["id"]]


def test_renaming_a_calendar_is_not_announced(google: GoogleEmulator, client: Any) -> None:
    token = client.calendarList().list().execute()["nextSyncToken"]
    body = {"summary": "Renamed", "description": "d"}
    assert client.calendars().patch(calendarId="primary", body=body).execute()["summary"]
    assert client.calendarList().list(syncToken=token).execute()["items"] == []
    mine = client.calendarList().patch(calendarId="primary", body={"summaryOverride": "Me"})
    assert mine.execute()["summaryOverride"] == "Me"
    assert ids(client.calendarList().list(syncToken=token).execute()) == [ANN]


@pytest.mark.parametrize(
    "restriction",
    [
        {"minAccessRole": "owner"},
        {"showOwnOrganizationOnly": True},
        {"showDeleted": False},
        {"showHidden": False},
    ],
)
def test_restrictions_exclude_tokens(client: Any, restriction: dict[str, Any]) -> None:
    token = client.calendarList().list().execute()["nextSyncToken"]
    call = client.calendarList().list(syncToken=token, **restriction)
    assert refusal(call.execute) == (400, "syncTokenWithRequestRestrictions")


def test_tokens_die(google: GoogleEmulator, client: Any) -> None:
    token = client.calendarList().list().execute()["nextSyncToken"]
    google.expire_sync_tokens(email=ANN)
    call = client.calendarList().list(syncToken=token)
    assert refusal(call.execute) == (410, "fullSyncRequired")


def test_shared_hidden_and_dropped_calendars(google: GoogleEmulator, client: Any) -> None:
    google.add_calendar(BEN, "Ben's")
    google.control(f"people/{BEN}/calendars/Ben's/share", {"email": ANN, "role": "reader"})
    theirs = ids(client.calendarList().list().execute())[1]
    assert ids(client.calendarList().list(minAccessRole="writer").execute()) == [ANN]
    client.calendarList().patch(calendarId=theirs, body={"hidden": True}).execute()
    assert ids(client.calendarList().list().execute()) == [ANN]
    assert ids(client.calendarList().list(showHidden=True).execute()) == [ANN, theirs]
    client.calendarList().delete(calendarId=theirs).execute()
    gone = client.calendarList().get(calendarId=theirs)
    assert refusal(gone.execute) == (404, "notFound")
    client.calendarList().insert(body={"id": theirs}).execute()
    assert ids(client.calendarList().list().execute()) == [ANN, theirs]
    google.control(f"people/{BEN}/calendars/Ben's/share", {"email": ANN, "role": None})
    assert ids(client.calendarList().list().execute()) == [ANN]


def test_the_primary_calendar_cannot_be_deleted(client: Any) -> None:
    call = client.calendars().delete(calendarId="primary")
    assert refusal(call.execute) == (403, "cannotDeletePrimaryCalendar")


def test_narrow_scopes_list_but_do_not_create(ann: Any) -> None:
    assert len(ann.calendarList().list().execute()["items"]) == 1
    call = ann.calendars().insert(body={"summary": "x"})
    assert refusal(call.execute) == (403, "insufficientPermissions")
