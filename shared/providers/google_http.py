"""Connections to Google, and the calls that its discovery document describes."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any

import httplib2
from googleapiclient.discovery import build

from shared.clock import elapsed

KEPT = 16
_PART = "\nContent-Type: application/http\n"  # guides/batch
KEPT_SECONDS = 60.0  # well under the idle time after which Google hangs up


@dataclass(frozen=True, slots=True)
class CalendarApi:
    """Builders of requests. They hold no connection and may be shared between threads."""

    events: Any
    calendar_list: Any
    channels: Any


@cache
def calendar_api(api_url: str) -> CalendarApi:
    """The Calendar API v3 at `api_url`, from the discovery document the library ships."""
    service = build(
        "calendar",
        "v3",
        http=httplib2.Http(),
        static_discovery=True,
        cache_discovery=False,
        client_options={"api_endpoint": api_url},
    )
    return CalendarApi(service.events(), service.calendarList(), service.channels())


class HttpPool:
    """Keeps connections open between sessions; each is lent to one session at a time."""

    def __init__(self, timeout_seconds: float) -> None:
        self._timeout_seconds = timeout_seconds
        self._idle: list[tuple[float, httplib2.Http]] = []
        self._lock = Lock()

    def borrow(self) -> httplib2.Http:
        """A client with an open connection if there is one that is fresh enough."""
        with self._lock:
            since, http = self._idle.pop() if self._idle else (0.0, None)
        if http is not None:
            if elapsed() - since < KEPT_SECONDS:
                return http
            http.close()
        # Google redirects no call; whoever else does must not see the credentials.
        fresh = httplib2.Http(timeout=self._timeout_seconds)
        fresh.follow_redirects = False
        return fresh

    def give_back(self, http: httplib2.Http) -> None:
        """Keeps a client for later sessions. None of its requests may be under way."""
        with self._lock:
            if len(self._idle) < KEPT:
                self._idle.append((elapsed(), http))
                return
        http.close()

    def close(self) -> None:
        """Closes what is idle."""
        with self._lock:
            idle, self._idle = self._idle, []
        for _, http in idle:
            http.close()


class CountedHttp:
    """Announces requests before it passes them on, each of a batch by itself."""

    def __init__(self, http: httplib2.Http, announce: Callable[[int], None]) -> None:
        self._http = http
        self._announce = announce

    def request(
        self, uri: str, method: str = "GET", body: Any = None, *args: Any, **kwargs: Any
    ) -> Any:
        """As `httplib2.Http.request`."""
        self._announce(_calls_in(body))
        return self._http.request(uri, method, body, *args, **kwargs)


def _calls_in(body: object) -> int:
    """How many requests travel in a body. No JSON holds a line of this kind: it has no lines."""
    parts = body.count(_PART) if isinstance(body, str) else 0
    return parts or 1
