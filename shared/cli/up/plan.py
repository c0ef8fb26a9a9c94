"""What `calsync up` starts, and the variables its processes are given."""

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from shared.cli.ports import require_free
from shared.cli.up.apps import google_app, microsoft_app
from shared.cli.up.secrets import signed_keys
from shared.db import embedded

HOST = embedded.HOST
PYTHON = sys.executable
JWT_SECRET = "SUPABASE_JWT_SECRET"
SETTINGS = (
    *("DATABASE_", "SUPABASE_", "GOOGLE_", "MICROSOFT_", "WEBHOOK_", "TOKEN_", "CRON_", "POLL_"),
    *("RENEW_", "SYNC_", "LEASE", "CALLS_", "WINDOW_", "NOTIFICATION_", "LOG_", "MISSED_"),
    *("VERIFY_", "OAUTH_", "CALDAV_NETWORKS"),
)
"""How the names of settings begin (shared/config.py)."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where everything listens, on 127.0.0.1. `oauth` is used while `calsync connect` waits."""

    functions: int
    rest: int
    postgres: int
    google: int
    oauth: int
    microsoft: int
    caldav: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What is started here, and what the user brings: `own` holds the variables that are set."""

    home: Path
    ports: Ports
    own: Mapping[str, str]
    lively_seconds: float
    ics: Path | None
    wants_caldav: bool = True

    @property
    def embeds_postgres(self) -> bool:
        """Whether the database is ours."""
        return "DATABASE_URL" not in self.own and "SUPABASE_URL" not in self.own

    @property
    def emulates_google(self) -> bool:
        """Whether Google is the emulator."""
        return "GOOGLE_CLIENT_ID" not in self.own

    @property
    def emulates_microsoft(self) -> bool:
        """Whether Microsoft is the emulator."""
        return "MICROSOFT_CLIENT_ID" not in self.own

    @property
    def serves_caldav(self) -> bool:
        """Whether Radicale runs: a program of its own, there in development only."""
        return self.wants_caldav and find_spec("radicale") is not None

    @property
    def serves_rest(self) -> bool:
        """Whether the stand-in for Supabase's REST interface is needed."""
        return "SUPABASE_URL" not in self.own

    @property
    def google_url(self) -> str:
        """Where the emulator is."""
        return f"http://{HOST}:{self.ports.google}"

    @property
    def microsoft_url(self) -> str:
        """Where that emulator is."""
        return f"http://{HOST}:{self.ports.microsoft}"

    @property
    def caldav_url(self) -> str:
        """Where Radicale is."""
        return f"http://{HOST}:{self.ports.caldav}"

    @property
    def postgres_folder(self) -> Path:
        """The data of our Postgres."""
        return self.home / "postgres"

    def require_ports(self, waiting: Callable[[], object]) -> None:
        """Raises `PortTaken` naming the first port that is not free; see `require_free`."""
        for what, port, option in self._needed_ports():
            require_free(HOST, port, what, option, waiting)

    def _needed_ports(self) -> Iterator[tuple[str, int, str]]:
        yield "functions", self.ports.functions, "--port"
        if self.serves_rest:
            yield "REST stand-in", self.ports.rest, "--rest-port"
        if self.emulates_google:
            yield "Google emulator", self.ports.google, "--google-port"
        if self.emulates_microsoft:
            yield "Microsoft emulator", self.ports.microsoft, "--microsoft-port"
        if self.serves_caldav:
            yield "Radicale", self.ports.caldav, "--caldav-port"
        if self.embeds_postgres and embedded.serving(self.postgres_folder) is None:
            yield "Postgres", self.ports.postgres, "--postgres-port"

    def variables(self, secrets: Mapping[str, str], database_url: str | None) -> dict[str, str]:
        """The variables of all processes; what the user has set wins."""
        return self.made(secrets, database_url) | dict(self.own) | {"PORT": self._port}

    def settings(self, secrets: Mapping[str, str], database_url: str | None) -> dict[str, str]:
        """Those of the variables that are settings: what a command beside us needs to know."""
        made = self.made(secrets, database_url)
        given = {name: value for name, value in self.own.items() if name.startswith(SETTINGS)}
        return made | given | {"PORT": self._port}

    def made(self, secrets: Mapping[str, str], database_url: str | None) -> dict[str, str]:
        """What is set for the user."""
        made = {
            **secrets,
            **(signed_keys(self.own[JWT_SECRET]) if JWT_SECRET in self.own else {}),
            "CALSYNC_HOME": str(self.home),
            "HOST": HOST,
            "WEBHOOK_BASE_URL": f"http://{HOST}:{self._port}",
            "OAUTH_PORT": str(self.ports.oauth),
            # Radicale is on this machine.
            "CALDAV_NETWORKS": "any",
        }
        if not self.serves_rest:
            # Our keys would be refused by a project of the user's.
            made = {name: value for name, value in made.items() if not name.startswith("SUPABASE_")}
        else:
            made["SUPABASE_URL"] = f"http://{HOST}:{self.ports.rest}"
        if database_url is not None:
            made["DATABASE_URL"] = database_url
        return made | self._apps()

    @property
    def _port(self) -> str:
        return str(self.ports.functions)

    def _apps(self) -> dict[str, str]:
        redirect_to = f"http://{HOST}:{self.ports.functions}"
        return {
            **(google_app(self.google_url, redirect_to) if self.emulates_google else {}),
            **(microsoft_app(self.microsoft_url, redirect_to) if self.emulates_microsoft else {}),
        }
