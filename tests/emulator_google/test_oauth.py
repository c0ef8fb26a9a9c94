"""OAuth: consent page, code, refresh, revoke, userinfo, and every refusal in Google's words."""

import base64
import hashlib
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest
from google.auth.exceptions import RefreshError
from google_auth_oauthlib.flow import Flow

from tests.emulator_google.discovery import service
from tests.emulator_google.helpers import ANN, BEN, refusal
from tests.support.google_emulator import SCOPE, SCOPES, GoogleEmulator

EVENTS, CALENDAR_LIST = f"{SCOPE}calendar.events", f"{SCOPE}calendar.calendarlist.readonly"


@pytest.fixture
def http(google: GoogleEmulator) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=google.url) as client:
        yield client


def asked(google: GoogleEmulator, **more: str) -> dict[str, str]:
    return {
        "client_id": google.client_id,
        "redirect_uri": google.redirect_uri,
        "response_type": "code",
        "scope": f"{EVENTS} {CALENDAR_LIST}",
        "state": "s1",
        "access_type": "offline",
    } | more


def token_form(google: GoogleEmulator, **more: str) -> dict[str, str]:
    secrets = {"client_id": google.client_id, "client_secret": google.client_secret}
    return secrets | {"redirect_uri": google.redirect_uri} | more


def exchange(google: GoogleEmulator, http: httpx.Client, code: str, **more: str) -> httpx.Response:
    form = token_form(google, grant_type="authorization_code", code=code, **more)
    return http.post("/token", data=form)


def refresh(google: GoogleEmulator, http: httpx.Client, token: str, **more: str) -> httpx.Response:
    form = token_form(google, grant_type="refresh_token", refresh_token=token, **more)
    return http.post("/token", data=form)


def choose(http: httpx.Client, query: dict[str, str], **form: Any) -> dict[str, str]:
    answer = http.post("/o/oauth2/v2/auth", params=query, data=form)
    assert answer.status_code == 302
    found = parse_qs(urlsplit(answer.headers["Location"]).query)
    return {name: values[0] for name, values in found.items()}


def test_the_consent_page_lists_people_and_scopes(
    google: GoogleEmulator, http: httpx.Client
) -> None:
    page = http.get("/o/oauth2/v2/auth", params=asked(google))
    assert page.headers["Content-Type"].startswith("text/html")
    assert all(text in page.text for text in (ANN, BEN, EVENTS, CALENDAR_LIST))
    hinted = http.get("/o/oauth2/v2/auth", params=asked(google, login_hint=BEN))
    assert ANN not in hinted.text


def test_a_click_leads_to_tokens(google: GoogleEmulator, http: httpx.Client) -> None:
    back = choose(http, asked(google), email=ANN)
    assert back["state"] == "s1"
    tokens = exchange(google, http, back["code"]).json()
    assert tokens["expires_in"] == 3599
    assert tokens["token_type"] == "Bearer"
    assert set(tokens["scope"].split()) == {EVENTS, CALENDAR_LIST}
    assert "id_token" not in tokens
    again = exchange(google, http, back["code"])
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


def test_deny(google: GoogleEmulator, http: httpx.Client) -> None:
    assert choose(http, asked(google), deny="1") == {"state": "s1", "error": "access_denied"}


def test_a_person_can_grant_less(google: GoogleEmulator, http: httpx.Client) -> None:
    back = choose(http, asked(google), email=ANN, granted=[EVENTS])
    assert back["scope"] == EVENTS
    tokens = exchange(google, http, back["code"]).json()
    assert tokens["scope"] == EVENTS
    with closing(service(google, ANN, **tokens)) as client:
        assert client.events().list(calendarId="primary").execute()["items"] == []
        assert refusal(client.calendarList().list().execute) == (403, "insufficientPermissions")


def test_refresh_tokens_need_offline_and_consent(
    google: GoogleEmulator, http: httpx.Client
) -> None:
    def granted(**more: str) -> bool:
        code = choose(http, asked(google, **more), email=ANN)["code"]
        return "refresh_token" in exchange(google, http, code).json()

    assert not granted(access_type="online")
    assert not granted()  # consented before: Google gives none the second time
    assert granted(prompt="consent")


@pytest.mark.parametrize(
    ("wrong", "status", "error"),
    [
        ({"client_id": "unknown"}, 401, "invalid_client"),
        ({"redirect_uri": "http://elsewhere.test/back"}, 400, "redirect_uri_mismatch"),
        ({"response_type": "token"}, 400, "unsupported_response_type"),
        ({"scope": ""}, 400, "invalid_request"),
    ],
)
def test_bad_authorization_requests(
    google: GoogleEmulator, http: httpx.Client, wrong: dict[str, str], status: int, error: str
) -> None:
    answer = http.get("/o/oauth2/v2/auth", params=asked(google, **wrong))
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_registered_redirect_uris_are_exact(google: GoogleEmulator, http: httpx.Client) -> None:
    client = {"client_id": "2-x", "client_secret": "s", "redirect_uris": ["https://a.test/back"]}
    google.control("clients", client)
    good = asked(google, client_id="2-x", redirect_uri="https://a.test/back")
    assert http.get("/o/oauth2/v2/auth", params=good).status_code == 200
    bad = asked(google, client_id="2-x", redirect_uri="https://a.test/back/")
    assert http.get("/o/oauth2/v2/auth", params=bad).status_code == 400


