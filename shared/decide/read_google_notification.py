"""Reads the headers of a Google webhook notification; its body is always empty."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from uuid import UUID

from shared.decide.channel_token import read_token
from shared.errors import Forbidden, InvalidRequest

STATES = frozenset({"sync", "exists", "not_exists"})
LARGEST_NUMBER = 2**63 - 1

_PRINTABLE = re.compile(r"[\x20-\x7e]+")
_NUMBER = re.compile(r"[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class GoogleNotification:
    """What a notification says: something changed there, never what.

    `resource_state` is `sync` for the first message of a channel, then `exists` or `not_exists`.
    Message numbers grow but have gaps; a gap is no loss.
    """

    channel_id: str
    calendar_id: UUID
    resource_id: str
    resource_state: str
    message_number: int
    expires_at: datetime | None


def read_google_notification(
    headers: Mapping[str, str], secrets: Sequence[str], calendar_id_in_url: UUID | None
) -> GoogleNotification:
    """The notification in these headers, once its token proves that it is for a calendar of ours.

    Raises InvalidRequest for what Google would never send, and Forbidden for a token that is
    missing, forged, or of another calendar than the URL's. No message repeats what was sent.
    Source: developers.google.com/workspace/calendar/api/guides/push.
    """
    given = {name.lower(): value for name, value in headers.items()}
    channel_id = _required(given, "X-Goog-Channel-ID", 64)
    resource_id = _required(given, "X-Goog-Resource-ID", 256)
    state = _state(given)
    number = _message_number(given)
    expires_at = _expiration(given)
    token = _optional(given, "X-Goog-Channel-Token", 256)

    calendar_id = read_token(secrets, channel_id, token) if token else None
    if calendar_id is None:
        raise Forbidden("The channel token is missing or was not issued here.")
    if calendar_id_in_url not in (None, calendar_id):
        raise Forbidden("The channel token is for another calendar.")
    return GoogleNotification(channel_id, calendar_id, resource_id, state, number, expires_at)


def _optional(given: Mapping[str, str], name: str, longest: int) -> str | None:
    value = given.get(name.lower(), "")
    if not value:
        return None
    if len(value) > longest:
        raise InvalidRequest(f"{name} is longer than {longest} characters.")
    if not _PRINTABLE.fullmatch(value):
        raise InvalidRequest(f"{name} has characters that no header may have.")
    return value


def _required(given: Mapping[str, str], name: str, longest: int) -> str:
    value = _optional(given, name, longest)
    if value is None:
        raise InvalidRequest(f"{name} is missing.")
    return value


def _state(given: Mapping[str, str]) -> str:
    state = _required(given, "X-Goog-Resource-State", 64)
    if state not in STATES:
        raise InvalidRequest("X-Goog-Resource-State is none of sync, exists, not_exists.")
    return state


def _message_number(given: Mapping[str, str]) -> int:
    digits = _required(given, "X-Goog-Message-Number", 64)
    if not _NUMBER.fullmatch(digits) or int(digits) > LARGEST_NUMBER:
        raise InvalidRequest("X-Goog-Message-Number is not a positive 64-bit number.")
    return int(digits)


def _expiration(given: Mapping[str, str]) -> datetime | None:
    """An HTTP-date (RFC 9110 section 5.6.7), unlike the milliseconds of the watch answer."""
    text = _optional(given, "X-Goog-Channel-Expiration", 64)
    if text is None:
        return None
    try:
        read = parsedate_to_datetime(text)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidRequest("X-Goog-Channel-Expiration is not an HTTP-date.") from None
