"""Control API: names in its paths."""

from emulator.common import control

from .model import Calendar, Person
from .world import World


def person_named(world: World, email: str) -> Person:
    """The person; LookupError with a readable message."""
    return control.person_named(world.store.people, email)


def calendar_named(world: World, email: str, name: str) -> Calendar:
    """A calendar of the person, by id, by name, or as `primary`; LookupError otherwise."""
    person = person_named(world, email)
    for calendar in world.store.calendars.values():
        is_meant = (
            calendar.is_default if name == "primary" else name in (calendar.id, calendar.name)
        )
        if calendar.owner == person.email and is_meant:
            return calendar
    raise LookupError(f"{email} has no calendar {name}")
