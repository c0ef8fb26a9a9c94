"""Recorded and documented answers of Graph go through the adapter without loss."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from shared.decide.global_object_id import canonical_ical_uid
from shared.model import Deletion, Event, Refusal
from shared.providers.microsoft import MicrosoftSession
from shared.states import EventKind
from tests.providers.canned import Answer, CannedServer
from tests.providers.microsoft.conftest import DELTA_PATH, pull

PAYLOADS = Path(__file__).resolve().parents[4] / "shared" / "data" / "payloads"
CALENDAR = "/v1.0/me/calendars/cal-1"

pytestmark = pytest.mark.skipif(not PAYLOADS.exists(), reason="the recorded payloads are not here")


def payloads() -> Iterator[Any]:
    """Every answer that lists events, or is one."""
    for path in sorted(PAYLOADS.rglob("*.json")):
        body = json.loads(path.read_text(encoding="utf-8"))
        rows = body.get("value", [body]) if isinstance(body, dict) else []
        if rows and all(isinstance(row, dict) and is_event(row) for row in rows):
            yield pytest.param(rows, id=f"{path.parent.name}/{path.stem}")


def is_event(row: dict[str, Any]) -> bool:
    return "id" in row and ("start" in row or "@removed" in row)


@pytest.mark.parametrize("rows", list(payloads()))
def test_no_event_is_lost(
    canned: CannedServer, canned_session: MicrosoftSession, rows: list[dict[str, Any]]
) -> None:
    link = f"{canned.url}{DELTA_PATH}?$deltatoken=1"
    canned.answer(DELTA_PATH, Answer({"value": rows, "@odata.deltaLink": link}))
    for master in masters_in(rows):
        path = f"{CALENDAR}/events/{quote(master['id'])}"
        canned.answer(path, Answer(master))
        canned.answer(f"{path}/instances", Answer({"value": []}))
    (page,) = canned_session.fetch_changes(pull())
    found = [
        change
        for item in page.items
        for change in canned_session.normalise(item, "UTC", pull().window)
    ]

    # Documented listings of instances leave originalStart out; delta and instances have it.
    unnamed = {each.provider_event_id for each in found if isinstance(each, Refusal)}
    assert unnamed == {
        row["id"] for row in rows if row.get("type") == "exception" and "originalStart" not in row
    }
    read = {each.provider_event_id: each for each in found if isinstance(each, Event)}
    gone = {each.provider_event_id for each in found if isinstance(each, Deletion)}
    for row in rows:
        if "@removed" in row:
            assert row["id"] in gone
        elif not row.get("seriesMasterId") and row.get("type") != "seriesMaster":
            must_say_all(read[row["id"]], row)
        elif row.get("type") != "exception":
            assert read[row.get("seriesMasterId") or row["id"]].kind is EventKind.SERIES


def masters_in(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The masters that Graph would give: as recorded, or made from an occurrence."""
    rule = {
        "pattern": {"type": "daily", "interval": 1},
        "range": {"type": "noEnd", "startDate": "2019-01-01"},
    }
    for row in rows:
        if row.get("type") == "seriesMaster":
            yield row
        elif row.get("seriesMasterId"):
            master = {"id": row["seriesMasterId"], "type": "seriesMaster", "seriesMasterId": None}
            yield row | master | {"recurrence": row.get("recurrence") or rule}


def must_say_all(event: Event, row: dict[str, Any]) -> None:
    assert event.summary == (row.get("subject") or None)
    assert event.etag == row.get("@odata.etag", row.get("changeKey", ""))
    assert event.ical_uid == (canonical_ical_uid(row.get("iCalUId") or "") or None)
    assert event.location == ((row.get("location") or {}).get("displayName") or None)
    assert event.html_link == row.get("webLink")
    invited = [
        each["emailAddress"]["address"].lower()
        for each in row.get("attendees") or []
        if each["emailAddress"].get("address")
    ]
    assert [each.email for each in event.attendees] == invited
    assert event.when is not None
    assert event.when.all_day == (row.get("isAllDay") is True)
    if row.get("recurrence") is None:
        assert event.kind is EventKind.SINGLE
