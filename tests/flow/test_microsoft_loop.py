"""The hybrid loop on Graph: notifications, polls, renewal, dead deltas, sliding windows."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from shared.decide.client_state import issue_client_state
from shared.steps.maintain import slide_windows
from shared.steps.verify import verify
from tests.support.google_emulator import GoogleEmulator
from tests.support.microsoft_emulator import MicrosoftEmulator
from tests.support.rig import Rig

ANN = "ann@example.test"
NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
TOMORROW = NOW + timedelta(days=1)


@pytest.fixture(scope="module")
def process() -> Iterator[MicrosoftEmulator]:
    with MicrosoftEmulator() as emulator:
        yield emulator


@pytest.fixture
def rig(database_url: str, google: GoogleEmulator, process: MicrosoftEmulator) -> Iterator[Rig]:
    """An installation on a clock that stands still, with Ann and her Outlook calendar."""
    process.reset()
    process.add_person(ANN, "Ann", "Europe/Berlin")
    with Rig(database_url, google, process) as installation:
        installation.at(NOW)
        yield installation


def settled(rig: Rig) -> UUID:
    """Ann connects, and all that follows from it is done; gives her calendar's id."""
    rig.connect_microsoft(ANN)
    rig.drain()
    (row,) = rig.rows("calendars", is_primary=True)
    calendar_id: UUID = row["id"]
    return calendar_id


def drifted(rig: Rig, calendar: UUID) -> int:
    return verify(rig.service, calendar).drift.count


def event(title: str, start: datetime, hours: float = 1, **more: Any) -> dict[str, Any]:
    """A timed Outlook event on the clocks of Berlin (an hour ahead of UTC in winter)."""
    begin = start + timedelta(hours=1)
    times = {"start": begin, "end": begin + timedelta(hours=hours)}
    zone = "W. Europe Standard Time"
    return {
        "subject": title,
        **{
            name: {"dateTime": f"{at:%Y-%m-%dT%H:%M:%S}", "timeZone": zone}
            for name, at in times.items()
        },
        **more,
    }


def weekly(title: str, start: datetime, **span: Any) -> dict[str, Any]:
    """A weekly series, endless unless `span` says otherwise."""
    days = [f"{start:%A}".lower()]
    pattern = {"type": "weekly", "interval": 1, "daysOfWeek": days}
    ending = {"type": "noEnd", "startDate": f"{start:%Y-%m-%d}"} | span
    return event(title, start, recurrence={"pattern": pattern, "range": ending})


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


@pytest.mark.parametrize("code", ["SyncStateNotFound", "syncStateInvalid", "ResyncRequired"])
def test_a_dead_delta_resyncs_without_touching_unchanged_rows(rig: Rig, code: str) -> None:
    rig.microsoft.create_events(ANN, [event(f"Event {n:02}", TOMORROW) for n in range(20)])
    rig.microsoft.create_event(ANN, weekly("Weekly", TOMORROW))
    calendar = settled(rig)
    before = rig.sql("select id, xmin::text from calendar_events order by id")
    occurrences = rig.sql("select event_id, occurrence_key, xmin::text from event_occurrences")
    rig.microsoft.settings(delta_gone_code=code, delta_gone_location=True)
    rig.microsoft.expire_delta_tokens()
    rig.microsoft.create_event(ANN, event("New", TOMORROW))
    rig.until(lambda: rig.count("webhook_notifications", outcome="accepted"))

    rig.drain()

    assert rig.count("calendar_sync_logs", error_code=code) == 1
    (full,) = rig.rows("calendar_sync_logs", trigger="repair")
    assert (full["sync_type"], full["events_created"], full["events_updated"]) == ("full", 1, 0)
    after = rig.sql("select id, xmin::text from calendar_events where summary <> 'New' order by id")
    assert after == before
    kept = rig.sql("select event_id, occurrence_key, xmin::text from event_occurrences")
    assert [row for row in kept if row in occurrences] == occurrences
    assert drifted(rig, calendar) == 0


def test_deletions_survive_a_dead_delta(rig: Rig) -> None:
    gone = rig.microsoft.create_event(ANN, event("Gone", TOMORROW))["id"]
    series = rig.microsoft.create_event(ANN, weekly("Gone series", TOMORROW))["id"]
    rig.microsoft.create_events(ANN, [event(f"Stays {n}", TOMORROW) for n in range(5)])
    calendar = settled(rig)
    rig.microsoft.fault("drop_notification")
    for event_id in (gone, series):
        rig.microsoft.delete_event(ANN, event_id)
    rig.microsoft.expire_delta_tokens()
    rig.later(hours=6, minutes=1)
    rig.drain()
    assert rig.titles() == [f"Stays {n}" for n in range(5)]
    assert drifted(rig, calendar) == 0


