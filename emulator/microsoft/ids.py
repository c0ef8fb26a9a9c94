"""Ids as Outlook makes them: opaque, case-sensitive, ordinary or immutable.

An ordinary id changes whenever the item is moved to another calendar, an immutable one lives as
long as the item stays in its mailbox (concepts/outlook-immutable-id).
"""

import base64
from dataclasses import dataclass

from .model import Item

ORDINARY, IMMUTABLE = "AAMkAG", "AAkALgAAAAAAHYQDEapmEc2byACqAC-EWg0A"
ICAL_PREFIX = "040000008200E00074C5B7101A82E008"
FOREIGN_UID = b"vCal-Uid\x01\x00\x00\x00"


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


def ical_uid(item: Item, day: str | None) -> str:
    """The iCalUId: unlike elsewhere, each occurrence has its own ([MS-OXOCAL] 2.2.1.27).

    The UID of a meeting that began in another program is wrapped ([MS-OXCICAL] 2.1.3.1.1.20.26).
    """
    stated = str(item.fields.get("iCalUId") or "")
    if stated.upper().startswith(ICAL_PREFIX):
        whole = stated.upper()
    elif stated:
        data = FOREIGN_UID + stated.encode() + b"\x00"
        whole = _global_object_id(data)
    else:
        whole = _global_object_id(bytes.fromhex(item.key.ljust(32, "0")))
    year, month, date = (int(part) for part in day.split("-")) if day else (0, 0, 0)
    begin = len(ICAL_PREFIX)
    return f"{whole[:begin]}{year:04X}{month:02X}{date:02X}{whole[begin + 8 :]}"


def _global_object_id(data: bytes) -> str:
    """Without date: that and the time of creation are zero, as is what is reserved."""
    size = len(data).to_bytes(4, "little")
    return f"{ICAL_PREFIX}{'0' * 40}{size.hex()}{data.hex()}".upper()
