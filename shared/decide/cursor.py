"""Cursors of the API's lists: opaque to callers, and the keys of the last row to us."""

import base64
import json
from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter

from shared.errors import InvalidRequest


def write_cursor(listed: str, keys: Sequence[Any]) -> str:
    """Gives the cursor behind the row with these sort keys (JSON values) in the list `listed`."""
    text = json.dumps([listed, *keys], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(listed: str, types: Sequence[Any], cursor: str) -> tuple[Any, ...]:
    """Gives the sort keys, one of each type. Raises `InvalidRequest` for what is no such cursor."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        found, keys = _parsed(json.loads(text), types)
    except (ValueError, RecursionError):
        raise InvalidRequest("This is no cursor of this list; start without one") from None
    if found != listed:
        raise InvalidRequest("This is the cursor of another list; start without one")
    return keys


def _parsed(document: Any, types: Sequence[Any]) -> tuple[Any, tuple[Any, ...]]:
    if not isinstance(document, list) or len(document) != 1 + len(types):
        raise ValueError
    found, *keys = document
    pairs = zip(types, keys, strict=True)
    return found, tuple(TypeAdapter(kind).validate_python(key) for kind, key in pairs)
