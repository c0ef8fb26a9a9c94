"""The people of the emulator: connected as anybody is, by a click on the consent page."""

from collections.abc import Iterator

from shared.cli.control import Control
from shared.cli.google_account import connect_with_code, google_settings, new_attempt
from shared.providers.google_oauth import SCOPES
from shared.states import AccountStatus, Provider
from shared.steps.service import Service


def connect_people(service: Service, control: Control) -> Iterator[str]:
    """Connects everybody who lives in the emulator and is not connected; yields their e-mails."""
    connected = connected_accounts(service)
    for person in control.people():
        if person["email"] not in connected:
            connect_person(service, control, person["email"])
            yield person["email"]


def connect_person(service: Service, control: Control, email: str) -> None:
    """Clicks "Allow" for a person and connects the account to the person of the same e-mail."""
    settings, attempt = google_settings(service), new_attempt()
    code = control.consent(
        email,
        client_id=settings.client_id,
        redirect_uri=settings.redirect_uri,
        scopes=list(SCOPES),
        code_challenge=attempt.challenge,
        code_challenge_method="S256",
    )
    connect_with_code(service, email, code, attempt.verifier)


def connected_accounts(service: Service) -> dict[str, str]:
    """The active Google accounts: e-mail → the person's id."""
    where = {"provider": Provider.GOOGLE.value, "status": AccountStatus.ACTIVE.value}
    rows = service.database.read("calendar_accounts", where=where, order=("email",))
    return {row["email"]: row["user_id"] for row in rows}
