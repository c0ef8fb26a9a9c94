"""`calsync connect caldav`: connect an account by its password."""

from typing import Annotated
from uuid import UUID

import typer

from shared.cli.connected import show_connected
from shared.cli.context import opened, quiet_logs
from shared.cli.output import Json
from shared.providers.caldav_connect import PRESETS
from shared.steps.connect_caldav import connect_caldav

NAMES = ", ".join(PRESETS)


def caldav(
    person: Annotated[str, typer.Option("--person", metavar="EMAIL", help="Whose calendars.")],
    server: Annotated[str, typer.Option(help=f"The server's URL, or one of: {NAMES}.")],
    username: Annotated[str, typer.Option(help="At the server; often an e-mail address.")],
    password: Annotated[
        str,
        typer.Option(
            prompt=True,
            hide_input=True,
            envvar="CALDAV_PASSWORD",
            help="Asked for where CALDAV_PASSWORD is not set; for iCloud an app password.",
        ),
    ],
    as_json: Json = False,
) -> None:
    """Connect a CalDAV account: iCloud, Fastmail, Nextcloud, Radicale and others.

    The password is tried before it is stored. iCloud, Fastmail and Yahoo want an app password,
    made in the settings of the account there.
    """
    quiet_logs()
    with opened() as service:
        (row,) = service.database.call("find_or_add_person", email=person)
        account_id = connect_caldav(service, UUID(row["user_id"]), server, username, password)
        show_connected(service, account_id, as_json=as_json)
