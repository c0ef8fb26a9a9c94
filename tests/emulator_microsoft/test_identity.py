"""The identity platform without MSAL: what a careless or hostile client is told."""

import base64
import hashlib
import json
from typing import Any

import httpx
import jwt
import pytest

from tests.emulator_microsoft.helpers import ANN, Graph, refused
from tests.support.microsoft_emulator import (
    CLIENT_ID,
    CLIENT_SECRET,
    GRAPH,
    REDIRECT_URI,
    WIRE_SCOPES,
    MicrosoftEmulator,
)

Json = dict[str, Any]


def ask(microsoft: MicrosoftEmulator, **form: str) -> httpx.Response:
    """A call of the token endpoint; an empty value leaves the field out."""
    client = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    sent = {name: value for name, value in (client | form).items() if value}
    return httpx.post(microsoft.token_url, data=sent)


def exchange(microsoft: MicrosoftEmulator, code: str, **form: str) -> httpx.Response:
    kind = {"grant_type": "authorization_code", "redirect_uri": REDIRECT_URI}
    return ask(microsoft, code=code, **(kind | form))


def aadsts(answer: httpx.Response) -> tuple[int, str, int]:
    """`(status, error, AADSTS code)` of a refusal, its form checked."""
    body: Json = answer.json()
    expected = {"error", "error_description", "error_codes", "timestamp", "trace_id"}
    assert set(body) >= expected | {"correlation_id", "error_uri"}
    [code] = body["error_codes"]
    assert body["error_description"].startswith(f"AADSTS{code}: ")
    return answer.status_code, body["error"], code


def test_a_code_works_once(microsoft: MicrosoftEmulator) -> None:
    code = microsoft.consent(ANN)
    assert exchange(microsoft, code).status_code == 200
    assert aadsts(exchange(microsoft, code)) == (400, "invalid_grant", 54005)


def test_a_code_lives_ten_minutes(microsoft: MicrosoftEmulator) -> None:
    code = microsoft.consent(ANN)
    microsoft.advance(601)
    assert aadsts(exchange(microsoft, code)) == (400, "invalid_grant", 70008)


def test_the_redirect_uri_must_be_the_same(microsoft: MicrosoftEmulator) -> None:
    answer = exchange(microsoft, microsoft.consent(ANN), redirect_uri="https://other.test/")
    assert aadsts(answer) == (400, "invalid_grant", 500112)


@pytest.mark.parametrize("verifier", ["", "another-verifier-of-sufficient-length-1234567890"])
def test_pkce_is_enforced(microsoft: MicrosoftEmulator, verifier: str) -> None:
    right = "the-right-verifier-of-sufficient-length-1234567890"
    digest = base64.urlsafe_b64encode(hashlib.sha256(right.encode()).digest())
    asked = {
        "code_challenge": digest.decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    wrong = exchange(microsoft, microsoft.consent(ANN, **asked), code_verifier=verifier)
    assert aadsts(wrong) == (400, "invalid_grant", 501481)
    good = exchange(microsoft, microsoft.consent(ANN, **asked), code_verifier=right)
    assert good.status_code == 200


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"client_id": "unknown"}, (400, "unauthorized_client", 700016)),
        ({"client_secret": ""}, (401, "invalid_client", 7000218)),
        ({"client_secret": "wrong"}, (401, "invalid_client", 7000215)),
        ({"grant_type": "password"}, (400, "unsupported_grant_type", 70003)),
        ({"grant_type": "refresh_token"}, (400, "invalid_request", 90014)),
        (
            {"grant_type": "refresh_token", "refresh_token": "made up"},
            (400, "invalid_grant", 70000),
        ),
        ({"grant_type": "authorization_code"}, (400, "invalid_request", 90014)),
    ],
)
def test_refusals(
    microsoft: MicrosoftEmulator, form: dict[str, str], expected: tuple[int, str, int]
) -> None:
    assert aadsts(ask(microsoft, **form)) == expected


def test_a_scope_without_consent(microsoft: MicrosoftEmulator) -> None:
    token = microsoft.tokens(ANN)["refresh_token"]
    answer = ask(
        microsoft, grant_type="refresh_token", refresh_token=token, scope=f"{GRAPH}Mail.Read"
    )
    assert aadsts(answer) == (400, "invalid_grant", 65001)


