"""The hybrid loop on Graph: notifications, polls, subscriptions, lost access, patience."""

from datetime import timedelta

import httpx

from tests.flow.microsoft.outlook import ANN, TOMORROW, drifted, event, settled
from tests.support.rig import Rig


def test_a_change_reaches_the_mirror_through_its_notification(rig: Rig) -> None:
    calendar = settled(rig)
    rig.microsoft.create_event(ANN, event("Board", TOMORROW))
    rig.until(lambda: rig.count("webhook_notifications", outcome="accepted"))
    rig.drain()
    assert rig.titles() == ["Board"]
    assert rig.count("calendar_sync_logs", trigger="webhook", sync_type="webhook")
    assert rig.method(calendar) == "webhook"
    assert drifted(rig, calendar) == 0


def test_a_change_that_is_listed_late_is_looked_for_once_more(rig: Rig) -> None:
    calendar = settled(rig)
    rig.microsoft.settings(delta_lag_ms=10_000)
    rig.microsoft.create_event(ANN, event("Late", TOMORROW))
    rig.until(lambda: rig.count("webhook_notifications", outcome="accepted"))
    rig.drain()
    assert rig.titles() == []
    assert rig.state(calendar)["due_at"] == rig.now() + timedelta(seconds=20)
    rig.later(seconds=20)
    rig.drain()
    assert rig.titles() == ["Late"]
    assert rig.state(calendar)["webhook_failures"] == 0, "it was announced"
    assert rig.state(calendar)["due_at"] > rig.now() + timedelta(hours=5)
    assert drifted(rig, calendar) == 0


def test_a_dropped_notification_is_found_by_the_six_hour_poll(rig: Rig) -> None:
    calendar = settled(rig)
    (before,) = rig.rows("webhook_subscriptions", status="active")
    rig.microsoft.fault("drop_notification")
    rig.microsoft.create_event(ANN, event("Unheard", TOMORROW))
    rig.microsoft.clear_faults()
    rig.later(hours=6, minutes=1)

    answer = rig.post("/functions/v1/calendar-polling-cron")

    assert answer.status_code == 200, answer.text
    assert (answer.json()["polled"], answer.json()["created"]) == (1, 1)
    assert rig.titles() == ["Unheard"]
    assert rig.state(calendar)["webhook_failures"] == 1
    rig.later(minutes=2)
    rig.drain()
    (after,) = rig.rows("webhook_subscriptions", status="active")
    assert after["id"] == before["id"], "the row stays"
    assert after["channel_id"] != before["channel_id"], "repaired: made anew at Graph"
    assert [each["id"] for each in rig.microsoft.subscriptions()] == [after["channel_id"]]
    assert drifted(rig, calendar) == 0


def test_renewal_prolongs_in_place(rig: Rig) -> None:
    calendar = settled(rig)
    (old,) = rig.rows("webhook_subscriptions", status="active")
    rig.later(days=6)
    rig.microsoft.reset_counters()

    answer = rig.post("/functions/v1/renew-calendar-watches").json()

    assert (answer["renewed"], answer["failed"], answer["stopped"]) == (1, 0, 0)
    (new,) = rig.rows("webhook_subscriptions")
    assert (new["id"], new["channel_id"]) == (old["id"], old["channel_id"])
    assert new["expires_at"] - rig.now() > timedelta(days=6, hours=23)
    calls = rig.microsoft.counters()["calls"]
    assert [call for call in calls if "subscriptions" in str(call)] != []
    assert [each["id"] for each in rig.microsoft.subscriptions()] == [new["channel_id"]]
    rig.microsoft.create_event(ANN, event("After renewal", rig.now() + timedelta(days=1)))
    rig.until(lambda: rig.count("webhook_notifications", outcome="accepted"))
    rig.drain()
    assert rig.titles() == ["After renewal"]
    assert drifted(rig, calendar) == 0


def test_a_lapsed_subscription_is_made_again_and_the_gap_is_read(rig: Rig) -> None:
    calendar = settled(rig)
    rig.later(days=8)
    rig.microsoft.create_event(ANN, event("In the gap", rig.now() + timedelta(days=1)))
    rig.drain()
    assert rig.titles() == ["In the gap"]
    assert rig.count("webhook_subscriptions", status="expired") == 1
    assert rig.count("webhook_subscriptions", status="active") == 1
    assert rig.method(calendar) == "webhook"
    assert drifted(rig, calendar) == 0


