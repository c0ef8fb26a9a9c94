"""`calsync connect google` and `microsoft`: print a URL to open, wait for the browser."""

import sys
from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

import typer

from shared.cli.connected import show_connected
from shared.cli.context import opened, quiet_logs
from shared.cli.loopback import answer_of, free_uri, wait_for_redirect
from shared.cli.output import Json, err
from shared.states import Provider
from shared.steps.connect_account import connect_account
from shared.steps.consent import begin_consent, finish_consent, redirect_uri
from shared.steps.service import Service

Person = Annotated[str, typer.Option("--person", metavar="EMAIL", help="Whose calendars.")]
Timeout = Annotated[float, typer.Option(help="Seconds to wait for the consent.")]


def google(person: Person, timeout: Timeout = 300, as_json: Json = False) -> None:
    """Connect a Google account: opens nothing, prints the URL to open, waits for the answer.

    Google sends the browser to GOOGLE_REDIRECT_URI, or, where `calsync serve` listens there, to
    the same path on OAUTH_PORT. If that is a port of this machine, we listen there; else (or if
    the browser is elsewhere) paste the URL that it ended up at.
    """
    _connect(Provider.GOOGLE, person, timeout, as_json=as_json)


def microsoft(person: Person, timeout: Timeout = 300, as_json: Json = False) -> None:
    """Connect a Microsoft 365 or Outlook account: prints the URL to open, waits for the answer.

    Microsoft sends the browser to MICROSOFT_REDIRECT_URI, or, where `calsync serve` listens
    there, to the same path on OAUTH_PORT. If that is a port of this machine, we listen there; else
    (or if the browser is elsewhere) paste the URL that it ended up at.
    """
    _connect(Provider.MICROSOFT, person, timeout, as_json=as_json)


def _connect(provider: Provider, person: str, timeout: float, *, as_json: bool) -> None:
    quiet_logs()
    with opened() as service:
        uri = free_uri(redirect_uri(service, provider), service.settings.oauth_port)
        consent = begin_consent(service, provider, person, uri)
        err.print("Open this and say yes:")
        err.print(consent.url, soft_wrap=True, markup=False, style="bold")
        err.print(f"Waiting for {urlsplit(uri).netloc}; or paste the URL you end up at.")
        paste = sys.stdin if sys.stdin.isatty() else None
        answer = answer_of(wait_for_redirect(uri, paste, timeout), consent.state)
        grant = finish_consent(service, provider, consent.secret, answer)
        account_id = connect_account(service, person_of(service, person), grant)
        show_connected(service, account_id, as_json=as_json)


def person_of(service: Service, email: str) -> UUID:
    """The person with that e-mail, who is added where no Supabase Auth is in charge."""
    (row,) = service.database.call("find_or_add_person", email=email)
    return UUID(row["user_id"])
