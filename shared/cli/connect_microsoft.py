"""`calsync connect microsoft`: connect a Microsoft 365 or Outlook account."""

import sys
from typing import Annotated
from urllib.parse import urlsplit

import typer

from shared.cli.connected import show_connected
from shared.cli.context import opened, quiet_logs
from shared.cli.loopback import answer_of, wait_for_redirect
from shared.cli.microsoft_account import connect_with_answer, microsoft_settings
from shared.cli.output import Json, err
from shared.providers.microsoft_oauth import begin_consent


def microsoft(
    person: Annotated[str, typer.Option("--person", metavar="EMAIL", help="Whose calendars.")],
    timeout: Annotated[float, typer.Option(help="Seconds to wait for the consent.")] = 300,
    as_json: Json = False,
) -> None:
    """Connect a Microsoft 365 or Outlook account: prints the URL to open, waits for the answer.

    MICROSOFT_REDIRECT_URI says where Microsoft sends the browser. If that is a port of this
    machine, we listen there; else (or if the browser is elsewhere) paste the URL that it ended up
    at.
    """
    quiet_logs()
    with opened() as service:
        settings = microsoft_settings(service)
        consent = begin_consent(settings, person)
        err.print("Open this and say yes:")
        err.print(consent.url, soft_wrap=True, markup=False, style="bold")
        waiting_for = urlsplit(settings.redirect_uri).netloc
        err.print(f"Waiting for {waiting_for}; or paste the URL you end up at.")
        paste = sys.stdin if sys.stdin.isatty() else None
        came_back = wait_for_redirect(settings.redirect_uri, paste, timeout)
        answer = answer_of(came_back, consent.state)
        account_id = connect_with_answer(service, person, consent, answer)
        show_connected(service, account_id, as_json=as_json)
