"""The commands, put together."""

import typer

from shared.cli.accounts import accounts
from shared.cli.appointments import appointments
from shared.cli.blocks import blocks
from shared.cli.conflicts import conflicts
from shared.cli.connect import connect
from shared.cli.dead_letters import dead_letters
from shared.cli.doctor.command import doctor
from shared.cli.emulate import emulate
from shared.cli.explain import explain
from shared.cli.group import Commands
from shared.cli.migrate import migrate
from shared.cli.poll import poll
from shared.cli.renew import renew
from shared.cli.rotate_keys import rotate_keys
from shared.cli.scheduler import scheduler
from shared.cli.serve import serve
from shared.cli.status import status
from shared.cli.sync import sync
from shared.cli.up.command import up
from shared.cli.verify import verify
from shared.cli.worker import worker

RUNNING = (up, serve, worker, scheduler)
WORKING = (migrate, sync, poll, renew, rotate_keys)
LOOKING = (status, explain, verify, doctor, appointments)

app = typer.Typer(
    name="calsync",
    cls=Commands,
    help="Keeps calendars mirrored in your own Postgres.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (*RUNNING, *WORKING, *LOOKING):
    app.command()(command)
app.add_typer(connect, name="connect")
app.add_typer(accounts, name="accounts")
app.add_typer(blocks, name="blocks")
app.add_typer(dead_letters, name="dead-letters")
app.add_typer(conflicts, name="conflicts")
# What follows the name of a stand-in is for the stand-in, --help included.
app.command(context_settings={"allow_extra_args": True, "allow_interspersed_args": False})(emulate)


def main() -> None:
    """The program `calsync`."""
    app()
