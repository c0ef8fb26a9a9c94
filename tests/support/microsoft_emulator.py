"""Runs the Microsoft emulator as a process of its own and speaks to its control API."""

from collections.abc import Sequence
from typing import Any, ClassVar

from tests.support.emulator_process import EmulatorProcess, Json

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
        answer = self._http.post(
            self.token_url,
            data={
                "grant_type": "authorization_code",
                "code": self.consent(email, scopes),
                "redirect_uri": REDIRECT_URI,
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
                "client_info": "1",
            },
        )
        answer.raise_for_status()
        return dict(answer.json())

    def create_event(self, email: str, body: Json, calendar: str = "primary") -> Json:
        """The person adds an event in Outlook; all of it, with its immutable id."""
        return dict(self.control(_events(email, calendar), body))

    def create_events(self, email: str, bodies: list[Json], calendar: str = "primary") -> list[str]:
        """Many events in one transaction; returns their immutable ids."""
        return list(self.control(f"{_events(email, calendar)}/many", {"events": bodies})["ids"])

    def patch_event(self, email: str, event_id: str, body: Json, calendar: str = "primary") -> Json:
        """The person edits an event, a series, or one occurrence by its id.

        Also what clients cannot write: isCancelled, responseStatus, organizer, isOrganizer.
        """
        return dict(self.control(f"{_events(email, calendar)}/{event_id}", body, "PATCH"))

    def delete_event(self, email: str, event_id: str, calendar: str = "primary") -> None:
        """The person deletes an event, a series, or one occurrence by its id."""
        self.control(f"{_events(email, calendar)}/{event_id}", verb="DELETE")

    def move_event(self, email: str, event_id: str, to: str, calendar: str = "primary") -> Json:
        """The person drags an event into another calendar: its ordinary id changes."""
        return dict(self.control(f"{_events(email, calendar)}/{event_id}/move", {"to": to}))

    def events(self, email: str, calendar: str = "primary", *, deleted: bool = False) -> list[Json]:
        """The raw store: single events and masters, extended properties included."""
        flag = "true" if deleted else "false"
        return list(self.control(f"{_events(email, calendar)}?deleted={flag}"))

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

    def expire_access_tokens(self, **wanted: Any) -> None:
        """Let access tokens expire (of `email=`)."""
        self.control("tokens/expire_access", wanted)

    def break_refresh_tokens(self, email: str, code: int | None) -> None:
        """Present refresh tokens answer with this AADSTS code from now on; None mends them."""
        self.control("tokens/break", {"email": email, "code": code})

    def revoke(self, email: str) -> None:
        """The person changed the password."""
        self.control("tokens/revoke", {"email": email})


def _events(email: str, calendar: str) -> str:
    return f"people/{email}/calendars/{calendar}/events"
