"""events.list: pages, windows, filters, orders, deletions."""

from typing import Any

import pytest

from tests.emulator_google.helpers import ANN, ids, pages, refusal, timed, whole_day
from tests.support.google_emulator import GoogleEmulator


def list_ids(client: Any, **query: Any) -> list[str]:
    return ids(client.events().list(calendarId="primary", **query).execute())


def test_default_page_is_250_and_the_token_comes_last(google: GoogleEmulator, ann: Any) -> None:
    google.create_events(ANN, [timed("2026-11-24T10:00", summary=str(i)) for i in range(600)])
    answers = pages(ann.events().list, calendarId="primary")
    assert [len(answer["items"]) for answer in answers] == [250, 250, 100]
    assert "nextSyncToken" in answers[-1]
    summaries = [item["summary"] for answer in answers for item in answer["items"]]
    assert sorted(summaries, key=int) == [str(i) for i in range(600)]


def test_max_results_is_cut_at_2500(google: GoogleEmulator, ann: Any) -> None:
    google.create_events(ANN, [timed("2026-11-24T10:00")] * 2501)
    answers = pages(ann.events().list, calendarId="primary", maxResults=9999)
    assert [len(answer["items"]) for answer in answers] == [2500, 1]


def test_a_change_between_pages_is_not_lost(google: GoogleEmulator, ann: Any) -> None:
    made = google.create_events(ANN, [timed("2026-11-24T10:00")] * 4)
    first = ann.events().list(calendarId="primary", maxResults=2).execute()
    google.patch_event(ANN, made[0], {"summary": "late"})
    google.patch_event(ANN, made[3], {"summary": "late"})
    rest = ann.events().list(calendarId="primary", maxResults=10, pageToken=first["nextPageToken"])
    assert ids(rest.execute()) == [made[2], made[0], made[3]]


def test_page_token_of_another_query_is_refused(google: GoogleEmulator, ann: Any) -> None:
    google.create_events(ANN, [timed("2026-11-24T10:00")] * 3)
    first = ann.events().list(calendarId="primary", maxResults=1).execute()
    other = ann.events().list(
        calendarId="primary", showDeleted=True, pageToken=first["nextPageToken"]
    )
    assert refusal(other.execute) == (400, "invalid")


def test_window_bounds_are_exclusive(google: GoogleEmulator, ann: Any) -> None:
    made = google.create_event(ANN, timed("2026-11-24T10:00"))["id"]
    hit = {"timeMin": "2026-11-24T09:59:00Z", "timeMax": "2026-11-24T10:30:00Z"}
    assert list_ids(ann, **hit) == [made]
    assert list_ids(ann, timeMin="2026-11-24T10:00:00Z") == []  # it ends then
    assert list_ids(ann, timeMax="2026-11-24T09:00:00Z") == []  # it begins then


def test_window_of_a_whole_day_is_that_of_the_calendar_zone(
    google: GoogleEmulator, ann: Any
) -> None:
    made = google.create_event(ANN, whole_day("2026-11-24"))["id"]
    assert list_ids(ann, timeMax="2026-11-23T23:30:00Z") == [made]
    assert list_ids(ann, timeMax="2026-11-23T22:30:00Z") == []


def test_a_series_is_in_a_window_if_an_occurrence_is(google: GoogleEmulator, ann: Any) -> None:
    body = timed("2026-11-24T10:00", recurrence=["RRULE:FREQ=WEEKLY;COUNT=3"])
    made = google.create_event(ANN, body)["id"]
    assert list_ids(ann, timeMin="2026-12-08T00:00:00Z") == [made]
    assert list_ids(ann, timeMin="2026-12-09T00:00:00Z") == []


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"timeMin": "2026-11-24T10:00:00"}, "badRequest"),
        ({"timeMin": "soon"}, "badRequest"),
        ({"orderBy": "startTime"}, "badRequest"),
        (
            {"timeMin": "2026-11-24T10:00:00Z", "timeMax": "2026-11-24T10:00:00Z"},
            "timeRangeEmpty",
        ),
        ({"timeZone": "Mars/Olympus"}, "invalid"),
        ({"pageToken": "made-up"}, "invalid"),
        ({"syncToken": "made-up"}, "invalid"),
        ({"privateExtendedProperty": "no-equals-sign"}, "invalid"),
        ({"maxResults": 0}, "invalidParameter"),
    ],
)
def test_malformed_parameters(ann: Any, query: dict[str, Any], reason: str) -> None:
    assert refusal(ann.events().list(calendarId="primary", **query).execute) == (400, reason)


def test_cancelled_events_show_only_on_request(google: GoogleEmulator, ann: Any) -> None:
    kept, gone = google.create_events(ANN, [timed("2026-11-24T10:00")] * 2)
    google.delete_event(ANN, gone)
    assert list_ids(ann) == [kept]
    assert list_ids(ann, showDeleted=True) == [kept, gone]
    assert ann.events().get(calendarId="primary", eventId=gone).execute()["status"] == "cancelled"


def test_a_deleted_series_shows_its_id_only(google: GoogleEmulator, ann: Any) -> None:
    body = timed("2026-11-24T10:00", recurrence=["RRULE:FREQ=WEEKLY"])
    made = google.create_event(ANN, body)["id"]
    google.delete_event(ANN, made)
    (item,) = ann.events().list(calendarId="primary", showDeleted=True).execute()["items"]
    assert set(item) == {"kind", "etag", "id", "status"}


