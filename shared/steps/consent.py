"""Consent: send a person to the provider, turn what comes back into a grant."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from shared.config import GoogleSettings, MicrosoftSettings
from shared.errors import InvalidRequest
from shared.providers import google_oauth, microsoft_oauth
from shared.providers.consent import Consent
from shared.states import Provider
from shared.steps.app_settings import google_settings, microsoft_settings
from shared.steps.connect_account import Grant
from shared.steps.service import Service

BY_OAUTH = (Provider.GOOGLE, Provider.MICROSOFT)
S = TypeVar("S", GoogleSettings, MicrosoftSettings)


def begin_consent(
    service: Service,
    provider: Provider,
    login_hint: str | None = None,
    redirect_uri: str | None = None,
) -> Consent:
    """Begins an attempt; the person comes back to `redirect_uri` (None: that of the settings).

    `login_hint` is an address, to preselect an account. Raises `ConfigurationError` where the
    provider is not configured, `ProviderError` where it cannot be asked.
    """
    if provider is Provider.GOOGLE:
        return _begin_google(google_settings(service), login_hint, redirect_uri)
    settings = microsoft_settings(service)
    asked = microsoft_oauth.begin_consent(_returning(settings, redirect_uri), login_hint)
    scopes = tuple(asked.flow.get("scope", ()))
    return Consent(asked.url, asked.state, scopes, dict(asked.flow))


def finish_consent(
    service: Service, provider: Provider, secret: Mapping[str, Any], answer: Mapping[str, str]
) -> Grant:
    """Turns the query that came back into a grant.

    Raises `PartialConsent` naming what was not granted, `InvalidRequest` for a code or an answer
    that the provider refuses, `ProviderError` where it cannot be asked.
    """
    granted: google_oauth.GoogleGrant | microsoft_oauth.MicrosoftGrant
    if provider is Provider.GOOGLE:
        google = _returning(google_settings(service), secret["redirect_uri"])
        granted = google_oauth.exchange_code(google, _code(answer), secret["verifier"])
    else:
        flow = microsoft_oauth.MicrosoftConsent(secret["auth_uri"], secret["state"], secret)
        microsoft = microsoft_settings(service)
        granted = microsoft_oauth.exchange_answer(microsoft, flow, answer)
    return Grant(
        provider=provider,
        provider_account_id=granted.provider_account_id,
        email=granted.email,
        scopes=granted.scopes,
        credentials=granted.credentials,
    )


def redirect_uri(service: Service, provider: Provider) -> str:
    """Where the settings have people come back to."""
    if provider is Provider.GOOGLE:
        return google_settings(service).redirect_uri
    return microsoft_settings(service).redirect_uri


def _begin_google(settings: GoogleSettings, hint: str | None, returning: str | None) -> Consent:
    settings = _returning(settings, returning)
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
    challenge = google_oauth.code_challenge(verifier)
    return Consent(
        url=google_oauth.authorization_url(settings, state, challenge, hint),
        state=state,
        scopes=google_oauth.SCOPES,
        secret={"verifier": verifier, "redirect_uri": settings.redirect_uri},
    )


def _returning(settings: S, uri: str | None) -> S:
    return settings if uri is None else replace(settings, redirect_uri=uri)


def _code(answer: Mapping[str, str]) -> str:
    if "code" not in answer:
        raise InvalidRequest("No code came back: start connecting the account again.")
    return answer["code"]
