"""Connecting an account: the consent page, the answer, who it is."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from shared.config import MicrosoftSettings
from shared.errors import InvalidRequest, Retry
from shared.providers.microsoft import Microsoft
from shared.providers.microsoft_oauth import (
    MicrosoftConsent,
    MicrosoftGrant,
    begin_consent,
    exchange_answer,
)
from tests.providers.microsoft.conftest import ANN, ignored
from tests.support.microsoft_emulator import MicrosoftEmulator


def click(consent: MicrosoftConsent, **form: str) -> dict[str, str]:
    """Chooses an account on the consent page; what comes back to the redirect URI."""
    assert ANN in httpx.get(consent.url).text
    answer = httpx.post(consent.url, data=form or {"email": ANN})
    assert answer.status_code == 302
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    return {name: values[0] for name, values in query.items()}


def connected(settings: MicrosoftSettings) -> MicrosoftGrant:
    consent = begin_consent(settings, ANN)
    return exchange_answer(settings, consent, click(consent))


def test_the_consent_page_is_asked_for_all_that_is_needed(settings: MicrosoftSettings) -> None:
    consent = begin_consent(settings, "ann+x@x.test")
    assert consent.url.startswith(f"{settings.authority}/oauth2/v2.0/authorize?")
    query = {name: value[0] for name, value in parse_qs(urlsplit(consent.url).query).items()}
    assert {
        "https://graph.microsoft.com/Calendars.ReadWrite",
        "https://graph.microsoft.com/User.Read",
        "offline_access",
    } <= set(query["scope"].split())
    assert query["code_challenge_method"] == "S256"
    assert query["login_hint"] == "ann+x@x.test"
    assert query["state"] == consent.state
    assert query["redirect_uri"] == settings.redirect_uri
    assert consent.flow["code_verifier"] not in repr(consent)


def test_a_person_connects_an_account(
    emulator: MicrosoftEmulator, settings: MicrosoftSettings, microsoft: Microsoft
) -> None:
    grant = connected(settings)
    (person,) = emulator.control("people")
    assert grant.email == ANN
    assert grant.provider_account_id.startswith(f"{person['id']}.")
    assert grant.credentials["email"] == ANN
    assert grant.credentials["refresh_token"] not in repr(grant)
    session = microsoft.sign_in("a", grant.credentials, ignored)
    assert len(session.list_calendars()) == 1


def test_an_answer_of_another_attempt(settings: MicrosoftSettings) -> None:
    one, other = begin_consent(settings, None), begin_consent(settings, None)
    with pytest.raises(InvalidRequest):
        exchange_answer(settings, other, click(one))


@pytest.mark.parametrize("spoil", [{"code": "made-up"}, {"error": "access_denied", "code": ""}])
def test_a_code_that_is_refused(settings: MicrosoftSettings, spoil: dict[str, str]) -> None:
    consent = begin_consent(settings, None)
    with pytest.raises(InvalidRequest):
        exchange_answer(settings, consent, click(consent) | spoil)


def test_a_code_is_good_once(settings: MicrosoftSettings) -> None:
    consent = begin_consent(settings, None)
    answer = click(consent)
    exchange_answer(settings, consent, answer)
    with pytest.raises(InvalidRequest) as caught:
        exchange_answer(settings, consent, answer)
    assert "AADSTS54005" in str(caught.value)


@pytest.mark.parametrize("path", ["token", "/v1.0/me$"])
def test_trouble_is_told_from_refusals(
    emulator: MicrosoftEmulator, settings: MicrosoftSettings, path: str
) -> None:
    consent = begin_consent(settings, None)
    answer = click(consent)
    emulator.fault("status", status=503, match={"path_regex": path})
    with pytest.raises(Retry):
        exchange_answer(settings, consent, answer)


def test_a_platform_that_cannot_be_reached() -> None:
    nowhere = MicrosoftSettings(
        "c", "s", "http://127.0.0.1:1/", "http://127.0.0.1:9/v1.0", "http://127.0.0.1:9/t"
    )
    with pytest.raises(Retry) as caught:
        begin_consent(nowhere, None)
    assert caught.value.code == "network"
