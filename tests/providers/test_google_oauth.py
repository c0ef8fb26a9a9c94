"""Connecting an account: the consent page, the code, who it is, and giving access back."""

from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from shared.config import GoogleSettings, read_settings
from shared.errors import GiveUp, InvalidRequest, Reauthorize, Retry
from shared.providers import google_oauth
from shared.providers.google import Google
from tests.providers.canned import TOKEN, Answer, CannedServer
from tests.providers.conftest import ANN, never_rotated, settings_for
from tests.support.google_emulator import GoogleEmulator

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
USERINFO_PATH = "/oauth2/v3/userinfo"


def click(url: str, email: str = ANN, granted: Sequence[str] = ()) -> dict[str, str]:
    """Chooses an account on the consent page; what comes back to the redirect URI."""
    page = httpx.get(url)
    assert email in page.text
    answer = httpx.post(url, data={"email": email, "granted": list(granted)})
    assert answer.status_code == 302
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    return {name: values[0] for name, values in query.items()}


def consent_url(settings: GoogleSettings, hint: str | None = None) -> str:
    return google_oauth.authorization_url(settings, "state-1", CHALLENGE, hint)


def test_the_challenge_is_that_of_the_rfc() -> None:
    assert google_oauth.code_challenge(VERIFIER) == CHALLENGE  # RFC 7636 appendix B


def test_the_consent_page_is_asked_for_all_that_is_needed(settings: GoogleSettings) -> None:
    url = consent_url(settings, "ann+x@x.test")
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert url.startswith(settings.auth_url + "?")
    assert query.pop("scope").split() == [*google_oauth.SCOPES]
    assert query == {
        "client_id": settings.client_id,
        "redirect_uri": settings.redirect_uri,
        "response_type": "code",
        "access_type": "offline",
        "include_granted_scopes": "true",
        "prompt": "consent",
        "state": "state-1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "login_hint": "ann+x@x.test",
    }
    assert "login_hint" not in consent_url(settings)


def test_a_person_connects_an_account(
    emulator: GoogleEmulator, settings: GoogleSettings, google: Google
) -> None:
    back = click(consent_url(settings))
    assert back["state"] == "state-1"
    grant = google_oauth.exchange_code(settings, back["code"], VERIFIER)
    assert grant.email == ANN
    assert grant.provider_account_id == emulator.control("people")[0]["sub"]
    assert set(grant.scopes) == set(google_oauth.SCOPES)
    assert grant.credentials["scopes"] == list(grant.scopes)
    assert grant.credentials["refresh_token"] not in repr(grant)
    session = google.sign_in("ann", grant.credentials, never_rotated)
    assert [each.provider_calendar_id for each in session.list_calendars()] == [ANN]
    session.close()


def test_a_box_left_unticked_is_named(settings: GoogleSettings) -> None:
    kept = [scope for scope in google_oauth.SCOPES if scope != google_oauth.EVENTS]
    back = click(consent_url(settings), granted=kept)
    with pytest.raises(InvalidRequest) as caught:
        google_oauth.exchange_code(settings, back["code"], VERIFIER)
    assert "calendar.events is missing" in str(caught.value)
    assert "calendarlist" not in str(caught.value)


@pytest.mark.parametrize("scope", ["calendar", "calendar.events calendar.readonly"])
def test_a_wider_grant_is_enough(canned: CannedServer, scope: str) -> None:
    wide = " ".join(google_oauth.PREFIX + name for name in scope.split())
    canned.answer("/token", Answer(TOKEN | {"refresh_token": "rt", "scope": wide}))
    canned.answer(USERINFO_PATH, Answer({"sub": "7", "email": "Ann@X.test"}))
    grant = google_oauth.exchange_code(settings_for(canned.url), "code", VERIFIER)
    assert (grant.provider_account_id, grant.email) == ("7", ANN)


@pytest.mark.parametrize(
    ("token", "person", "missing"),
    [
        ({}, {"sub": "7", "email": ANN}, "refresh_token"),
        ({"refresh_token": "rt", "access_token": ""}, {}, "access_token"),
        ({"refresh_token": "rt"}, {"email": ANN}, "sub"),
        ({"refresh_token": "rt"}, {"sub": "7"}, "email"),
    ],
)
def test_what_google_left_out_is_named(
    canned: CannedServer, token: dict[str, str], person: dict[str, str], missing: str
) -> None:
    scopes = " ".join(google_oauth.SCOPES)
    canned.answer("/token", Answer(TOKEN | {"scope": scopes} | token))
    canned.answer(USERINFO_PATH, Answer(person))
    with pytest.raises(InvalidRequest, match=f"gave no {missing}"):
        google_oauth.exchange_code(settings_for(canned.url), "code", VERIFIER)


def test_a_code_is_good_once(settings: GoogleSettings) -> None:
    code = click(consent_url(settings))["code"]
    google_oauth.exchange_code(settings, code, VERIFIER)
    with pytest.raises(InvalidRequest) as caught:
        google_oauth.exchange_code(settings, code, VERIFIER)
    assert "invalid_grant" in str(caught.value)
    assert code not in str(caught.value)


def test_a_code_needs_its_verifier(settings: GoogleSettings) -> None:
    code = click(consent_url(settings))["code"]
    with pytest.raises(InvalidRequest):
        google_oauth.exchange_code(settings, code, "x" * 43)


def test_trouble_while_exchanging(canned: CannedServer) -> None:
    settings = settings_for(canned.url)
    canned.answer("/token", Answer({"error": "redirect_uri_mismatch"}, 400))
    with pytest.raises(GiveUp, match="GOOGLE_REDIRECT_URI"):
        google_oauth.exchange_code(settings, "code", VERIFIER)
    canned.answer("/token", Answer(cut=True))
    with pytest.raises(Retry) as caught:
        google_oauth.exchange_code(settings, "code", VERIFIER)
    assert caught.value.code == "network"
    for body in (b"<html>", b"[]"):
        canned.answer("/token", Answer(body))
        with pytest.raises(Retry) as caught:
            google_oauth.exchange_code(settings, "code", VERIFIER)
        assert caught.value.code == "unexpected_answer"


def test_access_is_given_back_once_or_twice(
    emulator: GoogleEmulator, settings: GoogleSettings, google: Google
) -> None:
    stored = {"refresh_token": emulator.tokens(ANN)["refresh_token"]}
    google_oauth.revoke(settings, stored)
    session = google.sign_in("ann", stored, never_rotated)
    with pytest.raises(Reauthorize):
        session.list_calendars()
    session.close()
    google_oauth.revoke(settings, stored)


def test_giving_back_may_fail(canned: CannedServer) -> None:
    canned.answer("/revoke", Answer({"error": "server_error"}, 503))
    with pytest.raises(Retry):
        google_oauth.revoke(settings_for(canned.url), {"refresh_token": "rt"})


def test_the_userinfo_address_is_a_setting() -> None:
    app = {"GOOGLE_CLIENT_ID": "c", "GOOGLE_CLIENT_SECRET": "s"}
    found = read_settings(app).google
    assert found is not None
    assert found.userinfo_url == "https://openidconnect.googleapis.com/v1/userinfo"
    moved = read_settings(app | {"GOOGLE_USERINFO_URL": "http://127.0.0.1:1/me"}).google
    assert moved is not None
    assert moved.userinfo_url == "http://127.0.0.1:1/me"
