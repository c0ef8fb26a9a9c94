"""Demo people with believable calendars, dated relative to now."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from emulator.common.demo import Sketch, monday_before
from emulator.common.json_types import Json

from . import event_service
from .calendar_service import add_calendar, add_person
from .event_service import Write
from .event_time import zone
from .model import Calendar, Person
from .world import World

SKETCHES = (
    Sketch("ann@example.test", "Ann Adler", "Europe/Berlin", "Family"),
    Sketch("ben@example.test", "Ben Brooks", "America/New_York", "Side project"),
    Sketch("cleo@example.test", "Cleo Chandra", "Asia/Kolkata", "Training"),
)
MEET = {"createRequest": {"conferenceSolutionKey": {"type": "hangoutsMeet"}}}


def seed_demo(world: World) -> None:
    """Add the demo people unless they are there already."""
    with world.transaction():
        new = [sketch for sketch in SKETCHES if sketch.email not in world.state.people]
        # Everybody first: an invitation reaches only who is there.
        people = [add_person(world, each.email, each.name, each.timezone) for each in new]
        for sketch, person in zip(new, people, strict=True):
            _fill(world, person, add_calendar(world, person, {"summary": sketch.second_calendar}))


@dataclass(frozen=True)
class Diary:
    """Writes events into one calendar, relative to the Monday of this week."""

    write: Write
    monday: date

    @property
    def zone(self) -> str:
        """The zone of the calendar."""
        return self.write.calendar.timezone

    def timed(self, day: int, hour: float, minutes: int, summary: str, **more: object) -> Json:
        """An event `day` days after Monday at a local hour."""
        begin = datetime.combine(
            self.monday + timedelta(days=day), time(), zone(self.zone)
        ) + timedelta(hours=hour)
        body = {
            "summary": summary,
            "start": {"dateTime": begin.isoformat(), "timeZone": self.zone},
            "end": {
                "dateTime": (begin + timedelta(minutes=minutes)).isoformat(),
                "timeZone": self.zone,
            },
        }
        return event_service.insert(self.write, body | more)

    def whole_day(self, day: int, days: int, summary: str, **more: object) -> Json:
        """An all-day event."""
        first = self.monday + timedelta(days=day)
        body = {
            "summary": summary,
            "start": {"date": first.isoformat()},
            "end": {"date": (first + timedelta(days=days)).isoformat()},
        }
        return event_service.insert(self.write, body | more)


def monday_of(world: World, timezone: str) -> date:
    """This week's Monday where the person lives."""
    return monday_before(world.clock.now(), zone(timezone))


def _fill(world: World, person: Person, second: Calendar) -> None:
    monday = monday_of(world, person.timezone)
    primary = world.state.calendars[person.email]
    _work(Diary(Write(world, primary, person.email, conference_version=1), monday), person)
    _private(Diary(Write(world, second, person.email), monday))


def _work(diary: Diary, person: Person) -> None:
    others = [sketch.email for sketch in SKETCHES if sketch.email != person.email]
    guests = [{"email": email} for email in others]
    standup = diary.timed(
        0, 9.5, 15, "Stand-up", recurrence=["RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"]
    )
    review = diary.timed(
        2,
        15,
        60,
        f"Review with {person.name.split()[0]}",
        attendees=[{"email": person.email, "responseStatus": "accepted"}, *guests],
        recurrence=["RRULE:FREQ=WEEKLY;COUNT=12"],
        conferenceData=_meeting(f"review-{person.email}"),
    )
    _vary(diary, standup, review)
    diary.timed(1, 11, 45, "Interview", location="Room 4", visibility="private")
    diary.timed(3, 12.5, 60, "Lunch", transparency="transparent")
    diary.timed(
        4,
        16,
        30,
        "1:1",
        attendees=[{"email": person.email, "responseStatus": "accepted"}, guests[0]],
        conferenceData=_meeting(f"one-{person.email}"),
    )
    diary.timed(8, 14, 90, "Focus", eventType="focusTime")
    diary.whole_day(11, 3, "Conference", location="Lisbon")


def _meeting(request_id: str) -> Json:
    return {"createRequest": MEET["createRequest"] | {"requestId": request_id}}


def _vary(diary: Diary, standup: Json, review: Json) -> None:
    """One stand-up is cancelled next week, one review moved and renamed."""
    write = diary.write
    zone_name = diary.zone
    skipped = diary.monday + timedelta(days=9)
    event_service.delete(write, _occurrence(standup, skipped, 9.5, zone_name))
    moved = diary.monday + timedelta(days=9)
    begin = datetime.combine(moved, time(17), zone(zone_name))
    event_service.patch(
        write,
        _occurrence(review, moved, 15, zone_name),
        {
            "summary": "Review (moved)",
            "start": {"dateTime": begin.isoformat(), "timeZone": zone_name},
            "end": {"dateTime": (begin + timedelta(hours=1)).isoformat(), "timeZone": zone_name},
        },
    )


def _occurrence(series: Json, day: date, hour: float, zone_name: str) -> str:
    local = datetime.combine(day, time(), zone(zone_name)) + timedelta(hours=hour)
    return f"{series['id']}_{local.astimezone(zone('UTC')):%Y%m%dT%H%M%SZ}"


def _private(diary: Diary) -> None:
    diary.timed(1, 18.5, 90, "Choir", recurrence=["RRULE:FREQ=WEEKLY;INTERVAL=2"])
    diary.timed(5, 10, 120, "Farmers' market")
    diary.whole_day(
        20, 1, "Birthday party", recurrence=["RRULE:FREQ=YEARLY"], transparency="transparent"
    )
