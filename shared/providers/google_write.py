"""Brings events of ours to a Google calendar: created once, updated in place, deleted."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Any

from shared.decide.draft_google import draft_google, is_as_drafted, new_google, patch_google
from shared.decide.normalise_google import normalise_google
from shared.decide.own_tag import event_key, is_block
from shared.errors import GiveUp, ProviderError, QuotaExceeded, Reauthorize, Retry, Stale, Vanished
from shared.model import Deletion, Draft, Event, Window
from shared.providers import google_errors
from shared.providers.base import Outcome, Write, Written
from shared.providers.google_calls import LARGEST_BATCH, Answer, Calls

CALENDAR_NOT_FOUND = "calendar_not_found"
CONFLICT = "conflict"
GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
# What Google says to an update of an event that was deleted, too.
MAYBE_DELETED = (HTTPStatus.PRECONDITION_FAILED, HTTPStatus.FORBIDDEN)
# Nobody looks at occurrences here.
_NO_WINDOW = Window(datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class _Step:
    """A request, and what its answer means: the outcome, or what to ask next."""

    request: Any
    judge: "Callable[[Answer], Outcome | _Step]"


class GoogleWriter:
    """Writes to one calendar; nobody is notified of anything."""

    def __init__(self, events: Any, calls: Calls, calendar_id: str) -> None:
        """`events` builds the requests of the API's collection of that name."""
        self._events, self._calls, self._calendar = events, calls, calendar_id

    def write(self, writes: Sequence[Write]) -> Iterator[Outcome]:
        """As `Session.write`, in batches. Whatever an answer asks back comes after them."""
        steps = deque(map(self._first, writes))
        while steps:
            part = [steps.popleft() for _ in range(min(len(steps), LARGEST_BATCH))]
            results = self._results(part)
            steps += [result for result in results if isinstance(result, _Step)]
            outcomes = [result for result in results if isinstance(result, Outcome)]
            yield from (each for each in outcomes if not _ends_all(each.error))
            for outcome in outcomes:
                if outcome.error is not None and _ends_all(outcome.error):
                    raise outcome.error

    def _results(self, steps: Sequence[_Step]) -> "list[Outcome | _Step]":
        answers = self._calls.answers([step.request for step in steps])
        return [step.judge(answer) for step, answer in zip(steps, answers, strict=True)]

    def _first(self, write: Write) -> _Step:
        draft, event_id = write.draft, write.provider_event_id
        if draft is None:
            return self._delete(write)
        if event_id is None:
            body = new_google(draft, write.tag)
            request = self._events.insert(body=body, **self._quietly())
            return _Step(request, partial(self._created, write, draft))
        return self._update(write, draft, event_id)

    # -- create

    def _created(self, write: Write, draft: Draft, answer: Answer) -> Outcome | _Step:
        if answer.status == HTTPStatus.CONFLICT:
            # Of an attempt whose answer was lost; or of one that was deleted there since.
            return self._look(event_key(write.tag), partial(self._found, write, draft))
        if answer.status in GONE:
            gone = GiveUp("The calendar is not there any more.", code=CALENDAR_NOT_FOUND)
            return Outcome(write.id, error=gone)
        return _settled(write, draft, answer)

    def _found(self, write: Write, draft: Draft, answer: Answer) -> Outcome | _Step:
        if answer.status in GONE:
            # Not every replica knows of it yet.
            return Outcome(write.id, error=Retry("The event is only being made.", code=CONFLICT))
        if answer.error is None and _is_deleted(answer):
            body = draft_google(draft, write.tag)
            request = self._events.update(
                eventId=event_key(write.tag), body=body, **self._quietly()
            )
            revive = _matching(request, answer.body.get("etag"))
            return _Step(revive, partial(_revived, write, draft))
        return _settled(write, draft, answer)

    # -- update

    def _update(self, write: Write, draft: Draft, event_id: str) -> _Step:
        """All of a block is ours: `update` replaces it, at a third of the price of `patch`."""
        if is_block(write.tag):
            body = draft_google(draft, write.tag)
            request = self._events.update(eventId=event_id, body=body, **self._quietly())
        else:
            body = patch_google(draft, write.tag)
            request = self._events.patch(eventId=event_id, body=body, **self._quietly())
        judge = partial(self._updated, write, draft, event_id)
        return _Step(_matching(request, write.etag), judge)

    def _updated(
        self, write: Write, draft: Draft, event_id: str, answer: Answer
    ) -> Outcome | _Step:
        if answer.status in MAYBE_DELETED and not _ends_all(answer.error):
            return self._look(event_id, partial(_looked, write, draft, answer))
        return _settled(write, draft, answer)

    # -- delete

    def _delete(self, write: Write) -> _Step:
        """Of an event of which no answer ever came, only the key of its tag is known."""
        event_id = write.provider_event_id or event_key(write.tag)
        request = self._events.delete(eventId=event_id, **self._quietly())
        return _Step(_matching(request, write.etag), partial(self._deleted, write, event_id))

    def _deleted(self, write: Write, event_id: str, answer: Answer) -> Outcome | _Step:
        if answer.status in GONE:
            return Outcome(write.id)
        if answer.status == HTTPStatus.PRECONDITION_FAILED:
            return self._look(event_id, partial(_still_there, write))
        return Outcome(write.id, error=answer.error)

    def _look(self, event_id: str, judge: Callable[[Answer], Outcome | _Step]) -> _Step:
        return _Step(self._events.get(calendarId=self._calendar, eventId=event_id), judge)

    def _quietly(self) -> dict[str, str]:
        return {"calendarId": self._calendar, "sendUpdates": "none"}


