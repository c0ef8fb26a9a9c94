"""What every step is given: the database, the providers, the settings."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shared.config import Settings
from shared.db.database import Database
from shared.errors import GiveUp
from shared.providers.base import Provider as Adapter
from shared.providers.base import Session
from shared.sealing import Sealer
from shared.states import Provider


@dataclass(frozen=True, slots=True)
class Service:
    """The parts that steps work with. `jitter` gives a number in [0, 1)."""

    database: Database
    providers: Mapping[Provider, Adapter]
    sealer: Sealer
    settings: Settings
    jitter: Callable[[], float]
    worker: str


@dataclass(frozen=True, slots=True)
class Account:
    """Which account to act for, as the claims name it."""

    user_id: UUID
    account_id: UUID
    provider: Provider
    sealed: str


@contextmanager
def signed_in(service: Service, account: Account) -> Iterator[Session]:
    """Gives a session of the account; credentials that the provider rotates are stored first.

    Raises `GiveUp` where the provider is not configured here, `ConfigurationError` where no key
    opens the credentials.
    """
    adapter = service.providers.get(account.provider)
    if adapter is None:
        raise GiveUp(
            f"{account.provider} is not configured; set its client id and secret",
            code="provider_not_configured",
        )

    def store(credentials: Mapping[str, Any]) -> None:
        service.database.call(
            "store_credentials",
            user_id=account.user_id,
            account_id=account.account_id,
            sealed=service.sealer.seal(credentials),
        )

    credentials = service.sealer.open(account.sealed)
    session = adapter.sign_in(str(account.account_id), credentials, store)
    try:
        yield session
    finally:
        session.close()


def account_of(claim: Any) -> Account:
    """Gives the account of any claim row."""
    return Account(claim.user_id, claim.account_id, claim.provider, claim.sealed)
