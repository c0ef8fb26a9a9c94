"""Writes events of ours to a Graph calendar."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeGuard
from urllib.parse import quote
from uuid import UUID

from shared.decide.draft_microsoft import new_microsoft, patch_microsoft
from shared.decide.matches_draft import matches_draft
from shared.decide.microsoft_fields import OWN_PROPERTY
from shared.decide.normalise_microsoft import normalise_microsoft
from shared.decide.own_tag import is_block
from shared.decide.read_json import read_text
from shared.errors import GiveUp, ProviderError, QuotaExceeded, Reauthorize, Vanished
from shared.model import Draft, Event, Window
from shared.providers import microsoft_errors
from shared.providers.base import Outcome, Write, Written
from shared.providers.microsoft_batch import Json, Request, Result
from shared.providers.microsoft_graph import Graph, rows

READING = "read what is to be changed"
WRITING = "write events"

_ALREADY_THERE = frozenset({microsoft_errors.DUPLICATE, microsoft_errors.CONFLICT})
# What becomes of one event is read without a window.
_ALWAYS = Window(datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC))


def write_events(graph: Graph, calendar_id: str, writes: Sequence[Write]) -> Iterator[Outcome]:
    """Yields the outcomes of `writes`, up to 20 to a request.

    Raises `ProviderError` where the mailbox asks for patience or the person must reconnect it.
    """
    return _Writer(graph, f"/me/calendars/{quote(calendar_id, safe='')}/events").outcomes(writes)


class _Writer:
    """Writes to the calendar whose events are at `events`."""

    def __init__(self, graph: Graph, events: str) -> None:
        self._graph = graph
        self._events = events

    def outcomes(self, writes: Sequence[Write]) -> Iterator[Outcome]:
        held = self._held([each for each in writes if _shares_its_event(each)])
        requests = [self._request(each, held.get(each.id)) for each in writes]
        for done in self._graph.batches(requests, WRITING):
            trouble = [result for result in done.values() if _concerns_all(result)]
            for place, result in done.items():
                if not _concerns_all(result):
                    yield self._outcome(writes[place], result)
            if trouble:
                raise trouble[0]

    def _held(self, writes: Sequence[Write]) -> dict[UUID, Json]:
        """The events of `writes` as they are; one that cannot be had is left to its write."""
        paths = [self._event(str(each.provider_event_id)) for each in writes]
        held: dict[UUID, Json] = {}
        for done in self._graph.batches([Request("GET", path) for path in paths], READING):
            for place, result in done.items():
                if _concerns_all(result):
                    raise result
                if not isinstance(result, ProviderError):
                    held[writes[place].id] = result
        return held

    def _request(self, write: Write, held: Json | None) -> Request:
        if write.provider_event_id is None:
            # To delete what was never created: a search tells whether an answer was lost.
            if write.draft is None:
                return Request("GET", self._search(write.tag))
            return Request("POST", self._events, new_microsoft(write.draft, write.tag))
        path = self._event(write.provider_event_id)
        if write.draft is None:
            return Request("DELETE", path, if_match=write.etag)
        body = patch_microsoft(write.draft, write.tag, held or {})
        return Request("PATCH", path, body, write.etag)

    def _event(self, event_id: str) -> str:
        return f"{self._events}/{quote(event_id, safe='')}"

    def _search(self, tag: str) -> str:
        name = f"ep/id eq '{OWN_PROPERTY}' and ep/value eq '{tag}'"
        return f"{self._events}?$filter={quote(f'singleValueExtendedProperties/Any(ep: {name})')}"

    def _outcome(self, write: Write, result: Result) -> Outcome:
        try:
            if isinstance(result, ProviderError):
                return self._after_refusal(write, result)
            if write.draft is None:
                self._clear(write, result)
                return Outcome(write.id)
            is_new = write.provider_event_id is None
            return Outcome(write.id, _written(result, write.draft if is_new else None))
        except ProviderError as error:
            return Outcome(write.id, error=error)

    def _after_refusal(self, write: Write, error: ProviderError) -> Outcome:
        if write.draft is None and error.code == microsoft_errors.NOT_FOUND:
            return Outcome(write.id)
        if write.draft is not None and write.provider_event_id is None:
            if error.code in _ALREADY_THERE:
                return Outcome(write.id, self._find(write, write.draft))
            if error.code == microsoft_errors.NOT_FOUND:
                raise GiveUp(f"{WRITING}: the calendar is not there.", code="calendar_not_found")
        elif error.code == microsoft_errors.NOT_FOUND:
            raise Vanished(code=error.code)
        if error.code == microsoft_errors.ACCESS_DENIED:
            raise GiveUp(f"{WRITING}: the account may not write here.", code="forbidden")
        raise error

    def _find(self, write: Write, draft: Draft) -> Written:
        """The event that an earlier attempt created."""
        found = rows(self._graph.get(self._search(write.tag), WRITING), WRITING)
        if not found:
            # Its transactionId is used up for good.
            raise Vanished(f"{WRITING}: the event was created, and is gone.", code="gone")
        return _written(found[0], draft)

    def _clear(self, write: Write, answer: Json) -> None:
        """Deletes what the search for an event that has no id yet has found."""
        if write.provider_event_id is None:
            for row in rows(answer, WRITING):
                event_id = _written(row, None).provider_event_id
                self._graph.delete(self._event(event_id), WRITING)


def _shares_its_event(write: Write) -> bool:
    """Whether it updates an event that has more to it than ours: an appointment."""
    is_update = write.draft is not None and write.provider_event_id is not None
    return is_update and not is_block(write.tag)


def _concerns_all(result: Result) -> TypeGuard[ProviderError]:
    """Whether the next write of this mailbox would fare no better."""
    if isinstance(result, (QuotaExceeded, Reauthorize)):
        return True
    return isinstance(result, ProviderError) and result.code == microsoft_errors.NETWORK


def _written(row: Mapping[str, object], draft: Draft | None) -> Written:
    """What Graph answered; compared with `draft` where an earlier attempt may have made it."""
    event_id = read_text(row.get("id"))
    etag = read_text(row.get("@odata.etag")) or read_text(row.get("changeKey"))
    if event_id is None or etag is None:
        raise microsoft_errors.unexpected_answer(WRITING)
    return Written(event_id, etag, draft is None or _says(row, draft))


def _says(row: Mapping[str, object], draft: Draft) -> bool:
    event = normalise_microsoft(row, "UTC", _ALWAYS, "")[0]
    return isinstance(event, Event) and matches_draft(event, draft)
