"""Runs one of the emulators as a process of its own and speaks to its control API."""

import sys
from collections.abc import Sequence
from typing import Any, ClassVar

import httpx

from tests.support.served_process import ServedProcess

Json = dict[str, Any]


class EmulatorProcess(ServedProcess):
    """`with SomeEmulator() as it:` — start once per session, `reset()` between tests.

    `options` are further command-line options, e.g. `"--seed", "demo"`. With `--data FILE` an
    emulator that is started again goes on with its data.
    """

    stand_in: ClassVar[str]

    def __init__(self, *options: str, port: int = 0) -> None:
        super().__init__()
        self.options = options
        self.port = port
        self._http = self.cleanup.enter_context(httpx.Client(timeout=30))

    def command(self) -> Sequence[str]:
        """The emulator with its options."""
        head = [sys.executable, "-m", "emulator", self.stand_in, "--port", str(self.port)]
        return [*head, *self.options]

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

    def fault(self, kind: str, **options: Any) -> str:
        """Add a fault rule; returns its id."""
        return str(self.control("faults", {"kind": kind} | options)["id"])

    def lose_answers(self, method: str, times: int | None = 1, **match: Any) -> str:
        """From now on calls of `method` (`events.insert`, `POST`, …) are carried out, but the

        connection dies before their answer, `times` times; returns the fault's id.
        """
        return self.fault("cut", when="after", times=times, match={"method": method} | match)

    def clear_faults(self) -> None:
        """Remove every fault rule."""
        self.control("faults", verb="DELETE")

    def settings(self, **wanted: Any) -> Json:
        """Change settings; returns all of them."""
        return dict(self.control("settings", wanted))

    def counters(self) -> Json:
        """Calls and notifications so far."""
        return dict(self.control("counters"))

    def calls(self, method: str, **wanted: str) -> int:
        """How often `method` was called so far (by `user=`, on `calendar=`)."""
        asked = wanted | {"method": method}
        rows = self.counters()["calls"]
        return sum(row["count"] for row in rows if asked.items() <= row.items())

    def reset_counters(self) -> None:
        """Counters back to zero."""
        self.control("counters/reset", {})

    def advance(self, seconds: float) -> str:
        """Move the emulator's clock; returns its time."""
        return str(self.control("clock", {"advance_seconds": seconds})["now"])

    def set_clock(self, now: str | None, *, frozen: bool = False) -> str:
        """Set the emulator's clock (ISO 8601), None for real time."""
        return str(self.control("clock", {"now": now, "frozen": frozen})["now"])

    def tokens_for(self, token_url: str, form: Json) -> Json:
        """What a token endpoint answers to an authorization code."""
        answer = self._http.post(token_url, data={"grant_type": "authorization_code"} | form)
        answer.raise_for_status()
        return dict(answer.json())

    # -- what a person does in the provider's own program

    def create_event(self, email: str, body: Json, calendar: str = "primary") -> Json:
        """The person adds an event to their own calendar; all of it, as it is stored."""
        return dict(self.control(events_path(email, calendar), body))

    def create_events(self, email: str, bodies: list[Json], calendar: str = "primary") -> list[str]:
        """Many events in one transaction (Google: one notification); returns their ids."""
        return list(self.control(f"{events_path(email, calendar)}/many", {"events": bodies})["ids"])

    def patch_event(self, email: str, event_id: str, body: Json, calendar: str = "primary") -> Json:
        """The person edits an event, a series, or one occurrence by its id.

        Microsoft: also what clients cannot write: isCancelled, responseStatus, organizer,
        isOrganizer.
        """
        return dict(self.control(f"{events_path(email, calendar)}/{event_id}", body, "PATCH"))

    def delete_event(self, email: str, event_id: str, calendar: str = "primary") -> None:
        """The person deletes an event, a series, or one occurrence by its id."""
        self.control(f"{events_path(email, calendar)}/{event_id}", verb="DELETE")

    def events(self, email: str, calendar: str = "primary", *, deleted: bool = False) -> list[Json]:
        """The raw store: Google's in order of last change, Microsoft's with extended properties."""
        flag = "true" if deleted else "false"
        return list(self.control(f"{events_path(email, calendar)}?deleted={flag}"))

    def expire_access_tokens(self, **wanted: Any) -> None:
        """Let access tokens expire (of `email=`)."""
        self.control("tokens/expire_access", wanted)

    def revoke(self, email: str) -> None:
        """The person takes back every grant (Microsoft: by a new password)."""
        self.control("tokens/revoke", {"email": email})


def events_path(email: str, calendar: str) -> str:
    """Where the control API has the events of a calendar."""
    return f"people/{email}/calendars/{calendar}/events"
