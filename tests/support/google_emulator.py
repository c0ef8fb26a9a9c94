"""Runs the Google emulator as a process of its own and speaks to its control API."""

import time
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from tests.support.emulator_process import EmulatorProcess, Json

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


class GoogleEmulator(EmulatorProcess):
    """`with GoogleEmulator() as google:` — see `EmulatorProcess`."""

    stand_in: ClassVar[str] = "google"
    client_id = CLIENT_ID
    client_secret = CLIENT_SECRET
    redirect_uri = REDIRECT_URI
    scopes = SCOPES

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
        form = {
            "code": self.consent(email, scopes),
            "redirect_uri": REDIRECT_URI,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
        }
        return self.tokens_for(self.token_url, form)

    def channels(self) -> list[Json]:
        """Every push channel, living or not."""
        return list(self.control("channels"))

    def notify(self, **wanted: Any) -> int:
        """Force (`calendar=`, `channel=`, `count=`) or forge (`address=`, `headers=`) messages."""
        return int(self.control("notify", wanted)["notifications"])

    def expire_sync_tokens(self, **wanted: Any) -> None:
        """Kill all sync tokens, or those of `calendar=` or of the list of `email=`."""
        self.control("tokens/expire_sync", wanted)


def wait_until(what: Callable[[], Any], seconds: float = 30.0, pause: float = 0.005) -> Any:
    """Poll until `what()` is truthy and return it; AssertionError after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = what()
        if found:
            return found
        time.sleep(pause)
    raise AssertionError(f"not within {seconds} s: {what}")
