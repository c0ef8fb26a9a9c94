"""Reads values out of a provider's JSON, whatever it holds, into what Postgres can store."""

import re
from collections.abc import Mapping

LONGEST_ID = 1024
LARGEST_INTEGER = 2**31 - 1

# Postgres stores neither NUL nor half of a surrogate pair.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class CannotMirror(Exception):
    """An item cannot be mirrored: `reason` is snake_case, `detail` has no personal content."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def read_text(value: object) -> str | None:
    """A text without what cannot be stored; None for an empty one and for anything else."""
    return (_UNSTORABLE.sub("", value) or None) if isinstance(value, str) else None


def read_object(value: object) -> Mapping[str, object]:
    """A JSON object; an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def read_list(value: object) -> list[object]:
    """A JSON array; an empty one for anything else."""
    return value if isinstance(value, list) else []


def read_integer(value: object) -> int:
    """A count that fits into `integer`; 0 for anything else."""
    if not isinstance(value, int) or isinstance(value, bool):
        return 0
    return value if 0 <= value <= LARGEST_INTEGER else 0


def read_id(value: object, name: str) -> str | None:
    """An id, None if absent. Raises CannotMirror if it cannot be stored and indexed unchanged."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) or _UNSTORABLE.search(value):
        raise CannotMirror(f"bad_{name}", f"The {name} is no text that can be stored.")
    if len(value.encode()) > LONGEST_ID:
        raise CannotMirror(f"{name}_too_long", f"The {name} is longer than {LONGEST_ID} bytes.")
    return value
