"""What follows from each refusal of Graph and of the identity platform."""

from typing import Any

import pytest

from shared.errors import GiveUp, ProviderError, QuotaExceeded, Reauthorize, ResyncFully, Retry
from shared.providers.microsoft_errors import refusal


def graph(code: str, message: str = "Words of theirs about ann@x.test") -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "innerError": {"request-id": "r"}}}


@pytest.mark.parametrize(
    ("status", "body", "error", "code"),
    [
        (401, graph("InvalidAuthenticationToken"), Reauthorize, "InvalidAuthenticationToken"),
        (403, graph("ErrorAccessDenied"), GiveUp, "access_denied"),
        (403, graph("Authorization_RequestDenied"), Reauthorize, "Authorization_RequestDenied"),
        (403, graph("ErrorQuotaExceeded"), QuotaExceeded, "ErrorQuotaExceeded"),
        (
            403,
            graph("ExtensionError", "The limit of subscriptions"),
            QuotaExceeded,
            "ExtensionError",
        ),
        (404, graph("ErrorItemNotFound"), Retry, "not_found"),
        (409, graph("Conflict"), Retry, "conflict"),
        (410, graph("SyncStateNotFound"), ResyncFully, "SyncStateNotFound"),
        (410, graph("syncstateinvalid"), ResyncFully, "syncstateinvalid"),
        (400, graph("ResyncRequired"), ResyncFully, "ResyncRequired"),
        (410, {}, ResyncFully, "http_410"),
        (429, graph("ApplicationThrottled"), QuotaExceeded, "ApplicationThrottled"),
        (429, b"<html>", QuotaExceeded, "http_429"),
        (400, graph("ErrorInvalidRequest"), GiveUp, "bad_request"),
        (
            400,
            graph("InvalidRequest", "Subscription validation request timed out."),
            Retry,
            "webhook_url_refused",
        ),
        (
            400,
            graph("ValidationError", "Subscription validation request failed. It is unreachable."),
            Retry,
            "webhook_url_refused",
        ),
        (302, b"", Retry, "provider_unavailable"),
        (500, graph("ErrorInternalServerError"), Retry, "provider_unavailable"),
        (502, b"<html>Bad Gateway", Retry, "provider_unavailable"),
        (503, graph("serviceNotAvailable"), Retry, "provider_unavailable"),
        (504, b"[]", Retry, "provider_unavailable"),
        (418, graph("Teapot"), GiveUp, "Teapot"),
    ],
)
def test_answers_of_graph(
    status: int, body: bytes | dict[str, Any], error: type[ProviderError], code: str
) -> None:
    found = refusal(status, {}, body, "doing")
    assert (type(found), found.code) == (error, code)
    assert "ann@x.test" not in str(found)


@pytest.mark.parametrize(
    ("oauth", "number", "error", "code"),
    [
        ("invalid_grant", 50173, Reauthorize, "invalid_grant:AADSTS50173"),
        ("invalid_grant", 700082, Reauthorize, "invalid_grant:AADSTS700082"),
        ("interaction_required", 50076, Reauthorize, "interaction_required:AADSTS50076"),
        ("consent_required", 65001, Reauthorize, "consent_required:AADSTS65001"),
        ("invalid_client", 7000215, GiveUp, "invalid_client:AADSTS7000215"),
        ("unauthorized_client", 700016, GiveUp, "unauthorized_client:AADSTS700016"),
        ("temporarily_unavailable", 90033, Retry, "provider_unavailable"),
    ],
)
def test_answers_of_the_token_endpoint(
    oauth: str, number: int, error: type[ProviderError], code: str
) -> None:
    body = {"error": oauth, "error_description": f"AADSTS{number}: …", "error_codes": [number]}
    found = refusal(400, {}, body, "token refresh")
    assert (type(found), found.code) == (error, code)


def test_codes_that_are_no_codes_are_not_repeated() -> None:
    for code in ("Ann said no", "", 7, "x" * 65):
        assert refusal(400, {}, {"error": {"code": code}}, "doing").code == "bad_request"
        assert refusal(418, {}, {"error": {"code": code}}, "doing").code == "http_418"


@pytest.mark.parametrize("status", [400, 404, 406, 410, 412])
def test_any_40x_on_a_token_means_that_it_died(status: int) -> None:
    assert isinstance(refusal(status, {}, b"", "delta", has_token=True), ResyncFully)


@pytest.mark.parametrize("status", [401, 403, 408, 429, 503])
def test_but_not_what_says_nothing_about_tokens(status: int) -> None:
    assert not isinstance(refusal(status, {}, b"", "delta", has_token=True), ResyncFully)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "2.128"}, 2.128),
        ({"retry-after": "120"}, 120.0),
        ({}, None),
        ({"retry-after": "soon"}, None),
        (
            {
                "retry-after": "Fri, 20 Nov 2026 08:01:00 GMT",
                "date": "Fri, 20 Nov 2026 08:00:00 GMT",
            },
            60.0,
        ),
        (
            {
                "retry-after": "Fri, 20 Nov 2026 08:00:00 GMT",
                "date": "Fri, 20 Nov 2026 08:01:00 GMT",
            },
            0.0,
        ),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert refusal(429, headers, b"", "doing").retry_after == seconds
