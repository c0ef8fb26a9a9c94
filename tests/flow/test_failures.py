"""Failures: thresholds, quota, lost access, zombies, dead letters, foreign channels."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest

from shared.decide.channel_token import issue_token
from shared.errors import LeaseLost
from shared.steps.maintain import maintain
from shared.steps.sync_calendar import sync_calendar
from shared.steps.verify import verify
from tests.support.rig import Rig, timed

ANN = "ann@example.test"
NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
TOMORROW = NOW + timedelta(days=1)


@pytest.fixture(autouse=True)
def _clock(rig: Rig) -> None:
    rig.at(NOW)


def _miss_one_change(rig: Rig, number: int) -> None:
    """A change nobody announces, found by the poll that comes when push has been silent."""
    rig.google.fault("drop_notification", match={})
    rig.google.create_event(ANN, timed(f"Unheard {number}", rig.now() + timedelta(days=1)))
    rig.later(minutes=5)
    rig.sql("select request_polls(0, 'polling', 10)")
    rig.drain()
    rig.later(hours=1, minutes=5)
    rig.drain()


def test_five_failures_suspend_push_and_ten_give_it_up(rig: Rig) -> None:
    calendar = rig.settled(ANN)
    methods, pushes = [], []
    for number in range(10):
        _miss_one_change(rig, number)
        state = rig.state(calendar)
        assert state["webhook_failures"] == number + 1
        methods.append(rig.method(calendar))
        pushes.append(state["push"])
    assert methods[:4] == ["webhook"] * 4, "repaired and believed again"
    assert methods[4:9] == ["polling_and_repair"] * 5
    assert methods[9] == "polling"
    assert pushes == ["wanted"] * 9 + ["given_up"]
    assert rig.count("webhook_subscriptions", status="active") == 0
    (alert,) = rig.rows("calendar_alerts", kind="push_given_up")
    assert str(calendar) in alert["message"]
    rig.google.clear_faults()

    answer = rig.post("/functions/v1/renew-calendar-watches", {"calendarId": str(calendar)})

    assert answer.json()["renewed"] == 1
    rig.drain()
    assert rig.method(calendar) == "webhook", "an operator brought it back"
    assert verify(rig.service, calendar).drift.count == 0


def test_a_real_notification_resets_the_count(rig: Rig) -> None:
    calendar = rig.settled(ANN)
    for number in range(3):
        _miss_one_change(rig, number)
    rig.google.clear_faults()
    rig.google.create_event(ANN, timed("Heard", TOMORROW))
    rig.until(lambda: rig.count("webhook_notifications", outcome="accepted"))
    assert rig.state(calendar)["webhook_failures"] == 0


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (403, "rateLimitExceeded"),
        (403, "userRateLimitExceeded"),
        (403, "quotaExceeded"),
        (429, "rateLimitExceeded"),
    ],
)
def test_quota_is_never_lost_access_nor_a_failure(rig: Rig, status: int, reason: str) -> None:
    calendar = rig.settled(ANN)
    rig.google.fault("status", status=status, reason=reason, match={"path_regex": "/events"})
    rig.sql("select request_polls(0, 'manual', 10)")
    rig.drain()
    state = rig.state(calendar)
    (account,) = rig.rows("calendar_accounts")
    assert (state["attempts"], state["webhook_failures"], state["dead_at"]) == (0, 0, None)
    assert account["status"] == "active"
    assert account["blocked_until"] > rig.now()
    assert rig.claims() == [], "the account is left alone"
    rig.google.clear_faults()
    rig.later(hours=2)
    assert rig.drain()
    assert rig.rows("calendar_accounts")[0]["blocked_until"] is None


def test_lost_access_asks_for_the_person_and_leaves_others_alone(rig: Rig) -> None:
    rig.google.add_person("ben@example.test", "Ben")
    rig.settled(ANN)
    ben = rig.connect("ben@example.test")
    rig.drain()
    rig.google.control("tokens/revoke", {"email": ANN})
    rig.sql("select request_polls(0, 'manual', 10)")
    rig.drain()
    accounts = {row["email"]: row for row in rig.rows("calendar_accounts")}
    assert accounts[ANN]["status"] == "needs_reauth"
    assert accounts["ben@example.test"]["status"] == "active"
    (alert,) = rig.rows("calendar_alerts", kind="access_lost")
    assert alert["severity"] == "critical"
    assert rig.rows("hybrid_status", user_id=ben)[0]["method"] in ("webhook", "polling")

    rig.connect(ANN)
    rig.drain()

    assert {row["status"] for row in rig.rows("calendar_accounts")} == {"active"}
    assert rig.rows("calendar_alerts", kind="access_lost")[0]["resolved_by"] == "reconnected"


def test_a_zombie_with_a_lost_lease_writes_nothing(rig: Rig) -> None:
    calendar = rig.settled(ANN)
    rig.google.create_event(ANN, timed("Once", TOMORROW))
    rig.until(lambda: rig.count("webhook_notifications", outcome="accepted"))
    (zombie,) = rig.claims()
    rig.later(seconds=rig.service.settings.lease_seconds + 1)
    (heir,) = rig.claims()
    assert heir.lease_token == zombie.lease_token + 1
    assert sync_calendar(rig.service, zombie) is None
    assert rig.titles() == []
    with pytest.raises(LeaseLost):
        rig.service.database.call(
            "settle_failed_sync",
            user_id=zombie.user_id,
            calendar_id=calendar,
            lease_token=zombie.lease_token,
            failure="resync",
            delay_seconds=0,
            dead=True,
            error_code="x",
            error_message="x",
            api_calls=0,
        )
    assert rig.count("calendar_sync_logs", status="abandoned") == 1
    assert sync_calendar(rig.service, heir)
    assert rig.titles() == ["Once"]
    assert verify(rig.service, calendar).drift.count == 0


def test_an_expired_lease_cannot_write_even_when_nobody_took_over(rig: Rig) -> None:
    rig.settled(ANN)
    rig.google.create_event(ANN, timed("Late", TOMORROW))
    rig.until(lambda: rig.count("webhook_notifications", outcome="accepted"))
    (claim,) = rig.claims()
    rig.later(seconds=rig.service.settings.lease_seconds + 1)
    assert sync_calendar(rig.service, claim) is None
    assert rig.titles() == []


def test_failing_syncs_back_off_die_are_listed_and_replayed(rig: Rig) -> None:
    calendar = rig.settled(ANN)
    rig.google.create_event(ANN, timed("Waiting", TOMORROW))
    rig.until(lambda: rig.count("webhook_notifications", outcome="accepted"))
    rig.google.fault("status", status=500, reason="backendError", match={"path_regex": "/events"})
    waits = []
    while rig.state(calendar)["dead_at"] is None:
        rig.drain()
        waits.append((rig.state(calendar)["due_at"] - rig.now()).total_seconds())
        assert len(waits) < 20
        if rig.state(calendar)["dead_at"] is None:
            assert rig.count("webhook_retry_queue") == 1
        # Beyond the retry, and beyond the circuit breaker that opens at the fifth failure in a row.
        rig.at(rig.state(calendar)["due_at"] + timedelta(minutes=31))
    assert waits == sorted(waits), "each wait is longer"
    assert waits[0] < 3
    (letter,) = rig.rows("dead_letters")
    assert letter["calendar_id"] == calendar
    (alert,) = rig.rows("calendar_alerts", kind="sync_failing")
    assert (alert["severity"], alert["resolved_at"]) == ("critical", None)
    rig.google.clear_faults()
    rig.service.database.call("replay_dead_letters", calendar_id=calendar)
    rig.drain()
    assert rig.titles() == ["Waiting"]
    assert rig.rows("dead_letters") == []
    assert rig.rows("calendar_alerts", kind="sync_failing")[0]["resolved_by"] == "success"


def test_the_circuit_opens_for_a_provider_in_trouble_and_closes_by_itself(rig: Rig) -> None:
    calendar = rig.settled(ANN)
    rig.google.fault("status", status=503, match={"path_regex": "/events"})
    for _ in range(5):
        rig.service.database.call("replay_dead_letters")
        rig.sql("update calendar_sync_states set due_at = calsync_now(), not_before = null")
        rig.drain()
    rig.google.clear_faults()
    rig.sql("update calendar_sync_states set due_at = calsync_now(), not_before = null")
    assert rig.claims() == [], "the circuit is open"
    rig.later(minutes=2)
    rig.sql("update calendar_sync_states set due_at = calsync_now(), not_before = null")
    assert rig.drain()
    assert rig.sql("select * from calsync_private.provider_circuits") == []
    assert rig.state(calendar)["attempts"] == 0


def _notify(rig: Rig, calendar: object, channel: str, token: str, **more: str) -> httpx.Response:
    headers = {
        "X-Goog-Channel-ID": channel,
        "X-Goog-Channel-Token": token,
        "X-Goog-Resource-ID": "resource",
        "X-Goog-Resource-State": "exists",
        "X-Goog-Message-Number": "7",
        "X-Goog-Resource-URI": "https://www.googleapis.com/calendar/v3/x",
    } | {name.replace("_", "-"): value for name, value in more.items()}
    return httpx.post(f"{rig.url}/webhooks/google/{calendar}/", headers=headers)


def test_forged_and_malformed_notifications_change_nothing(rig: Rig) -> None:
    calendar = rig.settled(ANN)
    (channel,) = rig.rows("webhook_subscriptions", status="active")
    good = issue_token("webhook-secret-of-the-tests", channel["channel_id"], calendar)
    before = rig.sql("select * from calendar_sync_states"), rig.count("webhook_notifications")
    forged = [
        _notify(rig, calendar, channel["channel_id"], good[:-1] + "x"),
        _notify(rig, calendar, str(uuid4()), good),
        _notify(rig, uuid4(), channel["channel_id"], good),
        _notify(rig, calendar, channel["channel_id"], ""),
    ]
    assert {answer.status_code for answer in forged} <= {401, 403}
    malformed = [
        _notify(rig, calendar, channel["channel_id"], good, X_Goog_Resource_State="update"),
        _notify(rig, calendar, channel["channel_id"], good, X_Goog_Message_Number="many"),
    ]
    assert {answer.status_code for answer in malformed} == {400}
    assert before == (
        rig.sql("select * from calendar_sync_states"),
        rig.count("webhook_notifications"),
    )


def test_an_unknown_channel_with_our_token_is_recorded_and_stopped(rig: Rig) -> None:
    calendar = rig.settled(ANN)
    rig.sql("delete from webhook_subscriptions")  # a database restored from an older backup
    (channel,) = rig.google.control("channels")
    rig.google.create_event(ANN, timed("News all the same", TOMORROW))
    rig.until(lambda: rig.count("webhook_notifications", outcome="unknown_channel"))
    rig.drain()
    assert rig.rows("webhook_subscriptions", channel_id=channel["id"])[0]["status"] == "stopped"
    assert rig.titles() == ["News all the same"]
    assert verify(rig.service, calendar).drift.count == 0


def test_a_notification_that_overtakes_the_watch_answer_confirms_the_channel(rig: Rig) -> None:
    rig.google.settings(sync_before_answer=True)
    calendar = rig.settled(ANN)
    assert rig.method(calendar) == "webhook"
    assert rig.count("webhook_subscriptions", status="active") == 1


def test_repeated_deliveries_are_recognised(rig: Rig) -> None:
    calendar = rig.settled(ANN)
    rig.google.fault("repeat_notification", times=1)
    rig.google.create_event(ANN, timed("Twice told", TOMORROW))
    rig.until(lambda: rig.count("webhook_notifications", outcome="duplicate"))
    rig.drain()
    assert rig.count("webhook_notifications", outcome="accepted") == 1
    assert rig.titles() == ["Twice told"]
    assert rig.method(calendar) == "webhook"


def test_a_planted_drift_is_found_and_repaired(rig: Rig) -> None:
    rig.google.create_event(ANN, timed("True", TOMORROW))
    series = timed("Series", TOMORROW) | {"recurrence": ["RRULE:FREQ=WEEKLY;COUNT=5"]}
    rig.google.create_event(ANN, series)
    calendar = rig.settled(ANN)
    assert verify(rig.service, calendar).drift.count == 0
    rig.sql("update calendar_events set summary = 'False' where summary = 'True'")
    rig.sql(
        "delete from event_occurrences where ctid in "
        "(select ctid from event_occurrences where occurrence_key <> '' limit 1)"
    )
    found = verify(rig.service, calendar).drift
    assert (len(found.different), found.missing, found.surplus) == (2, (), ())
    (alert,) = rig.rows("calendar_alerts", kind="drift")
    assert alert["resolved_at"] is None
    (result,) = rig.sql("select * from calendar_monitoring_results where not passed")
    assert len(result["details"]["different"]) == 2


def test_the_daily_safety_net_finds_drift_and_repairs_it(rig: Rig) -> None:
    gone = rig.google.create_event(ANN, timed("Gone from the mirror", TOMORROW))["id"]
    rig.google.create_event(ANN, timed("True", TOMORROW))
    calendar = rig.settled(ANN)
    assert maintain(rig.service).verified == 0, "what was just read is not due"
    rig.sql("update calendar_events set summary = 'False' where summary = 'True'")
    rig.sql("delete from calendar_events where provider_event_id = %(id)s", {"id": gone})
    rig.later(hours=25)
    found = maintain(rig.service)
    assert (found.verified, found.drifted) == (1, 1)
    assert maintain(rig.service).verified == 0, "once a day is enough"
    rig.drain()
    assert rig.titles() == ["Gone from the mirror", "True"]
    assert rig.rows("calendar_sync_logs", trigger="repair")[0]["events_updated"] == 1
    assert verify(rig.service, calendar).drift.count == 0
    assert rig.rows("calendar_alerts", kind="drift")[0]["resolved_by"] == "success"


def test_a_success_beside_it_does_not_lift_a_quota_block(rig: Rig) -> None:
    other = rig.google.add_calendar(ANN, "Second")
    rig.settled(ANN)
    rig.sql("select request_polls(0, 'manual', 10)")
    claims = {claim.provider_calendar_id: claim for claim in rig.claims()}
    rig.google.fault("status", status=429, match={"calendar": other})
    assert sync_calendar(rig.service, claims[other]) is None
    assert sync_calendar(rig.service, claims[ANN])
    assert rig.rows("calendar_accounts")[0]["blocked_until"] > rig.now()
