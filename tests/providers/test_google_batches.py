"""Many writes travel together, and each is judged alone."""

import json

import pytest

from shared.errors import GiveUp, ProviderError, QuotaExceeded, Reauthorize, Retry, Vanished
from shared.providers.base import Outcome, Write, Written
from shared.providers.google import GoogleSession
from shared.providers.google_calls import batch_url
from tests.providers.canned import TOKEN, Answer, CannedServer
from tests.providers.google_writes import (
    BATCH_PATH,
    EVENTS_PATH,
    QUIETLY,
    attempt,
    batched,
    block,
    block_body,
    block_id,
    block_tag,
    held,
    parts_of,
    refused,
)

KNOWN = {"provider_event_id": block_id(1), "etag": '"0"'}
QUOTA = refused(403, "rateLimitExceeded", **{"Retry-After": "4"})


@pytest.mark.parametrize(
    ("api_url", "expected"),
    [
        (
            "https://www.googleapis.com/calendar/v3/",
            "https://www.googleapis.com/batch/calendar/v3",
        ),
        ("http://127.0.0.1:9/calendar/v3", "http://127.0.0.1:9/batch/calendar/v3"),
        ("https://proxy.test/google/calendar/v3/", "https://proxy.test/google/batch/calendar/v3"),
    ],
)
def test_where_batches_go(api_url: str, expected: str) -> None:
    assert batch_url(api_url) == expected


def test_a_batch_on_the_wire(canned: CannedServer, canned_session: GoogleSession) -> None:
    printed = json.dumps(held(2), ensure_ascii=False, indent=1).encode()  # as Google does
    said = {0: Answer(printed), 1: Answer(held(1)), 2: Answer(b"", 204)}
    canned.answer(BATCH_PATH, batched(said))
    deletion = Write(block(3).id, block_tag(3), None, block_id(3), '"3"')
    outcomes, error = attempt(canned_session, block(2), block(1, **KNOWN), deletion)
    assert error is None
    assert outcomes == {
        2: Outcome(block(2).id, Written(block_id(2), '"2"')),
        1: Outcome(block(1).id, Written(block_id(1), '"1"')),
        3: Outcome(deletion.id),
    }
    assert canned_session.api_calls == 3
    ((verb, target, _),) = [asked for asked in canned.asked if asked[1] != "/token"]
    assert (verb, target) == ("POST", BATCH_PATH)
    assert canned.headers[-1]["authorization"] == "Bearer at-1"
    create, update, delete = parts_of(canned)
    assert create.line == f"POST {EVENTS_PATH}?{QUIETLY} HTTP/1.1"
    assert create.body == block_body(2) | {"id": block_id(2)}
    assert "if-match" not in create.headers
    assert update.line == f"PUT {EVENTS_PATH}/{block_id(1)}?{QUIETLY} HTTP/1.1"
    assert (update.headers["if-match"], update.body) == ('"0"', block_body(1))
    assert delete.line == f"DELETE {EVENTS_PATH}/{block_id(3)}?sendUpdates=none HTTP/1.1"
    assert (delete.headers["if-match"], delete.body) == ('"3"', None)
    assert all("authorization" not in part.headers for part in (create, update, delete))


def test_fifty_at_most_travel_together(canned: CannedServer, canned_session: GoogleSession) -> None:
    first = {place: Answer(held(place)) for place in range(50)}
    canned.answer(BATCH_PATH, batched(first))
    canned.answer(EVENTS_PATH, Answer(held(50)))
    outcomes, error = attempt(canned_session, *map(block, range(51)))
    assert error is None
    assert all(outcome.written for outcome in outcomes.values())
    assert sorted(outcomes) == list(range(51))
    assert len(parts_of(canned)) == 50
    assert canned_session.api_calls == 51


def test_what_an_answer_asks_back_is_asked_together(
    canned: CannedServer, canned_session: GoogleSession
) -> None:
    """Two creates whose answers were lost: one is as drafted, the other is not."""
    duplicate = refused(409, "duplicate")
    other = Answer(held(2, summary="Other"))
    canned.answer(
        BATCH_PATH,
        batched({0: duplicate, 1: duplicate, 2: Answer(held(3))}),
        batched({0: Answer(held(1)), 1: other}),
    )
    outcomes, error = attempt(canned_session, *map(block, (1, 2, 3)))
    assert error is None
    assert {
        number: each.written and each.written.as_asked for number, each in outcomes.items()
    } == {
        1: True,
        2: False,
        3: True,
    }
    assert [part.line.partition(" ")[0] for part in parts_of(canned, 1)] == ["GET", "GET"]


