"""Finding a calendar as one person may see it."""

from .errors import needs_writer, not_found
from .model import ROLE_RANK, Calendar, Person, Role
from .world import World


def calendar_for(world: World, person: Person, calendar_id: str) -> tuple[Calendar, Role]:
    """The calendar (`primary` is the person's own) and the person's role; 404 if none."""
    key = person.email if calendar_id == "primary" else calendar_id
    calendar = world.state.calendars.get(key)
    role = calendar.role_of(person.email) if calendar is not None else None
    if calendar is None or role is None:
        raise not_found()
    return calendar, role


def writable_calendar(world: World, person: Person, calendar_id: str) -> Calendar:
    """The same, for writing; 403 `requiredAccessLevel` for readers."""
    calendar, role = calendar_for(world, person, calendar_id)
    if ROLE_RANK[role] < ROLE_RANK["writer"]:
        raise needs_writer()
    return calendar
