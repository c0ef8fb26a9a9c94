"""The webhook for Graph: handshake, forgeries, lifecycle events."""

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
