"""Writes events of ours to a CalDAV calendar: one resource for each (RFC 4791 section 5.3.2)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit

from shared.clock import machine_time
from shared.decide.draft_ics import changed_ics, ics_name, new_ics
from shared.decide.matches_draft import matches_draft
from shared.decide.normalise_ics import normalise_ics
from shared.decide.own_tag import is_block
from shared.decide.plan_caldav import plain_etag
from shared.errors import GiveUp, ProviderError, QuotaExceeded, Reauthorize, Stale, Vanished
from shared.model import Draft, Event, Window
from shared.providers import caldav_errors
from shared.providers.base import Outcome, Write, Written
from shared.providers.caldav_dav import CALENDAR_DATA, ETAG, Dav, canonical_href

# As a missing calendar shows: RFC 4918 section 9.7.1 says 409, some servers say 404.
_NO_PLACE = frozenset({caldav_errors.NOT_FOUND, "http_409"})
_ALREADY_THERE = frozenset({caldav_errors.STALE, "no-uid-conflict"})
# What becomes of one event is read without a window.
_ALWAYS = Window(datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class _Stored:
    """A resource as the server holds it."""

    etag: str
    text: str


class CalendarWriter:
    """Writes to the calendar at a URL, one request after the other."""

    def __init__(self, client: Dav, url: str) -> None:
        self._client = client
        self._url = url if url.endswith("/") else f"{url}/"

    def outcomes(self, writes: Sequence[Write]) -> Iterator[Outcome]:
        """Yields the outcome of each write.

        Raises `ProviderError` where the server asks for patience, refuses the password or cannot
        be reached.
        """
        for write in writes:
            yield self._outcome(write)

    def _outcome(self, write: Write) -> Outcome:
        try:
            return Outcome(write.id, self._brought(write))
        except (QuotaExceeded, Reauthorize):
            raise
        except ProviderError as error:
            if error.code == caldav_errors.NETWORK:
                raise
            return Outcome(write.id, error=error)

    def _brought(self, write: Write) -> Written | None:
        if write.provider_event_id is None:
            url = urljoin(self._url, ics_name(write.tag))
        elif "#" in write.provider_event_id:
            raise GiveUp("An instance of a series is no resource of its own.", code="instance")
        else:
            url = urljoin(self._url, write.provider_event_id)
        if write.draft is None:
            self._delete(url, write.etag)
            return None
        if write.provider_event_id is None:
            return self._create(url, write.draft, write.tag)
        if is_block(write.tag):
            text = new_ics(write.draft, write.tag, _stamp())
            return self._replace(url, text, write.etag)
        return self._change(url, write, write.draft)

    def _delete(self, url: str, etag: str | None) -> None:
        try:
            self._client.delete(url, etag)
        except Stale:
            if self._read(url) is not None:
                raise
        except ProviderError as error:
            if error.code not in _NO_PLACE:
                raise

    def _create(self, url: str, draft: Draft, tag: str) -> Written:
        try:
            etag = self._client.put(url, new_ics(draft, tag, _stamp()), {"If-None-Match": "*"})
        except ProviderError as error:
            if error.code in _NO_PLACE:
                raise GiveUp("The calendar is not there.", code="calendar_not_found") from None
            if error.code not in _ALREADY_THERE:
                raise
            etag = None
        if etag:
            return Written(canonical_href(url, url), etag)
        stored = self._read(url)
        if stored is None:
            raise GiveUp("The server knows this event at another place.", code="uid_conflict")
        return Written(canonical_href(url, url), stored.etag, _says(stored, draft))

    def _change(self, url: str, write: Write, draft: Draft) -> Written:
        """Rewrites the stored object: what others put into it stays."""
        stored = self._read(url)
        if stored is None:
            raise Vanished(code=caldav_errors.NOT_FOUND)
        if write.etag and plain_etag(write.etag) != plain_etag(stored.etag):
            raise Stale(code=caldav_errors.STALE)
        try:
            text = changed_ics(stored.text, draft, write.tag, _stamp())
        except ValueError as error:
            raise GiveUp(f"Rewriting: {error}.", code="unreadable_resource") from None
        return self._replace(url, text, stored.etag)

    def _replace(self, url: str, text: str, etag: str | None) -> Written:
        # Never `If-Match: *`: iCloud takes it for its opposite.
        matching = {"If-Match": etag} if etag else {}
        try:
            following = self._client.put(url, text, matching)
        except Stale:
            # A condition on what is not there fails as well (RFC 9110 section 13.1.1).
            if self._read(url) is None:
                raise Vanished(code=caldav_errors.NOT_FOUND) from None
            raise
        except ProviderError as error:
            if error.code in _NO_PLACE:
                raise Vanished(code=error.code) from None
            raise
        return Written(canonical_href(url, url), following or self._etag(url))

    def _etag(self, url: str) -> str:
        """The etag of what was just written, where the server did not tell it: it may have put
        the object into other words (RFC 4791 section 5.3.4).
        """
        stored = self._read(url)
        if stored is None:
            raise Vanished(code=caldav_errors.NOT_FOUND)
        return stored.etag

    def _read(self, url: str) -> _Stored | None:
        """The resource with its etag as a sync reads it; None if it is not there."""
        try:
            members = self._client.multiget(self._url, [urlsplit(url).path]).members
        except ProviderError as error:
            if not isinstance(error, caldav_errors.Unsupported):
                _must_be_missing(error)
            members = ()
        for member in members:
            etag, text = member.text(ETAG), member.text(CALENDAR_DATA)
            if etag and text:
                return _Stored(etag, text)
        return self._get(url)

    def _get(self, url: str) -> _Stored | None:
        """For servers that do not answer for this one among many."""
        try:
            return _Stored(*self._client.get(url))
        except ProviderError as error:
            _must_be_missing(error)
            return None


def _must_be_missing(error: ProviderError) -> None:
    if error.code != caldav_errors.NOT_FOUND:
        raise error


def _stamp() -> datetime:
    return machine_time().replace(microsecond=0)


def _says(stored: _Stored, draft: Draft) -> bool:
    raw = {"href": "/event", "etag": stored.etag, "data": stored.text}
    found = normalise_ics(raw, "UTC", _ALWAYS)
    return any(isinstance(each, Event) and matches_draft(each, draft) for each in found[:1])
