"""What the demo people of every emulator have in common."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo


@dataclass(frozen=True)
class Sketch:
    """A person to be: a second calendar comes with the first one."""

    email: str
    name: str
    timezone: str
    second_calendar: str


def monday_before(now: datetime, zone: tzinfo) -> date:
    """The Monday of this week in that zone."""
    today = now.astimezone(zone).date()
    return today - timedelta(days=today.weekday())
