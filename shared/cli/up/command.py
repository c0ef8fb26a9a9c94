"""`calsync up` (`make run`): everything on one machine, until SIGTERM or Ctrl-C."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Annotated

from rich.markup import escape
from typer import Option

from shared.cli.context import home, quiet_logs
from shared.cli.output import out
from shared.cli.stopping import stop_on_signals
from shared.cli.up.installation import Installation
from shared.cli.up.lock import sole_user
from shared.cli.up.plan import Plan, Ports
from shared.cli.up.processes import Stopped

LOOK_SECONDS = 0.25

Port = Annotated[int, Option(envvar="PORT", min=1, max=65535, help="Functions listen here.")]
RestPort = Annotated[int, Option(envvar="REST_PORT", min=1, max=65535, help="REST stand-in.")]
PostgresPort = Annotated[int, Option(envvar="POSTGRES_PORT", min=1, max=65535, help="Postgres.")]
GooglePort = Annotated[int, Option(envvar="GOOGLE_PORT", min=1, max=65535, help="Google emulator.")]
MicrosoftPort = Annotated[
    int, Option(envvar="MICROSOFT_PORT", min=1, max=65535, help="Microsoft emulator.")
]
CaldavPort = Annotated[int, Option(envvar="CALDAV_PORT", min=1, max=65535, help="Radicale.")]
OauthPort = Annotated[
    int, Option(envvar="OAUTH_PORT", min=1, max=65535, help="For `calsync connect` to wait on.")
]
Lively = Annotated[
    float, Option(min=0, metavar="SECONDS", help="Between edits of the demo people; 0: never.")
]
Caldav = Annotated[
    bool, Option("--caldav/--no-caldav", help="Run Radicale, where it is installed.")
]
Folder = Annotated[
    Path | None,
    Option("--ics", exists=True, file_okay=False, help="Load every .ics file below it, too."),
]


def up(
    port: Port = 54321,
    rest_port: RestPort = 54320,
    postgres_port: PostgresPort = 54322,
    google_port: GooglePort = 54330,
    oauth_port: OauthPort = 54331,
    microsoft_port: MicrosoftPort = 54340,
    caldav_port: CaldavPort = 54341,
    caldav: Caldav = True,
    lively: Lively = 15,
    ics: Folder = None,
) -> None:
    """Run everything: database, functions, workers, scheduler, and emulators with lively people.

    Data stays in CALSYNC_HOME (.calsync). DATABASE_URL, SUPABASE_URL, GOOGLE_CLIENT_ID or
    MICROSOFT_CLIENT_ID put your own in the place of what would be started.
    """
    quiet_logs()
    own = {name: value for name, value in os.environ.items() if value.strip()}
    ports = Ports(
        functions=port,
        rest=rest_port,
        postgres=postgres_port,
        google=google_port,
        oauth=oauth_port,
        microsoft=microsoft_port,
        caldav=caldav_port,
    )
    plan = Plan(home(), ports, own, lively, ics.resolve() if ics else None, caldav)
    with sole_user(plan.home), stop_on_signals() as stopping:
        installation = Installation(plan, say)
        try:
            with suppress(Stopped):
                installation.start(stopping)
            while not stopping.wait(LOOK_SECONDS):
                installation.look()
            say("[bold]Stopping[/]")
        finally:
            installation.stop()
    say(f"Stopped. The data is in {escape(str(plan.home))}; `calsync up` goes on with it.")


def say(line: str) -> None:
    """One line for whoever watches."""
    out.print(line, soft_wrap=True, highlight=False)
