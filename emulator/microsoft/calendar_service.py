"""People and their calendars: what both Graph and the control API do to them."""

from .ids import calendar_id
from .model import Calendar, Person
from .world import World

TENANT = "11111111-2222-4333-8444-555555555555"


def add_person(world: World, email: str, name: str, zone: str) -> Person:
    """A new account with its default calendar; ValueError if the address is taken."""
    email = email.lower()
    if email in world.store.people:
        raise ValueError(f"{email} exists already")
    person = Person(email, name, world.new_guid(), TENANT, zone)
    world.store.people[email] = person
    add_calendar(world, person, "Calendar", is_default=True)
    return person


def add_calendar(
    world: World, person: Person, name: str, *, color: str = "auto", is_default: bool = False
) -> Calendar:
    """A new calendar of that person."""
    calendar = Calendar(
        calendar_id(world.new_key()), person.email, name, is_default=is_default, color=color
    )
    world.store.calendars[calendar.id] = calendar
    return calendar


def rename_calendar(calendar: Calendar, name: str | None, color: str | None) -> None:
    """Change what is given."""
    calendar.name = calendar.name if name is None else name
    calendar.color = calendar.color if color is None else color


def remove_calendar(world: World, calendar: Calendar) -> None:
    """The calendar goes with its events; subscriptions to it just fall silent."""
    del world.store.calendars[calendar.id]
