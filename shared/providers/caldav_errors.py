"""The one place where a CalDAV server's answers become errors the steps can act on."""

import re
from collections.abc import Iterable, Mapping

from caldav.lib import error as dav_error
from niquests.exceptions import RequestException

from shared.errors import (
    GiveUp,
    ProviderError,
    QuotaExceeded,
    Reauthorize,
    ResyncFully,
    Retry,
    Stale,
)

NETWORK = "network"
PROVIDER_UNAVAILABLE = "provider_unavailable"
UNEXPECTED_ANSWER = "unexpected_answer"
SERVER_ERROR = "server_error"
NOT_FOUND = "not_found"
FORBIDDEN = "forbidden"
STALE = "stale"
QUOTA = "too_many_requests"
PUSH_UNSUPPORTED = "push_unsupported"
UNTRUSTED_HOST = "untrusted_host"

FAILURES: tuple[type[Exception], ...] = (
    dav_error.DAVError,
    RequestException,
    OSError,  # sockets, TLS, timeouts
    SyntaxError,  # lxml: the answer is no XML
    UnicodeError,
)
"""What a call of the libraries may raise about the outside world."""

_VALID_TOKEN, _REPORT_UNKNOWN = "valid-sync-token", "supported-report"
_DEAD_TOKEN_STATUSES = frozenset({403, 409, 412})
_NO_RIGHT = frozenset({"need-privileges", ""})
# sabre/dav puts names of its own classes beside them.
_STANDARD = ("{DAV:}", "{urn:ietf:params:xml:ns:caldav}")
_SAFE = re.compile(r"[\w.-]{1,64}", re.ASCII)


class Unsupported(GiveUp):
    """The server does not know this kind of request."""


_BY_STATUS: Mapping[int, tuple[type[ProviderError], str, str]] = {
    401: (Reauthorize, "unauthorized", "The person must reconnect the account."),
    403: (GiveUp, FORBIDDEN, "The account may not do this."),
    404: (Retry, NOT_FOUND, ""),
    405: (Unsupported, "http_405", ""),
    408: (Retry, PROVIDER_UNAVAILABLE, ""),
    410: (Retry, NOT_FOUND, ""),
    412: (Stale, STALE, ""),
    415: (Unsupported, "http_415", ""),
    423: (Retry, PROVIDER_UNAVAILABLE, ""),
    429: (QuotaExceeded, QUOTA, ""),
    500: (Retry, SERVER_ERROR, ""),
    501: (Unsupported, "http_501", ""),
}


def provider_error(failure: Exception, doing: str) -> ProviderError:
    """What follows from one of `FAILURES`; `doing` names the call, without personal content.

    Neither message nor code holds anything that the server wrote but the names of conditions:
    the libraries' texts hold URLs and bodies.
    """
    if isinstance(failure, dav_error.RateLimitError):
        return _patience(failure.status, failure.retry_after_seconds, doing)
    if isinstance(failure, dav_error.AuthorizationError):
        return refusal(failure.status or 401, failure.preconditions, doing)
    if isinstance(failure, (RequestException, OSError)):
        kind = type(failure).__name__
        return Retry(f"{doing}: the connection to the server failed ({kind}).", code=NETWORK)
    return unexpected_answer(doing)


def unexpected_answer(doing: str) -> Retry:
    """For an answer that is no CalDAV server's: a proxy's page, half a body."""
    return Retry(f"{doing}: the answer is not CalDAV.", code=UNEXPECTED_ANSWER)


def untrusted_host(doing: str) -> GiveUp:
    """For a redirect to where the password must not go."""
    return GiveUp(
        f"{doing}: the server points to another provider's host; connect that one by its URL.",
        code=UNTRUSTED_HOST,
    )


def refusal(status: int, preconditions: Iterable[str], doing: str) -> ProviderError:
    """What follows from an answer that is no success.

    `preconditions` are tags in Clark notation (RFC 4918 section 16). Sources: RFC 6578 section
    3.2, RFC 4791 section 1.3; statuses as observed on Radicale, Xandikos and DAViCal.
    """
    condition = next((_local(tag) for tag in preconditions if tag.startswith(_STANDARD)), "")
    said = f"{doing}: the server answered {status} {condition}".rstrip() + "."
    if condition == _VALID_TOKEN and status in _DEAD_TOKEN_STATUSES:
        return ResyncFully(said, code=condition)
    if condition == _REPORT_UNKNOWN:
        return Unsupported(said, code=condition)
    known = _BY_STATUS.get(status)
    if known is not None and (status not in (401, 403) or condition in _NO_RIGHT):
        error, code, advice = known
        return error(f"{said} {advice}".rstrip(), code=code)
    if 400 <= status < 500:
        return GiveUp(said, code=condition or f"http_{status}")
    return Retry(said, code=PROVIDER_UNAVAILABLE)


def _patience(status: int | None, seconds: float | None, doing: str) -> Retry:
    if status == 503:
        said = f"{doing}: the server is unavailable for a while."
        return Retry(said, code=PROVIDER_UNAVAILABLE, retry_after=seconds)
    return QuotaExceeded(f"{doing}: the server asks for patience.", code=QUOTA, retry_after=seconds)


def _local(tag: str) -> str:
    name = tag.rpartition("}")[2]
    return name if _SAFE.fullmatch(name) else "condition"