def test_cancelled_occurrences_of_living_series_show_always(
    google: GoogleEmulator, ann: Any
) -> None:
    body = timed("2026-11-24T10:00", recurrence=["RRULE:FREQ=WEEKLY"])
    made = google.create_event(ANN, body)["id"]
    gone = f"{made}_20261201T090000Z"
    google.delete_event(ANN, gone)
    assert list_ids(ann) == [made, gone]
    (item,) = [
        each
        for each in ann.events().list(calendarId="primary").execute()["items"]
        if each["id"] == gone
    ]
    assert "start" not in item
    assert item["recurringEventId"] == made
    assert item["originalStartTime"]["dateTime"] == "2026-12-01T10:00:00+01:00"
    assert gone not in list_ids(ann, singleEvents=True, maxResults=20)


def test_orders(google: GoogleEmulator, ann: Any) -> None:
    late = google.create_event(ANN, timed("2026-11-26T10:00"))["id"]
    early = google.create_event(ANN, timed("2026-11-24T10:00"))["id"]
    assert list_ids(ann, singleEvents=True, orderBy="startTime") == [early, late]
    google.patch_event(ANN, late, {"summary": "touched"})
    assert list_ids(ann, orderBy="updated") == [early, late]


def test_single_events_replaces_series_by_instances(google: GoogleEmulator, ann: Any) -> None:
    body = timed("2026-11-24T10:00", recurrence=["RRULE:FREQ=DAILY;COUNT=3"])
    made = google.create_event(ANN, body)["id"]
    google.patch_event(ANN, f"{made}_20261125T090000Z", {"summary": "moved"})
    answers = pages(ann.events().list, calendarId="primary", singleEvents=True, maxResults=2)
    items = [item for answer in answers for item in answer["items"]]
    assert sorted(item["id"] for item in items) == [
        f"{made}_2026112{day}T090000Z" for day in (4, 5, 6)
    ]
    assert all("recurrence" not in item and item["recurringEventId"] == made for item in items)


def test_endless_series_stop_at_730_instances(google: GoogleEmulator, ann: Any) -> None:
    google.create_event(ANN, timed("2026-11-24T10:00", recurrence=["RRULE:FREQ=DAILY"]))
    assert len(list_ids(ann, singleEvents=True, maxResults=2500)) == 730


def test_text_property_and_uid_filters(google: GoogleEmulator, ann: Any) -> None:
    google.create_event(ANN, timed("2026-11-24T10:00"))
    tagged = google.create_event(
        ANN,
        timed(
            "2026-11-24T10:00",
            summary="Quarterly planning",
            extendedProperties={"private": {"k": "v"}, "shared": {"s": "1"}},
        ),
    )
    for query in (
        {"q": "planning QUARTERLY"},
        {"privateExtendedProperty": "k=v"},
        {"sharedExtendedProperty": "s=1"},
        {"iCalUID": tagged["iCalUID"]},
    ):
        answer = ann.events().list(calendarId="primary", **query).execute()
        assert ids(answer) == [tagged["id"]], query
        assert "nextSyncToken" not in answer
    assert list_ids(ann, privateExtendedProperty=["k=v", "k=other"]) == []


def test_updated_min_includes_deletions(google: GoogleEmulator, ann: Any) -> None:
    google.create_event(ANN, timed("2026-11-24T10:00"))
    since = google.advance(60)
    gone = google.create_event(ANN, timed("2026-11-24T10:00"))["id"]
    google.delete_event(ANN, gone)
    assert list_ids(ann, updatedMin=since) == [gone]
    google.advance(40 * 86400)
    stale = ann.events().list(calendarId="primary", updatedMin=since)
    assert refusal(stale.execute) == (410, "updatedMinTooLongAgo")


def test_event_types_filter(google: GoogleEmulator, ann: Any) -> None:
    google.create_event(ANN, timed("2026-11-24T10:00"))
    away = google.create_event(ANN, timed("2026-11-24T10:00", eventType="outOfOffice"))["id"]
    assert list_ids(ann, eventTypes=["outOfOffice", "birthday"]) == [away]


def test_time_zone_of_the_answer(google: GoogleEmulator, ann: Any) -> None:
    google.create_event(ANN, timed("2026-11-24T10:00"))
    answer = ann.events().list(calendarId="primary", timeZone="Asia/Kolkata").execute()
    assert answer["timeZone"] == "Asia/Kolkata"
    assert answer["items"][0]["start"] == {
        "dateTime": "2026-11-24T14:30:00+05:30",
        "timeZone": "Europe/Berlin",
    }


def test_max_attendees_leaves_the_caller(google: GoogleEmulator, ann: Any) -> None:
    guests = [{"email": ANN}] + [{"email": f"g{i}@elsewhere.test"} for i in range(5)]
    google.create_event(ANN, timed("2026-11-24T10:00", attendees=guests))
    answer = ann.events().list(calendarId="primary", maxAttendees=1).execute()
    assert [guest["email"] for guest in answer["items"][0]["attendees"]] == [ANN]
    assert answer["items"][0]["attendeesOmitted"] is True
