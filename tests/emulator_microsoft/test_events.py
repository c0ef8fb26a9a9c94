"""Single events: what is stored, what is refused, ids, versions, deduplication."""

from typing import Any

import httpx
import pytest

from tests.emulator_microsoft.helpers import (
    ANN,
    IMMUTABLE,
    SPAN,
    TAG,
    ZONE,
    Graph,
    refused,
    timed,
    whole_day,
)
from tests.support.microsoft_emulator import MicrosoftEmulator

TAGGED = {"singleValueExtendedProperties": [{"id": TAG, "value": "blk-1"}]}
BERLIN = f'outlook.timezone="{ZONE}"'


def test_defaults(ann: Graph) -> None:
    made = ann.post("/me/events", timed("2026-11-24T10:00"))
    expected = {
        "type": "singleInstance",
        "showAs": "busy",
        "sensitivity": "normal",
        "isCancelled": False,
        "isAllDay": False,
        "isOrganizer": True,
        "seriesMasterId": None,
        "recurrence": None,
        "attendees": [],
        "responseStatus": {"response": "organizer", "time": "0001-01-01T00:00:00Z"},
        "organizer": {"emailAddress": {"name": "Ann Adler", "address": ANN}},
    }
    assert {key: made[key] for key in expected} == expected
    assert made["@odata.etag"] == f'W/"{made["changeKey"]}"'
    assert "transactionId" not in made
    assert "originalStart" not in made


def test_times_in_the_preferred_zone(ann: Graph) -> None:
    made = ann.post("/me/events", timed("2026-07-01T10:00", zone=ZONE))
    assert made["start"] == {"dateTime": "2026-07-01T08:00:00.0000000", "timeZone": "UTC"}
    path = f"/me/events/{made['id']}"
    local = ann.get(path, Prefer=BERLIN)
    assert local["start"] == {"dateTime": "2026-07-01T10:00:00.0000000", "timeZone": ZONE}
    iana = ann.get(path, Prefer='outlook.timezone="America/New_York"')
    assert iana["start"]["dateTime"] == "2026-07-01T04:00:00.0000000"
    answer = ann.ask("GET", path, Prefer='outlook.timezone="Mars Standard Time"')
    assert refused(answer) == (400, "TimeZoneNotSupportedException")


def test_preferences_are_confirmed(ann: Graph) -> None:
    answer = ann.ask("GET", "/me/events", Prefer=f"{IMMUTABLE}, {BERLIN}")
    assert answer.headers["Preference-Applied"] == f"{IMMUTABLE}, {BERLIN}"
    assert "Preference-Applied" not in ann.ask("GET", "/me/events").headers


@pytest.mark.parametrize(
    ("zone", "stored"),
    [(ZONE, ZONE), ("Europe/Berlin", ZONE), ("UTC", "UTC"), ("Europe/Vienna", "Europe/Vienna")],
)
def test_zones_are_remembered_by_their_windows_names(ann: Graph, zone: str, stored: str) -> None:
    made = ann.post("/me/events", timed("2026-11-24T10:00", zone=zone))
    assert made["originalStartTimeZone"] == stored
    assert made["originalEndTimeZone"] == stored


def test_a_zone_may_have_no_name(microsoft: MicrosoftEmulator, ann: Graph) -> None:
    custom = "tzone://Microsoft/Custom"
    made = microsoft.create_event(
        ANN, timed("2026-11-24T10:00", zone=ZONE, originalStartTimeZone=custom)
    )
    found = ann.get(f"/me/events/{made['id']}")
    assert found["originalStartTimeZone"] == custom
    assert found["start"]["dateTime"] == "2026-11-24T09:00:00.0000000"


