"""MSAL as the judge of the identity platform, in both set-ups that it accepts."""

import re
from collections.abc import Iterator
from contextlib import closing
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import msal
import pytest

from tests.emulator_microsoft.helpers import ANN, BEN, Graph
from tests.support.microsoft_emulator import (
    CLIENT_ID,
    CLIENT_SECRET,
    REDIRECT_URI,
    SCOPES,
    MicrosoftEmulator,
)

FAKE = "https://login.local"
Json = dict[str, Any]


class Rewriting:
    """An http_client for MSAL that believes in `https://login.local`; counts its calls."""

    def __init__(self, emulator: MicrosoftEmulator) -> None:
        self._emulator = emulator
        self._http = httpx.Client(timeout=30)
        self.calls: list[str] = []

    def get(self, url: str, **options: Any) -> httpx.Response:
        return self._send("GET", url, **options)

    def post(self, url: str, **options: Any) -> httpx.Response:
        return self._send("POST", url, **options)

    def close(self) -> None:
        self._http.close()

    def _send(
        self,
        verb: str,
        url: str,
        params: Json | None = None,
        data: Json | None = None,
        headers: dict[str, str] | None = None,
        **_: Any,
    ) -> httpx.Response:
        assert url.startswith(FAKE), url
        self.calls.append(url)
        forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "login.local"}
        return self._http.request(
            verb,
            self._emulator.url + url.removeprefix(FAKE),
            params=params,
            data=data,
            headers=(headers or {}) | forwarded,
        )


@pytest.fixture
def rewriting(microsoft: MicrosoftEmulator) -> Iterator[Rewriting]:
    with closing(Rewriting(microsoft)) as client:
        yield client


def application(http_client: Any = None, **options: Any) -> msal.ConfidentialClientApplication:
    """A fresh one each time: MSAL remembers refusals for a minute."""
    return msal.ConfidentialClientApplication(
        CLIENT_ID,
        client_credential=options.pop("secret", CLIENT_SECRET),
        authority=options.pop("authority", f"{FAKE}/organizations"),
        instance_discovery=False,
        http_client=http_client,
        **options,
    )


def click(microsoft: MicrosoftEmulator, auth_uri: str, **choice: str) -> httpx.Response:
    """What the browser gets after a click on the consent page."""
    parts = urlsplit(auth_uri)
    address = f"{microsoft.url}{parts.path}?{parts.query}"
    assert "Pick an account" in httpx.get(address).text
    return httpx.post(address, data=choice)


