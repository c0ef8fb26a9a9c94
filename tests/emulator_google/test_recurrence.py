"""Series: expansion over daylight-saving changes, exceptions, instances, orphans."""

from typing import Any

import pytest

from tests.emulator_google.helpers import ANN, ids, refusal, timed, whole_day
from tests.support.google_emulator import GoogleEmulator


def instances(client: Any, event_id: str, **query: Any) -> list[dict[str, Any]]:
    call = client.events().instances(calendarId="primary", eventId=event_id, **query)
    return list(call.execute()["items"])


def starts(client: Any, event_id: str, **query: Any) -> list[str]:
    begin = [item["start"] for item in instances(client, event_id, **query)]
    return [each.get("dateTime") or each["date"] for each in begin]


def series(google: GoogleEmulator, start: str, *lines: str, **more: Any) -> str:
    return str(google.create_event(ANN, timed(start, recurrence=list(lines), **more))["id"])


def test_wall_time_is_kept_over_daylight_saving(google: GoogleEmulator, ann: Any) -> None:
    made = series(google, "2026-03-07T09:00", "RRULE:FREQ=DAILY;COUNT=2", zone="America/New_York")
    found = instances(ann, made, timeZone="UTC")
    assert [item["start"]["dateTime"] for item in found] == [
        "2026-03-07T14:00:00Z",
        "2026-03-08T13:00:00Z",
    ]
    assert [item["id"] for item in found] == [
        f"{made}_20260307T140000Z",
        f"{made}_20260308T130000Z",
    ]


def test_a_time_that_daylight_saving_skips_moves_on(google: GoogleEmulator, ann: Any) -> None:
    made = series(google, "2026-03-28T02:30", "RRULE:FREQ=DAILY;COUNT=3")
    assert starts(ann, made, timeZone="UTC") == [
        "2026-03-28T01:30:00Z",
        "2026-03-29T01:30:00Z",
        "2026-03-30T00:30:00Z",
    ]


@pytest.mark.parametrize(
    ("lines", "days"),
    [
        (["RRULE:FREQ=DAILY;COUNT=3", "EXDATE;TZID=Europe/Berlin:20261125T100000"], ["24", "26"]),
        (["RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20261125T090000Z"], ["24", "26"]),
        (["RRULE:FREQ=DAILY;COUNT=3", "EXDATE;VALUE=DATE:20261125"], ["24", "26"]),
        (["RRULE:FREQ=DAILY;UNTIL=20261125T090000Z"], ["24", "25"]),
        (["RRULE:FREQ=DAILY;UNTIL=20261125T085959Z"], ["24"]),
        (["RRULE:FREQ=DAILY;UNTIL=20261125"], ["24", "25"]),
        (["RDATE;TZID=Europe/Berlin:20261127T100000"], ["24", "27"]),
        (["RDATE;TZID=America/New_York:20261127T040000"], ["24", "27"]),
        (["RDATE;VALUE=PERIOD:20261127T090000Z/PT1H"], ["24", "27"]),
        (["RRULE:FREQ=DAILY;COUNT=4", "EXRULE:FREQ=DAILY;INTERVAL=3;COUNT=2"], ["25", "26"]),
        (["RRULE:FREQ=YEARLY;INTERVAL=80;UNTIL=99991231T235959Z"], ["24"]),
        (["RRULE:FREQ=WEEKLY;BYDAY=WE;COUNT=1"], ["24", "25"]),  # DTSTART always counts
    ],
)
def test_recurrence_lines(
    google: GoogleEmulator, ann: Any, lines: list[str], days: list[str]
) -> None:
    made = series(google, "2026-11-24T10:00", *lines)
    assert starts(ann, made) == [f"2026-11-{day}T10:00:00+01:00" for day in days]


def test_whole_day_series(google: GoogleEmulator, ann: Any) -> None:
    body = whole_day("2026-11-24", 2, recurrence=["RRULE:FREQ=WEEKLY;UNTIL=20261208"])
    made = google.create_event(ANN, body)["id"]
    found = instances(ann, made)
    assert [item["id"] for item in found] == [
        f"{made}_20261124",
        f"{made}_20261201",
        f"{made}_20261208",
    ]
    assert found[1]["end"] == {"date": "2026-12-03"}
    assert found[1]["originalStartTime"] == {"date": "2026-12-01"}


def test_an_instance_can_be_read_patched_and_deleted(google: GoogleEmulator, ann: Any) -> None:
    made = series(google, "2026-11-24T10:00", "RRULE:FREQ=WEEKLY;COUNT=3", location="Room 1")
    second = f"{made}_20261201T090000Z"
    plain = ann.events().get(calendarId="primary", eventId=second).execute()
    assert plain["recurringEventId"] == made
    assert "recurrence" not in plain
    moved = (
        ann.events()
        .patch(
            calendarId="primary", eventId=second, body=timed("2026-12-02T15:00", summary="Moved")
        )
        .execute()
    )
    assert moved["originalStartTime"]["dateTime"] == "2026-12-01T10:00:00+01:00"
    assert moved["start"]["dateTime"] == "2026-12-02T15:00:00+01:00"
    assert (moved["iCalUID"], moved["location"]) == (plain["iCalUID"], "Room 1")
    assert [item["summary"] for item in instances(ann, made)] == ["Meeting", "Moved", "Meeting"]
    ann.events().delete(calendarId="primary", eventId=second).execute()
    assert second not in [item["id"] for item in instances(ann, made)]
    (gone,) = [i for i in instances(ann, made, showDeleted=True) if i["id"] == second]
    assert (gone["status"], gone["recurringEventId"]) == ("cancelled", made)
    again = ann.events().delete(calendarId="primary", eventId=second)
    assert refusal(again.execute) == (410, "deleted")


