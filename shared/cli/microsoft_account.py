"""Connecting a Microsoft account: from the answer that came back to an account that syncs."""

from collections.abc import Mapping
from uuid import UUID

from shared.config import MicrosoftSettings
from shared.errors import ConfigurationError
from shared.providers.microsoft_oauth import MicrosoftConsent, exchange_answer
from shared.states import Provider
from shared.steps.connect_account import Grant, connect_account
from shared.steps.service import Service


def microsoft_settings(service: Service) -> MicrosoftSettings:
    """The Microsoft app. Raises `ConfigurationError` where none is configured."""
    if service.settings.microsoft is None:
        raise ConfigurationError(
            "Microsoft is not configured: set MICROSOFT_CLIENT_ID and its secret"
        )
    return service.settings.microsoft


def connect_with_answer(
    service: Service, person: str, consent: MicrosoftConsent, answer: Mapping[str, str]
) -> UUID:
    """Connects the account that `answer` stands for to the person with that e-mail.

    Gives the account's id. Raises `InvalidRequest` for an answer that Microsoft refuses.
    """
    granted = exchange_answer(microsoft_settings(service), consent, answer)
    (row,) = service.database.call("find_or_add_person", email=person)
    grant = Grant(
        provider=Provider.MICROSOFT,
        provider_account_id=granted.provider_account_id,
        email=granted.email,
        scopes=granted.scopes,
        credentials=granted.credentials,
    )
    return connect_account(service, UUID(row["user_id"]), grant)
