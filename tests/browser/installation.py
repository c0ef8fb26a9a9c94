"""`make run` for a browser: everything starts, and a person of the outside world lives in it."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from tests.support.google_emulator import wait_until
from tests.support.program import Program, free_ports

UP = "What happens from now on"
PORTS = (
    *("--port", "--rest-port", "--postgres-port", "--google-port", "--oauth-port"),
    *("--microsoft-port", "--caldav-port"),
)
PATIENCE_SECONDS = 120.0
LOOK_SECONDS = 0.2


class Installation:
    """A running `calsync up`, and the control APIs of what it emulates."""

    def __init__(self, up: Program, home: Path, ports: dict[str, int]) -> None:
        self._up, self.home, self._ports = up, home, ports
        self.url = self._at("--port")
        self.google, self.microsoft = self._at("--google-port"), self._at("--microsoft-port")
        self.caldav = self._at("--caldav-port")

    @property
    def demo(self) -> tuple[str, str]:
        """The e-mail and the password that it prints for somebody who wants to look around."""
        found = re.search(r"sign in as (\S+) with the password (\S+):", self._up.said())
        assert found is not None, self._up.said()
        return found[1], found[2]

    def until(self, condition: Callable[[], Any]) -> Any:
        """Waits until the condition holds; fails with what the installation said."""
        try:
            return wait_until(condition, PATIENCE_SECONDS, LOOK_SECONDS)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self._up.said()}") from None

    def until_equal(self, read: Callable[[], Any], expected: Any) -> None:
        """Waits until `read` gives what is expected; fails with what it gave last."""
        last: list[Any] = []

        def is_so() -> bool:
            last[:] = [read()]
            return bool(last[0] == expected)

        try:
            self.until(is_so)
        except AssertionError as error:
            raise AssertionError(f"{last[0]} is not {expected}\n{error}") from None

    def _at(self, port: str) -> str:
        return f"http://127.0.0.1:{self._ports[port]}"


@contextmanager
def running(folder: Path, database_url: str) -> Iterator[Installation]:
    """Starts it on free ports with a fresh home; its demo people rest."""
    ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
    options = [text for name, port in ports.items() for text in (name, str(port))]
    home = folder / "home"
    # All people of these tests sit at one address.
    own = {"SIGN_IN_RATE_LIMIT": "1000 per minute"}
    variables = {"CALSYNC_HOME": str(home), "DATABASE_URL": database_url, **own}
    with Program(folder, variables, "up", *options, "--lively", "0") as up:
        up.until_said(UP)
        yield Installation(up, home, ports)


class Newcomer:
    """Frida, who has an account at every provider, and one appointment in each."""

    email, password = "frida@example.test", "a stone, a bridge and a lamp"
    outlook = "frida@outlook.test"
    caldav_user, caldav_password = "frida@home.test", "an-app-password"

    def __init__(self, installation: Installation) -> None:
        self._there = installation
        self._noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)

    def move_in(self) -> None:
        """Her accounts and calendars, each with an appointment of its own day."""
        self._join(self._there.google, self.email, {"summary": "Dentist"}, day=2)
        self._join(self._there.microsoft, self.outlook, {"subject": "Board"}, day=3)
        with (self._there.home / "radicale" / "users").open("a", encoding="utf-8") as users:
            users.write(f"{self.caldav_user}:{self.caldav_password}\n")
        self._dav("MKCALENDAR", "")
        begin = self._noon + timedelta(days=4)
        self._dav("PUT", "choir.ics", _ics("Choir", begin))

    def in_google(self) -> list[str]:
        """The titles in her calendar there, whoever wrote them."""
        events = self._control(self._there.google, f"people/{self.email}/calendars/primary/events")
        return sorted(each["summary"] for each in events)

    def in_outlook(self) -> list[str]:
        """The titles in her calendar there."""
        path = f"people/{self.outlook}/calendars/primary/events"
        return sorted(each["subject"] for each in self._control(self._there.microsoft, path))

    def in_caldav(self) -> list[str]:
        """The titles in her calendar there."""
        return sorted(re.findall(r"^SUMMARY:(.*?)\r?$", self._dav("GET", "").text, re.MULTILINE))

    def _join(self, emulator: str, email: str, event: dict[str, Any], day: int) -> None:
        self._control(emulator, "people", {"email": email, "name": "Frida", "timezone": "UTC"})
        begin = self._noon + timedelta(days=day)
        times = {
            name: {"dateTime": f"{moment:%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"}
            for name, moment in (("start", begin), ("end", begin + timedelta(hours=1)))
        }
        self._control(emulator, f"people/{email}/calendars/primary/events", event | times)

    def _control(self, emulator: str, path: str, body: Any = None) -> Any:
        method = "GET" if body is None else "POST"
        answer = httpx.request(method, f"{emulator}/_control/{path}", json=body, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def _dav(self, verb: str, name: str, text: str = "") -> httpx.Response:
        url = f"{self._there.caldav}/{quote(self.caldav_user)}/home/{name}"
        answer = httpx.request(
            verb,
            url,
            content=text,
            auth=(self.caldav_user, self.caldav_password),
            headers={"Content-Type": "text/calendar"} if text else {},
            timeout=60,
        )
        answer.raise_for_status()
        return answer


def _ics(title: str, begin: datetime) -> str:
    stamp = "%Y%m%dT%H%M%SZ"
    lines = (
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//frida//by hand//EN", "BEGIN:VEVENT"),
        *(f"UID:{title}", f"DTSTAMP:{begin:{stamp}}", f"SUMMARY:{title}"),
        *(f"DTSTART:{begin:{stamp}}", f"DTEND:{begin + timedelta(hours=1):{stamp}}"),
        *("END:VEVENT", "END:VCALENDAR", ""),
    )
    return "\r\n".join(lines)