def test_a_cancelled_occurrence_can_be_restored(google: GoogleEmulator, ann: Any) -> None:
    made = series(google, "2026-11-24T10:00", "RRULE:FREQ=WEEKLY;COUNT=3")
    second = f"{made}_20261201T090000Z"
    google.delete_event(ANN, second)
    back = (
        ann.events()
        .patch(calendarId="primary", eventId=second, body={"status": "confirmed"})
        .execute()
    )
    assert back["start"]["dateTime"] == "2026-12-01T10:00:00+01:00"


@pytest.mark.parametrize("suffix", ["20261202T090000Z", "20261201", "20269901T090000Z"])
def test_occurrences_that_are_none(google: GoogleEmulator, ann: Any, suffix: str) -> None:
    made = series(google, "2026-11-24T10:00", "RRULE:FREQ=WEEKLY")
    call = ann.events().get(calendarId="primary", eventId=f"{made}_{suffix}")
    assert refusal(call.execute) == (404, "notFound")


def test_instances_window_original_start_and_pages(google: GoogleEmulator, ann: Any) -> None:
    made = series(google, "2026-11-24T10:00", "RRULE:FREQ=DAILY")
    window = {"timeMin": "2026-11-25T10:00:00Z", "timeMax": "2026-11-27T09:00:00Z"}
    assert starts(ann, made, **window) == ["2026-11-26T10:00:00+01:00"]
    one = instances(ann, made, originalStart="2026-12-01T09:00:00Z")
    assert [item["id"] for item in one] == [f"{made}_20261201T090000Z"]
    first = ann.events().instances(calendarId="primary", eventId=made, maxResults=5).execute()
    rest = ann.events().instances(
        calendarId="primary", eventId=made, maxResults=5, pageToken=first["nextPageToken"]
    )
    assert ids(rest.execute())[0] == f"{made}_20261129T090000Z"
    assert "nextSyncToken" not in first


def test_a_rule_that_never_matches_costs_little(google: GoogleEmulator, ann: Any) -> None:
    rule = "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"
    made = series(google, "2026-11-24T10:00", rule)
    # Searched to the year 9999, the answer would come after the client has given up.
    assert starts(ann, made) == ["2026-11-24T10:00:00+01:00"]


def test_instances_of_a_single_event_are_refused(google: GoogleEmulator, ann: Any) -> None:
    made = google.create_event(ANN, timed("2026-11-24T10:00"))["id"]
    call = ann.events().instances(calendarId="primary", eventId=made)
    assert refusal(call.execute) == (400, "invalid")


def test_exceptions_go_with_the_occurrences_a_series_loses(
    google: GoogleEmulator, ann: Any
) -> None:
    made = series(google, "2026-11-24T10:00", "RRULE:FREQ=WEEKLY")
    late = f"{made}_20261215T090000Z"
    google.patch_event(ANN, late, {"summary": "late one"})
    until = {"recurrence": ["RRULE:FREQ=WEEKLY;UNTIL=20261210T000000Z"]}
    google.patch_event(ANN, made, until)
    gone = ann.events().get(calendarId="primary", eventId=late).execute()
    assert gone["status"] == "cancelled"
    assert len(starts(ann, made)) == 3


def test_deleting_a_series_buries_its_exceptions(google: GoogleEmulator, ann: Any) -> None:
    made = series(google, "2026-11-24T10:00", "RRULE:FREQ=WEEKLY")
    google.patch_event(ANN, f"{made}_20261201T090000Z", {"summary": "special"})
    google.delete_event(ANN, made)
    assert ids(ann.events().list(calendarId="primary").execute()) == []
    all_of_them = ann.events().list(calendarId="primary", showDeleted=True).execute()["items"]
    assert {item["status"] for item in all_of_them} == {"cancelled"}
    assert len(all_of_them) == 2


def test_a_deleted_series_leaves_ghosts_in_single_events(google: GoogleEmulator, ann: Any) -> None:
    google.set_clock("2026-11-20T08:00:00+00:00")
    made = series(google, "2026-11-24T10:00", "RRULE:FREQ=WEEKLY")
    whole = ann.events().list(calendarId="primary", singleEvents=True, maxResults=2500)
    token = whole.execute()["nextSyncToken"]
    google.delete_event(ANN, made)
    answer = (
        ann.events()
        .list(calendarId="primary", singleEvents=True, syncToken=token, maxResults=2500)
        .execute()
    )
    assert {item["status"] for item in answer["items"]} == {"cancelled"}
    assert len(answer["items"]) == 26  # about six months of Tuesdays, although it is endless
