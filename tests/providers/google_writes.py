"""Writes of the tests, and batches as Google's front end reads and answers them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.parser import Parser
from typing import Any
from uuid import UUID

from shared.errors import ProviderError
from shared.model import Draft, When
from shared.providers.base import Outcome, Write
from shared.providers.google import GoogleSession
from tests.providers.canned import Answer, CannedServer
from tests.providers.conftest import ANN

EVENTS_PATH = "/calendar/v3/calendars/ann%40x.test/events"
BATCH_PATH = "/batch/calendar/v3"
QUIETLY = "sendUpdates=none&alt=json"
START = datetime(2026, 11, 24, 9, tzinfo=UTC)
DRAFT = Draft(When(START, START + timedelta(hours=1)), "🔒 Board", time_zone="Europe/Berlin")
TIMES = {
    "start": {"dateTime": "2026-11-24T09:00:00Z", "timeZone": "Europe/Berlin"},
    "end": {"dateTime": "2026-11-24T10:00:00Z", "timeZone": "Europe/Berlin"},
}
BODY = {
    **TIMES,
    "summary": "🔒 Board",
    "status": "confirmed",
    "transparency": "opaque",
    "visibility": "default",
}


def block(number: int, **more: Any) -> Write:
    """A busy block, to be created."""
    return Write(UUID(int=number), block_tag(number), DRAFT, **more)


def block_tag(number: int) -> str:
    """The tag of a busy block."""
    return f"calsync:b:0a1b2c3d:{'0' * 16}:{number:016x}"


def block_id(number: int) -> str:
    """The id that the tag gives to its event."""
    return f"0a1b2c3d{'0' * 16}{number:016x}"


def block_body(number: int) -> dict[str, Any]:
    """All of a busy block."""
    return {
        **BODY,
        "reminders": {"useDefault": False},
        "extendedProperties": {"private": {"calsync": block_tag(number)}},
    }


def held(number: int, **more: Any) -> dict[str, Any]:
    """A busy block as Google answers it."""
    return {**block_body(number), "id": block_id(number), "etag": f'"{number}"', **more}


def refused(status: int, reason: str, **headers: str) -> Answer:
    """A refusal of the API (guides/errors)."""
    error = {"domain": "global", "reason": reason, "message": "…"}
    return Answer({"error": {"errors": [error], "code": status}}, status, headers)


def attempt(
    session: GoogleSession, *writes: Write
) -> tuple[dict[int, Outcome], ProviderError | None]:
    """The outcomes by number of the write, and what was raised after them."""
    outcomes: dict[int, Outcome] = {}
    try:
        for outcome in session.write(ANN, writes):
            outcomes[outcome.id.int] = outcome
    except ProviderError as error:
        return outcomes, error
    return outcomes, None


@dataclass(frozen=True)
class Part:
    """A request inside a batch."""

    line: str
    headers: Mapping[str, str]
    body: Any


def parts_of(canned: CannedServer, number: int = 0) -> list[Part]:
    """The requests of that batch."""
    asked = [
        (headers["content-type"], body)
        for (_, target, body), headers in zip(canned.asked, canned.headers, strict=True)
        if target == BATCH_PATH
    ]
    kind, body = asked[number]
    message = Parser().parsestr(f"Content-Type: {kind}\n\n{body}")
    assert message.get_content_type() == "multipart/mixed"
    return [_part(str(part.get_payload())) for part in message.walk() if not part.is_multipart()]


def _part(text: str) -> Part:
    line, _, rest = text.partition("\n")
    inner = Parser().parsestr(rest)
    headers = {name.lower(): value for name, value in inner.items()}
    body = str(inner.get_payload())
    return Part(line.strip(), headers, json.loads(body) if body.strip() else None)


def batched(answers: Mapping[int, Answer], **more: Any) -> Answer:
    """The answer to a batch: what is said to its requests, by their place in it."""
    parts = [
        f"--b\r\nContent-Type: application/http\r\nContent-ID: <response-x + {place}>\r\n\r\n"
        f"HTTP/1.1 {answer.status} Said\r\n"
        + "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
        + f"Content-Type: application/json\r\n\r\n{answer.payload().decode()}\r\n"
        for place, answer in answers.items()
    ]
    payload = "".join([*parts, "--b--\r\n"]).encode()
    return Answer(payload, headers={"Content-Type": "multipart/mixed; boundary=b"}, **more)
