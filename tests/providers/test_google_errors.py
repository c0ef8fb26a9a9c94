"""The table of errors, over answers as they were recorded on the wire."""

import json
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from http.client import IncompleteRead
from typing import Any

import httplib2
import httpx
import pytest
from google.auth.exceptions import RefreshError, TransportError
from googleapiclient.errors import HttpError
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import GiveUp, ProviderError, QuotaExceeded, Reauthorize, ResyncFully, Retry
from shared.providers.google_errors import FAILURES, provider_error, refusal


def api(status: int, reason: str, **more: str) -> bytes:
    """Google's error body (guides/errors)."""
    detail = {"domain": "global", "reason": reason, "message": "…"} | more
    return json.dumps({"error": {"errors": [detail], "code": status, "message": "…"}}).encode()


def front(status: int, reason: str) -> bytes:
    """The body that Google's newer front end gives (google.rpc.ErrorInfo)."""
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": "googleapis.com",
    }
    error = {"code": status, "message": "…", "status": "PERMISSION_DENIED", "details": [info]}
    return json.dumps({"error": error}).encode()


def oauth(_: int, reason: str) -> bytes:
    """The body of the token endpoint (RFC 6749 section 5.2)."""
    return json.dumps({"error": reason, "error_description": "…"}).encode()


Wire = Callable[[int, str], bytes]

MEANINGS: list[tuple[int, Wire, str, type[ProviderError]]] = [
    (403, api, "rateLimitExceeded", QuotaExceeded),
    (429, api, "rateLimitExceeded", QuotaExceeded),
    (403, api, "userRateLimitExceeded", QuotaExceeded),
    (403, api, "quotaExceeded", QuotaExceeded),
    (403, api, "calendarUsageLimitsExceeded", QuotaExceeded),
    (403, api, "dailyLimitExceeded", QuotaExceeded),
    (403, front, "RATE_LIMIT_EXCEEDED", QuotaExceeded),
    (429, oauth, "rate_limit_exceeded", QuotaExceeded),
    (401, api, "authError", Reauthorize),
    (401, api, "required", Reauthorize),
    (403, api, "insufficientPermissions", Reauthorize),
    (403, front, "ACCESS_TOKEN_SCOPE_INSUFFICIENT", Reauthorize),
    (400, oauth, "invalid_grant", Reauthorize),
    (403, oauth, "admin_policy_enforced", Reauthorize),
    (401, oauth, "invalid_client", GiveUp),
    (401, oauth, "unauthorized_client", GiveUp),
    (401, oauth, "deleted_client", GiveUp),
    (400, oauth, "redirect_uri_mismatch", GiveUp),
    (400, oauth, "unsupported_grant_type", GiveUp),
    (403, front, "SERVICE_DISABLED", GiveUp),
    (403, api, "accessNotConfigured", GiveUp),
    (403, api, "notACalendarUser", GiveUp),
    (403, api, "forbidden", GiveUp),
    (400, api, "pushNotSupportedForRequestedResource", GiveUp),
    (400, api, "channelIdNotUnique", Retry),
    (410, api, "fullSyncRequired", ResyncFully),
    (410, api, "updatedMinTooLongAgo", ResyncFully),
    (410, api, "deleted", GiveUp),
    (412, api, "conditionNotMet", GiveUp),
]


def test_a_calendar_that_may_only_be_read_has_one_code_for_all_providers() -> None:
    found = refusal(403, {}, api(403, "requiredAccessLevel"), "events.insert")
    assert (type(found), found.code) == (GiveUp, "forbidden")


@pytest.mark.parametrize(("status", "wire", "reason", "error"), MEANINGS)
def test_a_reason_means_one_thing(
    status: int, wire: Wire, reason: str, error: type[ProviderError]
) -> None:
    found = refusal(status, {}, wire(status, reason), "events.list")
    assert (type(found), found.code, found.retry_after) == (error, reason, None)
    assert str(found).startswith(f"events.list: Google answered {status} {reason}.")


@pytest.mark.parametrize(
    ("status", "body", "error", "code"),
    [
        (400, api(400, "push.webhookUrlNotHttps"), Retry, "webhook_url_refused"),
        (401, api(401, "push.webhookUrlUnauthorized"), Retry, "webhook_url_refused"),
        (403, api(403, "webhookUrlUnauthorized"), Retry, "webhook_url_refused"),
        (404, api(404, "notFound"), Retry, "not_found"),
        (500, api(500, "backendError"), Retry, "provider_unavailable"),
        (503, b"<html>Error 503</html>", Retry, "provider_unavailable"),
        (408, b"", Retry, "provider_unavailable"),
        (302, b"", Retry, "provider_unavailable"),
        (400, b'{"error": "invalid_grant", "error_subtype": "x"}', Reauthorize, "x"),
        (429, b'{"error": {"status": "RESOURCE_EXHAUSTED"}}', QuotaExceeded, "RESOURCE_EXHAUSTED"),
        (429, b"", QuotaExceeded, "http_429"),
        (401, b"", Reauthorize, "http_401"),
        (403, b"<html>Forbidden</html>", GiveUp, "http_403"),
        (410, b"", ResyncFully, "http_410"),
    ],
)
def test_what_the_status_says_where_the_reason_does_not(
    status: int, body: bytes, error: type[ProviderError], code: str
) -> None:
    found = refusal(status, {}, body, "events.list")
    assert (type(found), found.code) == (error, code)


