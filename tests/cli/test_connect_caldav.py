"""`calsync connect caldav` on a real Radicale: the password is given, or asked for."""

import json
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from shared.cli import app
from tests.cli.conftest import ANN as PERSON
from tests.cli.conftest import Run
from tests.support.caldav_servers import ANN, PASSWORD, Radicale
from tests.support.rig import Rig


@pytest.fixture(scope="module")
def server() -> Iterator[Radicale]:
    """With two calendars of Ann's."""
    with Radicale() as running:
        running.add_calendar("Choir")
        running.add_calendar("Garden")
        yield running


def _options(url: str) -> tuple[str, ...]:
    return ("connect", "caldav", "--person", PERSON, "--server", url, "--username", ANN)


def test_the_password_of_the_environment_connects(rig: Rig, run: Run, server: Radicale) -> None:
    variables = rig.environment | {"CALDAV_PASSWORD": PASSWORD}
    result = run(*_options(server.url), "--json", **variables)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["calendars"] == ["Choir", "Garden"]
    (account,) = rig.rows("calendar_accounts")
    assert (account["provider"], account["email"]) == ("caldav", ANN)
    assert account["status"] == "active"
    assert rig.count("calendar_sync_states") == 2


def test_the_password_is_asked_for_and_not_shown(rig: Rig, server: Radicale) -> None:
    result = CliRunner().invoke(
        app, _options(server.url), env=rig.environment, input=f"{PASSWORD}\n"
    )
    assert result.exit_code == 0, result.output
    assert "Choir, Garden" in result.output
    assert PASSWORD not in result.output


def test_connected_again_it_is_the_same_account(rig: Rig, run: Run, server: Radicale) -> None:
    variables = rig.environment | {"CALDAV_PASSWORD": PASSWORD}
    first, again = (run(*_options(server.url), "--json", **variables) for _ in range(2))
    assert json.loads(first.stdout) == json.loads(again.stdout)
    assert rig.count("calendar_accounts") == 1


def test_a_wrong_password_stores_nothing(rig: Rig, run: Run, server: Radicale) -> None:
    result = run(*_options(server.url), **rig.environment | {"CALDAV_PASSWORD": "wrong"})
    assert result.exit_code == 1
    assert "app-specific password" in " ".join(result.stderr.split())
    assert rig.count("calendar_accounts") == 0


def test_a_password_is_not_sent_in_the_clear(rig: Rig, run: Run) -> None:
    variables = rig.environment | {"CALDAV_PASSWORD": PASSWORD}
    result = run(*_options("http://calendars.example/"), **variables)
    assert result.exit_code == 1
    assert "use https" in " ".join(result.stderr.split())
