"""One request on its way through the stand-in, and the answer it gets."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from emulator.rest import errors
from emulator.rest.media import Representation
from emulator.rest.preferences import Preferences
from emulator.rest.session import Caller, Outcome, Sessions


@dataclass(frozen=True)
class Call:
    """A request, read and negotiated; `sessions` runs its SQL."""

    caller: Caller
    parameters: tuple[tuple[str, str], ...]
    preferences: Preferences
    representation: Representation
    range_header: str | None
    content_type: str
    body: bytes
    sessions: Sessions

    @property
    def rolled_back(self) -> bool:
        return self.preferences.get("tx") == "rollback"

    def check_rows(self, rows: int) -> None:
        """Refuses an answer of other than one row where one object was asked for."""
        if self.representation.shape == "object" and rows != 1:
            raise errors.not_singular(rows)

    def check_affected(self, rows: int) -> None:
        self.check_rows(rows)
        self.preferences.check_affected(rows)


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def answer(
    call: Call, outcome: Outcome, status: int, headers: Mapping[str, str], with_body: bool
) -> Answer:
    """The answer with an outcome, as far as the database does not set it itself.

    SQL may set `response.status` and `response.headers` (PostgREST, "Response Headers").
    """
    shown = {"Content-Type": call.representation.content_type} if with_body else {}
    body = (outcome.body or "").encode() if with_body else b""
    return Answer(
        _status(outcome.status, status),
        {**headers, **shown, **_headers(outcome.headers)},
        body,
    )


def total_of(outcome: Outcome) -> int | None:
    """How many rows there are; an estimate is never below what was counted."""
    known = [total for total in (outcome.total, outcome.planned_total) if total is not None]
    return max(known) if known else None


def _status(of_database: str | None, otherwise: int) -> int:
    if of_database is None:
        return otherwise
    if not of_database.isdecimal() or not 100 <= int(of_database) <= 599:
        message = "response.status guc must be a valid status code"
        raise errors.RestError(500, "PGRST112", message)
    return int(of_database)


def _headers(of_database: str | None) -> dict[str, str]:
    try:
        pairs = [pair for one in json.loads(of_database or "[]") for pair in one.items()]
        if all(isinstance(text, str) and "\n" not in text for _, text in pairs):
            return dict(pairs)
    except (ValueError, AttributeError, TypeError) as error:
        raise _bad_headers() from error
    raise _bad_headers()


def _bad_headers() -> errors.RestError:
    message = (
        "response.headers guc must be a JSON array composed of objects "
        "with a single key and a string value"
    )
    return errors.RestError(500, "PGRST111", message)
