"""Ann's diary: appointments of an application on one side, her Google calendar on the other."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from shared.steps.poll import PollRequest, poll
from tests.support.rig import Rig

ANN = "ann@example.test"
NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
START = NOW + timedelta(days=4)
FREE_FIELDS = ("summary", "description", "location", "show_as", "visibility")


class Diary:
    """What the application does is written as SQL, what Ann does is done at the emulator."""

    def __init__(self, rig: Rig, calendar_id: UUID) -> None:
        self.rig = rig
        self.calendar_id = calendar_id
        (row,) = rig.rows("calendars", id=calendar_id)
        self.user_id: UUID = row["user_id"]
        self.account_id: UUID = row["account_id"]

    # -- the application

    def make(self, summary: str, **more: Any) -> UUID:
        """A new appointment, an hour long where `more` says nothing else."""
        times = {"start_at": START, "end_at": START + timedelta(hours=1)}
        if "start_date" in more:
            times = {}
        values = {
            "user_id": self.user_id,
            "calendar_id": self.calendar_id,
            "summary": summary,
            "time_zone": "Europe/Berlin",
            **times,
            **more,
        }
        columns = ", ".join(values)
        places = ", ".join(f"%({name})s" for name in values)
        (row,) = self.rig.sql(
            f"insert into appointments ({columns}) values ({places}) returning id", values
        )
        made: UUID = row["id"]
        return made

    def change(self, appointment_id: UUID, **values: Any) -> None:
        """Here."""
        sets = ", ".join(f"{name} = %({name})s" for name in values)
        self.rig.sql(
            f"update appointments set {sets} where id = %(appointment_id)s",
            {**values, "appointment_id": appointment_id},
        )

    def delete(self, appointment_id: UUID) -> None:
        """Here."""
        self.rig.sql("delete from appointments where id = %(id)s", {"id": appointment_id})

    # -- Ann, and whoever writes into her calendar

    def change_there(self, appointment_id: UUID, **body: Any) -> None:
        """At Google, in Google's words."""
        self.rig.google.patch_event(ANN, self.event_id(appointment_id), body)

    def delete_there(self, appointment_id: UUID) -> None:
        """At Google."""
        self.rig.google.delete_event(ANN, self.event_id(appointment_id))

    # -- what happens then

    def settle(self) -> None:
        """The calendar is read, what follows is written, and what was written is read."""
        for _ in range(2):
            self.poll()
            self.rig.drain()
        if self.rig.rows("provider_writes"):
            # Refused because the event had changed, and tried again soon.
            self.rig.later(seconds=30)
            self.poll()
            self.rig.drain()

    def poll(self) -> None:
        """Every calendar is due."""
        poll(self.rig.service, PollRequest(reason="manual", smart=False))

    def policy(self, policy: str) -> None:
        """Of the whole account."""
        self.rig.service.database.call(
            "set_conflict_policy",
            user_id=self.user_id,
            account_id=self.account_id,
            calendar_id=None,
            policy=policy,
            actor="cli",
        )

    def resolve(self, appointment_id: UUID, choice: str, fields: Any = None) -> dict[str, Any]:
        """The pending conflict of an appointment, decided."""
        (conflict,) = self.conflicts(appointment_id, decision="pending")
        (decided,) = self.rig.service.database.call(
            "resolve_conflict",
            user_id=self.user_id,
            conflict_id=conflict["id"],
            choice=choice,
            actor="cli",
            fields=fields or {},
        )
        return dict(decided)

    def undo(self, conflict_id: UUID) -> None:
        """A decision, taken back."""
        self.rig.service.database.call(
            "undo_conflict", user_id=self.user_id, conflict_id=conflict_id, actor="cli"
        )

    # -- looking

    def event_id(self, appointment_id: UUID) -> str:
        """Its event's id at Google."""
        (link,) = self.rig.rows("appointment_links", id=appointment_id)
        return str(link["provider_event_id"])

    def here(self, appointment_id: UUID) -> str | None:
        """Title and place here; None where there is no such appointment."""
        rows = self.rig.rows("appointments", id=appointment_id)
        return f"{rows[0]['summary']} @ {rows[0]['location']}" if rows else None

    def there(self, appointment_id: UUID) -> str | None:
        """Title and place at Google, of the event that the appointment has now."""
        links = self.rig.rows("appointment_links", id=appointment_id)
        event = self.event(links[0]["provider_event_id"]) if links else None
        return f"{event['summary']} @ {event.get('location')}" if event else None

    def event(self, event_id: str) -> dict[str, Any] | None:
        """An event at Google that is not deleted."""
        found = [each for each in self.rig.google.events(ANN) if each["id"] == event_id]
        return found[0] if found else None

    def titles_there(self) -> list[str]:
        """All that stands in Ann's calendar."""
        return sorted(event["summary"] for event in self.rig.google.events(ANN))

    def state(self, appointment_id: UUID) -> str:
        """synced, pending, conflict or failed."""
        (row,) = self.rig.rows("appointment_status", id=appointment_id)
        return str(row["state"])

    def conflicts(self, appointment_id: UUID, **where: Any) -> list[dict[str, Any]]:
        """What was written down of it."""
        return self.rig.rows("sync_conflicts", appointment_id=appointment_id, **where)

    def writes(self) -> int:
        """How many writing requests came to Google so far."""
        verbs = ("insert", "update", "patch", "delete")
        return sum(self.rig.google.calls(f"events.{verb}") for verb in verbs)

    def assert_quiet(self) -> None:
        """Nothing is left to do, and another look finds nothing."""
        before = self.writes()
        self.settle()
        assert self.writes() == before
        assert self.rig.rows("provider_writes") == []
        assert self.rig.rows("calsync_private.appointment_sightings") == []
        waiting = self.rig.rows("appointment_links", held="conflict")
        offered = {row["id"] for row in self.rig.rows("calsync_private.appointment_offers")}
        assert offered <= {row["id"] for row in waiting}
