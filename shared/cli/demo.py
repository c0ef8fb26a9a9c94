"""The demo people: connected as anybody is, by a click on a consent page or by a password."""

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from shared.cli.control import Control
from shared.cli.google_account import connect_with_code, google_settings, new_attempt
from shared.cli.microsoft_account import connect_with_answer, microsoft_settings
from shared.providers.google_oauth import SCOPES
from shared.providers.microsoft_oauth import begin_consent
from shared.states import AccountStatus, Provider
from shared.steps.connect_caldav import connect_caldav
from shared.steps.service import Service


def connect_google_people(service: Service, control: Control) -> Iterator[str]:
    """Connects everybody who lives in the emulator and is not connected; yields their e-mails."""
    connected = connected_accounts(service, Provider.GOOGLE)
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


def connect_microsoft_people(service: Service, control: Control) -> Iterator[str]:
    """The same for those of the Microsoft emulator: ann@outlook.test is ann@example.test's."""
    connected = connected_accounts(service, Provider.MICROSOFT)
    for person in control.people():
        email = person["email"]
        if email not in connected:
            consent = begin_consent(microsoft_settings(service), email)
            asked = dict(parse_qsl(urlsplit(consent.url).query))
            code = control.consent(email, scopes=asked["scope"].split(), **asked)
            owner = email.replace("@outlook.test", "@example.test")
            answer = {"code": code, "state": consent.state}
            connect_with_answer(service, owner, consent, answer)
            yield email


def connect_caldav_person(service: Service, url: str, email: str, password: str) -> Iterator[str]:
    """Connects the account of that name at `url` unless it is; yields its e-mail if so."""
    if email not in connected_accounts(service, Provider.CALDAV):
        (person,) = service.database.call("find_or_add_person", email=email)
        connect_caldav(service, UUID(person["user_id"]), url, email, password)
        yield email


def connected_accounts(service: Service, provider: Provider) -> dict[str, str]:
    """The active accounts at a provider: e-mail → the person's id."""
    where = {"provider": provider.value, "status": AccountStatus.ACTIVE.value}
    rows = service.database.read("calendar_accounts", where=where, order=("email",))
    return {row["email"]: row["user_id"] for row in rows}
