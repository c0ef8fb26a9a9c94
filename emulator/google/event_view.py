"""How a stored event looks to one caller: time zone, guest limit, access role."""

from dataclasses import dataclass

from emulator.common.json_types import Json

from .event_time import parse
from .model import Role

_BUSY_ONLY = frozenset(
    {
        "kind",
        "etag",
        "id",
        "status",
        "created",
        "updated",
        "start",
        "end",
        "recurrence",
        "recurringEventId",
        "originalStartTime",
        "iCalUID",
        "sequence",
        "eventType",
        "transparency",
    }
)
_TIMES = ("start", "end", "originalStartTime")


@dataclass(frozen=True)
class View:
    """What the caller may see and how it wants it."""

    role: Role
    calendar_zone: str
    time_zone: str | None = None
    max_attendees: int | None = None

    def show(self, body: Json) -> Json:
        """The body as this caller gets it."""
        if self._hides(body):
            body = {key: value for key, value in body.items() if key in _BUSY_ONLY}
            body["visibility"] = "private"
        if self.time_zone is not None:
            body = body | {
                key: parse(body[key], self.calendar_zone).render(self.time_zone)
                for key in _TIMES
                if key in body
            }
        if self.max_attendees is not None and len(body.get("attendees", ())) > self.max_attendees:
            own = [guest for guest in body["attendees"] if guest.get("self")]
            body = body | {"attendees": own, "attendeesOmitted": True}
        return body

    def _hides(self, body: Json) -> bool:
        if self.role == "freeBusyReader":
            return True
        return self.role == "reader" and body.get("visibility") in ("private", "confidential")
