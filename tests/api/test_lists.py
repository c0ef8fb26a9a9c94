"""Lists: every row exactly once, whatever the page size, and whatever comes in between."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.people import Client, code, person
from tests.support.rig import Rig, timed

ANN = "ann@example.test"
DAY = datetime(2026, 11, 23, tzinfo=UTC)
FILL = """
  insert into calendar_sync_logs (user_id, calendar_id, lease_token, sync_type, trigger, status,
                                  started_at, finished_at, created_at)
  select c.user_id, c.id, n, 'webhook', 'webhook', 'success', now(), now(),
         %(from)s::timestamptz + n / 4 * interval '1 second'
  from calendars c, generate_series(0, %(rows)s - 1) n
"""


def walked(client: Client, path: str, **query: Any) -> Iterator[dict[str, Any]]:
    """All rows of a list, page by page."""
    cursor: dict[str, str] = {}
    while True:
        page = client.get(path, **query, **cursor).json()
        assert len(page["items"]) <= query["limit"]
        yield from page["items"]
        if page["next_cursor"] is None:
            return
        cursor = {"cursor": page["next_cursor"]}


@settings(
    max_examples=12,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(limit=st.integers(1, 40))
def test_every_row_comes_once_and_newer_ones_disturb_nothing(
    rig: Rig, ann: Client, limit: int
) -> None:
    rig.sql("delete from calendar_sync_logs")
    # Four rows share each instant.
    rig.sql(FILL, {"from": DAY, "rows": 30})
    expected = [
        str(row["id"])
        for row in rig.sql("select id from calendar_sync_logs order by created_at desc, id desc")
    ]
    seen = []
    for number, row in enumerate(walked(ann, "sync-logs", limit=limit)):
        seen.append(row["id"])
        if number == 0:
            rig.sql(FILL, {"from": DAY + timedelta(hours=1), "rows": 3})
    assert seen == expected


@pytest.mark.parametrize("cursor", ["x", "e30", "WyJsaXN0X3N5bmNfbG9ncyIsMSwyXQ"])
def test_what_is_no_cursor_is_refused(ann: Client, cursor: str) -> None:
    assert code(ann.get("sync-logs", cursor=cursor)) == (400, "invalid_request")


def test_a_cursor_is_for_its_own_list(rig: Rig, ann: Client) -> None:
    rig.sql(FILL, {"from": DAY, "rows": 3})
    cursor = ann.get("sync-logs", limit=1).json()["next_cursor"]
    assert code(ann.get("audit-log", cursor=cursor)) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=05", "limit"),
        ("limit=1&limit=2", "limit"),
        ("calendar_id=me", "calendar_id"),
        ("color=red", "color"),
    ],
)
def test_a_bad_query_is_told_where(ann: Client, query: str, parameter: str) -> None:
    answer = ann.get(f"sync-logs?{query}")
    assert code(answer) == (400, "invalid_request")
    assert answer.json()["errors"][0]["parameter"] == parameter


def test_events_meetings_and_busy_times_of_a_span(rig: Rig, ann_id: UUID) -> None:
    for body in (
        timed("Early", DAY + timedelta(hours=8)),
        timed("Overlaps it", DAY + timedelta(hours=8, minutes=30)),
        timed("Free", DAY + timedelta(hours=12), transparency="transparent"),
        timed("Meeting", DAY + timedelta(hours=15), attendees=[{"email": "ben@example.test"}]),
        timed("Next day", DAY + timedelta(hours=24)),
        {"summary": "Fair", "start": {"date": "2026-11-24"}, "end": {"date": "2026-11-25"}},
        timed("Daily", DAY + timedelta(hours=18), recurrence=["RRULE:FREQ=DAILY;COUNT=3"]),
    ):
        rig.google.create_event(ANN, body)
    rig.drain()
    ann = person(rig, ann_id)
    span = {"from": DAY.isoformat(), "to": (DAY + timedelta(hours=22)).isoformat()}

    events = list(walked(ann, "events", limit=2, **span))
    assert [event["summary"] for event in events] == [
        "Early",
        "Overlaps it",
        "Free",
        "Meeting",
        "Daily",
    ]
    (meeting,) = ann.get("meetings", **span).json()["items"]
    assert (meeting["summary"], meeting["attendee_count"]) == ("Meeting", 1)
    busy = ann.get("free-busy", **span).json()["busy"]
    assert [(each["starts_at"][11:16], each["ends_at"][11:16]) for each in busy] == [
        ("08:00", "09:30"),
        ("15:00", "16:00"),
        ("18:00", "19:00"),
    ]
    one = ann.get(f"events/{events[0]['event_id']}").json()
    assert (one["summary"], one["kind"]) == ("Early", "single")

    whole = ann.get("events", **{"from": "2026-11-24T00:00:00Z", "to": "2026-11-24T01:00:00Z"})
    fair = next(each for each in whole.json()["items"] if each["summary"] == "Fair")
    assert (fair["start_date"], fair["starts_at"]) == ("2026-11-24", "2026-11-23T23:00:00Z")
    assert ann.get("free-busy", **{"from": span["to"], "to": span["from"]}).json()["busy"] == []