def test_start_and_end_may_differ_in_zone(ann: Graph) -> None:
    body = timed("2026-11-24T10:00", zone=ZONE)
    body["end"] = {"dateTime": "2026-11-24T10:00:00", "timeZone": "UTC"}
    made = ann.post("/me/events", body)
    assert made["start"]["dateTime"] == "2026-11-24T09:00:00.0000000"
    assert made["end"]["dateTime"] == "2026-11-24T10:00:00.0000000"
    assert made["originalEndTimeZone"] == "UTC"
    path = f"/me/events/{made['id']}"
    later = {"start": {"dateTime": "2026-11-24T09:30:00", "timeZone": "UTC"}}
    moved = ann.patch(path, later)
    assert moved["end"]["dateTime"] == "2026-11-24T10:00:00.0000000"
    assert moved["originalEndTimeZone"] == "UTC"


@pytest.mark.parametrize("zone", ["UTC", ZONE, "Pacific Standard Time"])
def test_all_day_events_float(ann: Graph, zone: str) -> None:
    made = ann.post("/me/events", whole_day("2026-11-24", 2, zone), Prefer=BERLIN)
    assert made["isAllDay"]
    assert made["start"] == {"dateTime": "2026-11-24T00:00:00.0000000", "timeZone": "UTC"}
    assert made["end"] == {"dateTime": "2026-11-26T00:00:00.0000000", "timeZone": "UTC"}


@pytest.mark.parametrize(
    "body",
    [
        whole_day("2026-11-24") | timed("2026-11-24T10:00"),
        whole_day("2026-11-24", 0),
        whole_day("2026-11-24")
        | {"end": {"dateTime": "2026-11-25T00:00:00", "timeZone": "Tokyo Standard Time"}},
    ],
)
def test_all_day_rules(ann: Graph, body: dict[str, Any]) -> None:
    answer = ann.ask("POST", "/me/events", body | {"isAllDay": True})
    assert refused(answer) == (400, "ErrorPropertyValidationFailure")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"start": None}, "ErrorPropertyValidationFailure"),
        ({"end": {"dateTime": ""}}, "ErrorPropertyValidationFailure"),
        (
            {"end": {"dateTime": "2026-11-24T09:00:00", "timeZone": "UTC"}},
            "ErrorPropertyValidationFailure",
        ),
        ({"start": {"dateTime": "tomorrow", "timeZone": "UTC"}}, "ErrorInvalidRequest"),
        (
            {"start": {"dateTime": "2026-11-24T09:00:00", "timeZone": "Nowhere"}},
            "TimeZoneNotSupportedException",
        ),
        ({"showAs": "asleep"}, "ErrorInvalidRequest"),
        ({"subject": 5}, "ErrorInvalidRequest"),
        ({"attendees": [{"type": "required"}]}, "ErrorInvalidRequest"),
        ({"singleValueExtendedProperties": [{"id": "x", "value": "1"}]}, "ErrorInvalidRequest"),
        (
            {"recurrence": {"pattern": {"type": "hourly"}, "range": {"type": "noEnd"}}},
            "ErrorPropertyValidationFailure",
        ),
    ],
)
def test_refused_bodies(ann: Graph, change: dict[str, Any], code: str) -> None:
    answer = ann.ask("POST", "/me/events", timed("2026-11-24T10:00") | change)
    assert refused(answer) == (400, code)
    assert ann.get("/me/events")["value"] == []


def test_changes(ann: Graph) -> None:
    made = ann.post("/me/events", timed("2026-11-24T10:00"))
    path = f"/me/events/{made['id']}"
    changed = ann.patch(path, {"subject": "New", "showAs": "oof"})
    assert (changed["subject"], changed["showAs"]) == ("New", "oof")
    assert changed["start"] == made["start"]
    assert changed["changeKey"] != made["changeKey"]
    assert changed["createdDateTime"] == made["createdDateTime"]
    assert ann.get(path) == changed


def test_read_only_properties_are_the_owners_alone(
    microsoft: MicrosoftEmulator, ann: Graph
) -> None:
    made = ann.post("/me/events", timed("2026-11-24T10:00", isCancelled=True, isOrganizer=False))
    assert not made["isCancelled"]
    assert made["isOrganizer"]
    declined = {"response": "declined", "time": "2026-11-20T08:00:00Z"}
    microsoft.patch_event(
        ANN,
        made["id"],
        {"isCancelled": True, "isOrganizer": False, "responseStatus": declined},
    )
    found = ann.get(f"/me/events/{made['id']}")
    assert found["isCancelled"]
    assert found["responseStatus"] == declined


