"""The function URLs: who may call them, what they refuse, what they answer."""

import subprocess
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest

from tests.support.rig import CRON_SECRET, Rig, timed
from tests.support.schema_dump import pg_dump

ANN = "ann@example.test"
SERVICE_KEY = "service-role-key-of-the-tests"
POLL = "/functions/v1/calendar-polling-service"
GUARDED = (POLL, "/functions/v1/calendar-polling-cron", "/functions/v1/renew-calendar-watches")
PROBLEM = "application/problem+json"


@pytest.mark.parametrize("path", GUARDED)
@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer wrong", f"Basic {CRON_SECRET}", f"bearer {CRON_SECRET}x"]
)
def test_callers_without_the_secret_change_nothing(rig: Rig, path: str, header: str | None) -> None:
    rig.connect(ANN)
    before = rig.rows("calendar_sync_states")
    headers = {} if header is None else {"Authorization": header}
    answer = httpx.post(f"{rig.url}{path}", headers=headers, json={"userId": str(uuid4())})
    assert (answer.status_code, answer.headers["content-type"]) == (401, PROBLEM)
    assert CRON_SECRET not in answer.text
    assert rig.rows("calendar_sync_states") == before


def test_the_service_role_key_opens_them_too(rig: Rig) -> None:
    rig.reopen(SUPABASE_SERVICE_ROLE_KEY=SERVICE_KEY)
    assert rig.post(GUARDED[1], secret=SERVICE_KEY).status_code == 200


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"", "userId is missing"),
        (b"{}", "userId is missing"),
        (b"[]", "JSON object"),
        (b"{", "JSON object"),
        (b'{"userId": "x"}', "must be a UUID"),
        (b'{"userId": 7}', "must be a UUID"),
        (b'{"userid": "x"}', "Unknown key"),
        (b'{"userId": "00000000-0000-4000-8000-000000000000", "force": "yes"}', "true or false"),
    ],
)
def test_a_bad_body_is_told_what_is_wrong(rig: Rig, body: bytes, complaint: str) -> None:
    answer = httpx.post(
        f"{rig.url}{POLL}", content=body, headers={"Authorization": f"Bearer {CRON_SECRET}"}
    )
    assert (answer.status_code, answer.headers["content-type"]) == (400, PROBLEM)
    assert complaint in answer.json()["detail"]


def test_a_huge_body_is_refused(rig: Rig) -> None:
    answer = rig.post(POLL, {"userId": "x" * 70_000})
    assert answer.status_code == 413


def test_an_unknown_person_is_an_empty_poll(rig: Rig) -> None:
    answer = rig.post(POLL, {"userId": str(uuid4())})
    assert answer.status_code == 200
    assert (answer.json()["calendars"], answer.json()["skipped"]) == (0, False)


def test_a_poll_answers_what_it_found_and_force_overrides_healthy_push(rig: Rig) -> None:
    rig.settled(ANN)
    (account,) = rig.rows("calendar_accounts")
    rig.google.fault("drop_notification")
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    rig.google.create_event(ANN, timed("Unheard", tomorrow))
    answer = rig.post(POLL, {"userId": str(account["user_id"]), "force": True}).json()
    assert (answer["processed"], answer["created"], answer["skipped"]) == (1, 1, False)


def test_the_cron_fails_loudly_when_nothing_but_failures_came_of_it(rig: Rig) -> None:
    rig.settled(ANN)
    rig.google.fault("status", status=500, match={"path_regex": "/events"})
    rig.sql("update webhook_subscriptions set status = 'expired', ended_at = now()")
    answer = rig.post(GUARDED[1])
    assert answer.status_code == 502
    assert answer.json()["errors"][0]["code"] == "provider_unavailable"


def test_health_and_readiness(rig: Rig) -> None:
    assert httpx.get(f"{rig.url}/healthz").json() == {"status": "ok"}
    assert httpx.get(f"{rig.url}/readyz").json()["status"] == "ready"


def test_readiness_without_a_database_is_503(rig: Rig) -> None:
    rig.reopen(DATABASE_URL="postgresql://nobody@127.0.0.1:1/nothing")
    answer = httpx.get(f"{rig.url}/readyz", timeout=30)
    assert (answer.status_code, answer.headers["content-type"]) == (503, PROBLEM)
    assert "nobody" not in answer.text
    assert httpx.get(f"{rig.url}/healthz").status_code == 200


def test_other_paths_and_methods_are_problems_too(rig: Rig) -> None:
    assert httpx.get(f"{rig.url}/nothing").headers["content-type"] == PROBLEM
    assert httpx.get(f"{rig.url}{POLL}").status_code == 405


def test_a_dump_holds_no_credential(rig: Rig) -> None:
    rig.settled(ANN)
    command = [pg_dump(), "--inserts", rig.database_url]
    dump = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "account_credentials" in dump
    assert not [token for token in rig.refresh_tokens if token in dump]
    assert "refresh_token" not in dump
    assert rig.environment["TOKEN_ENCRYPTION_KEYS"] not in dump
