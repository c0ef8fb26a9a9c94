"""The webhook for Graph: handshake, storms, forgeries, lifecycle events."""

from typing import Any
from uuid import UUID

import httpx

from shared.decide.client_state import issue_client_state
from tests.flow.microsoft.outlook import ANN, TOMORROW, drifted, event, item, settled
from tests.support.rig import Rig


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