@pytest.mark.parametrize("told", ["occurrences", "master", "both"])
def test_a_deleted_series_goes_whatever_delta_names(rig: Rig, told: str) -> None:
    rig.microsoft.settings(series_removal=told)
    series = rig.microsoft.create_event(ANN, weekly("Gone", TOMORROW))["id"]
    rig.microsoft.create_event(ANN, weekly("Stays", TOMORROW))
    calendar = settled(rig)
    rig.microsoft.delete_event(ANN, series)
    rig.until(lambda: rig.count("webhook_notifications", outcome="accepted"))
    rig.drain()
    assert rig.titles() == ["Stays"]
    assert drifted(rig, calendar) == 0


def test_a_deleted_occurrence_is_an_update_of_its_series(rig: Rig) -> None:
    series = rig.microsoft.create_event(ANN, weekly("Weekly", TOMORROW))["id"]
    calendar = settled(rig)
    rig.microsoft.fault("drop_notification")
    rig.microsoft.delete_event(ANN, instances(rig, series)[0])
    rig.microsoft.clear_faults()
    rig.later(hours=7)
    rig.drain()
    (log,) = rig.sql("select * from calendar_sync_logs order by created_at desc limit 1")
    assert (log["events_updated"], log["events_deleted"]) == (1, 0)
    assert rig.state(calendar)["webhook_failures"] == 1, "nobody announced it"
    assert drifted(rig, calendar) == 0


def instances(rig: Rig, series: str) -> list[str]:
    """The ids of its next occurrences."""
    token = rig.microsoft.tokens(ANN)["access_token"]
    listed = httpx.get(
        f"{rig.microsoft.graph_url}/me/events/{series}/instances",
        params={"startDateTime": "2026-11-20T00:00:00Z", "endDateTime": "2027-01-01T00:00:00Z"},
        headers={"Authorization": f"Bearer {token}", "Prefer": 'IdType="ImmutableId"'},
    ).json()
    return [each["id"] for each in listed["value"]]


def test_occurrences_that_move_go_or_are_called_off(rig: Rig) -> None:
    series = rig.microsoft.create_event(ANN, weekly("Weekly", TOMORROW))["id"]
    calendar = settled(rig)
    moved, deleted, called_off = instances(rig, series)[:3]
    later = event("Moved", TOMORROW + timedelta(days=1))
    rig.microsoft.patch_event(
        ANN, moved, {name: later[name] for name in ("start", "end", "subject")}
    )
    rig.microsoft.delete_event(ANN, deleted)
    rig.microsoft.patch_event(ANN, called_off, {"isCancelled": True})
    rig.until(lambda: rig.count("webhook_notifications", outcome="accepted") >= 3)
    rig.drain()

    assert rig.titles() == ["", "Moved", "Weekly"]
    (row,) = rig.rows("calendar_events", kind="exception", status="confirmed")
    assert row["occurrence_key"] == "20261121T080000Z"
    (off,) = rig.rows("calendar_events", kind="exception", status="cancelled")
    assert off["occurrence_key"] == "20261205T080000Z"
    keys = {each["occurrence_key"] for each in rig.rows("event_occurrences")}
    assert "20261121T080000Z" in keys, "of the exception"
    assert not keys & {"20261128T080000Z", "20261205T080000Z"}
    assert "20261212T080000Z" in keys
    assert drifted(rig, calendar) == 0

    rig.microsoft.patch_event(ANN, series, event("Weekly", TOMORROW + timedelta(hours=1)))
    rig.until(lambda: rig.count("webhook_notifications", outcome="accepted") >= 4)
    rig.drain()
    assert rig.titles() == ["Weekly"], "a new time throws the exceptions away"
    assert drifted(rig, calendar) == 0


