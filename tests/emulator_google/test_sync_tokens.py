"""Sync tokens: what they bring, what they refuse, how they die."""

from typing import Any

import pytest

from tests.emulator_google.helpers import ANN, BEN, ids, pages, refusal, timed
from tests.support.google_emulator import GoogleEmulator


def token_of(client: Any, **query: Any) -> str:
    return str(pages(client.events().list, calendarId="primary", **query)[-1]["nextSyncToken"])


def since(client: Any, token: str, **query: Any) -> Any:
    return client.events().list(calendarId="primary", syncToken=token, **query)


def test_only_changes_come_deletions_included(google: GoogleEmulator, ann: Any) -> None:
    kept, changed, gone = google.create_events(ANN, [timed("2026-11-24T10:00")] * 3)
    token = token_of(ann)
    assert since(ann, token).execute()["items"] == []
    google.patch_event(ANN, changed, {"summary": "New"})
    google.delete_event(ANN, gone)
    added = google.create_event(ANN, timed("2026-11-25T10:00"))["id"]
    answer = since(ann, token).execute()
    assert ids(answer) == [changed, gone, added]
    assert kept not in ids(answer)
    assert answer["items"][1]["status"] == "cancelled"
    assert since(ann, answer["nextSyncToken"]).execute()["items"] == []


def test_an_older_token_still_works(google: GoogleEmulator, ann: Any) -> None:
    first = token_of(ann)
    one = google.create_event(ANN, timed("2026-11-24T10:00"))["id"]
    second = since(ann, first).execute()["nextSyncToken"]
    two = google.create_event(ANN, timed("2026-11-24T10:00"))["id"]
    assert ids(since(ann, second).execute()) == [two]
    assert ids(since(ann, first).execute()) == [one, two]


def test_pages_of_an_incremental_sync_repeat_the_token(google: GoogleEmulator, ann: Any) -> None:
    token = token_of(ann)
    made = google.create_events(ANN, [timed("2026-11-24T10:00")] * 5)
    answers = pages(ann.events().list, calendarId="primary", syncToken=token, maxResults=2)
    assert [ids(answer) for answer in answers] == [made[:2], made[2:4], made[4:]]


@pytest.mark.parametrize(
    "restriction",
    [
        {"timeMin": "2026-11-24T10:00:00Z"},
        {"timeMax": "2026-11-24T10:00:00Z"},
        {"updatedMin": "2026-11-24T10:00:00Z"},
        {"q": "x"},
        {"iCalUID": "x"},
        {"orderBy": "updated"},
        {"privateExtendedProperty": "a=b"},
        {"sharedExtendedProperty": "a=b"},
        {"showDeleted": False},
    ],
)
def test_restrictions_exclude_tokens(ann: Any, restriction: dict[str, Any]) -> None:
    call = since(ann, token_of(ann), **restriction)
    assert refusal(call.execute) == (400, "syncTokenWithRequestRestrictions")


def test_other_parameters_must_stay_the_same(google: GoogleEmulator, ann: Any) -> None:
    google.create_event(ANN, timed("2026-11-24T10:00"))
    plain, single = token_of(ann), token_of(ann, singleEvents=True)
    assert refusal(since(ann, plain, singleEvents=True).execute) == (400, "invalid")
    assert refusal(since(ann, single).execute) == (400, "invalid")
    assert since(ann, single, singleEvents=True).execute()["items"] == []
    assert since(ann, plain, singleEvents=False, maxResults=7).execute()["items"] == []


def test_a_window_is_baked_into_the_token(google: GoogleEmulator, ann: Any) -> None:
    inside = google.create_event(ANN, timed("2026-11-24T10:00"))["id"]
    token = token_of(ann, timeMin="2026-11-01T00:00:00Z", timeMax="2026-12-01T00:00:00Z")
    google.create_event(ANN, timed("2026-11-25T10:00", summary="also inside"))
    google.patch_event(ANN, inside, timed("2027-01-05T10:00"))
    items = since(ann, token).execute()["items"]
    assert [item["status"] for item in items] == ["confirmed", "cancelled"]
    assert items[1]["id"] == inside


def test_tokens_die_with_age(google: GoogleEmulator, ann: Any) -> None:
    google.settings(sync_token_max_age_s=3600, access_token_seconds=100_000)
    token = token_of(ann)
    google.advance(3599)
    assert since(ann, token).execute()["items"] == []
    google.advance(3600)
    assert refusal(since(ann, token).execute) == (410, "fullSyncRequired")


def test_tokens_die_on_demand(google: GoogleEmulator, ann: Any, ben: Any) -> None:
    mine, yours = token_of(ann), token_of(ben)
    google.expire_sync_tokens(calendar=ANN)
    assert refusal(since(ann, mine).execute) == (410, "fullSyncRequired")
    assert since(ben, yours).execute()["items"] == []
    google.expire_sync_tokens()
    assert refusal(since(ben, yours).execute) == (410, "fullSyncRequired")
    assert since(ann, token_of(ann)).execute()["items"] == []


def test_the_410_names_the_parameter(google: GoogleEmulator, ann: Any) -> None:
    token = token_of(ann)
    google.expire_sync_tokens()
    error = ann.events().list(calendarId="primary", syncToken=token)
    http = error.http.request(error.uri, headers=error.headers)
    assert b'"locationType":"parameter","location":"syncToken"' in http[1]
    assert b'"domain":"calendar"' in http[1]


def test_sharing_kills_tokens(google: GoogleEmulator, ann: Any) -> None:
    token = token_of(ann)
    google.control(f"people/{ANN}/calendars/primary/share", {"email": BEN, "role": "reader"})
    assert refusal(since(ann, token).execute) == (410, "fullSyncRequired")


def test_a_token_belongs_to_one_calendar(google: GoogleEmulator, ann: Any) -> None:
    other = google.add_calendar(ANN, "Team")
    call = ann.events().list(calendarId=other, syncToken=token_of(ann))
    assert refusal(call.execute) == (400, "invalid")
