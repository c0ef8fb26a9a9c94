"""webhook/test: an event is made, awaited and removed; each latency is told."""

from uuid import UUID

from tests.api.people import Client, code
from tests.support.rig import Rig

ANN = "ann@example.test"


def left(rig: Rig) -> list[str]:
    """Events at the provider and in the mirror."""
    there = [str(event.get("summary")) for event in rig.google.events(ANN)]
    return there + rig.titles()


def test_push_that_works_passes_and_leaves_nothing(rig: Rig, ann: Client, ann_id: UUID) -> None:
    answer = ann.post(f"webhook/test/{ann_id}")
    assert answer.status_code == 200
    found = answer.json()
    assert found["passed"], found
    assert 0 < found["created_seconds"] <= found["notified_seconds"] <= found["mirrored_seconds"]
    assert left(rig) == []
    (entry,) = rig.rows("audit_log", action="push.tested")
    assert entry["request_id"] == answer.headers["X-Request-Id"]


def test_push_that_is_silent_fails_and_leaves_nothing(rig: Rig, ann: Client, ann_id: UUID) -> None:
    rig.reopen(CRON_BUDGET_SECONDS="1")
    rig.google.fault("drop_notification")
    found = ann.post(f"webhook/test/{ann_id}").json()
    assert (found["passed"], found["push_expected"]) == (False, True)
    assert found["notified_seconds"] is None
    assert found["mirrored_seconds"] is not None
    assert found["cleaned_up"]
    assert left(rig) == []


def test_a_create_that_is_refused_is_told(rig: Rig, ann: Client, ann_id: UUID) -> None:
    rig.google.fault("status", status=403, match={"method": "events.insert"})
    found = ann.post(f"webhook/test/{ann_id}").json()
    assert not found["passed"]
    assert found["error"]
    assert left(rig) == []


def test_a_create_whose_answer_is_lost_is_cleaned_up(rig: Rig, ann: Client, ann_id: UUID) -> None:
    rig.google.lose_answers("events.insert", times=None)
    found = ann.post(f"webhook/test/{ann_id}").json()
    assert found["cleaned_up"], found
    assert left(rig) == []


def test_a_calendar_that_is_turned_off_is_refused(rig: Rig, ann: Client, ann_id: UUID) -> None:
    (calendar,) = ann.get("calendars").json()["items"]
    path = f"calendars/{calendar['id']}/settings"
    assert ann.request("PATCH", path, json={"sync_enabled": False}).status_code == 200
    assert code(ann.post(f"webhook/test/{ann_id}")) == (409, "refused")


def test_a_repeated_request_makes_no_second_event(rig: Rig, ann: Client, ann_id: UUID) -> None:
    first, second = (
        ann.post(f"webhook/test/{ann_id}", Idempotency_Key="one-and-the-same") for _ in range(2)
    )
    assert first.json() == second.json()
    assert rig.count("audit_log", action="push.tested") == 1
