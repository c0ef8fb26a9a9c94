"""The API over Supabase's REST interface answers as it does over Postgres itself."""

from typing import Any
from uuid import UUID

from tests.api.people import JWT_SECRET, Client, person
from tests.support.rest_emulator import RestEmulator
from tests.support.rig import Rig

#: They tell when they were asked, or what asking them did.
MOVING = {"now", "lag_seconds", "request_id"}


def still(value: Any) -> Any:
    """An answer without what moves."""
    if isinstance(value, list):
        return [still(each) for each in value]
    if isinstance(value, dict):
        return {name: still(each) for name, each in value.items() if name not in MOVING}
    return value


def looks(client: Client, user_id: UUID, calendar_id: UUID) -> dict[str, Any]:
    """All that can be read."""
    paths = (
        *("accounts", "calendars", "events", "meetings", "free-busy", "sync-logs?limit=1"),
        *("real-time-sync/status", "sync/health", f"calendars/{calendar_id}/explain"),
        *(f"webhook/health/{user_id}", f"webhook/metrics/{user_id}"),
        *(f"monitoring/health/{user_id}", f"monitoring/alerts/{user_id}?open=true", "audit-log"),
    )
    answers = {path: client.get(path) for path in paths}
    assert {answer.status_code for answer in answers.values()} == {200}
    return {path: still(answer.json()) for path, answer in answers.items()}


def test_both_transports_answer_alike(rig: Rig, ann_id: UUID) -> None:
    (calendar,) = rig.rows("calendars")
    with RestEmulator(rig.database_url, JWT_SECRET) as rest:
        direct = looks(person(rig, ann_id), ann_id, calendar["id"])
        key = rest.key("service_role")
        rig.reopen(DATABASE_URL="", SUPABASE_URL=rest.url, SUPABASE_SERVICE_ROLE_KEY=key)
        ann = person(rig, ann_id)
        assert looks(ann, ann_id, calendar["id"]) == direct
        tried = ann.post(f"webhook/test/{ann_id}", Idempotency_Key="over-rest")
        assert tried.json()["passed"], tried.text
        again = ann.post(f"webhook/test/{ann_id}", Idempotency_Key="over-rest")
        assert again.json() == tried.json()
        off = ann.post("real-time-sync/disable").json()
        assert (off["enabled"], off["stopped"]) == (False, 1)
        assert ann.post(f"calendars/{calendar['id']}/reset").status_code == 202
