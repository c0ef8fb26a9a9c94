"""Reads the name of a time zone."""

from zoneinfo import ZoneInfo

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON


def read_zone(name: str | None) -> ZoneInfo | None:
    """The zone of an IANA name (`Europe/Berlin`) or a Windows name; None where it is neither."""
    if not name:
        return None
    try:
        return ZoneInfo(WINDOWS_TO_OLSON.get(name, name))
    except (KeyError, ValueError, OSError):
        # Not found; no valid key or no zone file; a directory, or longer than a file name can be.
        return None