def posted(page: str) -> dict[str, str]:
    """The hidden fields of the page that a browser would submit."""
    fields = re.findall(r'name="([^"]+)" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in fields}


def flow_of(app: Any, response_mode: str) -> Json:
    flow: Json = app.initiate_auth_code_flow(
        list(SCOPES), redirect_uri=REDIRECT_URI, response_mode=response_mode
    )
    assert flow["auth_uri"].startswith(f"{FAKE}/organizations/oauth2/v2.0/authorize?")
    return flow


def test_the_code_flow_over_form_post(microsoft: MicrosoftEmulator, rewriting: Rewriting) -> None:
    app = application(rewriting)
    flow = flow_of(app, "form_post")
    page = click(microsoft, flow["auth_uri"], email=ANN)
    assert f'action="{REDIRECT_URI}"' in page.text
    result = app.acquire_token_by_auth_code_flow(flow, posted(page.text))
    assert "error" not in result, result
    assert result["id_token_claims"]["preferred_username"] == ANN
    account = app.get_accounts()[0]
    assert account["username"] == ANN
    assert account["home_account_id"].count(".") == 1
    assert set(SCOPES) <= set(result["scope"].split())
    with closing(Graph(microsoft, ANN)) as graph:
        graph.token = result["access_token"]
        assert graph.get("/me")["mail"] == ANN


@pytest.mark.filterwarnings("ignore:response_mode='form_post' is recommended")
def test_the_code_flow_over_the_query(microsoft: MicrosoftEmulator, rewriting: Rewriting) -> None:
    app = application(rewriting)
    flow = flow_of(app, "query")
    back = click(microsoft, flow["auth_uri"], email=ANN).headers["Location"]
    assert back.startswith(REDIRECT_URI)
    sent = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
    assert "access_token" in app.acquire_token_by_auth_code_flow(flow, sent)


def test_a_person_may_decline(microsoft: MicrosoftEmulator, rewriting: Rewriting) -> None:
    app = application(rewriting)
    flow = flow_of(app, "form_post")
    page = click(microsoft, flow["auth_uri"], deny="1")
    result = app.acquire_token_by_auth_code_flow(flow, posted(page.text))
    assert result["error"] == "access_denied"
    assert "AADSTS65004" in result["error_description"]


def test_a_foreign_nonce_is_noticed(microsoft: MicrosoftEmulator, rewriting: Rewriting) -> None:
    app = application(rewriting)
    flow = flow_of(app, "form_post")
    other = flow_of(app, "form_post")
    page = posted(click(microsoft, flow["auth_uri"], email=ANN).text)
    forged = other | {"state": flow["state"], "code_verifier": flow["code_verifier"]}
    with pytest.raises(RuntimeError, match="nonce"):
        app.acquire_token_by_auth_code_flow(forged, page)


def refresh(client: Any, token: str, **options: Any) -> Json:
    """One refresh by a fresh application."""
    answer = application(client, **options).acquire_token_by_refresh_token(token, list(SCOPES))
    return dict(answer)


def test_refresh_tokens_rotate(microsoft: MicrosoftEmulator, rewriting: Rewriting) -> None:
    first = microsoft.tokens(ANN)["refresh_token"]
    second = refresh(rewriting, first)["refresh_token"]
    third = refresh(rewriting, second)["refresh_token"]
    assert len({first, second, third}) == 3
    assert "access_token" in refresh(rewriting, first), "Entra does not revoke used ones"


def test_used_refresh_tokens_may_die(microsoft: MicrosoftEmulator, rewriting: Rewriting) -> None:
    microsoft.settings(revoke_used_refresh_tokens=True)
    first = microsoft.tokens(ANN)["refresh_token"]
    second = refresh(rewriting, first)["refresh_token"]
    assert refresh(rewriting, first)["error"] == "invalid_grant"
    assert "access_token" in refresh(rewriting, second)


@pytest.mark.parametrize(
    ("code", "error", "suberror"),
    [
        (700082, "invalid_grant", "bad_token"),
        (50173, "invalid_grant", "bad_token"),
        (65001, "invalid_grant", "consent_required"),
        (50076, "interaction_required", "basic_action"),
    ],
)
def test_broken_refresh_tokens_say_why(
    microsoft: MicrosoftEmulator, rewriting: Rewriting, code: int, error: str, suberror: str
) -> None:
    tokens = {email: microsoft.tokens(email)["refresh_token"] for email in (ANN, BEN)}
    microsoft.break_refresh_tokens(ANN, code)
    result = refresh(rewriting, tokens[ANN])
    assert (result["error"], result["error_codes"]) == (error, [code])
    assert result["suberror"] == suberror
    assert f"AADSTS{code}" in result["error_description"]
    assert "access_token" in refresh(rewriting, tokens[BEN])
    microsoft.break_refresh_tokens(ANN, None)
    assert "access_token" in refresh(rewriting, tokens[ANN])


def test_a_wrong_secret(microsoft: MicrosoftEmulator, rewriting: Rewriting) -> None:
    token = microsoft.tokens(ANN)["refresh_token"]
    result = refresh(rewriting, token, secret="wrong")
    assert (result["error"], result["error_codes"]) == ("invalid_client", [7000215])


def test_refresh_tokens_lapse_when_idle(microsoft: MicrosoftEmulator, rewriting: Rewriting) -> None:
    token = microsoft.tokens(ANN)["refresh_token"]
    microsoft.advance(89 * 86400)
    renewed = refresh(rewriting, token)["refresh_token"]
    microsoft.advance(2 * 86400)
    assert refresh(rewriting, token)["error_codes"] == [700082]
    assert "access_token" in refresh(rewriting, renewed)


def test_msal_remembers_a_refusal_for_a_minute(
    microsoft: MicrosoftEmulator, rewriting: Rewriting
) -> None:
    token = microsoft.tokens(ANN)["refresh_token"]
    microsoft.revoke(ANN)
    app = application(rewriting)
    asked = len(rewriting.calls)
    for _ in range(3):
        assert app.acquire_token_by_refresh_token(token, list(SCOPES))["error_codes"] == [50173]
    assert len(rewriting.calls) == asked + 1


def test_the_setting_names_the_authority(
    microsoft: MicrosoftEmulator, rewriting: Rewriting
) -> None:
    microsoft.settings(
        public_authority="https://idp.example.test", browser_url="http://127.0.0.1:1"
    )
    document = httpx.get(f"{microsoft.url}/common/v2.0/.well-known/openid-configuration").json()
    base = "https://idp.example.test/common"
    assert document["token_endpoint"] == f"{base}/oauth2/v2.0/token"
    assert document["authorization_endpoint"] == "http://127.0.0.1:1/common/oauth2/v2.0/authorize"
    assert document["issuer"] == "https://idp.example.test/{tenantid}/v2.0"


def test_over_tls_with_the_generated_ca(
    microsoft: MicrosoftEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    served = microsoft.control("tls")
    ca = tmp_path / "ca.pem"
    ca.write_text(served["ca"])
    token = microsoft.tokens(ANN)["refresh_token"]
    authority = f"{served['url']}/organizations"
    result = refresh(None, token, authority=authority, verify=str(ca))
    assert "access_token" in result, result


def test_as_an_oidc_authority(microsoft: MicrosoftEmulator, rewriting: Rewriting) -> None:
    tenant = microsoft.add_person("zoe@outlook.test")["tenant"]
    app = msal.ConfidentialClientApplication(
        CLIENT_ID,
        client_credential=CLIENT_SECRET,
        oidc_authority=f"{FAKE}/{tenant}/v2.0",
        http_client=rewriting,
    )
    token = microsoft.tokens(ANN)["refresh_token"]
    assert "access_token" in app.acquire_token_by_refresh_token(token, list(SCOPES))
