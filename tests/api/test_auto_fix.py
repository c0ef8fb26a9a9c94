"""auto-fix finds what is wrong, applies the fitting repair, and says what it did."""

from typing import Any
from uuid import UUID

import pytest

from tests.api.people import Client
from tests.support.rig import Rig


@pytest.fixture
def calendar_id(rig: Rig, ann_id: UUID) -> UUID:
    """Ann's calendar."""
    (row,) = rig.rows("calendars", user_id=ann_id)
    found: UUID = row["id"]
    return found


def fixed(ann: Client, ann_id: UUID) -> dict[str, Any]:
    """What auto-fix answers."""
    answer = ann.post(f"webhook/auto-fix/{ann_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def repairs(found: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """Problem, repair, and whether it helped."""
    return [(each["problem"], each["repair"], each["done"]) for each in found["repairs"]]


def test_nothing_is_done_where_all_is_well(rig: Rig, ann: Client, ann_id: UUID) -> None:
    assert fixed(ann, ann_id) == {"health": "ok", "repairs": []}
    assert rig.count("audit_log", action="autofix.applied") == 0


TROUBLES = {
    "dead sync": (
        "update calendar_sync_states set dead_at = now(), attempts = 9, last_error_code = 'x'",
        ("sync_dead", "retry"),
    ),
    "failing sync": (
        "update calendar_sync_states set attempts = 2, last_error_code = 'network'",
        ("sync_failing", "retry"),
    ),
    "drift": (
        "select open_alert(user_id, account_id, id, 'drift', 'high', 'It drifts') from calendars",
        ("drift", "resync"),
    ),
    "push given up": (
        "select give_push_up(user_id, id, 'given_up') from calendars",
        ("push_given_up", "re_enable"),
    ),
    "no subscription": (
        "update webhook_subscriptions set status = 'expired', ended_at = now()",
        ("not_subscribed", "recreate"),
    ),
    "failing push": (
        "update calendar_sync_states set webhook_failures = 2",
        ("push_failing", "recreate"),
    ),
    "ends soon": (
        "update webhook_subscriptions set expires_at = now() + interval '5 hours'",
        ("ends_soon", "renew"),
    ),
}


@pytest.mark.parametrize(("trouble", "expected"), TROUBLES.values(), ids=TROUBLES.keys())
def test_trouble_is_repaired(
    rig: Rig, ann: Client, ann_id: UUID, trouble: str, expected: tuple[str, str]
) -> None:
    rig.sql(trouble)
    found = fixed(ann, ann_id)
    assert repairs(found)[0] == (*expected, True), found
    assert rig.count("audit_log", action="autofix.applied") == len(found["repairs"])


def test_an_account_that_is_let_in_again_is_restored(
    rig: Rig, ann: Client, ann_id: UUID, calendar_id: UUID
) -> None:
    rig.sql("select require_reauthorization(user_id, id, 'invalid_grant') from calendar_accounts")
    assert ann.get("sync/health").json()["health"] == "broken"
    assert repairs(fixed(ann, ann_id)) == [("access_lost", "sign_in", True)]
    rig.drain()
    assert rig.method(calendar_id) == "webhook"
    assert ann.get("sync/health").json()["health"] == "ok"


def test_what_cannot_be_repaired_is_told(rig: Rig, ann: Client, ann_id: UUID) -> None:
    rig.sql("select require_reauthorization(user_id, id, 'invalid_grant') from calendar_accounts")
    rig.google.fault("status", status=403, match={"path_regex": "calendarList"})
    found = fixed(ann, ann_id)
    assert repairs(found) == [("access_lost", "sign_in", False)]
    assert found["health"] == "broken"
    assert found["repairs"][0]["outcome"]


def test_a_provider_that_refuses_a_subscription_is_told(
    rig: Rig, ann: Client, ann_id: UUID
) -> None:
    rig.sql("update webhook_subscriptions set status = 'expired', ended_at = now()")
    rig.google.fault("status", status=403, match={"path_regex": "/watch"})
    assert repairs(fixed(ann, ann_id)) == [("not_subscribed", "recreate", False)]


def test_health_is_the_same_at_every_depth(rig: Rig, ann: Client, ann_id: UUID) -> None:
    rig.sql("update calendar_sync_states set webhook_failures = 2")
    looks = [
        ann.get(path).json()
        for path in ("sync/health", f"webhook/health/{ann_id}", f"monitoring/health/{ann_id}")
    ]
    assert [look["health"] for look in looks] == ["warning"] * 3
    assert looks[1]["coverage_percent"] == 100.0
    assert looks[2]["figures"]["calendars"] == 1
    assert "make the subscription again" in looks[0]["recommendations"][0]


def test_metrics_count_what_push_brought(rig: Rig, ann: Client, ann_id: UUID) -> None:
    (calendar,) = rig.rows("calendars")
    rig.google.notify(calendar=calendar["provider_calendar_id"])
    rig.until(lambda: rig.count("webhook_notifications", outcome="accepted") > 0)
    rig.later(seconds=5)
    rig.drain()
    found = ann.get(f"webhook/metrics/{ann_id}").json()
    assert (found["syncs"], found["failed"], found["success_percent"]) == (1, 0, 100.0)
    assert found["outcomes"] == {"accepted": 1, "confirmed": 1}
    assert found["p50_seconds"] >= 0
    assert found["days"][0]["syncs"] == 1
