"""Ids as Outlook makes them: opaque, case-sensitive, ordinary or immutable.

An ordinary id changes whenever the item is moved to another calendar, an immutable one lives as
long as the item stays in its mailbox (concepts/outlook-immutable-id).
"""

import base64
from dataclasses import dataclass

from .model import Item

ORDINARY, IMMUTABLE = "AAMkAG", "AAkALgAAAAAAHYQDEapmEc2byACqAC-EWg0A"
ICAL_PREFIX = "040000008200E00074C5B7101A82E008"


@dataclass(frozen=True)
class Reference:
    """What an event id says: which item, which occurrence, and after how many moves."""

    key: str
    day: str | None
    moves: int | None


def event_id(item: Item, day: str | None, *, immutable: bool) -> str:
    """The id of an item, or of its occurrence of that day."""
    generation = "" if immutable else str(item.moves)
    text = f"{item.key}.{generation}.{(day or '').replace('-', '')}"
    body = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    return f"{IMMUTABLE if immutable else ORDINARY}{body}="


def parse(text: str) -> Reference | None:
    """The reference in an event id; None if it is no id of ours."""
    prefix = IMMUTABLE if text.startswith(IMMUTABLE) else ORDINARY
    if not text.startswith(prefix):
        return None
    bare = text.removeprefix(prefix).rstrip("=")
    try:
        raw = base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4)).decode("ascii")
        key, generation, day = raw.split(".")
        moves = int(generation) if generation else None
    except ValueError:
        return None
    if (moves is None) != (prefix == IMMUTABLE):
        return None
    return Reference(key, f"{day[:4]}-{day[4:6]}-{day[6:]}" if day else None, moves)


def calendar_id(number: str) -> str:
    """The id of a calendar; Prefer does not touch these."""
    body = base64.urlsafe_b64encode(f"calendar.{number}".encode()).decode().rstrip("=")
    return f"{ORDINARY}{body}AAA="


def ical_uid(key: str, day: str | None) -> str:
    """The iCalUId: unlike elsewhere, each occurrence has its own ([MS-OXOCAL] 2.2.1.27)."""
    stamp = "00000000"
    if day is not None:
        year, month, date = (int(part) for part in day.split("-"))
        stamp = f"{year:04X}{month:02X}{date:02X}"
    tail = key.upper().ljust(32, "0")
    return f"{ICAL_PREFIX}{stamp}0000000000000000000000000000000010000000{tail}"