def test_a_window_that_slid_is_one_round_and_loses_nothing(rig: Rig) -> None:
    far = NOW + timedelta(days=400)
    rig.microsoft.create_event(ANN, weekly("Weekly", TOMORROW))
    rig.microsoft.create_event(ANN, event("Soon", TOMORROW))
    rig.microsoft.create_event(ANN, event("Far", far))
    calendar = settled(rig)
    assert rig.titles() == ["Soon", "Weekly"], "what is far away is not listed"
    before = rig.sql("select id, xmin::text from calendar_events order by id")
    syncs = rig.count("calendar_sync_logs")

    rig.later(days=60)
    slide_windows(rig.service, 500)
    rig.drain()

    assert rig.titles() == ["Far", "Soon", "Weekly"], "what lies behind the window is kept"
    logs = rig.sql("select * from calendar_sync_logs order by created_at")[syncs:]
    assert [(log["sync_type"], log["status"]) for log in logs] == [("full", "success")]
    assert (logs[0]["events_created"], logs[0]["events_updated"], logs[0]["events_deleted"]) == (
        1,
        0,
        0,
    )
    assert rig.state(calendar)["webhook_failures"] == 0, "what comes into sight was not unannounced"
    after = rig.sql("select id, xmin::text from calendar_events where summary <> 'Far' order by id")
    assert after == before
    (span,) = rig.sql("select min(start_at) as first, max(start_at) as last from event_occurrences")
    assert span["first"] > rig.now() - timedelta(days=45)
    assert span["last"] > rig.now() + timedelta(days=360)
    assert drifted(rig, calendar) == 0

    rig.microsoft.create_event(ANN, event("After", rig.now() + timedelta(days=1)))
    rig.until(lambda: rig.count("webhook_notifications", outcome="accepted"))
    rig.later(minutes=1)
    rig.drain()
    (last,) = rig.sql("select * from calendar_sync_logs order by created_at desc limit 1")
    assert last["sync_type"] == "webhook", "the new cursor holds the new window"
    assert "After" in rig.titles()


def test_what_a_slid_window_does_not_list_any_more_is_gone(rig: Rig) -> None:
    gone = rig.microsoft.create_event(ANN, event("Gone", NOW + timedelta(days=90)))["id"]
    series = rig.microsoft.create_event(ANN, weekly("Gone series", TOMORROW))["id"]
    rig.microsoft.create_event(ANN, event("Past", TOMORROW))
    rig.microsoft.create_event(ANN, event("Stays", NOW + timedelta(days=100)))
    calendar = settled(rig)
    rig.microsoft.fault("drop_notification")
    for event_id in (gone, series):
        rig.microsoft.delete_event(ANN, event_id)
    rig.later(days=60)
    slide_windows(rig.service, 500)
    rig.drain()
    assert rig.titles() == ["Past", "Stays"]
    assert drifted(rig, calendar) == 0


def test_a_listing_goes_on_where_a_crash_left_it(rig: Rig) -> None:
    rig.microsoft.settings(page_size_cap=5)
    rig.microsoft.create_events(ANN, [event(f"Event {n:02}", TOMORROW) for n in range(12)])
    rig.microsoft.fault(
        "status", status=503, match={"method": "calendarView.delta"}, skip=1, times=1
    )
    calendar = settled(rig)
    assert 0 < len(rig.titles()) < 12
    assert rig.state(calendar)["page_token"]
    rig.later(minutes=5)
    rig.drain()
    assert len(rig.titles()) == 12
    assert drifted(rig, calendar) == 0


def test_lifecycle_events_each_get_their_reaction(rig: Rig) -> None:
    calendar = settled(rig)
    (first,) = rig.rows("webhook_subscriptions", status="active")

    rig.microsoft.lifecycle("reauthorizationRequired", pause=True)
    rig.until(lambda: rig.count("webhook_notifications", outcome="reacted") == 1)
    assert rig.state(calendar)["subscription_due_at"] <= rig.now()
    rig.drain()
    assert rig.microsoft.subscriptions()[0]["paused"] is False
    assert rig.rows("webhook_subscriptions")[0]["channel_id"] == first["channel_id"]

    rig.microsoft.fault("drop_notification")
    rig.microsoft.create_event(ANN, event("Missed", TOMORROW))
    rig.microsoft.clear_faults()
    rig.microsoft.lifecycle("missed")
    rig.until(lambda: rig.count("webhook_notifications", outcome="reacted") == 2)
    rig.drain()
    assert rig.titles() == ["Missed"]

    rig.microsoft.lifecycle("subscriptionRemoved")
    rig.until(lambda: rig.count("webhook_notifications", outcome="reacted") == 3)
    assert rig.rows("webhook_subscriptions", id=first["id"])[0]["status"] == "stopped"
    rig.drain()
    (second,) = rig.rows("webhook_subscriptions", status="active")
    assert [each["id"] for each in rig.microsoft.subscriptions()] == [second["channel_id"]]
    assert drifted(rig, calendar) == 0


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


