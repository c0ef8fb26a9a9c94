"""Reads one CalDAV calendar: what changed since a cursor, or all of it, in pages."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urljoin

from caldav.elements import dav

from shared.decide.plan_caldav import (
    DavCursor,
    ImportPosition,
    Known,
    changed_resources,
    known_resources,
    read_dav_cursor,
    read_import_position,
    too_many_vanished,
    vanished_resources,
)
from shared.errors import ProviderError, Reauthorize, ResyncFully, Retry
from shared.model import Page
from shared.providers import caldav_errors
from shared.providers.base import Pull
from shared.providers.caldav_dav import (
    CALENDAR_DATA,
    ETAG,
    Dav,
    Member,
    Multistatus,
    canonical_href,
)

CTAG = "{http://calendarserver.org/ns/}getctag"
BATCH = 50
MOST_ROUNDS = 1_000

Item = dict[str, object]

_GONE = (404, 410)
_TRUNCATED = 507
# What one resource can do to an answer; anything else would befall the next request too.
_OF_ONE_RESOURCE = frozenset({caldav_errors.SERVER_ERROR, caldav_errors.UNEXPECTED_ANSWER})


@dataclass(slots=True)
class _Listing:
    """Members by canonical href: their etags, how the server spells them, which are gone.

    `complete` says that it claims to list all there is.
    """

    collection: str
    etags: dict[str, str] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    truncated: bool = False
    complete: bool = False

    def add(self, answer: Multistatus) -> None:
        """Takes a page in; of two statements the later counts, of one page the living one."""
        self.truncated = False
        for member in answer.members:
            if member.href.rstrip("/") == self.collection.rstrip("/"):
                # iCloud lists the calendar among its members; a 507 there is no member at all.
                self.truncated = self.truncated or member.status == _TRUNCATED
            elif member.status in _GONE and ETAG not in member.properties:
                self.etags.pop(member.href, None)
                self.gone.add(member.href)
        for member in filter(self._lives, answer.members):
            self.gone.discard(member.href)
            self.etags[member.href] = member.text(ETAG) or ""
            self.written[member.href] = member.written

    def _lives(self, member: Member) -> bool:
        kinds = member.properties.get(dav.ResourceType.tag)
        folder = member.href.endswith("/") or (
            kinds is not None and kinds.find(dav.Collection.tag) is not None
        )
        living = member.status not in _GONE or ETAG in member.properties
        return living and not folder and member.href != self.collection.rstrip("/")


class CalendarReader:
    """One calendar at its URL. Yields the items that `normalise_ics` reads."""

    def __init__(self, client: Dav, url: str) -> None:
        self._client = client
        self._url = url

    def pages(self, pull: Pull) -> Iterator[Page]:
        """Yields pages, each with at most 50 resources. Raises `ResyncFully` for a dead cursor."""
        if pull.cursor is None:
            yield from self._import(pull.page)
            return
        cursor = read_dav_cursor(pull.cursor)
        if cursor is None:
            raise ResyncFully("The cursor is not one of CalDAV.", code="unknown_cursor")
        now = self._probe()
        if cursor.quiet(now):
            yield Page((), cursor=cursor.polled().text())
        else:
            yield from self._update(pull, cursor, now)

    def _probe(self) -> DavCursor:
        """What tells cheaply whether anything changed."""
        answer = self._client.propfind(self._url, (CTAG, dav.SyncToken.tag), depth=0, doing="probe")
        own = next((member for member in answer.members if member.status < 300), None)
        if own is None:
            raise Retry("probe: the calendar is not there.", code=caldav_errors.NOT_FOUND)
        return DavCursor(own.text(dav.SyncToken.tag), own.text(CTAG))

    def _import(self, page: str | None) -> Iterator[Page]:
        """Everything, by href, so that an interrupted import knows where it was."""
        position = read_import_position(page) if page else None
        if position is None:
            now = self._probe()
            listing, token = self._since("", now.token is not None)
            # A server reports what was deleted before the first listing, too; nobody had it.
            position = ImportPosition(DavCursor(token, now.ctag), "")
        else:
            listing = self._everything()
        todo = sorted(href for href in listing.etags if href > position.after)
        for start in range(0, len(todo), BATCH):
            batch = todo[start : start + BATCH]
            items = tuple(self._load(batch, listing, {}))
            if start + BATCH < len(todo):
                yield Page(items, next_page=ImportPosition(position.cursor, batch[-1]).text())
            else:
                yield Page(items, cursor=position.cursor.text())
        if not todo:
            yield Page((), cursor=position.cursor.text())

    def _update(self, pull: Pull, cursor: DavCursor, now: DavCursor) -> Iterator[Page]:
        listing, token = self._since(cursor.token, cursor.token is not None)
        compare = token is None or cursor.must_compare
        following = DavCursor(token, now.ctag, cursor.polls + 1)
        if not compare and not listing.etags and not listing.gone:
            yield Page((), cursor=following.text())
            return
        known = known_resources(pull.mirrored())
        todo = changed_resources(listing.etags, known)
        gone = sorted(listing.gone & known.keys())
        if compare or len(todo) < len(listing.etags):
            # DAViCal and iCloud answer a dead token with the full list and call it changes: they
            # keep deletions to themselves then.
            todo, gone, listing = self._compared(known, listing)
            following = DavCursor(token, now.ctag)
        yield from self._loaded(todo, listing, known, gone, following)

    def _compared(
        self, known: Mapping[str, Known], told: _Listing
    ) -> tuple[list[str], list[str], _Listing]:
        """What differs between all etags there and here; with the listing that says so."""
        listing = told if told.complete else self._everything()
        vanished = vanished_resources(listing.etags, known)
        if listing.truncated:
            vanished = sorted(told.gone & known.keys())
        elif too_many_vanished(len(set(vanished) - told.gone), len(known)):
            raise ResyncFully("Nearly every event vanished without a word.", code="vanished")
        return changed_resources(listing.etags, known), vanished, listing

    def _since(self, token: str | None, supported: bool) -> tuple[_Listing, str | None]:
        """What sync-collection lists since `token`, and the new token.

        Where the server has no such thing: all etags, and None.
        """
        if supported:
            try:
                return self._synced(token or "")
            except caldav_errors.Unsupported:
                pass
        return self._everything(), None

    def _synced(self, token: str) -> tuple[_Listing, str]:
        """Repeats while the server cuts its answer short (RFC 6578 section 3.6)."""
        listing = self._listing()
        for _ in range(MOST_ROUNDS):
            answer = self._client.sync_collection(self._url, token)
            listing.add(answer)
            if answer.sync_token is None:
                raise caldav_errors.unexpected_answer("sync-collection")
            before, token = token, answer.sync_token
            if not listing.truncated:
                return listing, token
            if token == before:
                break
        raise caldav_errors.Unsupported("sync-collection never ends.", code="truncated")

    def _everything(self) -> _Listing:
        """All etags."""
        listing = self._listing(complete=True)
        tags = (ETAG, dav.ResourceType.tag)
        listing.add(self._client.propfind(self._url, tags, depth=1, doing="list etags"))
        return listing

    def _listing(self, *, complete: bool = False) -> _Listing:
        return _Listing(canonical_href(self._url, self._url), complete=complete)

    def _loaded(
        self,
        todo: Sequence[str],
        listing: _Listing,
        known: Mapping[str, Known],
        gone: Iterable[str],
        cursor: DavCursor,
    ) -> Iterator[Page]:
        items = [item for href in gone for item in _deletions(known[href])]
        for start in range(0, len(todo), BATCH):
            if start:
                yield Page(tuple(items), next_page=todo[start - 1])
                items = []
            items += self._load(todo[start : start + BATCH], listing, known)
        yield Page(tuple(items), cursor=cursor.text())

    def _load(
        self, hrefs: Sequence[str], listing: _Listing, known: Mapping[str, Known]
    ) -> Iterator[Item]:
        """The items of at most 50 resources; one that cannot be had hides no other."""
        found = self._multiget([listing.written[href] for href in hrefs])
        for href in hrefs:
            mirrored = known.get(href, Known((), None))
            member = found.get(href)
            data = member.text(CALENDAR_DATA) if member else None
            if member is not None and data is not None:
                # The etag that came with the data: it may be newer than the listed one.
                etag = member.text(ETAG) or listing.etags[href]
                yield {"href": href, "etag": etag, "data": data, "known": list(mirrored.ids)}
            elif member is not None and member.status in _GONE:
                yield from _deletions(mirrored)
            else:
                yield from self._get(href, listing.written[href], mirrored)

    def _multiget(self, written: Sequence[str]) -> Mapping[str, Member]:
        try:
            answer = self._client.multiget(self._url, written)
        except caldav_errors.Unsupported:
            return {}
        except Retry as error:
            if error.code not in _OF_ONE_RESOURCE:
                raise
            return {}
        return {member.href: member for member in answer.members}

    def _get(self, href: str, written: str, known: Known) -> Iterator[Item]:
        """One resource that multiget kept silent about: gone (DAViCal), or hard to serve."""
        try:
            etag, data = self._client.get(urljoin(self._url, written))
        except (Reauthorize, ResyncFully):
            raise
        except ProviderError as error:
            if isinstance(error, Retry) and error.code == caldav_errors.NOT_FOUND:
                yield from _deletions(known)
                return
            if isinstance(error, Retry) and error.code not in _OF_ONE_RESOURCE:
                raise
            yield {"href": href, "etag": "", "data": None, "known": list(known.ids)}
            return
        yield {"href": href, "etag": etag, "data": data, "known": list(known.ids)}


def _deletions(known: Known) -> Iterator[Item]:
    return ({"href": event_id, "deleted": True} for event_id in known.ids)
