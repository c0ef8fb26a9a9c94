"""What `calsync up` starts, and the variables its processes are given."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from shared.cli.ports import require_free
from shared.cli.up.secrets import signed_keys
from shared.db import embedded

HOST = embedded.HOST
PYTHON = sys.executable
CLIENT_ID = "calsync-demo.apps.googleusercontent.com"
CLIENT_SECRET = "calsync-demo-secret"  # for the emulator only
JWT_SECRET = "SUPABASE_JWT_SECRET"
SETTINGS = (
    *("DATABASE_", "SUPABASE_", "GOOGLE_", "WEBHOOK_", "TOKEN_", "CRON_", "POLL_", "RENEW_"),
    *("SYNC_", "LEASE", "CALLS_", "WINDOW_", "NOTIFICATION_", "LOG_"),
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


@dataclass(frozen=True, slots=True)
class Plan:
    """What is started here, and what the user brings: `own` holds the variables that are set."""

    home: Path
    ports: Ports
    own: Mapping[str, str]
    lively_seconds: float
    ics: Path | None

    @property
    def embeds_postgres(self) -> bool:
        """Whether the database is ours."""
        return "DATABASE_URL" not in self.own and "SUPABASE_URL" not in self.own

    @property
    def emulates_google(self) -> bool:
        """Whether Google is the emulator."""
        return "GOOGLE_CLIENT_ID" not in self.own

    @property
    def serves_rest(self) -> bool:
        """Whether the stand-in for Supabase's REST interface is needed."""
        return "SUPABASE_URL" not in self.own

    @property
    def google_url(self) -> str:
        """Where the emulator is."""
        return f"http://{HOST}:{self.ports.google}"

    @property
    def postgres_folder(self) -> Path:
        """The data of our Postgres."""
        return self.home / "postgres"

    def require_ports(self, waiting: Callable[[], object]) -> None:
        """Raises `PortTaken` naming the first port that is not free; see `require_free`."""
        needed = [("functions", self.ports.functions, "--port")]
        if self.serves_rest:
            needed.append(("REST stand-in", self.ports.rest, "--rest-port"))
        if self.emulates_google:
            needed.append(("Google emulator", self.ports.google, "--google-port"))
        if self.embeds_postgres and embedded.serving(self.postgres_folder) is None:
            needed.append(("Postgres", self.ports.postgres, "--postgres-port"))
        for what, port, option in needed:
            require_free(HOST, port, what, option, waiting)

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
        }
        if not self.serves_rest:
            # Our keys would be refused by a project of the user's.
            made = {name: value for name, value in made.items() if not name.startswith("SUPABASE_")}
        else:
            made["SUPABASE_URL"] = f"http://{HOST}:{self.ports.rest}"
        if database_url is not None:
            made["DATABASE_URL"] = database_url
        return made | self._google() if self.emulates_google else made

    @property
    def _port(self) -> str:
        return str(self.ports.functions)

    def _google(self) -> dict[str, str]:
        url = self.google_url
        return {
            "GOOGLE_CLIENT_ID": CLIENT_ID,
            "GOOGLE_CLIENT_SECRET": CLIENT_SECRET,
            "GOOGLE_REDIRECT_URI": f"http://{HOST}:{self.ports.oauth}/oauth/google",
            "GOOGLE_API_URL": f"{url}/calendar/v3/",
            "GOOGLE_AUTH_URL": f"{url}/o/oauth2/v2/auth",
            "GOOGLE_TOKEN_URL": f"{url}/token",
            "GOOGLE_REVOKE_URL": f"{url}/revoke",
            "GOOGLE_USERINFO_URL": f"{url}/oauth2/v3/userinfo",
        }