def test_one_refusal_hides_none(canned: CannedServer, canned_session: GoogleSession) -> None:
    said = {
        0: Answer(held(1)),
        1: refused(404, "notFound"),
        2: refused(400, "invalid"),
        3: Answer(b"<html>"),
        4: refused(503, "backendError"),
        5: Answer(held(6)),
    }
    canned.answer(BATCH_PATH, batched(said))
    update = Write(block(2).id, block_tag(2), block(2).draft, block_id(2))
    outcomes, error = attempt(canned_session, block(1), update, *map(block, (3, 4, 5, 6)))
    assert error is None
    found = {number: type(each.error) for number, each in outcomes.items() if each.error}
    assert found == {2: Vanished, 3: GiveUp, 4: Retry, 5: Retry}
    assert outcomes[1].written
    assert outcomes[6].written


def test_quota_inside_a_batch_is_raised_after_what_was_done(
    canned: CannedServer, canned_session: GoogleSession
) -> None:
    canned.answer(BATCH_PATH, batched({0: QUOTA, 1: Answer(held(2)), 2: QUOTA}))
    outcomes, error = attempt(canned_session, *map(block, (1, 2, 3)))
    assert list(outcomes) == [2]
    assert isinstance(error, QuotaExceeded)
    assert (error.code, error.retry_after) == ("rateLimitExceeded", 4.0)
    assert canned.count(BATCH_PATH) == 1


def test_a_token_that_expired_meanwhile_is_replaced_for_the_parts_it_was_refused_to(
    canned: CannedServer, canned_session: GoogleSession
) -> None:
    expired = refused(401, "authError")
    canned.answer("/token", Answer(TOKEN), Answer(TOKEN | {"access_token": "at-2"}))
    canned.answer(
        BATCH_PATH,
        batched({0: Answer(held(1)), 1: expired}),
        batched({1: Answer(held(2))}),
    )
    outcomes, error = attempt(canned_session, block(1), block(2))
    assert error is None
    assert outcomes[1].written
    assert outcomes[2].written
    assert len(parts_of(canned, 1)) == 1
    assert canned.headers[-1]["authorization"] == "Bearer at-2"
    assert canned_session.api_calls == 3


def test_lost_access_inside_a_batch(canned: CannedServer, canned_session: GoogleSession) -> None:
    expired = refused(401, "authError")
    canned.answer(BATCH_PATH, batched({0: Answer(held(1)), 1: expired}), batched({1: expired}))
    outcomes, error = attempt(canned_session, block(1), block(2))
    assert list(outcomes) == [1]
    assert isinstance(error, Reauthorize)


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        (Answer(b"<html>Sign in</html>"), Retry, "unexpected_answer"),
        (Answer(b"\xff\xfe"), Retry, "unexpected_answer"),
        (batched({0: Answer(held(1))}), Retry, "unexpected_answer"),
        (batched({}), Retry, "unexpected_answer"),
        (
            Answer(
                b"--b\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{}\r\n--b--\r\n",
                headers={"Content-Type": "multipart/mixed; boundary=b"},
            ),
            Retry,
            "unexpected_answer",
        ),
        (
            Answer(
                b"--b\r\nContent-ID: nonsense\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{}\r\n--b--\r\n",
                headers={"Content-Type": "multipart/mixed; boundary=b"},
            ),
            Retry,
            "unexpected_answer",
        ),
        (refused(503, "backendError"), Retry, "provider_unavailable"),
        (refused(429, "rateLimitExceeded"), QuotaExceeded, "rateLimitExceeded"),
        (refused(401, "authError"), Reauthorize, "authError"),
        (Answer(cut=True), Retry, "network"),
    ],
)
def test_a_batch_that_fails_as_a_whole(
    canned: CannedServer,
    canned_session: GoogleSession,
    answer: Answer,
    error: type[ProviderError],
    code: str,
) -> None:
    canned.answer(BATCH_PATH, answer)
    outcomes, raised = attempt(canned_session, block(1), block(2))
    assert outcomes == {}
    assert (type(raised), raised and raised.code) == (error, code)
