"""`calsync connect`: connect a person's account."""

import sys
from typing import Annotated
from urllib.parse import urlsplit

import typer

from shared.cli.connect_caldav import caldav
from shared.cli.connect_microsoft import microsoft
from shared.cli.connected import show_connected
from shared.cli.context import opened, quiet_logs
from shared.cli.google_account import (
    connect_with_code,
    consent_url,
    google_settings,
    new_attempt,
)
from shared.cli.loopback import code_of, wait_for_redirect
from shared.cli.output import Json, err

connect = typer.Typer(help="Connect a person's account.", no_args_is_help=True)


@connect.callback()
def providers() -> None:
    """Connect a person's account."""


@connect.command()
def google(
    person: Annotated[str, typer.Option("--person", metavar="EMAIL", help="Whose calendars.")],
    timeout: Annotated[float, typer.Option(help="Seconds to wait for the consent.")] = 300,
    as_json: Json = False,
) -> None:
    """Connect a Google account: opens nothing, prints the URL to open, waits for the answer.

    GOOGLE_REDIRECT_URI says where Google sends the browser. If that is a port of this machine, we
    listen there; else (or if the browser is elsewhere) paste the URL that it ended up at.
    """
    quiet_logs()
    with opened() as service:
        redirect_uri, attempt = google_settings(service).redirect_uri, new_attempt()
        err.print("Open this and say yes:")
        err.print(consent_url(service, attempt, person), soft_wrap=True, markup=False, style="bold")
        err.print(f"Waiting for {urlsplit(redirect_uri).netloc}; or paste the URL you end up at.")
        paste = sys.stdin if sys.stdin.isatty() else None
        code = code_of(wait_for_redirect(redirect_uri, paste, timeout), attempt.state)
        account_id = connect_with_code(service, person, code, attempt.verifier)
        show_connected(service, account_id, as_json=as_json)


connect.command()(microsoft)
connect.command()(caldav)
