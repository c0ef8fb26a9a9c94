"""Runs the Google emulator as a process of its own and speaks to its control API."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

ROOT = Path(__file__).resolve().parents[2]
CLIENT_ID = "100000000001-calsync.apps.googleusercontent.com"
CLIENT_SECRET = "calsync-emulator-secret"
REDIRECT_URI = "http://127.0.0.1:54321/api/v1/calendar/google/callback"
SCOPE = "https://www.googleapis.com/auth/"
SCOPES = (
    f"{SCOPE}calendar.events",
    f"{SCOPE}calendar.calendarlist.readonly",
    "openid",
    "email",
)
START_SECONDS, STOP_SECONDS = 60.0, 20.0

Json = dict[str, Any]


class GoogleEmulator:
    """`with GoogleEmulator() as google:` — start once per session, `reset()` between tests.

    `options` are further command-line options, e.g. `"--seed", "demo"`. A stopped emulator
    can be started again by `start()`; with `--data FILE` it goes on with its data.
    """

    client_id = CLIENT_ID
    client_secret = CLIENT_SECRET
    redirect_uri = REDIRECT_URI
    scopes = SCOPES

    def __init__(self, *options: str, port: int = 0) -> None:
        self.options = options
        self.port = port
        self.url = ""
        self._process: subprocess.Popen[str] | None = None
        self._cleanup = ExitStack()
        self._http = self._cleanup.enter_context(httpx.Client(timeout=30))
        # A file, not a pipe: nobody reads it while the emulator runs.
        complaints = tempfile.TemporaryFile(mode="w+")  # noqa: SIM115 - the stack closes it
        self._complaints = self._cleanup.enter_context(complaints)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        self._cleanup.close()

    def complaints(self) -> str:
        """What the emulator wrote to stderr so far."""
        self._complaints.seek(0)
        return self._complaints.read()

    def start(self) -> None:
        """Start and wait for the ready line; RuntimeError with its stderr if it fails."""
        command = [sys.executable, "-m", "emulator", "google", "--port", str(self.port)]
        self._process = subprocess.Popen(
            [*command, *self.options],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            text=True,
        )
        line = _first_line(self._process)
        if not line:
            self.kill()
            raise RuntimeError(f"the emulator did not start: {self.complaints()}")
        self.url = str(json.loads(line)["url"])

    def stop(self) -> int:
        """SIGTERM, then wait; returns the exit status."""
        process, self._process = self._process, None
        return 0 if process is None else _end(process, process.terminate)

    def kill(self) -> None:
        """SIGKILL: no last save."""
        process, self._process = self._process, None
        if process is not None:
            _end(process, process.kill)

    def cpu_seconds(self) -> float:
        """What the process has computed so far: other work of the machine does not count."""
        assert self._process is not None
        stat = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def api_url(self) -> str:
        """Base of the Calendar API, for `client_options={"api_endpoint": …}`."""
        return f"{self.url}/calendar/v3/"

    @property
    def token_url(self) -> str:
        """The OAuth token endpoint."""
        return f"{self.url}/token"

    @property
    def auth_url(self) -> str:
        """The consent page."""
        return f"{self.url}/o/oauth2/v2/auth"

    def control(self, path: str, body: Json | None = None, verb: str | None = None) -> Any:
        """Call the control API: GET without a body, POST with one, or `verb`.

        Raises AssertionError with the emulator's words if it refuses.
        """
        method = verb or ("GET" if body is None else "POST")
        answer = self._http.request(method, f"{self.url}/_control/{path.lstrip('/')}", json=body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def reset(self, seed: int = 0) -> None:
        """An empty world with default settings, real time, zero counters."""
        self.control("reset", {"seed": seed})

    def add_person(self, email: str, name: str = "", timezone: str = "Europe/Berlin") -> Json:
        """A new account with its primary calendar."""
        body = {"email": email, "name": name, "timezone": timezone}
        return dict(self.control("people", body))

    def add_calendar(self, email: str, summary: str, timezone: str | None = None) -> str:
        """A secondary calendar; returns its id."""
        body = {"summary": summary} | ({"timeZone": timezone} if timezone else {})
        return str(self.control(f"people/{email}/calendars", body)["id"])

    def consent(
        self,
        email: str,
        scopes: Sequence[str] = SCOPES,
        redirect_uri: str = REDIRECT_URI,
        **more: Any,
    ) -> str:
        """The code that a click on the consent page gives."""
        body = {"scopes": list(scopes), "redirect_uri": redirect_uri} | more
        return str(self.control(f"people/{email}/consent", body)["code"])

    def tokens(self, email: str, scopes: Sequence[str] = SCOPES) -> Json:
        """The answer of the token endpoint: access_token, refresh_token, scope, expires_in."""
        answer = self._http.post(
            self.token_url,
            data={
                "grant_type": "authorization_code",
                "code": self.consent(email, scopes),
                "redirect_uri": REDIRECT_URI,
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
            },
        )
        answer.raise_for_status()
        return dict(answer.json())

    def create_event(self, email: str, body: Json, calendar: str = "primary") -> Json:
        """The person adds an event to their own calendar."""
        return dict(self.control(_events(email, calendar), body))

    def create_events(self, email: str, bodies: list[Json], calendar: str = "primary") -> list[str]:
        """Many events in one transaction (one notification); returns their ids."""
        return list(self.control(f"{_events(email, calendar)}/many", {"events": bodies})["ids"])

    def patch_event(self, email: str, event_id: str, body: Json, calendar: str = "primary") -> Json:
        """The person edits an event, or one occurrence by its instance id."""
        return dict(self.control(f"{_events(email, calendar)}/{event_id}", body, "PATCH"))

    def delete_event(self, email: str, event_id: str, calendar: str = "primary") -> None:
        """The person deletes an event, or one occurrence by its instance id."""
        self.control(f"{_events(email, calendar)}/{event_id}", verb="DELETE")

    def events(self, email: str, calendar: str = "primary", *, deleted: bool = False) -> list[Json]:
        """The raw store, in order of last change."""
        flag = "true" if deleted else "false"
        return list(self.control(f"{_events(email, calendar)}?deleted={flag}"))

    def fault(self, kind: str, **options: Any) -> str:
        """Add a fault rule; returns its id. See README of the emulator for the options."""
        return str(self.control("faults", {"kind": kind} | options)["id"])

    def clear_faults(self) -> None:
        """Remove every fault rule."""
        self.control("faults", verb="DELETE")

    def settings(self, **wanted: Any) -> Json:
        """Change settings; returns all of them."""
        return dict(self.control("settings", wanted))

    def counters(self) -> Json:
        """Calls and notifications so far."""
        return dict(self.control("counters"))

    def reset_counters(self) -> None:
        """Counters back to zero."""
        self.control("counters/reset", {})

    def advance(self, seconds: float) -> str:
        """Move the emulator's clock; returns its time."""
        return str(self.control("clock", {"advance_seconds": seconds})["now"])

    def set_clock(self, now: str | None, *, frozen: bool = False) -> str:
        """Set the emulator's clock (ISO 8601), None for real time."""
        return str(self.control("clock", {"now": now, "frozen": frozen})["now"])

    def channels(self) -> list[Json]:
        """Every push channel, living or not."""
        return list(self.control("channels"))

    def notify(self, **wanted: Any) -> int:
        """Force (`calendar=`, `channel=`, `count=`) or forge (`address=`, `headers=`) messages."""
        return int(self.control("notify", wanted)["notifications"])

    def expire_sync_tokens(self, **wanted: Any) -> None:
        """Kill all sync tokens, or those of `calendar=` or of the list of `email=`."""
        self.control("tokens/expire_sync", wanted)

    def expire_access_tokens(self, **wanted: Any) -> None:
        """Let access tokens expire (of `email=`)."""
        self.control("tokens/expire_access", wanted)

    def revoke(self, email: str) -> None:
        """The person takes back every grant."""
        self.control("tokens/revoke", {"email": email})


def _events(email: str, calendar: str) -> str:
    return f"people/{email}/calendars/{calendar}/events"


def _first_line(process: subprocess.Popen[str]) -> str:
    """The first line of stdout; empty if there is none in time."""
    assert process.stdout is not None
    stream, lines = process.stdout, list[str]()
    reader = threading.Thread(target=lambda: lines.append(stream.readline()), daemon=True)
    reader.start()
    reader.join(START_SECONDS)
    return lines[0] if lines else ""


def _end(process: subprocess.Popen[str], how: Callable[[], None]) -> int:
    """End the process; kill it if it does not go."""
    how()
    try:
        process.communicate(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
    return process.returncode


def wait_until(what: Callable[[], Any], seconds: float = 30.0, pause: float = 0.005) -> Any:
    """Poll until `what()` is truthy and return it; AssertionError after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = what()
        if found:
            return found
        time.sleep(pause)
    raise AssertionError(f"not within {seconds} s: {what}")
