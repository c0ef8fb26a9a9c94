"""A request with an Idempotency-Key is done once, whatever becomes of the first one."""

from datetime import timedelta
from uuid import UUID

import pytest

from tests.api.people import Client, code
from tests.support.rig import Rig

KEY = "0b6f5a52-made-by-the-caller"


@pytest.fixture
def path(ann_id: UUID) -> str:
    """Something that creates: an event at the provider, for a while."""
    return f"webhook/test/{ann_id}"


def times_done(rig: Rig) -> int:
    """How often it was really done."""
    return rig.count("audit_log", action="push.tested")


def test_the_same_request_is_answered_alike_and_done_once(rig: Rig, ann: Client, path: str) -> None:
    answers = [ann.post(path, Idempotency_Key=KEY) for _ in range(3)]
    assert [answer.json() for answer in answers] == [answers[0].json()] * 3
    assert times_done(rig) == 1
    assert ann.post(path, Idempotency_Key=f"{KEY}-2").status_code == 200
    assert times_done(rig) == 2


def test_the_key_means_one_thing(rig: Rig, ann: Client, path: str) -> None:
    ann.post(path, Idempotency_Key=KEY)
    (calendar,) = rig.rows("calendars")
    other = ann.post(path, {"calendar_id": str(calendar["id"])}, Idempotency_Key=KEY)
    assert code(other) == (422, "key_reused")
    assert times_done(rig) == 1


@pytest.mark.parametrize("key", ["", "a;b", "a b", "x" * 201, "a/b"])
def test_unfit_keys_are_refused(ann: Client, path: str, key: str) -> None:
    answer = ann.request("POST", path, json={}, headers={"Idempotency-Key": key})
    assert code(answer) == (400, "invalid_request")


def test_a_request_that_failed_frees_its_key(rig: Rig, ann: Client, path: str) -> None:
    rig.sql("update calendars set access_role = 'reader'")
    assert code(ann.post(path, Idempotency_Key=KEY)) == (409, "refused")
    rig.sql("update calendars set access_role = 'owner'")
    assert ann.post(path, Idempotency_Key=KEY).status_code == 200
    assert times_done(rig) == 1


def test_while_it_is_done_a_repeated_request_waits(rig: Rig, ann: Client, path: str) -> None:
    assert ann.post(path, Idempotency_Key=KEY).status_code == 200
    rig.sql("update calsync_private.idempotency_keys set status = null, answer = null")
    assert code(ann.post(path, Idempotency_Key=KEY)) == (409, "busy")
    # The first one died: after five minutes another takes its place.
    rig.sql(
        "update calsync_private.idempotency_keys set started_at = started_at - interval '6 min'"
    )
    assert ann.post(path, Idempotency_Key=KEY).status_code == 200
    assert times_done(rig) == 2


def test_keys_are_a_persons_own_and_forgotten_after_a_day(
    rig: Rig, ann: Client, ann_id: UUID, path: str
) -> None:
    ann.post(path, Idempotency_Key=KEY)
    (row,) = rig.rows("calsync_private.idempotency_keys")
    assert (row["user_id"], row["status"]) == (ann_id, 200)
    rig.sql(
        "update calsync_private.idempotency_keys set started_at = started_at - %(day)s",
        {"day": timedelta(days=1, minutes=1)},
    )
    ann.post(path, Idempotency_Key=f"{KEY}-2")
    assert rig.count("calsync_private.idempotency_keys", key=KEY) == 0
