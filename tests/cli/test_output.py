"""How figures, times and settings files are written."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from shared.cli import app
from shared.cli.context import read_variables, write_variables
from shared.cli.output import duration, relative
from tests.cli.conftest import Run

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0345, "34 ms"),
        (1.44, "1.4 s"),
        (45, "45 s"),
        (120, "2 min"),
        (7200, "2 h"),
        (259200, "3 d"),
    ],
)
def test_durations_in_their_largest_unit(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("offset", "text"),
    [(0.5, "now"), (-0.5, "now"), (240, "in 4 min"), (-7200, "2 h ago")],
)
def test_instants_as_people_say_them(offset: float, text: str) -> None:
    assert relative((NOW + timedelta(seconds=offset)).isoformat(), NOW) == text


@pytest.mark.parametrize("text", [None, "infinity", "-infinity"])
def test_no_instant(text: str | None) -> None:
    assert relative(text, NOW) == "never"
    assert relative(text, NOW, none="") == ""


def test_variables_survive_a_file_that_only_their_owner_reads(tmp_path: Path) -> None:
    variables = {"A": "plain", "B": 'it\'s $HOME & "more" # no comment', "C": "a=b=c"}
    path = tmp_path / "some.env"
    write_variables(path, variables)
    write_variables(path, variables)
    assert read_variables(path) == variables
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_file_has_no_variables(tmp_path: Path) -> None:
    assert read_variables(tmp_path / "missing.env") == {}


def test_a_misspelt_command_is_told_its_neighbour(run: Run) -> None:
    result = run("statsu")
    assert (result.exit_code, "Did you mean 'status'?" in result.stderr) == (2, True)


def test_groups_have_no_options_of_the_library() -> None:
    for name in ("connect", "accounts", "blocks", "dead-letters", "conflicts"):
        assert "completion" not in CliRunner().invoke(app, [name, "--help"]).stdout
