"""The events of somebody's life at home, as iCalendar text (RFC 5545)."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

from emulator.common.demo import monday_before

ZONE = ZoneInfo("Europe/Berlin")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)

When = date | datetime


def monday_of(now: datetime) -> date:
    """The Monday of this week, where these people live."""
    return monday_before(now, ZONE)


def event(uid: str, title: str, start: When, length: timedelta, **more: object) -> Event:
    """An event; `more` are further properties, underscores for dashes."""
    made = Event()
    made.add("uid", uid)
    made.add("dtstamp", datetime.now(UTC))
    made.add("summary", title)
    made.add("dtstart", start)
    made.add("dtend", start + length)
    for name, value in more.items():
        made.add(name.replace("_", "-"), value)
    return made


def resource(*events: Event) -> str:
    """What is stored: the components of one UID, with the time zones they need."""
    calendar = Calendar()
    calendar.add("prodid", "-//CalSync//caldav-people//EN")
    calendar.add("version", "2.0")
    for each in events:
        calendar.add_component(each)
    calendar.add_missing_timezones()
    return str(calendar.to_ical().decode())


def sample(name: str, title: str, start: datetime, length: timedelta) -> str:
    """A single event, to be moved and cancelled later."""
    return resource(event(f"{name}@home.test", title, start, length))


def changed(text: str, shift: timedelta, title: str | None) -> str:
    """The resource with its single event moved by `shift`, and renamed if there is a title."""
    calendar = Calendar.from_ical(text)
    for each in calendar.walk("VEVENT"):
        properties: Mapping[str, object] = {
            "dtstart": each.decoded("dtstart") + shift,
            "dtend": each.decoded("dtend") + shift,
            "sequence": int(each.get("sequence", 0)) + 1,
            "summary": title or str(each["summary"]),
            "dtstamp": datetime.now(UTC),
        }
        for name, value in properties.items():
            each.pop(name, None)
            each.add(name, value)
    return str(calendar.to_ical().decode())


def at(day: date, hour: float) -> datetime:
    """A local time of a day."""
    return datetime.combine(day, time(), ZONE) + timedelta(hours=hour)


def furnishing(now: datetime) -> Iterator[tuple[str, str]]:
    """What is in the calendar from the beginning: names and texts of resources."""
    monday = monday_of(now)
    yield "piano.ics", _piano(monday)
    yield "bins.ics", resource(
        event(
            "bins@home.test", "Put the bins out", monday + 3 * DAY, DAY,
            rrule={"freq": "weekly", "interval": 2}, transp="TRANSPARENT",
        )
    )  # fmt: skip
    yield "dentist.ics", resource(
        event("dentist@home.test", "Dentist", at(monday + 8 * DAY, 8.5), HOUR / 2, **{
            "class": "PRIVATE", "location": "Dr. Zahn",
        })
    )  # fmt: skip
    yield (
        "visit.ics",
        resource(
            event(
                "visit@home.test", "Grandparents?", monday + 12 * DAY, 2 * DAY, status="TENTATIVE"
            )
        ),
    )


def _piano(monday: date) -> str:
    """Each Tuesday; one lesson is moved to Thursday, one is cancelled."""
    uid, title = "piano@home.test", "Piano lesson"
    first = at(monday + DAY, 17)
    moved, cancelled = first + 7 * DAY, first + 14 * DAY
    return resource(
        event(uid, title, first, HOUR, rrule={"freq": "weekly"}, exdate=cancelled),
        event(uid, f"{title} (moved)", moved + 2 * DAY, HOUR, recurrence_id=moved),
    )
