"""Which scope opens which method (discovery document of Calendar v3, rev 20261030)."""

PREFIX = "https://www.googleapis.com/auth/"

_READ_EVENTS = (
    "calendar",
    "calendar.app.created",
    "calendar.events",
    "calendar.events.freebusy",
    "calendar.events.owned",
    "calendar.events.owned.readonly",
    "calendar.events.public.readonly",
    "calendar.events.readonly",
    "calendar.readonly",
)
_WRITE_EVENTS = ("calendar", "calendar.app.created", "calendar.events", "calendar.events.owned")
_READ_LIST = (
    "calendar",
    "calendar.calendarlist",
    "calendar.calendarlist.readonly",
    "calendar.readonly",
)
_WRITE_LIST = ("calendar", "calendar.app.created", "calendar.calendarlist")
_WRITE_CALENDARS = ("calendar", "calendar.app.created", "calendar.calendars")

METHODS: dict[str, tuple[str, ...]] = {
    "events.list": _READ_EVENTS,
    "events.get": _READ_EVENTS,
    "events.instances": _READ_EVENTS,
    "events.watch": _READ_EVENTS,
    "events.insert": _WRITE_EVENTS,
    "events.import": _WRITE_EVENTS,
    "events.update": _WRITE_EVENTS,
    "events.patch": _WRITE_EVENTS,
    "events.delete": _WRITE_EVENTS,
    "events.move": ("calendar", "calendar.events", "calendar.events.owned"),
    "calendarList.list": _READ_LIST,
    "calendarList.get": (*_READ_LIST, "calendar.app.created"),
    "calendarList.watch": _READ_LIST,
    "calendarList.insert": ("calendar", "calendar.calendarlist"),
    "calendarList.delete": _WRITE_LIST,
    "calendarList.patch": _WRITE_LIST,
    "calendarList.update": _WRITE_LIST,
    "calendars.get": (
        "calendar",
        "calendar.app.created",
        "calendar.calendars",
        "calendar.calendars.readonly",
        "calendar.readonly",
    ),
    "calendars.insert": _WRITE_CALENDARS,
    "calendars.patch": _WRITE_CALENDARS,
    "calendars.update": _WRITE_CALENDARS,
    "calendars.delete": _WRITE_CALENDARS,
}


def allows(granted: tuple[str, ...], method: str) -> bool:
    """Whether one of the granted scopes (full URLs) opens the method."""
    if method == "channels.stop":
        return any(scope.startswith(f"{PREFIX}calendar") for scope in granted)
    return any(f"{PREFIX}{scope}" in granted for scope in METHODS[method])
