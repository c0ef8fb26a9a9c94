"""The control API itself: refusals, clock, raw store; and the envelope of unknown addresses."""

from typing import Any

import httpx
import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from emulator.common.control import is_loopback
from tests.emulator_google.helpers import ANN, BEN, timed
from tests.support.google_emulator import GoogleEmulator


def test_reset_empties_everything(google: GoogleEmulator, ann: Any) -> None:
    ann.events().list(calendarId="primary").execute()
    google.fault("slow")
    google.settings(latency_ms=1)
    google.advance(1000)
    google.reset()
    assert google.control("people") == []
    assert google.control("faults") == []
    assert google.control("settings")["latency_ms"] == 0
    assert google.counters()["total"] == 0


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("people", {"email": ANN}, 400),
        ("people", {"name": "no address"}, 400),
        ("people", {"email": "x@y.test", "timezone": "Mars/Olympus"}, 400),
        ("people/nobody@x.test/consent", {"scopes": "a", "redirect_uri": "http://x"}, 404),
        (f"people/{ANN}/consent", {"scopes": "a", "redirect_uri": "http://x"}, 400),
        (f"people/{ANN}/calendars/none/events", {}, 404),
        (f"people/{ANN}/calendars/primary/share", {"email": BEN, "role": "king"}, 400),
        ("settings", {"gravity": 0}, 400),
        ("clock", {"now": "noon"}, 400),
    ],
)
def test_refusals(google: GoogleEmulator, path: str, body: dict[str, Any], status: int) -> None:
    answer = httpx.post(f"{google.url}/_control/{path}", json=body)
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


def test_removing_an_unknown_fault(google: GoogleEmulator) -> None:
    assert httpx.delete(f"{google.url}/_control/faults/fault-9").status_code == 404


def test_the_clock_rules_updated(google: GoogleEmulator) -> None:
    google.set_clock("2030-01-01T00:00:00Z", frozen=True)
    assert google.create_event(ANN, timed("2030-01-02T10:00"))["updated"] == (
        "2030-01-01T00:00:00.000Z"
    )
    google.advance(1.5)
    assert google.create_event(ANN, timed("2030-01-02T10:00"))["updated"] == (
        "2030-01-01T00:00:01.500Z"
    )
    assert google.set_clock(None) != "2030-01-01T00:00:01.500Z"


def test_updated_moves_on_even_when_the_clock_stands(google: GoogleEmulator) -> None:
    google.set_clock("2030-01-01T00:00:00Z", frozen=True)
    event = google.create_event(ANN, timed("2030-01-02T10:00"))
    changed = google.patch_event(ANN, event["id"], {"summary": "x"})
    assert changed["updated"] > event["updated"]
    assert changed["etag"] != event["etag"]


def test_the_raw_store(google: GoogleEmulator) -> None:
    made = google.create_event(ANN, timed("2026-11-24T10:00"))
    assert google.events(ANN) == [made]
    assert google.control(f"calendars/{ANN}/primary/events") == [made]
    google.delete_event(ANN, made["id"])
    assert google.events(ANN) == []
    assert google.events(ANN, deleted=True)[0]["status"] == "cancelled"


def test_the_demo_can_be_seeded_again(google: GoogleEmulator) -> None:
    google.reset()
    assert google.control("seed", {}) == {"people": 3}
    assert google.control("seed", {}) == {"people": 3}
    assert len(google.events(ANN)) > 5


def test_calendars_by_title(google: GoogleEmulator) -> None:
    google.add_calendar(ANN, "Team", "Asia/Tokyo")
    event = google.create_event(ANN, timed("2026-11-24T10:00"), "Team")
    assert event["start"]["dateTime"] == "2026-11-24T18:00:00+09:00"
    google.control(f"people/{ANN}/calendars/Team", verb="DELETE")
    people = {person["email"]: person for person in google.control("people")}
    assert len(people[ANN]["calendars"]) == 1


def test_unknown_addresses_and_broken_bodies(google: GoogleEmulator) -> None:
    assert httpx.get(f"{google.url}/calendar/v3/nothing").json()["error"]["code"] == 404
    assert httpx.put(f"{google.url}/calendar/v3/channels/stop").status_code == 405
    token = google.tokens(ANN)["access_token"]
    for content in (b"{", b"[]"):
        answer = httpx.post(
            f"{google.url}/calendar/v3/calendars/primary/events",
            content=content,
            headers={"Authorization": f"Bearer {token}"},
        )
        assert answer.status_code == 400


@pytest.mark.parametrize(
    ("address", "allowed"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("10.0.0.1", False), (None, False)],
)
def test_loopback_only(address: str | None, allowed: bool) -> None:
    environ = EnvironBuilder(environ_base={"REMOTE_ADDR": address or ""}).get_environ()
    assert is_loopback(Request(environ)) == allowed