@pytest.mark.parametrize(
    ("reason", "parameter", "error"),
    [
        ("invalid", "syncToken", ResyncFully),
        ("invalid", "pageToken", ResyncFully),
        ("syncTokenWithRequestRestrictions", "syncToken", GiveUp),
        ("invalidParameter", "maxResults", GiveUp),
    ],
)
def test_a_bad_request_may_be_a_dead_token(
    reason: str, parameter: str, error: type[ProviderError]
) -> None:
    body = api(400, reason, locationType="parameter", location=parameter)
    found = refusal(400, {}, body, "events.list")
    assert (type(found), found.code) == (error, reason)


NOW, LATER = "Fri, 20 Nov 2026 08:00:00 GMT", "Fri, 20 Nov 2026 08:01:30 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "120"}, 120.0),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": LATER, "date": NOW}, 90.0),
        ({"retry-after": NOW, "date": LATER}, 0.0),
        ({"retry-after": LATER}, None),
        ({"retry-after": LATER, "date": "Fri, 20 Nov 2026 08:00:00 -0000"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon", "date": NOW}, None),
        ({"retry-after": "٣", "date": NOW}, None),
    ],
)
def test_how_long_google_asks_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert refusal(429, headers, b"", "events.list").retry_after == seconds
    assert refusal(503, headers, b"", "events.list").retry_after == seconds


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (TransportError("refused"), "network"),
        (httplib2.ServerNotFoundError("www.googleapis.com"), "network"),
        (httplib2.FailedToDecompressContent("half", None, b""), "network"),
        (httpx.ConnectTimeout("slow"), "network"),
        (httpx.DecodingError("gzip"), "network"),
        (IncompleteRead(b"{"), "network"),
        (TimeoutError("timed out"), "network"),
        (ConnectionResetError(104, "reset"), "network"),
        (ssl.SSLCertVerificationError("self-signed"), "network"),
        (RefreshError("no expiry"), "unexpected_answer"),
        (json.JSONDecodeError("no", "<html>", 0), "unexpected_answer"),
    ],
)
def test_trouble_on_the_way_is_tried_again(failure: Exception, code: str) -> None:
    assert isinstance(failure, FAILURES)
    found = provider_error(failure, "events.list")
    assert (type(found), found.code) == (Retry, code)


def test_an_http_error_of_the_library_is_read_from_its_body() -> None:
    response = httplib2.Response({"status": "403", "retry-after": "7"})
    found = provider_error(HttpError(response, api(403, "quotaExceeded")), "events.list")
    assert (type(found), found.code, found.retry_after) == (QuotaExceeded, "quotaExceeded", 7.0)


def test_advice_for_what_an_operator_can_mend() -> None:
    address = refusal(400, {}, api(400, "push.webhookUrlNotHttps"), "events.watch")
    assert "WEBHOOK_BASE_URL" in str(address)
    client = refusal(401, {}, b'{"error": "invalid_client"}', "token refresh")
    assert "GOOGLE_CLIENT_ID" in str(client)


def test_a_reason_that_is_no_plain_word_is_not_repeated() -> None:
    found = refusal(403, {}, api(403, "ann@x.test is not allowed"), "events.list")
    assert (found.code, "ann" in str(found)) == ("http_403", False)


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "errors", "details", "reason", "status", "location", "code"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(status=st.integers(300, 599), value=json_values, raw=st.binary(max_size=20))
def test_no_answer_can_break_the_table(status: int, value: Any, raw: bytes) -> None:
    for body in (raw, json.dumps(value).encode()):
        found = refusal(status, {"retry-after": body.decode(errors="replace")}, body, "events.list")
        assert isinstance(found, ProviderError)
        assert found.code


def test_dates_are_measured_in_any_zone() -> None:
    moment = datetime(2026, 11, 20, 8, tzinfo=UTC)
    later = (moment + timedelta(seconds=45)).astimezone(timezone(timedelta(hours=5)))
    headers = {"retry-after": format_datetime(later), "date": format_datetime(moment)}
    assert refusal(503, headers, b"", "events.list").retry_after == 45.0
