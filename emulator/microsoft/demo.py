"""Demo people with believable calendars, dated relative to now."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from emulator.common.demo import Sketch, monday_before
from emulator.common.json_types import Json

from . import event_write
from .calendar_service import add_calendar, add_person
from .event_write import Write
from .expansion import Shown, occurrence
from .model import Calendar, Person
from .world import World
from .zones import zone

SKETCHES = (
    Sketch("ann@outlook.test", "Ann Adler", "W. Europe Standard Time", "Family"),
    Sketch("dora@outlook.test", "Dora Diaz", "Pacific Standard Time", "Volunteering"),
    Sketch("emil@outlook.test", "Emil Eriksson", "GMT Standard Time", "Projects"),
)
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday"]


def seed_demo(world: World) -> None:
    """Add the demo people unless they are there already."""
    with world.transaction():
        for sketch in SKETCHES:
            if sketch.email not in world.store.people:
                person = add_person(world, sketch.email, sketch.name, sketch.timezone)
                _fill(world, person, add_calendar(world, person, sketch.second_calendar))


@dataclass(frozen=True)
class Diary:
    """Writes events into one calendar, relative to the Monday of this week."""

    write: Write
    zone: str
    monday: date

    def timed(self, day: int, hour: float, minutes: int, subject: str, **more: object) -> Shown:
        """An event `day` days after Monday at a local hour."""
        begin = datetime.combine(self.monday + timedelta(days=day), time())
        begin += timedelta(hours=hour)
        times = self.times(begin, begin + timedelta(minutes=minutes))
        return event_write.insert(self.write, {"subject": subject} | times | more)

    def whole_day(self, day: int, days: int, subject: str, **more: object) -> Shown:
        """An all-day event."""
        begin = datetime.combine(self.monday + timedelta(days=day), time())
        body = {"subject": subject, "isAllDay": True}
        times = self.times(begin, begin + timedelta(days=days))
        return event_write.insert(self.write, body | times | more)

    def times(self, begin: datetime, end: datetime) -> Json:
        """`start` and `end` from wall times."""
        return {
            "start": {"dateTime": begin.isoformat(), "timeZone": self.zone},
            "end": {"dateTime": end.isoformat(), "timeZone": self.zone},
        }


def diary_of(world: World, person: Person, calendar: Calendar) -> Diary:
    """The diary of one calendar, in the zone where the person lives."""
    monday = monday_before(world.clock.now(), zone(person.zone))
    return Diary(Write(world, calendar, trusted=True), person.zone, monday)


def weekly(days: list[str], **span: object) -> Json:
    """A weekly pattern; endless unless a range says otherwise."""
    pattern = {"type": "weekly", "interval": 1, "daysOfWeek": days}
    return {"recurrence": {"pattern": pattern, "range": {"type": "noEnd"} | span}}


def _guests(person: Person) -> list[Json]:
    others = [sketch for sketch in SKETCHES if sketch.email != person.email]
    return [{"emailAddress": {"address": each.email, "name": each.name}} for each in others]


def _fill(world: World, person: Person, second: Calendar) -> None:
    default = next(
        calendar
        for calendar in world.store.calendars.values()
        if calendar.owner == person.email and calendar.is_default
    )
    _work(diary_of(world, person, default), person)
    _private(diary_of(world, person, second))


def _work(diary: Diary, person: Person) -> None:
    guests = _guests(person)
    standup = diary.timed(0, 9.5, 15, "Stand-up", **weekly(WEEKDAYS))
    review = diary.timed(
        2,
        15,
        60,
        "Quarterly review",
        attendees=guests,
        isOnlineMeeting=True,
        **weekly(["wednesday"], type="numbered", numberOfOccurrences=12),
    )
    _vary(diary, standup, review)
    diary.timed(1, 11, 45, "Interview", location={"displayName": "Room 4"}, sensitivity="private")
    diary.timed(3, 12.5, 60, "Lunch", showAs="free")
    diary.timed(4, 16, 30, "1:1", attendees=guests[:1], isOnlineMeeting=True)
    diary.timed(8, 14, 90, "Maybe: supplier visit", showAs="tentative")
    diary.whole_day(11, 3, "Conference", location={"displayName": "Lisbon"}, showAs="oof")
    diary.timed(10, 10, 30, "Called off", isCancelled=True, showAs="free")


def _vary(diary: Diary, standup: Shown, review: Shown) -> None:
    """One stand-up is cancelled next week, one review moved and renamed."""
    day = diary.monday + timedelta(days=9)
    # Both series have been changed by now if this runs twice: look them up afresh.
    series = diary.write.calendar.items
    skipped = occurrence(series[standup.owner.key], day.isoformat())
    if skipped is not None:
        event_write.delete(diary.write, skipped)
    moved = occurrence(series[review.owner.key], day.isoformat())
    if moved is not None:
        begin = datetime.combine(day, time(17))
        times = diary.times(begin, begin + timedelta(hours=1))
        event_write.patch(diary.write, moved, {"subject": "Quarterly review (moved)"} | times)


def _private(diary: Diary) -> None:
    diary.timed(1, 18.5, 90, "Choir", **weekly(["tuesday"]))
    diary.timed(5, 10, 120, "Farmers' market")
    day = diary.monday + timedelta(days=20)
    pattern = {"type": "absoluteYearly", "interval": 1, "month": day.month, "dayOfMonth": day.day}
    diary.whole_day(
        20,
        1,
        "Birthday",
        showAs="free",
        recurrence={"pattern": pattern, "range": {"type": "noEnd"}},
    )
