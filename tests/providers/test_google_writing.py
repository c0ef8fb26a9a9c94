"""Each write is one request, exactly this one; and each refusal has its meaning."""

import json
from uuid import UUID

import pytest

from shared.errors import GiveUp, ProviderError, QuotaExceeded, Retry, Stale, Vanished
from shared.providers.base import Outcome, Write, Written
from shared.providers.google import GoogleSession
from tests.providers.canned import Answer, CannedServer
from tests.providers.conftest import ANN
from tests.providers.google_writes import (
    BODY,
    DRAFT,
    EVENTS_PATH,
    QUIETLY,
    TIMES,
    attempt,
    block,
    block_body,
    block_id,
    block_tag,
    held,
    refused,
)

TAG = "calsync:a:0a1b2c3d:0123456789abcdef0123456789abcdef"
EVENT_PATH = f"{EVENTS_PATH}/{block_id(1)}"
KNOWN = {"provider_event_id": block_id(1), "etag": '"0"'}
STALE, DENIED = refused(412, "conditionNotMet"), refused(403, "requiredAccessLevel")
ABSENT, DELETED = refused(404, "notFound"), Answer({"id": block_id(1), "status": "cancelled"})
DUPLICATE = refused(409, "duplicate")


def one(session: GoogleSession, write: Write) -> Outcome:
    outcomes, error = attempt(session, write)
    assert error is None, error
    return outcomes[write.id.int]


def requests(canned: CannedServer) -> list[tuple[str, str]]:
    """Verbs and paths of all requests but those for tokens."""
    return [(verb, path) for verb, path, _ in canned.asked if path != "/token"]


def test_a_block_is_created(canned: CannedServer, canned_session: GoogleSession) -> None:
    canned.answer(EVENTS_PATH, Answer(held(1)))
    assert one(canned_session, block(1)).written == Written(block_id(1), '"1"')
    assert requests(canned) == [("POST", f"{EVENTS_PATH}?{QUIETLY}")]
    assert json.loads(canned.asked[-1][2]) == block_body(1) | {"id": block_id(1)}
    assert "if-match" not in canned.headers[-1]
    assert canned_session.api_calls == 1


def test_a_block_is_replaced(canned: CannedServer, canned_session: GoogleSession) -> None:
    canned.answer(EVENT_PATH, Answer(held(1)))
    assert one(canned_session, block(1, **KNOWN)).written == Written(block_id(1), '"1"')
    assert requests(canned) == [("PUT", f"{EVENT_PATH}?{QUIETLY}")]
    assert json.loads(canned.asked[-1][2]) == block_body(1)
    assert canned.headers[-1]["if-match"] == '"0"'


def test_an_appointment_is_patched(canned: CannedServer, canned_session: GoogleSession) -> None:
    private = {"extendedProperties": {"private": {"calsync": TAG}}}
    canned.answer(f"{EVENTS_PATH}/met", Answer({"id": "met", "etag": '"2"', **BODY, **private}))
    write = Write(UUID(int=1), TAG, DRAFT, "met", '"1"')
    assert one(canned_session, write).written == Written("met", '"2"')
    assert requests(canned) == [("PATCH", f"{EVENTS_PATH}/met?{QUIETLY}")]
    assert json.loads(canned.asked[-1][2]) == {
        **BODY,
        **private,
        "description": None,
        "location": None,
        **{name: time | {"date": None} for name, time in TIMES.items()},
    }
    assert canned.headers[-1]["if-match"] == '"1"'


@pytest.mark.parametrize("etag", ['"0"', None])
def test_an_event_is_deleted(
    canned: CannedServer, canned_session: GoogleSession, etag: str | None
) -> None:
    canned.answer(EVENT_PATH, Answer(b"", 204))
    gone = Write(UUID(int=1), block_tag(1), None, block_id(1), etag)
    assert one(canned_session, gone) == Outcome(gone.id)
    assert requests(canned) == [("DELETE", f"{EVENT_PATH}?sendUpdates=none")]
    assert canned.headers[-1].get("if-match") == etag


def test_without_its_id_an_event_is_deleted_by_its_tag(
    canned: CannedServer, canned_session: GoogleSession
) -> None:
    canned.answer(EVENT_PATH, Answer(b"", 204))
    assert one(canned_session, Write(UUID(int=1), block_tag(1), None)) == Outcome(UUID(int=1))
    assert canned.count(EVENT_PATH) == 1


CREATES: list[tuple[Answer, tuple[Answer, ...], type[ProviderError], str]] = [
    (ABSENT, (), GiveUp, "calendar_not_found"),
    (DENIED, (), GiveUp, "forbidden"),
    (refused(400, "invalid"), (), GiveUp, "invalid"),
    (refused(503, "backendError"), (), Retry, "provider_unavailable"),
    (Answer(b"<html>"), (), Retry, "unexpected_answer"),
    (Answer([1]), (), Retry, "unexpected_answer"),
    (Answer({}), (), Retry, "unexpected_answer"),
    (DUPLICATE, (ABSENT,), Retry, "conflict"),
    (DUPLICATE, (refused(500, "backendError"),), Retry, "provider_unavailable"),
    (DUPLICATE, (DELETED, refused(403, "forbidden")), Vanished, ""),
    (DUPLICATE, (DELETED, ABSENT), Vanished, ""),
    (DUPLICATE, (DELETED, DELETED), Vanished, ""),
    (DUPLICATE, (DELETED, refused(503, "backendError")), Retry, "provider_unavailable"),
]