def test_a_subscription_that_graph_lost_is_made_anew_in_its_row(rig: Rig) -> None:
    calendar = settled(rig)
    (old,) = rig.rows("webhook_subscriptions", status="active")
    lost = rig.microsoft.subscriptions()[0]
    token = rig.microsoft.tokens(ANN)["access_token"]
    gone = httpx.delete(
        f"{rig.microsoft.graph_url}/subscriptions/{lost['id']}",
        headers={"Authorization": f"Bearer {token}"},
    )
    assert gone.status_code == 204, gone.text
    rig.microsoft.create_event(ANN, event("Unheard", TOMORROW))

    rig.post("/functions/v1/renew-calendar-watches", {"calendarId": str(calendar)})
    rig.drain()

    (new,) = rig.rows("webhook_subscriptions", status="active")
    assert new["id"] == old["id"]
    assert new["channel_id"] != old["channel_id"]
    assert rig.titles() == ["Unheard"], "nothing listened for a while, so it was read"
    assert drifted(rig, calendar) == 0


def test_a_subscription_whose_row_was_lost_is_adopted(rig: Rig) -> None:
    calendar = settled(rig)
    (old,) = rig.rows("webhook_subscriptions", status="active")
    rig.sql("delete from webhook_subscriptions")
    rig.sql("update calendar_sync_states set subscription_due_at = calsync_now()")

    rig.drain()

    (new,) = rig.rows("webhook_subscriptions")
    assert (new["status"], new["channel_id"]) == ("active", old["channel_id"])
    rig.microsoft.create_event(ANN, event("Heard", TOMORROW))
    rig.until(lambda: rig.count("webhook_notifications", outcome="accepted"))
    rig.drain()
    assert rig.titles() == ["Heard"]
    assert rig.count("webhook_subscriptions", status="retiring") == 0
    assert drifted(rig, calendar) == 0


def test_a_calendar_that_may_not_be_watched_is_polled_and_says_so(rig: Rig) -> None:
    rig.microsoft.add_calendar(ANN, "Side")
    rig.microsoft.settings(refuse_calendar_subscriptions=True)
    settled(rig)
    methods = {row["name"]: row["method"] for row in rig.rows("hybrid_status")}
    assert methods == {"Calendar": "webhook", "Side": "polling"}
    (side,) = rig.rows("hybrid_status", name="Side")
    assert side["reason"] == "the provider offers no push for this calendar"
    assert [each["resource"] for each in rig.microsoft.subscriptions()] == ["me/events"]


def test_lost_access_waits_for_the_person(rig: Rig) -> None:
    settled(rig)
    rig.microsoft.revoke(ANN)
    rig.later(hours=7)
    rig.drain()
    (account,) = rig.rows("calendar_accounts")
    assert (account["status"], account["status_reason"]) == (
        "needs_reauth",
        "invalid_grant:AADSTS50173",
    )
    (alert,) = rig.rows("calendar_alerts")
    assert alert["kind"] == "access_lost"


def test_a_throttled_mailbox_waits_as_long_as_graph_says(rig: Rig) -> None:
    calendar = settled(rig)
    rig.microsoft.fault(
        "status", status=429, match={"method": "calendarView.delta"}, retry_after="2.128", times=1
    )
    rig.later(hours=7)
    rig.drain()
    (account,) = rig.rows("calendar_accounts")
    assert account["blocked_until"] - rig.now() == timedelta(seconds=2.128)
    assert rig.state(calendar)["attempts"] == 0
    rig.later(seconds=3)
    rig.drain()
    assert drifted(rig, calendar) == 0


def test_rotated_refresh_tokens_are_stored(rig: Rig) -> None:
    settled(rig)
    rig.microsoft.settings(revoke_used_refresh_tokens=True)
    for _ in range(3):
        rig.later(hours=7)  # opens the service anew: it knows no access token
        rig.drain()
    (account,) = rig.rows("calendar_accounts")
    assert account["status"] == "active"
    assert rig.count("calendar_sync_logs", status="failed") == 0
