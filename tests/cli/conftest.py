"""What the tests of commands share: an emulator, an installation, and commands that run in it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from typer.testing import CliRunner, Result

from shared.cli import app
from tests.support.google_emulator import GoogleEmulator
from tests.support.rig import Rig

ANN, BEN = "ann@example.test", "ben@example.test"


@dataclass(frozen=True)
class Installation:
    """A database with a connected person, an emulator, and the variables that commands need."""

    rig: Rig
    variables: dict[str, str]
    person: UUID
    calendar: UUID

    def run(self, *arguments: str, **more: str) -> Result:
        """Runs a command in this process; exceptions other than exits are raised."""
        environment = {**self.variables, **more}
        return CliRunner().invoke(app, arguments, env=environment, catch_exceptions=False)

    def json(self, *arguments: str, status: int = 0) -> Any:
        """What a command prints for scripts."""
        result = self.run(*arguments, "--json")
        assert result.exit_code == status, result.output
        return json.loads(result.stdout)


@pytest.fixture
def google(google_process: GoogleEmulator) -> GoogleEmulator:
    """The emulator with Ann and Ben in it."""
    google_process.reset()
    google_process.add_person(ANN, "Ann")
    google_process.add_person(BEN, "Ben")
    return google_process


@pytest.fixture
def rig(database_url: str, google: GoogleEmulator, tmp_path: Path) -> Iterator[Rig]:
    """An installation without workers."""
    more = {
        "CALSYNC_HOME": str(tmp_path / "home"),
        "CRON_SECRET": "a-cron-secret-of-more-than-forty-characters",
        "WEBHOOK_SECRET": "a-webhook-secret-of-more-than-forty-characters",
        "GOOGLE_USERINFO_URL": f"{google.url}/oauth2/v3/userinfo",
        "SYNC_WORKERS": "2",
    }
    with Rig(database_url, google, **more) as opened:
        yield opened


@pytest.fixture
def installed(rig: Rig) -> Installation:
    """Ann is connected; all is quiet."""
    calendar = rig.settled(ANN)
    (person,) = {row["user_id"] for row in rig.rows("calendars")}
    return Installation(rig, rig.environment, person, calendar)


Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    """Runs a command with exactly these variables on top of the test's."""

    def run_with(*arguments: str, **variables: str) -> Result:
        return CliRunner().invoke(app, arguments, env=variables, catch_exceptions=False)

    return run_with
