"""Short words for what the tests say often."""

from datetime import datetime, timedelta
from typing import Any

import httpx

from tests.support.microsoft_emulator import MicrosoftEmulator

Json = dict[str, Any]
ANN, BEN = "ann@outlook.test", "ben@outlook.test"
ZONE = "W. Europe Standard Time"
TAG = "String {66f5a359-0000-4000-8000-d1d2b2f5c5b4} Name calMirrorId"
IMMUTABLE = 'IdType="ImmutableId"'
SPAN = "startDateTime=2026-11-01T00:00:00Z&endDateTime=2027-02-01T00:00:00Z"


class Graph:
    """One signed-in person, speaking plain HTTP. Paths are relative to `/v1.0`."""

    def __init__(self, emulator: MicrosoftEmulator, email: str) -> None:
        self.token = emulator.tokens(email)["access_token"]
        self._http = httpx.Client(base_url=emulator.graph_url, timeout=30)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def ask(self, verb: str, path: str, body: Json | None = None, **headers: str) -> httpx.Response:
        """Any call; `If_Match=` becomes the header If-Match."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        auth = {"Authorization": f"Bearer {self.token}"}
        return self._http.request(verb, path, json=body, headers=auth | named)

    def get(self, path: str, **headers: str) -> Json:
        """A GET that must succeed."""
        return success(self.ask("GET", path, **headers))

    def post(self, path: str, body: Json | None = None, **headers: str) -> Json:
        """A POST that must succeed."""
        return success(self.ask("POST", path, body, **headers))

    def patch(self, path: str, body: Json, **headers: str) -> Json:
        """A PATCH that must succeed."""
        return success(self.ask("PATCH", path, body, **headers))

    def delete(self, path: str, **headers: str) -> None:
        """A DELETE that must succeed."""
        assert self.ask("DELETE", path, **headers).status_code == 204

    def pages(self, link: str, **headers: str) -> tuple[list[Json], str]:
        """All pages of a delta round: its rows and the delta link."""
        rows: list[Json] = []
        while True:
            page = self.get(link, **headers)
            rows += page["value"]
            assert ("@odata.nextLink" in page) != ("@odata.deltaLink" in page)
            if "@odata.deltaLink" in page:
                return rows, page["@odata.deltaLink"]
            link = page["@odata.nextLink"]

    def everything(self, link: str, **headers: str) -> list[Json]:
        """All pages of a list."""
        rows: list[Json] = []
        while link:
            page = self.get(link, **headers)
            rows += page["value"]
            link = page.get("@odata.nextLink", "")
        return rows


def success(answer: httpx.Response) -> Json:
    """The JSON of an answer that must be 2xx; {} if it is empty."""
    assert answer.is_success, f"{answer.status_code} {answer.text}"
    return dict(answer.json()) if answer.content else {}


def refused(answer: httpx.Response) -> tuple[int, str]:
    """`(status, code)` of an answer that must be an error, its envelope checked."""
    assert answer.is_error, answer.text
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "innerError"}
    assert set(error["innerError"]) == {"date", "request-id", "client-request-id"}
    return answer.status_code, str(error["code"])


def timed(begins: str, minutes: int = 60, zone: str = "UTC", **more: Any) -> Json:
    """A body from a local wall time, e.g. `2026-11-24T10:00`."""
    begin = datetime.fromisoformat(begins)
    end = begin + timedelta(minutes=minutes)
    return {
        "subject": "Meeting",
        "start": {"dateTime": begin.isoformat(), "timeZone": zone},
        "end": {"dateTime": end.isoformat(), "timeZone": zone},
    } | more


def whole_day(first: str, days: int = 1, zone: str = "UTC", **more: Any) -> Json:
    """An all-day body."""
    return timed(f"{first}T00:00", days * 24 * 60, zone, subject="Day", isAllDay=True) | more


def recurring(begins: str, pattern: Json, span: Json | None = None, **more: Any) -> Json:
    """A series in ZONE; endless unless `span` says otherwise."""
    rule = {"pattern": {"interval": 1} | pattern, "range": span or {"type": "noEnd"}}
    return timed(begins, zone=ZONE, subject="Series", recurrence=rule) | more


DAILY = {"type": "daily"}


def starts(rows: list[Json]) -> list[str]:
    """`2026-11-24T10:00` of each row."""
    return [row["start"]["dateTime"][:16] for row in rows]


def wanted(emulator: MicrosoftEmulator, url: str, **more: Any) -> Json:
    """The body of a subscription to the default calendar for two days."""
    now = datetime.fromisoformat(emulator.control("clock", {})["now"])
    return {
        "changeType": "created,updated,deleted",
        "resource": "me/events",
        "notificationUrl": url,
        "expirationDateTime": (now + timedelta(days=2)).isoformat(),
        "clientState": "r4nd0m",
    } | more
