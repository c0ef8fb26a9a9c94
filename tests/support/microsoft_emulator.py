"""Runs the Microsoft emulator as a process of its own and speaks to its control API."""

from collections.abc import Sequence
from typing import Any, ClassVar

from tests.support.emulator_process import EmulatorProcess, Json, events_path

CLIENT_ID = "00000000-c0de-4a11-8000-ca15ca15ca15"
CLIENT_SECRET = "calsync-emulator-secret~microsoft"
REDIRECT_URI = "http://127.0.0.1:54321/api/v1/calendar/microsoft/callback"
GRAPH = "https://graph.microsoft.com/"
SCOPES = (f"{GRAPH}Calendars.ReadWrite", f"{GRAPH}User.Read")
WIRE_SCOPES = (*SCOPES, "openid", "profile", "offline_access")


class MicrosoftEmulator(EmulatorProcess):
    """`with MicrosoftEmulator() as microsoft:` — see `EmulatorProcess`."""

    stand_in: ClassVar[str] = "microsoft"
    client_id = CLIENT_ID
    client_secret = CLIENT_SECRET
    redirect_uri = REDIRECT_URI
    scopes = SCOPES

    @property
    def graph_url(self) -> str:
        """Base of Graph, as `https://graph.microsoft.com/v1.0` is the real one's."""
        return f"{self.url}/v1.0"

    @property
    def token_url(self) -> str:
        """The token endpoint, for clients that are not MSAL."""
        return f"{self.url}/organizations/oauth2/v2.0/token"

    def add_person(self, email: str, name: str = "", timezone: str = "UTC") -> Json:
        """A new account: `id`, `tenant`, and the id of the default `calendar`."""
        body = {"email": email, "name": name, "timezone": timezone}
        return dict(self.control("people", body))

    def add_calendar(self, email: str, name: str, *, can_edit: bool = True) -> str:
        """A further calendar; returns its id."""
        body = {"name": name, "canEdit": can_edit}
        return str(self.control(f"people/{email}/calendars", body)["id"])

    def consent(
        self,
        email: str,
        scopes: Sequence[str] = WIRE_SCOPES,
        redirect_uri: str = REDIRECT_URI,
        **more: Any,
    ) -> str:
        """The code that a click on the consent page gives."""
        body = {"scopes": list(scopes), "redirect_uri": redirect_uri} | more
        return str(self.control(f"people/{email}/consent", body)["code"])

    def tokens(self, email: str, scopes: Sequence[str] = WIRE_SCOPES) -> Json:
        """The answer of the token endpoint: access_token, refresh_token, id_token, scope."""
        form = {
            "code": self.consent(email, scopes),
            "redirect_uri": REDIRECT_URI,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "client_info": "1",
        }
        return self.tokens_for(self.token_url, form)

    def move_event(self, email: str, event_id: str, to: str, calendar: str = "primary") -> Json:
        """The person drags an event into another calendar: its ordinary id changes."""
        path = f"{events_path(email, calendar)}/{event_id}/move"
        return dict(self.control(path, {"to": to}))

    def subscriptions(self) -> list[Json]:
        """Every live subscription."""
        return list(self.control("subscriptions"))

    def notify(self, **wanted: Any) -> int:
        """Force (`calendar=`, `subscription=`, `count=`) or forge (`address=`, `value=`) some."""
        return int(self.control("notify", wanted)["notifications"])

    def lifecycle(self, event: str, **wanted: Any) -> int:
        """Send reauthorizationRequired, subscriptionRemoved or missed (`subscription=`, …)."""
        return int(self.control("lifecycle", {"event": event} | wanted)["notifications"])

    def endpoint(self, url: str, state: str | None) -> None:
        """Graph finds this webhook `slow` or `drop`; None heals."""
        self.control("endpoints", {"url": url, "state": state})

    def expire_delta_tokens(self, **wanted: Any) -> None:
        """Kill all delta tokens, or those of `calendar=` or `email=`."""
        self.control("tokens/expire_delta", wanted)

    def break_refresh_tokens(self, email: str, code: int | None) -> None:
        """Present refresh tokens answer with this AADSTS code from now on; None mends them."""
        self.control("tokens/break", {"email": email, "code": code})
