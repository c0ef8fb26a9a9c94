"""`calsync connect`: connect a person's account."""

import typer

from shared.cli.connect_caldav import caldav
from shared.cli.connect_oauth import google, microsoft

connect = typer.Typer(help="Connect a person's account.", no_args_is_help=True)


@connect.callback()
def providers() -> None:
    """Connect a person's account."""


connect.command()(google)
connect.command()(microsoft)
connect.command()(caldav)
