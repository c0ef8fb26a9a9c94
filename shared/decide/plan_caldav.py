"""What to ask a CalDAV server for, and what its answers mean for the mirror."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from shared.decide.read_json import read_integer, read_object, read_text

# At a poll every 5 to 10 minutes, twice a day.
POLLS_BETWEEN_COMPARISONS = 100
# As the sweep of a full sync: so much at once is asked again before it is believed.
FEWEST_TO_DOUBT, MOST_BELIEVED = 5, 0.9


@dataclass(frozen=True, slots=True)
class DavCursor:
    """Where a calendar stood: `token` of sync-collection, `ctag`; None where it has none.

    `polls` counts those since all etags were last compared, for servers that lose changes.
    """

    token: str | None = None
    ctag: str | None = None
    polls: int = 0

    def text(self) -> str:
        """As the mirror keeps it."""
        return json.dumps({"token": self.token, "ctag": self.ctag, "polls": self.polls})

    @property
    def must_compare(self) -> bool:
        """Whether it is time to compare all etags."""
        return self.polls >= POLLS_BETWEEN_COMPARISONS

    def quiet(self, now: "DavCursor") -> bool:
        """Whether the calendar is as it was: its ctag, or if it has none its token."""
        if self.must_compare:
            return False
        if now.ctag is not None or self.ctag is not None:
            return now.ctag == self.ctag
        return now.token is not None and now.token == self.token

    def polled(self) -> "DavCursor":
        """The same, one poll later."""
        return replace(self, polls=self.polls + 1)


def read_dav_cursor(text: str) -> DavCursor | None:
    """The cursor of `DavCursor.text`; None for any other text."""
    fields = _fields(text)
    if not fields.keys() >= {"token", "ctag"}:
        return None
    return DavCursor(
        read_text(fields["token"]), read_text(fields["ctag"]), read_integer(fields.get("polls"))
    )


@dataclass(frozen=True, slots=True)
class ImportPosition:
    """How far a first import got: the cursor from its beginning, and the last href loaded."""

    cursor: DavCursor
    after: str

    def text(self) -> str:
        """As the mirror keeps it."""
        return json.dumps({"cursor": self.cursor.text(), "after": self.after})


def read_import_position(text: str) -> ImportPosition | None:
    """The position of `ImportPosition.text`; None for any other text."""
    fields = _fields(text)
    cursor = read_dav_cursor(read_text(fields.get("cursor")) or "")
    after = read_text(fields.get("after"))
    return ImportPosition(cursor, after) if cursor and after else None


@dataclass(frozen=True, slots=True)
class Known:
    """A resource as it is mirrored: the ids of its events, and their etag if they share one."""

    ids: tuple[str, ...]
    etag: str | None


def known_resources(mirrored: Mapping[str, str]) -> dict[str, Known]:
    """The mirrored resources by href, from the etags by event id (`href` or `href#…`)."""
    ids: dict[str, list[str]] = {}
    etags: dict[str, set[str]] = {}
    for event_id, etag in mirrored.items():
        href = event_id.partition("#")[0]
        ids.setdefault(href, []).append(event_id)
        etags.setdefault(href, set()).add(plain_etag(etag))
    return {
        href: Known(tuple(ids[href]), next(iter(found)) if len(found) == 1 else None)
        for href, found in etags.items()
    }


def changed_resources(listed: Mapping[str, str], known: Mapping[str, Known]) -> list[str]:
    """The listed hrefs whose etag is not the mirrored one, in order; "" is never equal."""
    return sorted(href for href, etag in listed.items() if not _same(etag, known.get(href)))


def vanished_resources(listed: Iterable[str], known: Mapping[str, Known]) -> list[str]:
    """The mirrored hrefs that a complete listing lacks, in order."""
    return sorted(known.keys() - set(listed))


def too_many_vanished(vanished: int, known: int) -> bool:
    """Whether so much vanished without a word that a full sync must confirm it."""
    return known >= FEWEST_TO_DOUBT and vanished > MOST_BELIEVED * known


def plain_etag(etag: str) -> str:
    """An etag without quotes and weakness: servers spell the same one differently."""
    return etag.strip().removeprefix("W/").strip('"')


def _same(etag: str, known: Known | None) -> bool:
    return bool(plain_etag(etag)) and known is not None and known.etag == plain_etag(etag)


def _fields(text: str) -> Mapping[str, object]:
    try:
        return read_object(json.loads(text))
    except (ValueError, RecursionError):
        return {}
