"""`calsync emulate`: the stand-ins for the outside world, and real calendars to fill them with."""

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Annotated, Any

import typer

from shared.cli.archive import PERSON, Archive, Fate, ics_files, load, summed, told, told_imports
from shared.cli.context import environment, opened, quiet_logs
from shared.cli.control import Control
from shared.cli.demo import connect_person
from shared.cli.output import Json, err, show
from shared.cli.stopping import stop_on_signals
from shared.clock import elapsed, pause
from shared.config import read_settings
from shared.errors import CalSyncError, InvalidRequest
from shared.steps.service import Service

READ_WITHIN_SECONDS = 600.0
LOOK_SECONDS = 0.25
EMULATOR = (sys.executable, "-m", "emulator")

Ics = Annotated[
    Path | None,
    typer.Option("--ics", metavar="DIR", help="Load every .ics file below it into the emulator."),
]
Port = Annotated[
    int,
    typer.Option(envvar="GOOGLE_PORT", min=0, max=65535, help="Of an emulator started for --ics."),
]


def emulate(
    context: typer.Context, ics: Ics = None, port: Port = 54330, as_json: Json = False
) -> None:
    """Run a stand-in (`calsync emulate google --help`), or load calendars (`--ics DIR`).

    With `--ics DIR` alone and `calsync up` running, the calendars go into its emulator and their
    owner is connected; what became of each event is counted. Where nothing runs, an emulator with
    these calendars is started in the foreground.
    """
    if context.args:
        raise typer.Exit(_run(*EMULATOR, *context.args))
    if ics is None:
        raise InvalidRequest("Say which stand-in (google, microsoft or rest), or give --ics DIR")
    ics_files(ics)
    quiet_logs()
    control = _running_emulator()
    if control is None:
        raise typer.Exit(_run_filled(ics, port, as_json))
    with closing(control), opened() as service:
        fate = _loaded(service, control, ics)
    show(fate, as_json, lambda: told(fate))
    if fate.lost or fate.calendars_failed:
        raise typer.Exit(1)


def _loaded(service: Service, control: Control, folder: Path) -> Fate:
    """Loads a folder into a running emulator, connects its owner, waits until all is read."""
    with err.status("Loading the files into the emulator"):
        load(control, folder)
    with err.status("Reading the calendars"):
        # Connecting again makes new calendars known at once.
        connect_person(service, control, PERSON, PERSON)
        archive, deadline = Archive(service, control), elapsed() + READ_WITHIN_SECONDS
        while not archive.is_read():
            if elapsed() > deadline:
                raise CalSyncError("The calendars are not read yet: is a worker running?")
            pause(LOOK_SECONDS)
        while (fate := archive.fate()) is None:
            pause(LOOK_SECONDS)
    return fate


def _running_emulator() -> Control | None:
    """The emulator that the settings point at, if it answers."""
    google = read_settings(environment()).google
    if google is None:
        return None
    control = Control(google.auth_url.partition("/o/oauth2/")[0])
    if control.answers():
        return control
    control.close()
    return None


def _run(*command: str) -> int:
    """Runs a stand-in until it ends, and passes on its exit status."""
    with stop_on_signals() as stopping, subprocess.Popen(command) as process:
        return _ended(process, stopping)


def _run_filled(folder: Path, port: int, as_json: bool) -> int:
    """Runs a Google emulator with the calendars of a folder, and says what it made of them."""
    command = (*EMULATOR, "google", "--port", str(port), "--ics", str(folder))
    with (
        stop_on_signals() as stopping,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process,
    ):
        ready = process.stdout.readline() if process.stdout else ""
        if ready:
            url = json.loads(ready)["url"]
            with closing(Control(url)) as control:
                imports = summed(control.imports())
            show({"url": url, "imports": imports}, as_json, lambda: told_imports(imports))
            err.print(f"Google emulator at {url}; Ctrl-C ends it")
        return _ended(process, stopping)


def _ended(process: subprocess.Popen[Any], stopping: Event) -> int:
    """Waits for the end of a process; a signal for us is one for it."""
    while (status := process.poll()) is None:
        if stopping.wait(LOOK_SECONDS):
            process.terminate()
            return process.wait()
    return status
