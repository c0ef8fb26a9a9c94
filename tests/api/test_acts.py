"""What people change over the API happens, and is written down with actor and request."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.api.people import Client, code, service
from tests.support.rig import Rig

ANN = "ann@example.test"


@pytest.fixture
def calendar_id(rig: Rig, ann_id: UUID) -> UUID:
    """Ann's calendar."""
    (row,) = rig.rows("calendars", user_id=ann_id)
    found: UUID = row["id"]
    return found


def acts(rig: Rig) -> list[tuple[str, str]]:
    """Actions and subjects, in order, after the account was connected."""
    rows = rig.sql("select action, subject from audit_log order by created_at")
    found = [(row["action"], row["subject"]) for row in rows]
    return [act for act in found if act[0] != "account.connect"]


def living(rig: Rig) -> int:
    """Channels that deliver."""
    return sum(bool(channel["live"]) for channel in rig.google.channels())


def change(client: Client, calendar_id: UUID, **settings: Any) -> Any:
    """Settings after a change."""
    path = f"calendars/{calendar_id}/settings"
    return client.request("PATCH", path, json=settings).json()


def test_an_act_is_written_down_with_its_request(
    rig: Rig, ann: Client, ann_id: UUID, calendar_id: UUID
) -> None:
    path = f"calendars/{calendar_id}/reset"
    answer = ann.post(path, X_Request_Id="from-the-browser.1")
    assert answer.status_code == 202
    assert answer.headers["X-Request-Id"] == "from-the-browser.1"
    entry = ann.get("audit-log").json()["items"][0]
    assert (entry["actor"], entry["action"]) == (f"user:{ann_id}", "calendar.reset")
    assert (entry["subject"], entry["request_id"]) == (str(calendar_id), "from-the-browser.1")
    assert rig.method(calendar_id) == "full"


def test_a_request_id_that_is_unfit_is_replaced(rig: Rig, ann: Client) -> None:
    answer = ann.request("GET", "accounts", headers={"X-Request-Id": "a b\tc"})
    assert " " not in answer.headers["X-Request-Id"]


def test_what_fails_is_not_written_down(rig: Rig, ann: Client) -> None:
    nowhere = "00000000-0000-4000-8000-00000000ffff"
    assert code(ann.post(f"calendars/{nowhere}/reset")) == (404, "not_found")
    assert code(ann.post("real-time-sync/disable", {"calendar_id": nowhere})) == (404, "not_found")
    assert acts(rig) == []


def test_a_calendar_is_turned_off_and_on(rig: Rig, ann: Client, calendar_id: UUID) -> None:
    assert change(ann, calendar_id, sync_enabled=False) == {"sync_enabled": False}
    rig.drain()
    assert (rig.method(calendar_id), living(rig)) == ("disabled", 0)
    assert change(ann, calendar_id, sync_enabled=False) == {"sync_enabled": False}

    assert change(ann, calendar_id, sync_enabled=True) == {"sync_enabled": True}
    rig.drain()
    assert (rig.method(calendar_id), living(rig)) == ("webhook", 1)
    assert acts(rig) == [("settings.changed", str(calendar_id))] * 2


@pytest.mark.parametrize("body", [{}, {"sync_enabled": "no"}, {"sync_enabled": None}, {"color": 1}])
def test_unfit_settings_are_refused(ann: Client, calendar_id: UUID, body: dict[str, Any]) -> None:
    answer = ann.request("PATCH", f"calendars/{calendar_id}/settings", json=body)
    assert code(answer) == (400, "invalid_request")
    assert answer.json()["errors"][0]["pointer"].startswith("#/")


def test_push_is_turned_off_and_on(rig: Rig, ann: Client, calendar_id: UUID) -> None:
    off = ann.post("real-time-sync/disable").json()
    assert (off["enabled"], off["stopped"], living(rig)) == (False, 1, 0)
    assert off["calendars"][0]["reason"] == "push is turned off"
    rig.later(days=1)
    rig.drain()
    assert living(rig) == 0
    assert ann.get("real-time-sync/status").json()["enabled"] is False

    on = ann.post("real-time-sync/enable").json()
    assert (on["enabled"], on["made"], on["failed"], living(rig)) == (True, 1, 0, 1)
    assert [action for action, _ in acts(rig)] == ["push.turned_off", "push.turned_on"]


def test_a_missing_subscription_is_made(rig: Rig, ann: Client) -> None:
    rig.sql("update webhook_subscriptions set status = 'expired', ended_at = now()")
    assert ann.post("real-time-sync/enable").json()["made"] == 1
    assert ann.post("real-time-sync/enable").json()["made"] == 0
    assert acts(rig) == []


def test_subscriptions_are_renewed_now(rig: Rig, ann: Client, ann_id: UUID) -> None:
    assert ann.post("webhooks/renew").json() == {"made": 1, "failed": 0}
    assert ann.post(f"webhook/recreate/{ann_id}").json() == {"made": 1, "failed": 0}
    assert len(rig.google.channels()) == 3
    assert acts(rig) == [("subscriptions.renewed", "all")] * 2


def test_an_alert_is_resolved_once(rig: Rig, ann: Client, ann_id: UUID, calendar_id: UUID) -> None:
    rig.sql(
        "select open_alert(user_id, account_id, id, 'drift', 'high', 'It drifts') from calendars"
    )
    path = f"monitoring/alerts/{ann_id}"
    (alert,) = ann.get(path, open="true").json()["items"]
    resolve = f"monitoring/alerts/{alert['id']}/resolve"
    first, second = ann.post(resolve), service(rig).post(resolve, {"user_id": str(ann_id)})
    assert first.json()["resolved_by"] == f"user:{ann_id}"
    assert second.json() == first.json()
    assert ann.get(path, open="true").json()["items"] == []
    assert len(ann.get(path, open="false").json()["items"]) == 1
    assert acts(rig) == [("alert.resolved", alert["id"])]


def test_the_service_role_is_seen_by_the_person(rig: Rig, ann: Client, ann_id: UUID) -> None:
    for _ in range(2):
        service(rig).get("events", user_id=str(ann_id))
        service(rig).get("events", user_id="00000000-0000-4000-8000-00000000ffff")
    assert acts(rig) == [("service_key.used", "GET events")]
    entry = ann.get("audit-log").json()["items"][0]
    assert (entry["actor"], entry["action"]) == ("service_role", "service_key.used")
    rig.later(hours=2)
    service(rig).get("events", user_id=str(ann_id))
    assert len(acts(rig)) == 2


def test_nobody_is_a_person_whom_nobody_knows(rig: Rig) -> None:
    unknown = "00000000-0000-4000-8000-00000000ffff"
    assert code(service(rig).post(f"webhook/recreate/{unknown}")) == (404, "not_found")


def test_verify_reports_drift(rig: Rig, ann: Client, ann_id: UUID, calendar_id: UUID) -> None:
    assert ann.post(f"webhook/verify/{ann_id}").json()["equal"] is True
    rig.google.create_event(
        ANN,
        {
            "summary": "Unseen",
            "start": {"dateTime": (rig.now() + timedelta(days=1)).isoformat()},
            "end": {"dateTime": (rig.now() + timedelta(days=2)).isoformat()},
        },
    )
    rig.until(lambda: rig.drain() and rig.titles() == ["Unseen"])
    rig.sql("delete from calendar_events")
    found = ann.post(f"webhook/verify/{ann_id}", {"calendar_id": str(calendar_id)}).json()
    (report,) = found["calendars"]
    assert (found["equal"], report["drift"], len(report["missing"])) == (False, 1, 1)
