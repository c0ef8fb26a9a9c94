"""The demo people: connected as anybody is, by a click on a consent page or by a password."""

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

from shared.cli.connect_oauth import person_of
from shared.cli.control import Control
from shared.states import AccountStatus, Provider
from shared.steps.connect_account import connect_account
from shared.steps.connect_caldav import connect_caldav
from shared.steps.consent import begin_consent, finish_consent
from shared.steps.service import Service


def connect_google_people(service: Service, control: Control) -> Iterator[str]:
    """Connects everybody who lives in the emulator and is not connected; yields their e-mails."""
    connected = connected_accounts(service, Provider.GOOGLE)
    for person in control.people():
        if person["email"] not in connected:
            connect_person(service, control, person["email"], person["email"])
            yield person["email"]


def connect_person(
    service: Service,
    control: Control,
    email: str,
    owner: str,
    provider: Provider = Provider.GOOGLE,
) -> None:
    """Clicks "Allow" for somebody, and connects their account to the person `owner` (an e-mail)."""
    consent = begin_consent(service, provider, email)
    asked = dict(parse_qsl(urlsplit(consent.url).query))
    scopes = asked.pop("scope").split()
    code = control.consent(email, scopes=scopes, **asked)
    answer = {"code": code, "state": consent.state}
    grant = finish_consent(service, provider, consent.secret, answer)
    connect_account(service, person_of(service, owner), grant)


def connect_microsoft_people(service: Service, control: Control) -> Iterator[str]:
    """The same for those of the Microsoft emulator: ann@outlook.test is ann@example.test's."""
    connected = connected_accounts(service, Provider.MICROSOFT)
    for person in control.people():
        email = person["email"]
        if email not in connected:
            owner = email.replace("@outlook.test", "@example.test")
            connect_person(service, control, email, owner, Provider.MICROSOFT)
            yield email


def connect_caldav_person(service: Service, url: str, email: str, password: str) -> Iterator[str]:
    """Connects the account of that name at `url` unless it is; yields its e-mail if so."""
    if email not in connected_accounts(service, Provider.CALDAV):
        connect_caldav(service, person_of(service, email), url, email, password)
        yield email


def connected_accounts(service: Service, provider: Provider) -> dict[str, str]:
    """The active accounts at a provider: e-mail → the person's id."""
    where = {"provider": provider.value, "status": AccountStatus.ACTIVE.value}
    rows = service.database.read("calendar_accounts", where=where, order=("email",))
    return {row["email"]: row["user_id"] for row in rows}
