"""Pages over sorted entries. A page token names the last key shown, so changes lose nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from emulator.common.json_types import Json
from emulator.common.opaque import seal, unseal

from .errors import bad_parameter

Key = tuple[Any, ...]
Entry = tuple[Key, Json]


@dataclass(frozen=True)
class PageShape:
    """How long a page may get; `empty` answers none at all but still a page token."""

    size: int
    empty: bool = False


@dataclass(frozen=True)
class Page:
    """What one answer shows; `next_key` is None on the last page."""

    items: list[Json]
    next_key: Key | None


def page_of(entries: Iterable[Entry], after: Key | None, shape: PageShape) -> Page:
    """The entries (in key order) that follow `after`, as many as the shape allows."""
    rest = (entry for entry in entries if after is None or entry[0] > after)
    if shape.empty:
        return Page([], after or ())
    items: list[Json] = []
    last: Key = after or ()
    for key, body in rest:
        if len(items) == shape.size:
            return Page(items, last)
        items.append(body)
        last = key
    return Page(items, None)


def page_token(secret: bytes, fingerprint: str, key: Key) -> str:
    """The token that continues after `key` for the same query only."""
    return seal(secret, {"page": list(key), "query": fingerprint})


def key_of(secret: bytes, fingerprint: str, text: str | None) -> Key | None:
    """The key in a page token; 400 if it is none, or belongs to another query."""
    if text is None:
        return None
    payload = unseal(secret, text)
    if payload is None or payload.get("query") != fingerprint:
        raise bad_parameter("pageToken", "Invalid page token value.", "invalid")
    return tuple(payload["page"])
