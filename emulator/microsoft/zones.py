"""Time zone names of Windows and of IANA, and wall time in them."""

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

_UTC_NAMES = frozenset({"UTC", "Etc/UTC", "Etc/GMT", "tzone://Microsoft/Utc"})


@lru_cache(maxsize=1)
def _to_windows() -> dict[str, str]:
    return {iana: windows for windows, iana in WINDOWS_TO_OLSON.items()}


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The zone a Windows or IANA name means; LookupError or ValueError if there is none."""
    if name in _UTC_NAMES:
        return ZoneInfo("UTC")
    return ZoneInfo(WINDOWS_TO_OLSON.get(name, name))


def is_zone(name: object) -> bool:
    """Whether Graph would know this name."""
    try:
        return isinstance(name, str) and bool(zone(name))
    except (LookupError, ValueError, OSError):
        return False


def windows_name(name: str) -> str:
    """How Exchange stores a zone: by its Windows name, if it has one."""
    if name in _UTC_NAMES:
        return "UTC"
    return _to_windows().get(name, name)


def to_utc(wall: datetime, name: str) -> datetime:
    """Naive wall time in a zone as a moment in UTC."""
    return wall.replace(tzinfo=zone(name)).astimezone(UTC)


def to_wall(moment: datetime, name: str) -> datetime:
    """A moment as naive wall time in a zone."""
    return moment.astimezone(zone(name)).replace(tzinfo=None)