def test_id_tokens_are_signed(microsoft: MicrosoftEmulator) -> None:
    code = microsoft.consent(ANN, nonce="n-1")
    answer = exchange(microsoft, code, client_info="1").json()
    keys = httpx.get(f"{microsoft.url}/common/discovery/v2.0/keys").json()
    key = jwt.PyJWK(keys["keys"][0])
    claims = jwt.decode(answer["id_token"], key.key, ["RS256"], audience=CLIENT_ID)
    assert (claims["nonce"], claims["email"]) == ("n-1", ANN)
    padded = answer["client_info"] + "=" * (-len(answer["client_info"]) % 4)
    info = json.loads(base64.urlsafe_b64decode(padded))
    assert info == {"uid": claims["oid"], "utid": claims["tid"]}


def test_without_offline_access_there_is_no_refresh_token(microsoft: MicrosoftEmulator) -> None:
    scopes = [scope for scope in WIRE_SCOPES if scope != "offline_access"]
    assert "refresh_token" not in microsoft.tokens(ANN, scopes)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"client_id": "unknown"}, 700016),
        ({"redirect_uri": "http://evil.test/"}, 50011),
        ({"response_type": "token"}, 90014),
        ({"scope": ""}, 90014),
    ],
)
def test_the_consent_page_refuses(
    microsoft: MicrosoftEmulator, query: dict[str, str], code: int
) -> None:
    good = {
        "client_id": CLIENT_ID,
        "redirect_uri": REDIRECT_URI,
        "response_type": "code",
        "scope": "openid",
    }
    url = f"{microsoft.url}/common/oauth2/v2.0/authorize"
    assert aadsts(httpx.get(url, params=good | query))[2] == code


def test_a_registered_client_keeps_to_its_redirect_uris(microsoft: MicrosoftEmulator) -> None:
    uris = ["https://app.test/back"]
    client = {"client_id": "c2", "client_secret": "s2", "redirect_uris": uris}
    microsoft.control("clients", client)
    query = {
        "client_id": "c2",
        "response_type": "code",
        "scope": "openid",
        "redirect_uri": REDIRECT_URI,
    }
    url = f"{microsoft.url}/common/oauth2/v2.0/authorize"
    assert aadsts(httpx.get(url, params=query))[2] == 50011
    assert httpx.get(url, params=query | {"redirect_uri": uris[0]}).status_code == 200


def test_access_tokens_expire(microsoft: MicrosoftEmulator, ann: Graph) -> None:
    assert ann.get("/me")["mail"] == ANN
    microsoft.advance(3600)
    answer = ann.ask("GET", "/me")
    assert refused(answer) == (401, "InvalidAuthenticationToken")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("header", ["", "Bearer made-up", "Basic abc"])
def test_calls_without_a_token(microsoft: MicrosoftEmulator, header: str) -> None:
    headers = {"Authorization": header} if header else {}
    answer = httpx.get(f"{microsoft.graph_url}/me", headers=headers)
    assert refused(answer) == (401, "InvalidAuthenticationToken")


def test_scopes_are_enforced(microsoft: MicrosoftEmulator, ann: Graph) -> None:
    ann.token = microsoft.tokens(ANN, [f"{GRAPH}Calendars.Read"])["access_token"]
    assert ann.get("/me/events")["value"] == []
    assert refused(ann.ask("POST", "/me/events", {})) == (403, "ErrorAccessDenied")
    ann.token = microsoft.tokens(ANN, ["User.Read"])["access_token"]
    assert ann.get("/me")["mail"] == ANN
    assert refused(ann.ask("GET", "/me/events")) == (403, "ErrorAccessDenied")


def test_faults_reach_the_token_endpoint(microsoft: MicrosoftEmulator) -> None:
    microsoft.fault("status", match={"path_regex": "/token$"}, status=503, times=1)
    assert ask(microsoft, grant_type="password").status_code == 503
    assert ask(microsoft, grant_type="password").status_code == 400