def test_versions(ann: Graph) -> None:
    made = ann.post("/me/events", timed("2026-11-24T10:00"))
    path, etag = f"/me/events/{made['id']}", made["@odata.etag"]
    newer = ann.patch(path, {"subject": "1"}, If_Match=etag)["@odata.etag"]
    conflict = (412, "ErrorIrresolvableConflict")
    assert refused(ann.ask("PATCH", path, {"subject": "2"}, If_Match=etag)) == conflict
    assert refused(ann.ask("DELETE", path, If_Match=etag)) == conflict
    assert ann.get(path)["subject"] == "1"
    ann.patch(path, {"subject": "3"}, If_Match="*")
    assert refused(ann.ask("DELETE", path, If_Match=newer)) == conflict
    ann.delete(path)


def test_deleting_twice(ann: Graph) -> None:
    made = ann.post("/me/events", timed("2026-11-24T10:00"))
    path = f"/me/events/{made['id']}"
    ann.delete(path)
    for verb in ("DELETE", "GET", "PATCH"):
        assert refused(ann.ask(verb, path, {})) == (404, "ErrorItemNotFound")


@pytest.mark.parametrize("wrong", ["AAMkAGnonsense=", "AAMkAG", "x", "AAkALgAA"])
def test_ids_that_are_none(ann: Graph, wrong: str) -> None:
    assert refused(ann.ask("GET", f"/me/events/{wrong}")) == (404, "ErrorItemNotFound")


def test_an_event_is_found_in_its_own_calendar_only(ann: Graph) -> None:
    other = ann.post("/me/calendars", {"name": "Other"})["id"]
    made = ann.post(f"/me/calendars/{other}/events", timed("2026-11-24T10:00"))
    assert ann.get(f"/me/events/{made['id']}")["id"] == made["id"]
    default = ann.get("/me/calendar")["id"]
    answer = ann.ask("GET", f"/me/calendars/{default}/events/{made['id']}")
    assert refused(answer) == (404, "ErrorItemNotFound")
    assert ann.get("/me/events")["value"] == []


def test_moving_changes_the_ordinary_id_only(microsoft: MicrosoftEmulator, ann: Graph) -> None:
    microsoft.add_calendar(ANN, "Other")
    made = ann.post("/me/events", timed("2026-11-24T10:00"))
    path = f"/me/events/{made['id']}"
    lasting = ann.get(path, Prefer=IMMUTABLE)["id"]
    assert lasting != made["id"]
    microsoft.move_event(ANN, made["id"], "Other")
    assert refused(ann.ask("GET", path)) == (404, "ErrorItemNotFound")
    moved = ann.get(f"/me/events/{lasting}")
    assert moved["id"] not in (made["id"], lasting)
    assert ann.get(f"/me/events/{moved['id']}", Prefer=IMMUTABLE)["id"] == lasting
    assert ann.get("/me/events")["value"] == []
    microsoft.move_event(ANN, lasting, "primary", "Other")
    assert [row["id"] for row in microsoft.events(ANN, deleted=True)] == [lasting]
    assert [row["id"] for row in microsoft.events(ANN, "Other", deleted=True)] == [lasting]


@pytest.mark.parametrize(
    ("prefer", "immutable"),
    [
        ('IdType="ImmutableId"', True),
        ('outlook.timezone="UTC", idtype = "immutableid"', True),
        ("IdType=ImmutableId; odata.maxpagesize=5", True),
        ('IdType="RestId"', False),
        ("respond-async", False),
    ],
)
def test_how_immutable_ids_are_asked_for(ann: Graph, prefer: str, immutable: bool) -> None:
    made = ann.post("/me/events", timed("2026-11-24T10:00"))
    assert (ann.get(f"/me/events/{made['id']}", Prefer=prefer)["id"] != made["id"]) == immutable


