"""`calsync emulate`: runs a stand-in, or fills one with the calendars of a folder."""

import signal
import socket
from contextlib import closing
from pathlib import Path

from shared.cli.archive import PERSON, load
from shared.cli.control import Control
from shared.cli.demo import connect_person
from tests.cli.conftest import Installation, Run
from tests.support.archive import archive_folder
from tests.support.program import Program


def test_a_stand_in_is_run_with_its_own_options(tmp_path: Path) -> None:
    with Program(tmp_path, {}, "emulate", "google", "--port", "0") as program:
        program.until_said('"ready": true')
        program.send(signal.SIGTERM)
        assert program.ended(10) == 0


def test_the_help_of_a_stand_in_is_its_own(tmp_path: Path) -> None:
    with Program(tmp_path, {}, "emulate", "rest", "--help") as program:
        assert program.ended(30) == 0
    assert "--database-url" in program.said()


def test_the_exit_status_of_a_stand_in_is_passed_on(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with Program(tmp_path, {}, "emulate", "google", "--port", port) as program:
            assert program.ended(30) == 1
    assert f"port {port}" in program.said()


def test_an_emulator_of_its_own_is_filled_and_says_what_it_took(tmp_path: Path) -> None:
    folder = archive_folder(tmp_path)
    home = {"CALSYNC_HOME": str(tmp_path / "nothing")}
    arguments = ("emulate", "--ics", str(folder), "--port", "0")
    with Program(tmp_path, home, *arguments) as program:
        program.until_said("Ctrl-C ends it")
        assert "refused by the provider: missing_start │ 1" in program.said()
        program.send(signal.SIGINT)
        assert program.ended(10) == 0


def test_what_the_mirror_has_lost_is_told(installed: Installation, tmp_path: Path) -> None:
    folder, rig = archive_folder(tmp_path), installed.rig
    with closing(Control(rig.google.url)) as control:
        load(control, folder)
        connect_person(rig.service, control, PERSON, PERSON)
    rig.drain()
    whole = installed.run("emulate", "--ics", str(folder))
    assert (whole.exit_code, "Nothing was lost." in whole.stdout) == (0, True)
    rig.sql("delete from calendar_events where summary = 'Good'")
    result = installed.run("emulate", "--ics", str(folder))
    assert (result.exit_code, "Lost: 1" in result.stdout) == (1, True)


def test_something_must_be_asked_for(run: Run, tmp_path: Path) -> None:
    result = run("emulate", CALSYNC_HOME=str(tmp_path))
    assert result.exit_code == 1
    assert "Say which stand-in" in result.stderr


def test_a_folder_without_calendars_is_named(run: Run, tmp_path: Path) -> None:
    result = run("emulate", "--ics", str(tmp_path), CALSYNC_HOME=str(tmp_path))
    assert result.exit_code == 1
    assert f"There is no .ics file in {tmp_path}" in result.stderr