def test_a_storm_in_mixed_posts_is_answered_at_once_and_coalesces(rig: Rig) -> None:
    side = rig.microsoft.add_calendar(ANN, "Side")
    settled(rig)
    syncs = rig.count("calendar_sync_logs")
    subscriptions = rig.microsoft.subscriptions()
    rig.microsoft.fault("drop_notification")
    rig.microsoft.create_event(ANN, event("Main", TOMORROW))
    rig.microsoft.create_event(ANN, event("Aside", TOMORROW), side)

    # Other work of this machine can only slow an answer down, so one storm in peace will do.
    slowest = [storm(rig, subscriptions, number) for number in range(3)]

    assert min(slowest) < 0.05
    assert rig.count("webhook_notifications", outcome="accepted") == 3 * 20
    assert rig.count("webhook_notifications") == 3 * 20, "the forged ones left no trace"
    rig.drain()
    assert rig.count("calendar_sync_logs") - syncs == 2, "one sync for each calendar"
    assert rig.titles() == ["Aside", "Main"]
    for row in rig.rows("calendars"):
        assert drifted(rig, row["id"]) == 0


def storm(rig: Rig, subscriptions: list[dict[str, Any]], number: int) -> float:
    """Twenty items of two calendars in five POSTs, one forged in each; seconds of the slowest."""
    url, slowest = f"{rig.url}/functions/v1/microsoft-calendar-webhook", 0.0
    with httpx.Client() as client:
        for post in range(5):
            items = [
                item(each, f"{number}-{post}-{n}") for n, each in enumerate([*subscriptions] * 2)
            ]
            items.insert(post % 4, item(subscriptions[0], "forged", clientState="guessed"))
            answer = client.post(url, json={"value": items})
            assert answer.status_code == 202, answer.text
            slowest = max(slowest, answer.elapsed.total_seconds())
    return slowest


def item(subscription: dict[str, Any], number: str, **more: Any) -> dict[str, Any]:
    """A change notification as Graph sends it."""
    return {
        "id": number,
        "subscriptionId": subscription["id"],
        "subscriptionExpirationDateTime": "2026-11-27T02:30:00.1234567-05:00",
        "clientState": subscription["clientState"],
        "changeType": "updated",
        "resource": "Users/u/Events/e",
        **more,
    }


def test_repeated_forged_and_malformed_deliveries(rig: Rig) -> None:
    calendar = settled(rig)
    url = f"{rig.url}/webhooks/microsoft/{calendar}/"
    (subscription,) = rig.microsoft.subscriptions()
    good = item(subscription, "once")
    for _ in range(3):
        assert httpx.post(url, json={"value": [good]}).status_code == 202
    outcomes = sorted(row["outcome"] for row in rig.rows("webhook_notifications"))
    assert outcomes == ["accepted", "duplicate", "duplicate"]

    forged = item(subscription, "f", clientState="x" * 112)
    elsewhere = issue_client_state("webhook-secret-of-the-tests", str(calendar), UUID(int=7))
    for items in ([forged], [forged, item(subscription, "g", clientState=elsewhere)]):
        assert httpx.post(url, json={"value": items}).status_code == 403
    for broken in ("", "[]", "{}", '{"value": []}', '{"value": [1]}', "[" * 10_000):
        assert httpx.post(url, content=broken).status_code == 400, broken
    assert httpx.post(url, content=b"x" * 2_000_000).status_code == 413
    assert rig.count("webhook_notifications") == 3


def test_the_handshake_is_answered_with_the_decoded_token(rig: Rig) -> None:
    token = "Validation: Testing client application <b>&amp;</b> Request-Id: 1+1"
    for path in ("/functions/v1/microsoft-calendar-webhook", f"/webhooks/microsoft/{UUID(int=1)}/"):
        answer = httpx.post(f"{rig.url}{path}", params={"validationToken": token})
        assert (answer.status_code, answer.text) == (200, token)
        assert answer.headers["Content-Type"].startswith("text/plain")
    assert httpx.post(f"{rig.url}{path}?validationToken=%00").status_code == 400
