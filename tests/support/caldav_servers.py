"""Runs the real Radicale and the real Xandikos as processes, and plays a person's calendar app."""

import sys
import time
from abc import abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar
from urllib.parse import quote
from xml.sax.saxutils import escape

import httpx

from shared.providers.caldav import Caldav
from shared.providers.caldav_connect import CaldavGrant, caldav_grant
from tests.support.program import free_port
from tests.support.served_process import START_SECONDS, ServedProcess

ANN = "ann@x.test"
PASSWORD = "ann's pässword"


class DavServer(ServedProcess):
    """`with Radicale() as server:` — one process; `reset()` takes all calendars away.

    Paths of calendars and resources are as the server has them, e.g. `/ann@x.test/work/a.ics`.
    """

    says_ready = False
    home: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        files = TemporaryDirectory(prefix="caldav-", ignore_cleanup_errors=True)
        self.folder = Path(self.cleanup.enter_context(files))
        client = httpx.Client(auth=(ANN.encode(), PASSWORD.encode()), timeout=60)
        self._http = self.cleanup.enter_context(client)
        self._calendars: list[str] = []

    @abstractmethod
    def program(self, port: int) -> Sequence[str]:
        """The Python module to run, and its options."""

    def command(self) -> Sequence[str]:
        """The server on a free port; it keeps what it has stored."""
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/"
        return [sys.executable, "-m", *self.program(port)]

    def wait_for_answer(self, is_running: Callable[[], bool]) -> bool:
        """Ask until it answers."""
        deadline = time.monotonic() + START_SECONDS
        while is_running() and time.monotonic() < deadline:
            if self._answers():
                return True
            time.sleep(0.05)
        return False

    def reset(self) -> None:
        """Takes all calendars away."""
        while self._calendars:
            self.send("DELETE", self._calendars.pop())

    def grant(self, provider: Caldav | None = None) -> CaldavGrant:
        """What Ann gives when she connects her account."""
        return caldav_grant(provider or Caldav(), self.url, ANN, PASSWORD)

    # -- what a person does in another program

    def add_calendar(
        self, name: str, components: Sequence[str] = ("VEVENT",), time_zone: str | None = None
    ) -> str:
        """Makes a calendar; gives its path."""
        path = f"{self.home}{quote(name)}/"
        kinds = "".join(f'<c:comp name="{each}"/>' for each in components)
        zone = (
            f"<c:calendar-timezone>{escape(time_zone)}</c:calendar-timezone>" if time_zone else ""
        )
        body = (
            '<c:mkcalendar xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:set><d:prop>'
            f"<d:displayname>{escape(name)}</d:displayname>{zone}"
            f"<c:supported-calendar-component-set>{kinds}</c:supported-calendar-component-set>"
            "</d:prop></d:set></c:mkcalendar>"
        )
        self.send("MKCALENDAR", path, body.encode()).raise_for_status()
        self._calendars.append(path)
        return path

    def add_filled_calendar(self, name: str, text: str) -> str:
        """Makes a calendar of one object with many events (Radicale only); gives its path."""
        path = f"{self.home}{quote(name)}/"
        self._calendars.append(path)
        answer = self.send("PUT", path, text.encode(), {"Content-Type": "text/calendar"})
        answer.raise_for_status()
        return path

    def put(self, calendar: str, name: str, text: str) -> str:
        """Stores a resource, whatever was there; gives its path. Raises if it is refused."""
        path = f"{calendar}{quote(name)}"
        answer = self.try_put(path, text)
        assert answer.status_code in (200, 201, 204), (answer.status_code, answer.text)
        return path

    def try_put(self, path: str, text: str) -> httpx.Response:
        """Tries to store a resource."""
        return self.send("PUT", path, text.encode(), {"Content-Type": "text/calendar"})

    def read(self, path: str) -> str:
        """The text of a resource."""
        answer = self.send("GET", path)
        answer.raise_for_status()
        return answer.text

    def rewrite(self, path: str, change: Callable[[str], str]) -> None:
        """Stores what `change` makes of a resource."""
        answer = self.try_put(path, change(self.read(path)))
        assert answer.status_code in (200, 201, 204), (answer.status_code, answer.text)

    def delete(self, path: str) -> None:
        """Removes a resource."""
        self.send("DELETE", path).raise_for_status()

    def send(
        self, verb: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """Any request, as Ann."""
        return self._http.request(
            verb, self.url.rstrip("/") + path, content=body, headers=headers or {}
        )

    def _answers(self) -> bool:
        try:
            return self._http.request("OPTIONS", self.url).status_code < 500
        except httpx.TransportError:
            return False


class Radicale(DavServer):
    """Radicale with Ann's password; `sync_token_age` is how long its tokens live, in seconds."""

    home = f"/{ANN}/"

    def __init__(self, sync_token_age: int = 2_592_000) -> None:
        super().__init__()
        self.sync_token_age = sync_token_age

    def program(self, port: int) -> Sequence[str]:
        """With a configuration of its own."""
        users = self.folder / "users"
        users.write_text(f"{ANN}:{PASSWORD}\n", encoding="utf-8")
        settings = {
            "server": {"hosts": f"127.0.0.1:{port}"},
            "auth": {
                "type": "htpasswd",
                "htpasswd_filename": users,
                "htpasswd_encryption": "plain",
                "delay": 0,
            },
            "storage": {
                "filesystem_folder": self.folder / "collections",
                "max_sync_token_age": self.sync_token_age,
            },
            "logging": {"level": "warning"},
        }
        written = self.folder / "radicale.ini"
        written.write_text(_ini(settings), encoding="utf-8")
        return ["radicale", "--config", str(written)]


class Xandikos(DavServer):
    """Xandikos, which lets anyone in; its principal is Ann."""

    home = f"/{ANN}/calendars/"

    def program(self, port: int) -> Sequence[str]:
        """With its files in the folder."""
        return [
            "xandikos", "serve", "--defaults", "-d", str(self.folder / "files"),
            "--state-dir", str(self.folder / "state"), "--listen-address", "127.0.0.1",
            "--port", str(port), "--current-user-principal", f"/{ANN}/", "--no-detect-systemd",
        ]  # fmt: skip


def _ini(settings: dict[str, dict[str, Any]]) -> str:
    return "\n".join(
        line
        for section, values in settings.items()
        for line in (f"[{section}]", *(f"{name} = {value}" for name, value in values.items()), "")
    )
