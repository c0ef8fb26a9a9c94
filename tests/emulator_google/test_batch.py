"""The batch endpoint, through the library's own BatchHttpRequest."""

from typing import Any

import httpx
from googleapiclient.errors import HttpError
from googleapiclient.http import BatchHttpRequest

from tests.emulator_google.discovery import check
from tests.emulator_google.helpers import ANN, timed
from tests.support.google_emulator import GoogleEmulator

BATCH = "/batch/calendar/v3"


def test_many_calls_in_one_request(google: GoogleEmulator, ann: Any) -> None:
    answers: dict[str, Any] = {}

    def note(request_id: str, answer: Any, error: HttpError | None) -> None:
        answers[request_id] = error.status_code if error is not None else answer

    batch = BatchHttpRequest(callback=note, batch_uri=google.url + BATCH)
    events = ann.events()
    for number in range(20):
        body = timed("2026-11-24T10:00", id=f"batch{number:05}", summary=f"Grüße {number}")
        batch.add(events.insert(calendarId="primary", body=body), request_id=f"i{number}")
    batch.add(events.get(calendarId="primary", eventId="batch00003"), request_id="get")
    batch.add(events.get(calendarId="primary", eventId="unknown"), request_id="missing")
    batch.add(events.delete(calendarId="primary", eventId="batch00004"), request_id="delete")
    batch.execute()
    assert len(answers) == 23
    check("calendar.events.get", answers["get"])
    assert answers["get"]["summary"] == "Grüße 3"
    assert answers["missing"] == 404
    assert google.counters()["by_method"] == {
        "events.insert": 20,
        "events.get": 2,
        "events.delete": 1,
    }
    assert len(google.events(ANN)) == 19


def test_quota_counts_the_inner_calls(google: GoogleEmulator, ann: Any) -> None:
    google.settings(per_user_per_minute=2)
    outcomes: list[int] = []

    def note(_: str, __: Any, error: HttpError | None) -> None:
        outcomes.append(error.status_code if error is not None else 200)

    batch = BatchHttpRequest(callback=note, batch_uri=google.url + BATCH)
    for _ in range(3):
        batch.add(ann.events().list(calendarId="primary"))
    batch.execute()
    assert sorted(outcomes) == [200, 200, 403]


def test_at_most_a_thousand_calls(google: GoogleEmulator) -> None:
    part = b"--b\r\nContent-Type: application/http\r\n\r\nGET /calendar/v3/x\r\n\r\n\r\n"
    answer = httpx.post(
        google.url + BATCH,
        content=part * 1001 + b"--b--",
        headers={"Content-Type": "multipart/mixed; boundary=b"},
    )
    assert answer.status_code == 400
    assert "1001" in answer.json()["error"]["message"]


def test_no_multipart_is_refused(google: GoogleEmulator) -> None:
    answer = httpx.post(google.url + BATCH, content=b"{}")
    assert answer.status_code == 400


def test_a_nonsense_part_is_answered(google: GoogleEmulator) -> None:
    answer = httpx.post(
        google.url + BATCH,
        content=b"--b\r\nContent-Type: application/http\r\n\r\nnonsense\r\n--b--",
        headers={"Content-Type": "multipart/mixed; boundary=b"},
    )
    assert answer.status_code == 200
    assert b"HTTP/1.1 400 Bad Request" in answer.content
