"""`calsync emulate`: the stand-ins for the outside world, and real calendars to fill them with."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from shared.cli.archive import PERSON, Archive, Fate, load, told
from shared.cli.context import environment, opened, quiet_logs
from shared.cli.control import Control
from shared.cli.demo import connect_person
from shared.cli.output import Json, err, show
from shared.clock import elapsed, pause
from shared.config import read_settings
from shared.errors import CalSyncError, InvalidRequest
from shared.steps.service import Service

READ_WITHIN_SECONDS = 600.0
LOOK_SECONDS = 0.5

Ics = Annotated[
    Path | None,
    typer.Option("--ics", metavar="DIR", help="Load every .ics file below it into the emulator."),
]


def emulate(context: typer.Context, ics: Ics = None, as_json: Json = False) -> None:
    """Run a stand-in (`calsync emulate google --help`), or load calendars (`--ics DIR`).

    With `--ics DIR` alone and `calsync up` running, the calendars go into its emulator and their
    owner is connected; what became of each event is counted. Where nothing runs, an emulator with
    these calendars is started in the foreground.
    """
    if context.args:
        raise typer.Exit(_run([*context.args, *(("--ics", str(ics)) if ics else ())]))
    if ics is None:
        raise InvalidRequest("Say which stand-in (google or rest), or give --ics DIR")
    quiet_logs()
    control = _running_emulator()
    if control is None:
        err.print("No emulator is running here; starting one with these calendars (Ctrl-C ends it)")
        raise typer.Exit(_run(["google", "--ics", str(ics)]))
    with opened() as service:
        fate = loaded(service, control, ics)
    show(fate, as_json, lambda: told(fate))
    if fate.lost or fate.calendars_failed:
        raise typer.Exit(1)


def loaded(service: Service, control: Control, folder: Path) -> Fate:
    """Loads a folder into a running emulator, connects its owner, waits until all is read."""
    with err.status("Loading the files into the emulator"):
        load(control, folder)
    with err.status("Reading the calendars"):
        # Connecting again makes the new calendars known at once.
        connect_person(service, control, PERSON)
        archive, deadline = Archive(service, control), elapsed() + READ_WITHIN_SECONDS
        while not archive.is_read():
            if elapsed() > deadline:
                raise CalSyncError("The calendars are not read yet: is a worker running?")
            pause(LOOK_SECONDS)
    return archive.fate()


def _running_emulator() -> Control | None:
    """The emulator that the settings point at, if it answers."""
    google = read_settings(environment()).google
    if google is None:
        return None
    control = Control(google.auth_url.partition("/o/oauth2/")[0])
    return control if control.answers() else None


def _run(arguments: list[str]) -> int:
    """Runs the stand-in in the foreground; a Ctrl-C in the terminal reaches it as well as us."""
    with subprocess.Popen([sys.executable, "-m", "emulator", *arguments]) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                process.terminate()