@pytest.mark.parametrize(("answer", "then", "error", "code"), CREATES)
def test_a_create_that_is_refused(
    canned: CannedServer,
    canned_session: GoogleSession,
    answer: Answer,
    then: tuple[Answer, ...],
    error: type[ProviderError],
    code: str,
) -> None:
    canned.answer(EVENTS_PATH, answer)
    canned.answer(EVENT_PATH, *then)
    found = one(canned_session, block(1)).error
    assert (type(found), found and found.code) == (error, code)
    assert len(requests(canned)) == canned_session.api_calls == 1 + len(then)


def test_a_deleted_id_lives_again_as_drafted(
    canned: CannedServer, canned_session: GoogleSession
) -> None:
    canned.answer(EVENTS_PATH, DUPLICATE)
    deleted = Answer(DELETED.body | {"etag": '"7"'})
    canned.answer(EVENT_PATH, deleted, Answer(held(1)))
    assert one(canned_session, block(1)).written == Written(block_id(1), '"1"')
    assert [verb for verb, _ in requests(canned)] == ["POST", "GET", "PUT"]
    assert json.loads(canned.asked[-1][2]) == block_body(1)
    assert canned.headers[-1]["if-match"] == '"7"'


UPDATES: list[tuple[Answer, tuple[Answer, ...], type[ProviderError], str]] = [
    (ABSENT, (), Vanished, ""),
    (refused(410, "deleted"), (), Vanished, ""),
    (DELETED, (), Vanished, ""),
    (refused(400, "invalid"), (), GiveUp, "invalid"),
    (STALE, (Answer(held(1, summary="Other")),), Stale, ""),
    (STALE, (DELETED,), Vanished, ""),
    (STALE, (ABSENT,), Vanished, ""),
    (STALE, (refused(503, "backendError"),), Retry, "provider_unavailable"),
    (DENIED, (Answer(held(1)),), GiveUp, "forbidden"),
    (refused(403, "forbidden"), (DELETED,), Vanished, ""),
]


@pytest.mark.parametrize(("answer", "then", "error", "code"), UPDATES)
def test_an_update_that_is_refused(
    canned: CannedServer,
    canned_session: GoogleSession,
    answer: Answer,
    then: tuple[Answer, ...],
    error: type[ProviderError],
    code: str,
) -> None:
    canned.answer(EVENT_PATH, answer, *then)
    found = one(canned_session, block(1, **KNOWN)).error
    assert (type(found), found and found.code) == (error, code)
    assert len(requests(canned)) == 1 + len(then)


def test_an_update_that_had_arrived_before_is_done(
    canned: CannedServer, canned_session: GoogleSession
) -> None:
    canned.answer(EVENT_PATH, STALE, Answer(held(1)))
    assert one(canned_session, block(1, **KNOWN)).written == Written(block_id(1), '"1"')


DELETIONS: list[tuple[Answer, tuple[Answer, ...], type[ProviderError] | None]] = [
    (ABSENT, (), None),
    (refused(410, "deleted"), (), None),
    (STALE, (ABSENT,), None),
    (STALE, (DELETED,), None),
    (STALE, (Answer(held(1)),), Stale),
    (STALE, (refused(503, "backendError"),), Retry),
    (DENIED, (), GiveUp),
]


@pytest.mark.parametrize(("answer", "then", "error"), DELETIONS)
def test_a_deletion_that_is_refused(
    canned: CannedServer,
    canned_session: GoogleSession,
    answer: Answer,
    then: tuple[Answer, ...],
    error: type[ProviderError] | None,
) -> None:
    canned.answer(EVENT_PATH, answer, *then)
    outcome = one(canned_session, Write(UUID(int=1), block_tag(1), None, block_id(1), '"0"'))
    assert outcome.written is None
    assert (type(outcome.error) if outcome.error else None) == error
    assert len(requests(canned)) == 1 + len(then)


def test_a_lost_connection_ends_it_all(canned: CannedServer, canned_session: GoogleSession) -> None:
    canned.answer(EVENTS_PATH, Answer(cut=True))
    outcomes, error = attempt(canned_session, block(1))
    assert outcomes == {}
    assert (type(error), error and error.code) == (Retry, "network")


def test_quota_ends_it_all(canned: CannedServer, canned_session: GoogleSession) -> None:
    canned.answer(EVENTS_PATH, refused(403, "quotaExceeded", **{"Retry-After": "9"}))
    outcomes, error = attempt(canned_session, block(1))
    assert outcomes == {}
    assert isinstance(error, QuotaExceeded)
    assert error.retry_after == 9.0


def test_no_address_is_told(canned: CannedServer, canned_session: GoogleSession) -> None:
    for answer in (ABSENT, DENIED, STALE):
        canned.answer(EVENTS_PATH, answer)
        assert ANN not in str(one(canned_session, block(1)).error)
