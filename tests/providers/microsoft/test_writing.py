"""The exact requests of writing to Graph, single and in batches, and what refusals mean."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import pytest

from shared.decide.draft_microsoft import draft_microsoft, new_microsoft
from shared.decide.microsoft_fields import OWN_PROPERTY
from shared.errors import GiveUp, ProviderError, QuotaExceeded, Reauthorize, Retry, Stale, Vanished
from shared.model import Draft, When
from shared.providers.base import Outcome, Write, Written
from shared.providers.microsoft import MicrosoftSession
from tests.providers.canned import Answer, CannedServer
from tests.providers.microsoft.conftest import ANN
from tests.support.microsoft_emulator import MicrosoftEmulator

EVENTS = "/v1.0/me/calendars/cal-1/events"
EVENT = f"{EVENTS}/e-1"
BATCH = "/v1.0/$batch"
NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)
DRAFT = Draft(When(NINE, NINE + timedelta(hours=1)), "🔒 Board")


def block(number: int = 1, **more: Any) -> Write:
    """A busy block, to be created."""
    tag = f"calsync:b:0a1b2c3d:{'0' * 16}:{number:016x}"
    return Write(UUID(int=number), tag, **{"draft": DRAFT} | more)


def known(number: int = 1, **more: Any) -> Write:
    """A busy block that is there as `e-{number}`, to be updated."""
    return block(number, provider_event_id=f"e-{number}", etag=f'W/"{number}"', **more)


def event(number: int = 1, **more: Any) -> dict[str, Any]:
    """A busy block as Graph answers it."""
    return {
        "id": f"e-{number}",
        "@odata.etag": f'W/"{number}"',
        "subject": "🔒 Board",
        "start": {"dateTime": "2026-11-24T09:00:00.0000000", "timeZone": "UTC"},
        "end": {"dateTime": "2026-11-24T10:00:00.0000000", "timeZone": "UTC"},
        **more,
    }


def refusal(status: int, code: str, **headers: str) -> Answer:
    return Answer({"error": {"code": code, "message": "No."}}, status, headers)


def responses(*parts: dict[str, Any]) -> Answer:
    return Answer({"responses": list(parts)})


def part(number: int, status: int, body: Any = None, **headers: str) -> dict[str, Any]:
    return {"id": str(number), "status": status, "headers": headers, "body": body}


def write(session: MicrosoftSession, *writes: Write) -> list[Outcome]:
    return list(session.write("cal-1", writes))


def error_of(session: MicrosoftSession, one: Write) -> ProviderError:
    (outcome,) = write(session, one)
    assert outcome.error is not None
    return outcome.error


# -- one write, one request


def test_a_create(canned: CannedServer, canned_session: MicrosoftSession) -> None:
    canned.answer(EVENTS, Answer(event(), 201))
    assert write(canned_session, block()) == [Outcome(UUID(int=1), Written("e-1", 'W/"1"'))]
    verb, target, body = canned.asked[-1]
    assert (verb, target) == ("POST", EVENTS)
    assert json.loads(body) == new_microsoft(DRAFT, block().tag)


def test_an_update_and_a_deletion(canned: CannedServer, canned_session: MicrosoftSession) -> None:
    moved = event(subject="Theirs") | {"@odata.etag": 'W/"2"'}
    canned.answer(EVENT, Answer(moved), Answer(b"", 204))
    assert write(canned_session, known()) == [Outcome(UUID(int=1), Written("e-1", 'W/"2"'))]
    assert json.loads(canned.asked[-1][2]) == draft_microsoft(DRAFT, block().tag)
    assert write(canned_session, known(draft=None)) == [Outcome(UUID(int=1))]
    assert [(verb, target) for verb, target, _ in canned.asked[-2:]] == [
        ("PATCH", EVENT),
        ("DELETE", EVENT),
    ]


def test_ids_are_quoted(canned: CannedServer, canned_session: MicrosoftSession) -> None:
    path = "/v1.0/me/calendars/a%2Fb%3D/events/c%2Fd%3D"
    canned.answer(path, Answer(event()))
    deletion = replace(known(draft=None), provider_event_id="c/d=")
    assert list(canned_session.write("a/b=", [deletion])) == [Outcome(UUID(int=1))]


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (refusal(412, "ErrorIrresolvableConflict"), Stale, "stale"),
        (refusal(409, "ErrorIrresolvableConflict"), Stale, "stale"),
        (refusal(412, "Other"), Stale, "stale"),
        (refusal(404, "ErrorItemNotFound"), Vanished, "not_found"),
        (refusal(403, "ErrorAccessDenied"), GiveUp, "forbidden"),
        (refusal(400, "ErrorInvalidRequest"), GiveUp, "bad_request"),
        (refusal(500, "InternalServerError"), Retry, "provider_unavailable"),
        (Answer({"no": "event"}), Retry, "unexpected_answer"),
        (Answer(b"<html>"), Retry, "unexpected_answer"),
    ],
)
def test_a_refused_update(
    canned: CannedServer, canned_session: MicrosoftSession, answer: Answer, kind: type, code: str
) -> None:
    canned.answer(EVENT, answer)
    error = error_of(canned_session, known())
    assert (type(error), error.code) == (kind, code)


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (refusal(404, "ErrorItemNotFound"), GiveUp, "calendar_not_found"),
        (refusal(403, "ErrorAccessDenied"), GiveUp, "forbidden"),
        (refusal(503, "ServiceUnavailable"), Retry, "provider_unavailable"),
    ],
)
def test_a_refused_create(
    canned: CannedServer, canned_session: MicrosoftSession, answer: Answer, kind: type, code: str
) -> None:
    canned.answer(EVENTS, answer)
    error = error_of(canned_session, block())
    assert (type(error), error.code) == (kind, code)


def test_a_refused_deletion(canned: CannedServer, canned_session: MicrosoftSession) -> None:
    canned.answer(EVENT, refusal(404, "ErrorItemNotFound"), refusal(412, "Conflict"))
    assert write(canned_session, known(draft=None)) == [Outcome(UUID(int=1))]
    assert isinstance(error_of(canned_session, known(draft=None)), Stale)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refusal(429, "ApplicationThrottled", **{"Retry-After": "2.128"}), QuotaExceeded),
        (refusal(403, "ErrorQuotaExceeded"), QuotaExceeded),
        (refusal(401, "InvalidAuthenticationToken"), Reauthorize),
        (Answer(cut=True), Retry),
    ],
)
def test_what_concerns_every_write_is_raised(
    canned: CannedServer, canned_session: MicrosoftSession, answer: Answer, kind: type
) -> None:
    canned.answer(EVENTS, answer)
    canned.answer(BATCH, answer)
    for writes in ([block()], [block(1), block(2)]):
        with pytest.raises(kind):
            write(canned_session, *writes)


# -- appointments, which share their event with others


def appointment(number: int = 1, draft: Draft = DRAFT) -> Write:
    """An appointment that is there as `e-{number}`, to be updated."""
    tag = f"calsync:a:0a1b2c3d:{number:032x}"
    return replace(known(number), tag=tag, draft=draft)


def test_what_is_the_same_already_is_not_sent_again(
    emulator: MicrosoftEmulator, session: MicrosoftSession, calendar: str
) -> None:
    html = {"contentType": "html", "content": "<p>Hello <b>Ben</b></p>"}
    place = {"displayName": "Room 1", "address": {"city": "Berlin"}}
    made = emulator.create_event(ANN, event() | {"body": html, "location": place})
    draft = replace(DRAFT, summary="Other", description="Hello Ben", location="Room 1")
    update = replace(
        appointment(draft=draft), provider_event_id=made["id"], etag=made["@odata.etag"]
    )
    (outcome,) = session.write(calendar, [update])
    assert outcome.written is not None, outcome.error
    (held,) = emulator.events(ANN)
    assert held["subject"] == "Other"
    assert held["body"]["content"].count("<b>Ben</b>") == 1
    assert held["location"]["address"] == {"city": "Berlin"}


def test_an_appointment_that_cannot_be_read_is_written_all_the_same(
    canned: CannedServer, canned_session: MicrosoftSession
) -> None:
    canned.answer(EVENT, refusal(500, "InternalServerError"), Answer(event()))
    assert write(canned_session, appointment())[0].written is not None
    assert [verb for verb, target, _ in canned.asked if target == EVENT] == ["GET", "PATCH"]


def test_patience_is_asked_for_before_anything_is_written(
    canned: CannedServer, canned_session: MicrosoftSession
) -> None:
    canned.answer(EVENT, refusal(429, "ApplicationThrottled"))
    with pytest.raises(QuotaExceeded):
        write(canned_session, appointment())
    assert [verb for verb, target, _ in canned.asked if target == EVENT] == ["GET"]


# -- creates whose answer was lost


@pytest.mark.parametrize("status", [400, 409])
@pytest.mark.parametrize(("title", "as_asked"), [("🔒 Board", True), ("Earlier", False)])
def test_a_repeated_create_is_found_by_its_tag(
    canned: CannedServer,
    canned_session: MicrosoftSession,
    status: int,
    title: str,
    as_asked: bool,
) -> None:
    found = Answer({"value": [event(subject=title)]})
    canned.answer(EVENTS, refusal(status, "ErrorDuplicateTransactionId"), found)
    (outcome,) = write(canned_session, block())
    assert outcome.written == Written("e-1", 'W/"1"', as_asked)
    (query,) = filter(None, canned.queries(EVENTS))
    assert unquote(query) == (
        f"$filter=singleValueExtendedProperties/Any(ep: ep/id eq '{OWN_PROPERTY}'"
        f" and ep/value eq '{block().tag}')"
    )


def test_a_create_that_was_deleted_since_cannot_be_repeated(
    canned: CannedServer, canned_session: MicrosoftSession
) -> None:
    canned.answer(EVENTS, refusal(409, "Conflict"), Answer({"value": []}))
    assert isinstance(error_of(canned_session, block()), Vanished)


@pytest.mark.parametrize("status", [201, 409])
def test_as_the_emulator_answers_it(
    emulator: MicrosoftEmulator, session: MicrosoftSession, calendar: str, status: int
) -> None:
    (first,) = session.write(calendar, [block()])
    emulator.settings(duplicate_transaction_status=status)
    (again,) = session.write(calendar, [block()])
    assert again == first
    (other,) = session.write(calendar, [block(draft=replace(DRAFT, summary="Other"))])
    assert first.written is not None
    assert other.written == replace(first.written, as_asked=False)
    assert len(emulator.events(ANN)) == 1


def test_the_remains_of_a_create_are_deleted(
    canned: CannedServer, canned_session: MicrosoftSession
) -> None:
    remains = {"value": [event(1), event(2)]}
    canned.answer(EVENTS, Answer(remains), Answer({"value": []}), refusal(404, "Gone"))
    canned.answer(EVENT, Answer(b"", 204))
    deletion = block(draft=None)
    for _ in range(3):
        assert write(canned_session, deletion) == [Outcome(UUID(int=1))]
    deleted = [target for verb, target, _ in canned.asked if verb == "DELETE"]
    assert deleted == [EVENT, f"{EVENTS}/e-2"]


# -- batches


def test_a_batch(canned: CannedServer, canned_session: MicrosoftSession) -> None:
    answers = responses(part(2, 204), part(0, 201, event(1)), part(1, 200, event(2)))
    canned.answer(BATCH, answers)
    outcomes = write(canned_session, block(1), known(2), known(3, draft=None))
    assert {outcome.id.int: outcome.written for outcome in outcomes} == {
        1: Written("e-1", 'W/"1"'),
        2: Written("e-2", 'W/"2"'),
        3: None,
    }
    create, update, delete = json.loads(canned.asked[-1][2])["requests"]
    assert [(each["method"], each["url"]) for each in (create, update, delete)] == [
        ("POST", "/me/calendars/cal-1/events"),
        ("PATCH", "/me/calendars/cal-1/events/e-2"),
        ("DELETE", "/me/calendars/cal-1/events/e-3"),
    ]
    assert create["body"] == new_microsoft(DRAFT, block(1).tag)
    assert "If-Match" not in create["headers"]
    assert update["headers"]["If-Match"] == 'W/"2"'
    assert update["headers"]["Content-Type"] == "application/json"
    assert delete["headers"]["If-Match"] == 'W/"3"'
    assert "body" not in delete
    for each in (create, update, delete):
        assert 'IdType="ImmutableId"' in each["headers"]["Prefer"]
    # A mailbox serves four requests at once, over all sessions.
    assert [each.get("dependsOn") for each in (create, update, delete)] == [None, None, ["0"]]
    assert canned_session.api_calls == 3


def test_each_of_a_batch_is_judged_alone(
    canned: CannedServer, canned_session: MicrosoftSession
) -> None:
    canned.answer(
        BATCH,
        responses(
            part(0, 412, {"error": {"code": "ErrorIrresolvableConflict"}}),
            part(1, 200, event(2)),
            part(2, 424, {"error": {"code": "FailedDependency"}}),
            part(3, 200, "no object"),
            part(4, 424),
        ),
        responses(part(2, 404, {"error": {"code": "ErrorItemNotFound"}}), part(4, 200, event(5))),
    )
    outcomes = write(canned_session, *(known(number) for number in range(1, 6)))
    said = {each.id.int: type(each.error) if each.error else None for each in outcomes}
    assert said == {1: Stale, 2: None, 3: Vanished, 4: Retry, 5: None}
    second = json.loads(canned.asked[-1][2])["requests"]
    assert [each["id"] for each in second] == ["2", "4"], "what was left undone, once more"


def test_quota_in_a_batch_ends_the_writing(
    canned: CannedServer, canned_session: MicrosoftSession
) -> None:
    throttled = part(1, 429, {"error": {"code": "ApplicationThrottled"}}, **{"Retry-After": "2.1"})
    canned.answer(BATCH, responses(part(0, 201, event(1)), throttled, part(2, 201, event(3))))
    outcomes: list[Outcome] = []
    with pytest.raises(QuotaExceeded) as caught:
        outcomes.extend(canned_session.write("cal-1", [block(number) for number in range(1, 5)]))
    assert [outcome.id.int for outcome in outcomes] == [1, 3]
    assert caught.value.retry_after == 2.1
    assert canned.count(BATCH) == 1


@pytest.mark.parametrize(
    "answer",
    [
        responses(),
        responses(part(7, 201, event())),
        responses(part(0, 424), part(1, 424)),
        Answer({"responses": "none"}),
        Answer(b"<html>"),
    ],
)
def test_an_answer_that_is_no_batch(
    canned: CannedServer, canned_session: MicrosoftSession, answer: Answer
) -> None:
    canned.answer(BATCH, answer)
    with pytest.raises(Retry) as caught:
        write(canned_session, block(1), block(2))
    assert caught.value.code == "unexpected_answer"


def test_twenty_to_a_request(
    emulator: MicrosoftEmulator, session: MicrosoftSession, calendar: str
) -> None:
    emulator.reset_counters()
    outcomes = list(session.write(calendar, [block(number) for number in range(45)]))
    assert all(outcome.written for outcome in outcomes)
    assert emulator.counters()["by_method"]["events.create"] == 45
    assert len(emulator.events(ANN)) == 45
    assert not any(row["isReminderOn"] for row in emulator.events(ANN))
