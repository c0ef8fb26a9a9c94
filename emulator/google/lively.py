"""People who keep editing their Google calendars."""

from contextlib import suppress
from datetime import timedelta

from emulator.common import lively
from emulator.common.json_types import Json

from . import event_service
from .errors import ApiError
from .event_service import Write
from .event_time import parse, span
from .model import Calendar
from .people import Diary, monday_of
from .world import World


class Lively(lively.Lively[World, Diary, Json]):
    """Edits as any writer of the calendar may make them."""

    def edit_once(self) -> None:
        """One edit, unless it is refused."""
        # Somebody else's meeting: people too are refused now and then, and let it be.
        with suppress(ApiError):
            super().edit_once()

    def open_diary(self) -> tuple[Diary, list[Json]] | None:
        """A calendar of one person, and what this calendar is the organizer of."""
        state = self.world.state
        people = list(state.people.values())
        if not people:
            return None
        person = self.rng.choice(people)
        calendars = [each for each in state.calendars.values() if each.owner == person.email]
        calendar = self.rng.choice(calendars)
        write = Write(self.world, calendar, person.email)
        return Diary(write, monday_of(self.world, calendar.timezone)), self._coming(calendar)

    def _coming(self, calendar: Calendar) -> list[Json]:
        now = self.world.clock.now()
        return [
            record.body
            for record in calendar.events.values()
            if not record.cancelled
            and "dateTime" in record.body.get("start", {})
            and "recurrence" not in record.body
            and record.body["organizer"].get("self")
            and span(record.body, calendar.timezone)[0] > now
        ]

    def move(self, diary: Diary, event: Json, shift: timedelta) -> None:
        """In wall time."""
        zone = diary.zone
        times = {
            name: parse(event[name], zone).shifted(parse(event[name], zone).wall() + shift)
            for name in ("start", "end")
        }
        body = {name: when.render(zone) for name, when in times.items()}
        event_service.patch(diary.write, event["id"], body)

    def rename(self, diary: Diary, event: Json, title: str) -> None:
        """Another summary."""
        event_service.patch(diary.write, event["id"], {"summary": title})

    def cancel(self, diary: Diary, event: Json) -> None:
        """A tombstone stays."""
        event_service.delete(diary.write, event["id"])
