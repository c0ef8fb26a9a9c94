"""Do the keys open the stored credentials, and does each account still let us in?"""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from shared.cli.doctor.check import Check, failed, ok, warning
from shared.db.rows import call_for
from shared.errors import CalSyncError, ConfigurationError, ProviderError
from shared.states import AccountStatus, Provider
from shared.steps.service import Account, Service, signed_in


@dataclass(frozen=True, slots=True)
class AccountToCheck:
    """An active account (accounts_to_check)."""

    user_id: UUID
    account_id: UUID
    provider: Provider
    email: str
    sealed: str


def check_accounts(service: Service) -> Iterator[Check]:
    """Signs in to every active account and lists its calendars; names those that cannot be used."""
    active = call_for(service.database, AccountToCheck, "accounts_to_check")
    if not active:
        yield warning("accounts", "none is connected; `calsync connect google --person EMAIL`")
    for account in active:
        yield _check(service, account)
    for row in service.database.read("calendar_accounts", order=("email",)):
        if row["status"] == AccountStatus.NEEDS_REAUTH:
            yield failed(f"account {row['email']}", f"must be reconnected: {row['status_reason']}")


def _check(service: Service, account: AccountToCheck) -> Check:
    name = f"account {account.email}"
    try:
        calendars = _calendars(service, account)
    except ConfigurationError as error:
        return failed(name, f"keys: {error}")
    except ProviderError as error:
        return failed(name, f"{error.failure}: {error.code or error}")
    except CalSyncError as error:
        return failed(name, str(error))
    return ok(name, f"token valid, {calendars} calendars")


def _calendars(service: Service, account: AccountToCheck) -> int:
    named = Account(account.user_id, account.account_id, account.provider, account.sealed)
    with signed_in(service, named) as session:
        return len(session.list_calendars())
