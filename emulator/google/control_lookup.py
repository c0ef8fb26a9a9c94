"""Control API: names in its paths."""

from emulator.common import control

from .model import Calendar, Person
from .world import World


def person_named(world: World, email: str) -> Person:
    """The person; LookupError with a readable message."""
    return control.person_named(world.state.people, email)


def calendar_named(world: World, email: str, name: str) -> Calendar:
    """A calendar the person owns, by id, by title, or as `primary`; LookupError otherwise."""
    person = person_named(world, email)
    wanted = person.email if name == "primary" else name
    for calendar in world.state.calendars.values():
        if calendar.owner == person.email and wanted in (calendar.id, calendar.summary):
            return calendar
    raise LookupError(f"{email} has no calendar {name}")
