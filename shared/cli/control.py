"""The control API of an emulator: what no real provider offers."""

from typing import Any
from urllib.parse import quote

import httpx

from shared.errors import CalSyncError


class EmulatorRefused(CalSyncError):
    """The emulator refused a request, or does not answer."""


class Control:
    """Speaks to the emulator at `url`. Raises `EmulatorRefused` in the emulator's words.

    Imports are offered by the Google emulator alone.
    """

    def __init__(self, url: str, name: str = "Google") -> None:
        self._name = name
        self._http = httpx.Client(base_url=f"{url}/_control", timeout=60)

    def close(self) -> None:
        """Closes connections."""
        self._http.close()

    def answers(self) -> bool:
        """Whether an emulator is there."""
        try:
            return self._http.get("/settings", timeout=2).is_success
        except httpx.TransportError:
            return False

    def people(self) -> list[dict[str, Any]]:
        """Everybody who has an account there: email, name, timezone, calendars."""
        found: list[dict[str, Any]] = self._ask("GET", "/people")
        return found

    def add_person(self, email: str, name: str) -> None:
        """A new account with its primary calendar."""
        self._ask("POST", "/people", json={"email": email, "name": name})

    def add_calendar(self, email: str, summary: str) -> str:
        """A further calendar; gives its id."""
        path = f"/people/{quote(email)}/calendars"
        return str(self._ask("POST", path, json={"summary": summary})["id"])

    def import_ics(self, email: str, calendar: str, file: str, text: bytes) -> dict[str, Any]:
        """Imports an .ics file into a calendar; gives the report on its components."""
        path = f"/people/{quote(email)}/calendars/{quote(calendar, safe='')}/import"
        headers = {"Content-Type": "text/calendar"}
        report: dict[str, Any] = self._ask(
            "POST", path, params={"file": file}, content=text, headers=headers
        )
        return report

    def events(self, email: str, calendar: str) -> list[dict[str, Any]]:
        """Every event of a calendar, cancelled ones too, in the provider's words."""
        path = f"/people/{quote(email)}/calendars/{quote(calendar, safe='')}/events"
        found: list[dict[str, Any]] = self._ask("GET", path, params={"deleted": "true"})
        return found

    def imports(self) -> list[dict[str, Any]]:
        """The reports on all imports."""
        reports: list[dict[str, Any]] = self._ask("GET", "/imports")["reports"]
        return reports

    def consent(self, email: str, **asked: Any) -> str:
        """The code that a click on the consent page gives."""
        return str(self._ask("POST", f"/people/{quote(email)}/consent", json=asked)["code"])

    def _ask(self, method: str, path: str, **sent: Any) -> Any:
        try:
            answer = self._http.request(method, path, **sent)
        except httpx.TransportError as error:
            raise EmulatorRefused(f"The {self._name} emulator does not answer: {error}") from error
        if not answer.is_success:
            raise EmulatorRefused(f"The {self._name} emulator refused {path}: {answer.text[:300]}")
        return answer.json()
