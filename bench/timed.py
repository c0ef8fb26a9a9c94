"""A database and a provider that note how long they took; pages can be kept and played again."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.db.database import Database, Row
from shared.model import Change, Page, Window
from shared.providers.base import (
    Channel,
    ChannelRequest,
    ListedCalendar,
    Provider,
    Pull,
    Rotated,
    Session,
)


@dataclass(slots=True)
class Clock:
    """Seconds spent so far."""

    fetch: float = 0.0
    normalise: float = 0.0
    sql: float = 0.0


@dataclass(frozen=True, slots=True)
class TimedDatabase:
    """A `Database`; its time includes encoding what is sent."""

    inner: Database
    clock: Clock

    def call(self, function: str, **arguments: Any) -> Sequence[Row]:
        """See `Database.call`."""
        started = time.perf_counter()
        try:
            return self.inner.call(function, **arguments)
        finally:
            self.clock.sql += time.perf_counter() - started

    def read(self, view: str, **options: Any) -> Sequence[Row]:
        """See `Database.read`."""
        started = time.perf_counter()
        try:
            return self.inner.read(view, **options)
        finally:
            self.clock.sql += time.perf_counter() - started

    def close(self) -> None:
        """See `Database.close`."""
        self.inner.close()


@dataclass(frozen=True, slots=True)
class TimedProvider:
    """A `Provider`. Fetched pages are kept in `pages`; with `replay` those are given instead."""

    inner: Provider
    clock: Clock
    pages: list[Page] = field(default_factory=list)
    replay: bool = False

    def sign_in(
        self, account_key: str, credentials: Mapping[str, Any], rotated: Rotated
    ) -> Session:
        """See `Provider.sign_in`."""
        return _TimedSession(self.inner.sign_in(account_key, credentials, rotated), self)


class _TimedSession:
    def __init__(self, inner: Session, provider: TimedProvider) -> None:
        self._inner = inner
        self._provider = provider

    @property
    def api_calls(self) -> int:
        return self._inner.api_calls

    def fetch_changes(self, pull: Pull) -> Iterator[Page]:
        if self._provider.replay:
            yield from self._provider.pages
            return
        pages = self._inner.fetch_changes(pull)
        while (fetched := self._next(pages)) is not None:
            self._provider.pages.append(fetched)
            yield fetched

    def _next(self, pages: Iterator[Page]) -> Page | None:
        started = time.perf_counter()
        try:
            return next(pages, None)
        finally:
            self._provider.clock.fetch += time.perf_counter() - started

    def normalise(
        self, raw: Mapping[str, object], time_zone: str, window: Window
    ) -> Sequence[Change]:
        started = time.perf_counter()
        try:
            return self._inner.normalise(raw, time_zone, window)
        finally:
            self._provider.clock.normalise += time.perf_counter() - started

    def list_calendars(self) -> list[ListedCalendar]:
        return self._inner.list_calendars()

    def watch(self, request: ChannelRequest) -> Channel:
        return self._inner.watch(request)

    def stop(self, channel_id: str, resource_id: str) -> None:
        self._inner.stop(channel_id, resource_id)

    def close(self) -> None:
        self._inner.close()
