"""Reads the name of a time zone."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

# Windows' names lead to these, which IANA has renamed (tz database, file `backward`): a meeting
# has one zone, whoever names it.
RENAMED: Mapping[str, str] = {
    "America/Buenos_Aires": "America/Argentina/Buenos_Aires",
    "America/Godthab": "America/Nuuk",
    "America/Indianapolis": "America/Indiana/Indianapolis",
    "Asia/Calcutta": "Asia/Kolkata",
    "Asia/Katmandu": "Asia/Kathmandu",
    "Asia/Rangoon": "Asia/Yangon",
    "Etc/UTC": "UTC",
    "Europe/Kiev": "Europe/Kyiv",
}


def read_zone(name: str | None) -> ZoneInfo | None:
    """The zone of an IANA name (`Europe/Berlin`) or a Windows name; None where it is neither.

    Its key is the present name of what was renamed.
    """
    if not name:
        return None
    known = WINDOWS_TO_OLSON.get(name, name)
    try:
        return ZoneInfo(RENAMED.get(known, known))
    except (KeyError, ValueError, OSError):
        # Not found; no valid key or no zone file; a directory, or longer than a file name can be.
        return None
