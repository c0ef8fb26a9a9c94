"""An installation that `calsync up` runs: its ports, its people, its database."""

import json
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg

from shared.cli.context import read_variables
from tests.support.program import Program, free_ports
from tests.support.rig import timed

UP = "What happens from now on"
PEOPLE = ["ann@example.test", "ben@example.test", "cleo@example.test"]
OUTLOOK_PEOPLE = ["ann@outlook.test", "dora@outlook.test", "emil@outlook.test"]
CALENDARS = 13
STAMP = "%Y%m%dT%H%M%SZ"
PORTS = (
    *("--port", "--rest-port", "--postgres-port", "--google-port", "--oauth-port"),
    *("--microsoft-port", "--caldav-port"),
)


class Home:
    """A folder to run in, with ports of its own."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder = folder
        self.path = folder / "home"
        self.ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
        self.variables = {"CALSYNC_HOME": str(self.path), **variables}

    def up(self, *options: str, **more: str) -> Program:
        """The command, not yet started; its people rest."""
        ports = [text for name, port in self.ports.items() for text in (name, str(port))]
        return Program(
            self.folder, {**self.variables, **more}, "up", *ports, "--lively", "0", *options
        )

    def google(self, path: str, body: Any = None) -> Any:
        """Asks the Google emulator's control API."""
        url = f"http://127.0.0.1:{self.ports['--google-port']}/_control/{path}"
        return httpx.request("POST" if body else "GET", url, json=body, timeout=30).json()

    def pids(self) -> dict[str, int]:
        """The programs that run, by name."""
        noted = json.loads((self.path / "processes.json").read_text())
        return {name: each["pid"] for name, each in noted.items()}

    def make_event(self, provider: str, title: str, start: datetime) -> None:
        """Ann makes an event of an hour, in the program that she uses there."""
        end = start + timedelta(hours=1)
        if provider == "google":
            self.google(f"people/{PEOPLE[0]}/calendars/primary/events", timed(title, start))
        elif provider == "microsoft":
            times = {
                name: {"dateTime": f"{each:%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"}
                for name, each in (("start", start), ("end", end))
            }
            url = f"http://127.0.0.1:{self.ports['--microsoft-port']}/_control/people"
            url = f"{url}/{OUTLOOK_PEOPLE[0]}/calendars/primary/events"
            httpx.post(url, json={"subject": title, **times}, timeout=30).raise_for_status()
        else:
            self._put(title, start, end)

    def _put(self, title: str, start: datetime, end: datetime) -> None:
        uid = title.replace(" ", "-")
        lines = (
            *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//me//by hand//EN", "BEGIN:VEVENT"),
            *(f"UID:{uid}", f"DTSTAMP:{start:{STAMP}}", f"SUMMARY:{title}"),
            *(f"DTSTART:{start:{STAMP}}", f"DTEND:{end:{STAMP}}"),
            *("END:VEVENT", "END:VCALENDAR", ""),
        )
        password = read_variables(self.path / "dev.env")["CALDAV_DEMO_PASSWORD"]
        httpx.put(
            f"http://127.0.0.1:{self.ports['--caldav-port']}/{PEOPLE[0]}/home/{uid}.ics",
            content="\r\n".join(lines),
            headers={"Content-Type": "text/calendar"},
            auth=(PEOPLE[0], password),
            timeout=30,
        ).raise_for_status()

    def moment(self) -> str:
        """What the database's clock says."""
        ((now,),) = self.sql("select calsync_now()::text")
        return str(now)

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the database."""
        url = read_variables(self.path / "running.env")["DATABASE_URL"]
        with closing(psycopg.connect(url, autocommit=True)) as connection:
            return connection.execute(query.encode()).fetchall()

    def read_completely(self) -> bool:
        """Whether every calendar was read."""
        counted = self.sql("select count(*), count(sync_token) from calendar_sync_states")
        return counted == [(CALENDARS, CALENDARS)]

    def read_since(self, moment: datetime) -> int:
        """How many calendars were read after a moment."""
        ((calendars,),) = self.sql(
            "select count(distinct calendar_id) from calendar_sync_logs "
            f"where status = 'success' and started_at > '{moment.isoformat()}'"
        )
        return int(calendars)

    def is_quiet(self) -> bool:
        """Whether no sync ran for two seconds: first syncs and checks are over."""
        ended = "bool_and(finished_at < now() - interval '2 seconds')"
        return self.sql(f"select {ended} from calendar_sync_logs") == [(True,)]


def answers(url: str) -> bool:
    """Whether there is a good answer at a URL."""
    try:
        return httpx.get(url).is_success
    except httpx.TransportError:
        return False