def test_a_transaction_happens_once(microsoft: MicrosoftEmulator, ann: Graph) -> None:
    body = timed("2026-11-24T10:00", transactionId="blk-1-v1")
    first = ann.ask("POST", "/me/events", body)
    again = ann.ask("POST", "/me/events", body | {"subject": "other"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["transactionId"] == "blk-1-v1"
    assert again.json()["id"] == first.json()["id"]
    assert len(microsoft.events(ANN)) == 1
    microsoft.settings(duplicate_transaction_status=409)
    assert ann.ask("POST", "/me/events", body).status_code == 409
    ann.delete(f"/me/events/{first.json()['id']}")
    assert ann.ask("POST", "/me/events", body).json()["id"] != first.json()["id"]


def test_transactions_are_per_mailbox(ann: Graph, ben: Graph) -> None:
    body = timed("2026-11-24T10:00", transactionId="same")
    assert ann.post("/me/events", body)["id"] != ben.post("/me/events", body)["id"]


def test_extended_properties(ann: Graph) -> None:
    made = ann.post("/me/events", timed("2026-11-24T10:00") | TAGGED)
    ann.post("/me/events", timed("2026-11-24T12:00"))
    assert "singleValueExtendedProperties" not in made
    expand = f"$expand=singleValueExtendedProperties($filter=id eq '{TAG}')"
    rows = ann.get(f"/me/events?{expand}&$select=subject&$orderby=start/dateTime")["value"]
    assert rows[0]["singleValueExtendedProperties"] == [{"id": TAG, "value": "blk-1"}]
    assert "singleValueExtendedProperties" not in rows[1]
    any_of = "$filter=singleValueExtendedProperties/Any(ep: ep/id eq '{}' and ep/value eq '{}')"
    found = ann.get(f"/me/events?{any_of.format(TAG, 'BLK-1')}")["value"]
    assert [row["id"] for row in found] == [made["id"]]
    assert "singleValueExtendedProperties" not in found[0]
    assert ann.get(f"/me/events?{any_of.format(TAG, 'blk-2')}")["value"] == []


def test_extended_properties_are_invisible_in_delta(ann: Graph) -> None:
    ann.post("/me/events", timed("2026-11-24T10:00") | TAGGED)
    rows, _ = ann.pages(f"/me/calendarView/delta?{SPAN}")
    assert len(rows) == 1
    assert "singleValueExtendedProperties" not in rows[0]


def test_online_meetings(ann: Graph) -> None:
    body = timed("2026-11-24T10:00", isOnlineMeeting=True)
    made = ann.post("/me/events", body)
    assert made["onlineMeetingProvider"] == "teamsForBusiness"
    assert made["onlineMeeting"]["joinUrl"].startswith("https://teams.microsoft.com/l/meetup-join/")
    plain = ann.patch(f"/me/events/{made['id']}", {"isOnlineMeeting": False})
    assert (plain["onlineMeeting"], plain["onlineMeetingProvider"]) == (None, "unknown")


def test_bodies(ann: Graph) -> None:
    html = {"contentType": "HTML", "content": "<p>Dear <b>all</b></p>"}
    made = ann.post("/me/events", timed("2026-11-24T10:00", body=html))
    assert made["bodyPreview"] == "Dear all"
    assert made["body"]["contentType"] == "html"
    assert "<b>all</b>" in made["body"]["content"]
    text = ann.get(f"/me/events/{made['id']}", Prefer='outlook.body-content-type="text"')
    assert text["body"] == {"contentType": "text", "content": "Dear all"}


@pytest.mark.parametrize("raw", ["{", "[]", "5"])
def test_payloads_that_are_no_object(microsoft: MicrosoftEmulator, ann: Graph, raw: str) -> None:
    headers = {"Authorization": f"Bearer {ann.token}", "Content-Type": "application/json"}
    answer = httpx.post(f"{microsoft.graph_url}/me/events", content=raw, headers=headers)
    assert refused(answer) == (400, "BadRequest")
