"""Logs say what happened to whom, and hold no secret and nothing of anybody's calendar."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from tests.support.program import Program, free_port
from tests.support.rig import CRON_SECRET, Rig, timed

ANN = "ann@example.test"
TITLE, GUEST, PLACE = "Secret merger talks", "guest-of-honour@example.test", "Hidden Lane 7"


def test_a_day_of_a_server_leaks_nothing(rig: Rig, tmp_path: Path) -> None:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    rig.reopen(WEBHOOK_BASE_URL=base, PORT=str(port))
    with Program(tmp_path, rig.environment, "serve") as server:
        server.until(lambda: _answers(base))
        _live_through_it(rig, base)
    text = server.said()
    told = {json.loads(line)["event"] for line in text.splitlines() if line.startswith("{")}
    assert {"notification", "synced", "subscribed", "refused", "sync_failed"} <= told
    secrets = [
        CRON_SECRET,
        "webhook-secret-of-the-tests",
        rig.environment["TOKEN_ENCRYPTION_KEYS"],
        rig.environment["GOOGLE_CLIENT_SECRET"],
        *rig.refresh_tokens,
    ]
    assert [secret for secret in secrets if secret in text] == []
    assert [words for words in (TITLE, GUEST, PLACE, ANN) if words in text] == []


def _live_through_it(rig: Rig, base: str) -> None:
    rig.connect(ANN)
    rig.until(lambda: rig.count("webhook_subscriptions", status="active"))
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    body = timed(TITLE, tomorrow, location=PLACE, attendees=[{"email": GUEST}])
    rig.google.create_event(ANN, body)
    rig.until(lambda: rig.titles() == [TITLE])
    forged = {"X-Goog-Channel-ID": "x", "X-Goog-Channel-Token": "y"}
    httpx.post(f"{base}/functions/v1/google-calendar-webhook", headers=forged)
    httpx.post(f"{base}/functions/v1/calendar-polling-cron", headers={"Authorization": "no"})
    httpx.post(
        f"{base}/functions/v1/calendar-polling-cron",
        headers={"Authorization": f"Bearer {CRON_SECRET}"},
    )
    rig.google.revoke(ANN)
    rig.google.create_event(ANN, timed(TITLE, tomorrow))
    rig.until(lambda: rig.count("calendar_accounts", status="needs_reauth"))


def _answers(base: str) -> bool:
    try:
        return httpx.get(f"{base}/healthz").is_success
    except httpx.TransportError:
        return False