def _matching(request: Any, etag: str | None) -> Any:
    """The request, refused if the event has another etag by now (guides/version-resources)."""
    if etag:
        request.headers["If-Match"] = etag
    return request


def _ends_all(error: ProviderError | None) -> bool:
    """Whether the account can write nothing more now."""
    return isinstance(error, QuotaExceeded | Reauthorize)


def _settled(write: Write, draft: Draft, answer: Answer) -> Outcome:
    """The outcome where nothing more is to be asked."""
    if answer.status in GONE:
        return Outcome(write.id, error=Vanished())
    if answer.error is not None:
        return Outcome(write.id, error=answer.error)
    held = normalise_google(answer.body, "UTC", _NO_WINDOW)
    if isinstance(held, Deletion):
        return Outcome(write.id, error=Vanished())
    if not isinstance(held, Event):
        return Outcome(write.id, error=google_errors.unexpected_answer("write"))
    as_asked = is_as_drafted(held, draft, write.tag)
    return Outcome(write.id, Written(held.provider_event_id, held.etag, as_asked))


def _revived(write: Write, draft: Draft, answer: Answer) -> Outcome:
    """Google does not always let an id live again: then its event is gone for good."""
    if isinstance(answer.error, GiveUp):
        return Outcome(write.id, error=Vanished())
    return _settled(write, draft, answer)


def _looked(write: Write, draft: Draft, refused: Answer, answer: Answer) -> Outcome:
    """After an update was refused: what is there is newer, or the same, since ours arrived."""
    now = _settled(write, draft, answer)
    if now.written is None:
        return now
    if refused.status == HTTPStatus.FORBIDDEN:
        return Outcome(write.id, error=refused.error)
    return now if now.written.as_asked else Outcome(write.id, error=Stale())


def _still_there(write: Write, answer: Answer) -> Outcome:
    """After a deletion was refused over its etag."""
    if answer.status in GONE or (answer.error is None and _is_deleted(answer)):
        return Outcome(write.id)
    return Outcome(write.id, error=answer.error or Stale())


def _is_deleted(answer: Answer) -> bool:
    return isinstance(normalise_google(answer.body, "UTC", _NO_WINDOW), Deletion)
