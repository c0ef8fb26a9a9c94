"""The hybrid loop: notification to mirror, silence, missed changes, renewal, dead cursors."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from shared.steps.poll import PollRequest, poll
from shared.steps.sync_calendar import sync_calendar
from shared.steps.verify import verify
from tests.support.rig import Rig, timed

ANN = "ann@example.test"
NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
TOMORROW = NOW + timedelta(days=1)


@pytest.fixture(autouse=True)
def _clock(rig: Rig) -> None:
    rig.at(NOW)


def test_a_change_reaches_the_mirror_through_its_notification(rig: Rig) -> None:
    calendar = rig.settled(ANN)
    rig.google.create_event(ANN, timed("Board", TOMORROW))
    rig.until(lambda: rig.count("webhook_notifications", outcome="accepted"))
    rig.drain()
    assert rig.titles() == ["Board"]
    (log,) = rig.rows("calendar_sync_logs", trigger="webhook")
    assert (log["sync_type"], log["events_created"], log["api_calls"]) == ("webhook", 1, 1)
    assert rig.method(calendar) == "webhook"
    assert verify(rig.service, calendar).drift.count == 0


def test_a_dropped_notification_is_found_by_the_six_hour_poll(rig: Rig) -> None:
    calendar = rig.settled(ANN)
    rig.google.fault("drop_notification")
    rig.google.create_event(ANN, timed("Unheard", TOMORROW))
    rig.google.clear_faults()
    rig.later(hours=6, minutes=1)

    answer = rig.post("/functions/v1/calendar-polling-cron")

    assert answer.status_code == 200, answer.text
    assert (answer.json()["polled"], answer.json()["created"]) == (1, 1)
    assert rig.titles() == ["Unheard"]
    assert rig.state(calendar)["webhook_failures"] == 1
    before = {row["id"] for row in rig.rows("webhook_subscriptions", status="active")}
    rig.later(minutes=2)
    rig.drain()
    after = {row["id"] for row in rig.rows("webhook_subscriptions", status="active")}
    assert len(after) == 1, "repaired: one new channel"
    assert not before & after
    assert rig.count("webhook_subscriptions", status="stopped") == 1
    assert verify(rig.service, calendar).drift.count == 0


def test_healthy_push_spares_the_poll(rig: Rig) -> None:
    rig.settled(ANN)
    rig.google.create_event(ANN, timed("Board", TOMORROW))
    rig.until(lambda: rig.count("webhook_notifications", outcome="accepted"))
    rig.drain()
    (account,) = rig.rows("calendar_accounts")
    rig.later(hours=5, minutes=50)
    rig.google.reset_counters()

    answer = rig.post(
        "/functions/v1/calendar-polling-service", {"userId": str(account["user_id"])}
    ).json()

    assert answer["skipped"] is True
    assert answer["processed"] == 0
    assert not rig.google.counters()["calls"]
    assert rig.rows("polling_efficiency")[-1]["polls_skipped"] == 1


def test_a_silent_calendar_is_verified_not_failed(rig: Rig) -> None:
    calendar = rig.settled(ANN)
    rig.later(hours=7)
    assert rig.method(calendar) == "polling_and_repair"
    rig.drain()
    assert rig.state(calendar)["webhook_failures"] == 0
    assert rig.state(calendar)["verified_at"] == rig.now()
    assert rig.method(calendar) == "webhook"


def test_renewal_overlaps_and_loses_nothing(rig: Rig) -> None:
    calendar = rig.settled(ANN)
    (old,) = rig.rows("webhook_subscriptions", status="active")
    rig.later(days=6, hours=1)

    answer = rig.post("/functions/v1/renew-calendar-watches").json()

    assert (answer["renewed"], answer["failed"]) == (1, 0)
    (new,) = rig.rows("webhook_subscriptions", status="active")
    assert new["id"] != old["id"]
    assert new["expires_at"] > old["expires_at"]
    assert rig.rows("webhook_subscriptions", id=old["id"])[0]["status"] == "stopped"
    assert [c["id"] for c in rig.google.control("channels") if not c["stopped"]] == [
        new["channel_id"]
    ]
    rig.google.create_event(ANN, timed("After renewal", rig.now() + timedelta(days=1)))
    rig.until(lambda: rig.count("webhook_notifications", outcome="accepted"))
    rig.drain()
    assert rig.titles() == ["After renewal"]
    assert verify(rig.service, calendar).drift.count == 0


def test_a_lapsed_subscription_is_made_again_and_the_gap_is_read(rig: Rig) -> None:
    calendar = rig.settled(ANN)
    rig.later(days=8)
    rig.google.create_event(ANN, timed("In the gap", rig.now() + timedelta(days=1)))
    rig.drain()
    assert rig.titles() == ["In the gap"]
    assert rig.count("webhook_subscriptions", status="expired") == 1
    assert rig.count("webhook_subscriptions", status="active") == 1
    assert rig.method(calendar) == "webhook"


def test_a_dead_cursor_resyncs_without_touching_unchanged_rows(rig: Rig) -> None:
    for number in range(30):
        rig.google.create_event(ANN, timed(f"Event {number:02}", TOMORROW))
    calendar = rig.settled(ANN)
    before = rig.sql("select id, xmin::text from calendar_events order by id")
    occurrences = rig.sql("select event_id, xmin::text from event_occurrences order by event_id")
    rig.google.control("tokens/expire_sync", {})
    rig.google.create_event(ANN, timed("New", TOMORROW))
    rig.until(lambda: rig.count("webhook_notifications", outcome="accepted"))

    rig.drain()

    assert rig.count("calendar_sync_logs", error_code="fullSyncRequired") == 1
    (full,) = rig.rows("calendar_sync_logs", trigger="repair")
    assert (full["sync_type"], full["events_created"], full["events_updated"]) == ("full", 1, 0)
    after = rig.sql("select id, xmin::text from calendar_events where summary <> 'New' order by id")
    assert after == before
    assert [
        row
        for row in rig.sql("select event_id, xmin::text from event_occurrences order by event_id")
        if row in occurrences
    ] == occurrences
    assert verify(rig.service, calendar).drift.count == 0


def test_deletions_survive_a_dead_cursor(rig: Rig) -> None:
    gone = rig.google.create_event(ANN, timed("Gone", TOMORROW))["id"]
    for number in range(5):
        rig.google.create_event(ANN, timed(f"Stays {number}", TOMORROW))
    calendar = rig.settled(ANN)
    rig.google.fault("drop_notification")
    rig.google.delete_event(ANN, gone)
    rig.google.control("tokens/expire_sync", {})
    rig.later(hours=6, minutes=1)
    rig.drain()
    assert "Gone" not in rig.titles()
    assert len(rig.titles()) == 5
    assert verify(rig.service, calendar).drift.count == 0


def test_a_thousand_notifications_are_at_most_two_syncs(rig: Rig) -> None:
    calendar = rig.settled(ANN)
    syncs = rig.count("calendar_sync_logs")
    rig.google.create_event(ANN, timed("Storm", TOMORROW))
    rig.google.control("notify", {"calendar": ANN, "count": 1000})
    rig.until(lambda: rig.count("webhook_notifications", outcome="accepted") >= 1000)
    rig.drain()
    assert rig.count("calendar_sync_logs") - syncs <= 2
    assert rig.titles() == ["Storm"]
    assert rig.method(calendar) == "webhook"


def test_a_change_during_a_sync_leads_to_another_sync(rig: Rig) -> None:
    rig.settled(ANN)
    rig.google.create_event(ANN, timed("First", TOMORROW))
    rig.until(lambda: rig.count("webhook_notifications", outcome="accepted") == 1)
    (claim,) = rig.claims()
    rig.google.create_event(ANN, timed("Second", TOMORROW))
    rig.until(lambda: rig.count("webhook_notifications", outcome="accepted") == 2)
    assert rig.claims() == [], "one holder at a time"
    assert sync_calendar(rig.service, claim)
    (again,) = rig.claims()
    assert again.trigger == "webhook"
    assert sync_calendar(rig.service, again)
    assert rig.claims() == []
    assert rig.titles() == ["First", "Second"]


def test_a_provider_that_suddenly_lists_nothing_does_not_empty_the_mirror(rig: Rig) -> None:
    for number in range(10):
        rig.google.create_event(ANN, timed(f"Event {number}", TOMORROW))
    calendar = rig.settled(ANN)
    for event in rig.google.events(ANN):
        rig.google.fault("drop_notification", times=1)
        rig.google.delete_event(ANN, event["id"])
    rig.sql("select reset_calendar(user_id, calendar_id) from calendar_sync_states")
    for _ in range(2):
        rig.drain()
        assert len(rig.titles()) == 10, "not believed yet"
        assert rig.count("calendar_alerts", kind="emptied") == 1
        rig.later(minutes=6)
    rig.drain()
    assert rig.titles() == [], "said three times"
    assert rig.rows("calendar_alerts", kind="emptied")[0]["resolved_by"] == "success"
    assert verify(rig.service, calendar).drift.count == 0


def test_a_storm_during_a_sync_is_served_by_one_sync_a_second_later(rig: Rig) -> None:
    calendar = rig.settled(ANN)
    rig.google.create_event(ANN, timed("Storm", TOMORROW))
    rig.until(lambda: rig.count("webhook_notifications", outcome="accepted") == 1)
    (claim,) = rig.claims()
    rig.google.control("notify", {"calendar": ANN, "count": 30})
    rig.until(lambda: rig.count("webhook_notifications", outcome="accepted") == 31)
    assert sync_calendar(rig.service, claim)
    rig.google.create_event(ANN, timed("Last drop", TOMORROW))
    rig.until(lambda: rig.count("webhook_notifications", outcome="accepted") == 32)
    assert rig.claims() == [], "the storm is let pass"
    rig.later(seconds=1)
    (again,) = rig.claims()
    assert sync_calendar(rig.service, again)
    assert rig.claims() == []
    assert rig.titles() == ["Last drop", "Storm"]
    assert rig.method(calendar) == "webhook"


def test_a_calendar_made_later_is_found_by_itself(rig: Rig) -> None:
    rig.settled(ANN)
    later = rig.google.add_calendar(ANN, "Made later")
    rig.google.create_event(ANN, timed("In the new one", TOMORROW), calendar=later)
    rig.drain()
    assert rig.count("calendars") == 1, "nobody told of it"
    rig.later(hours=8)
    rig.drain()
    (found,) = rig.rows("calendars", provider_calendar_id=later)
    assert rig.titles() == ["In the new one"]
    assert rig.count("webhook_subscriptions", calendar_id=found["id"], status="active") == 1
    assert verify(rig.service, found["id"]).drift.count == 0


def test_a_poll_waits_for_nothing_that_cannot_come(rig: Rig) -> None:
    """An account is blocked for an hour: the budget of 50 seconds is not spent on it."""
    rig.settled(ANN)
    rig.sql("update calendar_accounts set blocked_until = calsync_now() + interval '1 hour'")
    began = time.monotonic()
    report = poll(rig.service, PollRequest(smart=False))
    assert (report.polled, report.waiting) == (0, 1)
    assert time.monotonic() - began < rig.service.settings.cron_budget_seconds / 2