@pytest.mark.parametrize(
    ("wrong", "status", "error", "description"),
    [
        ({"client_id": "x"}, 401, "invalid_client", "The OAuth client was not found."),
        ({"client_secret": "x"}, 401, "invalid_client", "Unauthorized"),
        ({"code": "x"}, 400, "invalid_grant", "Malformed auth code."),
        ({"code": ""}, 400, "invalid_request", "Missing required parameter: code"),
        ({"redirect_uri": "http://127.0.0.1/x"}, 400, "redirect_uri_mismatch", "Bad Request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", "Invalid grant_type: password"),
    ],
)
def test_bad_token_requests(
    google: GoogleEmulator,
    http: httpx.Client,
    wrong: dict[str, str],
    status: int,
    error: str,
    description: str,
) -> None:
    form = token_form(google, grant_type="authorization_code", code=google.consent(ANN))
    answer = http.post("/token", data=form | wrong)
    assert answer.status_code == status
    assert answer.json() == {"error": error, "error_description": description}


def test_pkce(google: GoogleEmulator, http: httpx.Client) -> None:
    verifier = "v" * 43
    digest = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    proof = {"code_challenge": challenge, "code_challenge_method": "S256"}
    without = exchange(google, http, google.consent(ANN, **proof))
    assert without.json()["error_description"] == "Missing code verifier."
    wrong = exchange(google, http, google.consent(ANN, **proof), code_verifier="w" * 43)
    assert wrong.json()["error_description"] == "Invalid code verifier."
    right = exchange(google, http, google.consent(ANN, **proof), code_verifier=verifier)
    assert right.status_code == 200


def test_codes_expire(google: GoogleEmulator, http: httpx.Client) -> None:
    code = google.consent(ANN)
    google.advance(601)
    assert exchange(google, http, code).json()["error"] == "invalid_grant"


def test_the_real_flow_library_works(
    google: GoogleEmulator, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    config = {
        "web": {
            "client_id": google.client_id,
            "client_secret": google.client_secret,
            "auth_uri": google.auth_url,
            "token_uri": google.token_url,
        }
    }
    flow = Flow.from_client_config(config, [EVENTS], redirect_uri=google.redirect_uri)
    url, state = flow.authorization_url(access_type="offline", prompt="consent")
    with closing(flow.oauth2session):
        answer = http.post(url, data={"email": ANN})
        back = parse_qs(urlsplit(answer.headers["Location"]).query)
        assert back["state"] == [state]
        flow.fetch_token(code=back["code"][0])
    assert flow.credentials.refresh_token.startswith("1//0")


def test_refresh(google: GoogleEmulator, http: httpx.Client) -> None:
    tokens = google.tokens(ANN)
    fresh = refresh(google, http, tokens["refresh_token"]).json()
    assert fresh["access_token"] != tokens["access_token"]
    assert "refresh_token" not in fresh
    google.settings(rotate_refresh_tokens=True)
    rotated = refresh(google, http, tokens["refresh_token"]).json()["refresh_token"]
    assert refresh(google, http, tokens["refresh_token"]).status_code == 400
    assert refresh(google, http, rotated).status_code == 200


def test_revoked_grants(google: GoogleEmulator, http: httpx.Client) -> None:
    tokens = google.tokens(ANN)
    assert http.post("/revoke", data={"token": tokens["refresh_token"]}).status_code == 200
    answer = refresh(google, http, tokens["refresh_token"])
    assert answer.status_code == 400
    assert answer.json() == {
        "error": "invalid_grant",
        "error_description": "Token has been expired or revoked.",
    }
    with (
        closing(service(google, ANN, **tokens)) as client,
        pytest.raises(RefreshError, match="invalid_grant"),
    ):
        client.calendarList().list().execute()
    unknown = http.post("/revoke", params={"token": "x"})
    assert (unknown.status_code, unknown.json()["error"]) == (400, "invalid_token")


def test_the_hundred_and_first_refresh_token_kills_the_first(
    google: GoogleEmulator, http: httpx.Client
) -> None:
    tokens = [google.tokens(ANN)["refresh_token"] for _ in range(101)]
    assert refresh(google, http, tokens[0]).json()["error"] == "invalid_grant"
    assert refresh(google, http, tokens[1]).status_code == 200


def test_access_tokens_expire_and_are_refreshed(google: GoogleEmulator, ann: Any) -> None:
    ann.calendarList().list().execute()
    google.expire_access_tokens(email=ANN)
    ann.calendarList().list().execute()  # the client saw 401 and refreshed
    assert google.counters()["by_status"] == {"200": 2, "401": 1}


def test_unauthenticated_calls(http: httpx.Client) -> None:
    for headers in ({}, {"Authorization": "Bearer ya29.nothing"}):
        answer = http.get("/calendar/v3/users/me/calendarList", headers=headers)
        assert answer.status_code == 401
        error = answer.json()["error"]
        assert error["status"] == "UNAUTHENTICATED"
        assert error["errors"][0]["reason"] == "authError"
        assert error["errors"][0]["location"] == "Authorization"


def test_userinfo_and_id_token(google: GoogleEmulator, http: httpx.Client) -> None:
    tokens = google.tokens(ANN, [*SCOPES, "profile"])
    info = http.get(
        "/oauth2/v3/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"}
    ).json()
    assert (info["email"], info["name"]) == (ANN, "Ann")
    claims = jwt.decode(tokens["id_token"], options={"verify_signature": False})
    assert (claims["email"], claims["sub"]) == (ANN, info["sub"])
    assert claims["aud"] == google.client_id
    assert http.get("/oauth2/v3/userinfo").status_code == 401
