"""What a program that writes into calendars relies on, lost answers included."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from googleapiclient.errors import HttpError
from googleapiclient.http import BatchHttpRequest

from tests.emulator_google.helpers import ANN, BEN, ids, refusal, timed
from tests.support.google_emulator import GoogleEmulator

TAG = {"private": {"calMirrorId": "blk-1"}}
BLOCK = timed(
    "2026-11-24T10:00",
    id="b10ck00001",
    summary="Busy",
    transparency="opaque",
    visibility="private",
    eventType="default",
    reminders={"useDefault": False},
    extendedProperties=TAG,
)
EVENTS = "calendars/primary/events"
Ask = Callable[..., httpx.Response]


@pytest.fixture
def ask(google: GoogleEmulator) -> Ask:
    """One HTTP request as Ann: the library's own transport repeats a cut one in silence."""
    token = google.tokens(ANN)["access_token"]

    def send(verb: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        auth = {"Authorization": f"Bearer {token}"} | headers
        return httpx.request(verb, google.api_url + path, json=body, headers=auth, timeout=30)

    return send


def test_a_block_comes_back_as_it_was_written(ann: Any) -> None:
    made = ann.events().insert(calendarId="primary", sendUpdates="none", body=BLOCK).execute()
    shown = ann.events().get(calendarId="primary", eventId=BLOCK["id"]).execute()
    assert shown == made
    for name in ("id", "summary", "visibility", "reminders", "extendedProperties"):
        assert made[name] == BLOCK[name], name


@pytest.mark.parametrize(
    ("verb", "body", "done"),
    [
        ("PATCH", {"summary": "new"}, lambda event: event["summary"] == "new"),
        ("PUT", BLOCK | {"summary": "new"}, lambda event: event["summary"] == "new"),
        ("DELETE", None, lambda event: event["status"] == "cancelled"),
    ],
)
def test_lost_answers_of_changes(
    google: GoogleEmulator, ask: Ask, verb: str, body: Any, done: Callable[[Any], bool]
) -> None:
    etag = ask("POST", EVENTS, BLOCK).json()["etag"]
    google.lose_answers(verb)
    path = f"{EVENTS}/{BLOCK['id']}"
    with pytest.raises(httpx.TransportError):
        ask(verb, path, body, **{"If-Match": etag})
    assert done(google.events(ANN, deleted=True)[0])
    again = ask(verb, path, body, **{"If-Match": etag})
    # The write is there already: its etag is another one by now, or the event is gone.
    assert again.status_code == (410 if verb == "DELETE" else 412)


def test_the_lost_answer_of_an_insert(google: GoogleEmulator, ask: Ask) -> None:
    google.lose_answers("events.insert", user=ANN, calendar=ANN)
    with pytest.raises(httpx.TransportError):
        ask("POST", EVENTS, BLOCK)
    assert [event["id"] for event in google.events(ANN)] == [BLOCK["id"]]
    again = ask("POST", EVENTS, BLOCK)
    assert (again.status_code, again.json()["error"]["errors"][0]["reason"]) == (409, "duplicate")
    assert google.calls("events.insert", user=ANN, calendar=ANN) == 2


def test_the_lost_answer_of_a_batch(google: GoogleEmulator) -> None:
    """Every part is carried out; no part of the answer arrives."""
    token = google.tokens(ANN)["access_token"]
    google.lose_answers("events.insert", times=None)
    head = "--b\r\nContent-Type: application/http\r\n\r\nPOST /calendar/v3/calendars/primary/events"
    body = json.dumps(timed("2026-11-24T10:00"))
    part = f"{head} HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{body}\r\n"
    with pytest.raises(httpx.TransportError):
        httpx.post(
            f"{google.url}/batch/calendar/v3",
            content=part * 3 + "--b--",
            headers={
                "Authorization": f"Bearer {token}",
                "Content-Type": "multipart/mixed; boundary=b",
            },
            timeout=30,
        )
    assert len(google.events(ANN)) == 3


def test_a_batch_is_judged_part_by_part(google: GoogleEmulator, ann: Any) -> None:
    made = ann.events().insert(calendarId="primary", body=BLOCK).execute()
    google.reset_counters()
    answers: dict[str, Any] = {}

    def note(name: str, answer: Any, error: HttpError | None) -> None:
        answers[name] = error.status_code if error is not None else answer

    batch = BatchHttpRequest(callback=note, batch_uri=f"{google.url}/batch/calendar/v3")
    events, where = ann.events(), {"calendarId": "primary"}
    patch = events.patch(**where, eventId=made["id"], body={"summary": "new"})
    patch.headers["If-Match"] = made["etag"]
    stale = events.patch(**where, eventId=made["id"], body={"summary": "newer"})
    stale.headers["If-Match"] = made["etag"]
    batch.add(events.insert(**where, body=BLOCK), request_id="duplicate")
    batch.add(patch, request_id="patch")
    batch.add(stale, request_id="stale")
    batch.add(events.delete(calendarId="nobody@example.test", eventId="x"), request_id="nowhere")
    batch.execute()
    assert answers["patch"]["summary"] == "new"
    assert [answers[name] for name in ("duplicate", "stale", "nowhere")] == [409, 412, 404]
    assert google.calls("events.insert", user=ANN, calendar=ANN) == 1
    assert google.calls("events.patch", user=ANN, calendar=ANN) == 2
    assert google.calls("events.delete", user=ANN, calendar="nobody@example.test") == 1
    assert google.counters()["total"] == 4


def test_patches_in_a_batch_cost_three_units_each(google: GoogleEmulator, ann: Any) -> None:
    ann.events().insert(calendarId="primary", body=BLOCK).execute()
    google.advance(61)
    google.settings(per_user_per_minute=6)
    statuses: list[int] = []
    batch = BatchHttpRequest(
        callback=lambda _, __, error: statuses.append(error.status_code if error else 200),
        batch_uri=f"{google.url}/batch/calendar/v3",
    )
    for number in range(3):
        body = {"summary": str(number)}
        batch.add(ann.events().patch(calendarId="primary", eventId=BLOCK["id"], body=body))
    batch.execute()
    assert statuses == [200, 200, 403]


def test_creates_patches_and_deletes_are_told_apart(google: GoogleEmulator, ann: Any) -> None:
    team = google.add_calendar(ANN, "Team")
    where = {"calendarId": team, "eventId": BLOCK["id"]}
    ann.events().insert(calendarId=team, body=BLOCK).execute()
    ann.events().patch(**where, body={"summary": "new"}).execute()
    ann.events().patch(**where, body={"summary": "newer"}).execute()
    ann.events().update(**where, body=BLOCK).execute()
    ann.events().delete(**where).execute()
    counted = {row["method"]: row["count"] for row in google.counters()["calls"]}
    kinds = {"events.insert": 1, "events.patch": 2, "events.update": 1, "events.delete": 1}
    assert counted == kinds
    assert {google.calls(kind, user=ANN, calendar=team) for kind in kinds} == {1, 2}
    assert google.calls("events.patch", calendar=ANN) == 0


def test_blocks_are_found_by_their_tag(google: GoogleEmulator, ann: Any) -> None:
    google.create_event(ANN, timed("2026-11-24T10:00"))
    ann.events().insert(calendarId="primary", body=BLOCK).execute()
    tagged = ann.events().list(calendarId="primary", privateExtendedProperty="calMirrorId=blk-1")
    assert ids(tagged.execute()) == [BLOCK["id"]]
    ann.events().delete(calendarId="primary", eventId=BLOCK["id"]).execute()
    assert ids(tagged.execute()) == []


@pytest.mark.parametrize(
    ("query", "to"),
    [
        ({}, []),
        ({"sendUpdates": "none"}, []),
        ({"sendUpdates": "all"}, [BEN, "guest@elsewhere.test"]),
        ({"sendUpdates": "externalOnly"}, ["guest@elsewhere.test"]),
        ({"sendNotifications": True}, [BEN, "guest@elsewhere.test"]),
    ],
)
def test_who_is_written_to(
    google: GoogleEmulator, ann: Any, query: dict[str, Any], to: list[str]
) -> None:
    guests = [{"email": BEN}, {"email": "guest@elsewhere.test"}]
    body = timed("2026-11-24T10:00", attendees=guests)
    made = ann.events().insert(calendarId="primary", body=body, **query).execute()["id"]
    where = {"calendarId": "primary", "eventId": made}
    ann.events().patch(**where, body={"summary": "new"}, **query).execute()
    ann.events().delete(**where, **query).execute()
    kinds = ["events.insert", "events.patch", "events.delete"] if to else []
    rows = [{"method": kind, "user": ANN, "event": made, "to": to} for kind in kinds]
    assert google.control("mails") == rows


def test_an_unknown_way_to_send_updates_writes_nothing(google: GoogleEmulator, ask: Ask) -> None:
    answer = ask("POST", f"{EVENTS}?sendUpdates=some", BLOCK)
    assert answer.status_code == 400
    assert google.events(ANN) == []


def test_readers_change_nothing(google: GoogleEmulator, ann: Any, ben: Any) -> None:
    team = google.add_calendar(ANN, "Team")
    ann.events().insert(calendarId=team, body=BLOCK).execute()
    where = {"calendarId": team, "eventId": BLOCK["id"]}
    writes = [
        ben.events().insert(calendarId=team, body=timed("2026-11-25T10:00")),
        ben.events().patch(**where, body={"summary": "new"}),
        ben.events().update(**where, body=BLOCK),
        ben.events().delete(**where),
    ]
    assert {refusal(write.execute) for write in writes} == {(404, "notFound")}
    google.control(f"people/{ANN}/calendars/Team/share", {"email": BEN, "role": "reader"})
    assert {refusal(write.execute) for write in writes} == {(403, "requiredAccessLevel")}
    assert [event["summary"] for event in google.events(ANN, team)] == ["Busy"]
