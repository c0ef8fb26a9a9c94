"""Control API: names in its paths."""

from .model import Calendar, Person
from .world import World


def person_named(world: World, email: str) -> Person:
    """The person; LookupError with a readable message."""
    person = world.state.people.get(email.lower())
    if person is None:
        raise LookupError(f"nobody is called {email}")
    return person


def calendar_named(world: World, email: str, name: str) -> Calendar:
    """A calendar the person owns, by id, by title, or as `primary`; LookupError otherwise."""
    person = person_named(world, email)
    wanted = person.email if name == "primary" else name
    for calendar in world.state.calendars.values():
        if calendar.owner == person.email and wanted in (calendar.id, calendar.summary):
            return calendar
    raise LookupError(f"{email} has no calendar {name}")
