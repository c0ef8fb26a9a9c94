"""Connecting a Google account: from the code that came back to an account that syncs."""

import secrets
from dataclasses import dataclass
from uuid import UUID

from shared.config import GoogleSettings
from shared.errors import ConfigurationError
from shared.providers.google_oauth import authorization_url, code_challenge, exchange_code
from shared.states import Provider
from shared.steps.connect_account import Grant, connect_account
from shared.steps.service import Service


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt: its `state` names it, its `verifier` proves that the code is for us (PKCE)."""

    state: str
    verifier: str

    @property
    def challenge(self) -> str:
        """What is shown of the verifier."""
        return code_challenge(self.verifier)


def new_attempt() -> Attempt:
    """An attempt that nobody can guess."""
    return Attempt(secrets.token_urlsafe(24), secrets.token_urlsafe(64))


def google_settings(service: Service) -> GoogleSettings:
    """The Google app. Raises `ConfigurationError` where none is configured."""
    if service.settings.google is None:
        raise ConfigurationError("Google is not configured: set GOOGLE_CLIENT_ID and its secret")
    return service.settings.google


def consent_url(service: Service, attempt: Attempt, email: str) -> str:
    """Where the person says yes."""
    return authorization_url(google_settings(service), attempt.state, attempt.challenge, email)


def connect_with_code(service: Service, person: str, code: str, verifier: str) -> UUID:
    """Connects the account that `code` stands for to the person with that e-mail.

    Gives the account's id. Raises `InvalidRequest` for a code that Google refuses.
    """
    granted = exchange_code(google_settings(service), code, verifier)
    (row,) = service.database.call("find_or_add_person", email=person)
    grant = Grant(
        provider=Provider.GOOGLE,
        provider_account_id=granted.provider_account_id,
        email=granted.email,
        scopes=granted.scopes,
        credentials=granted.credentials,
    )
    return connect_account(service, UUID(row["user_id"]), grant)
