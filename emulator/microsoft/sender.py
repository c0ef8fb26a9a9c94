"""Delivers change notifications in the background: grouped, delayed, retried."""

import json
import threading
from dataclasses import dataclass, replace
from typing import Self

from emulator.common import sender
from emulator.common.json_types import Json
from emulator.common.sender import Manners, Sender


def _is_success(status: int) -> bool:
    return 200 <= status < 300


# Every answer that is not 2xx is retried (change-notifications-delivery).
MANNERS = Manners(succeeds=_is_success, retries=lambda status: not _is_success(status))


@dataclass(frozen=True)
class Delivery(sender.Delivery):
    """One POST with a collection of notifications.

    `final`: it goes out even if its subscription is gone (`subscriptionRemoved`).
    """

    subscriptions: tuple[str, ...] = ()
    retry_timeout_s: float = 10.0
    final: bool = False

    def next_attempt(self) -> tuple[Self, float] | None:
        """The retry, with the longer deadline that Graph gives retries, and its delay."""
        upcoming = super().next_attempt()
        if upcoming is None:
            return None
        again, delay = upcoming
        return replace(again, timeout_s=self.retry_timeout_s), delay


@dataclass(frozen=True)
class Parcel:
    """One notification on its way to the POST it will share with others."""

    subscription: str
    payload: Json


class Outbox:
    """Gathers the notifications for one URL for a moment, so that POSTs mix subscriptions."""

    def __init__(self, sender: Sender[Delivery]) -> None:
        self._sender = sender
        self._lock = threading.Lock()
        self._waiting: dict[tuple[str, float], list[Parcel]] = {}
        self._timers: set[threading.Timer] = set()

    def put(self, blank: Delivery, parcel: Parcel, pause_s: float, size: int) -> None:
        """Add a notification; the POST goes out `pause_s` after its first one.

        `blank` is that POST without a body; at most `size` notifications share it.
        """
        with self._lock:
            queue = self._waiting.setdefault((blank.url, pause_s), [])
            queue.append(parcel)
            if len(queue) > 1:
                return
            timer = threading.Timer(pause_s, self._post, (blank, pause_s, size))
            timer.daemon = True
            self._timers.add(timer)
            timer.start()

    def clear(self) -> None:
        """Forget what waits."""
        with self._lock:
            for timer in self._timers:
                timer.cancel()
            self._timers.clear()
            self._waiting.clear()

    def _post(self, blank: Delivery, pause_s: float, size: int) -> None:
        with self._lock:
            parcels = self._waiting.pop((blank.url, pause_s), [])
            self._timers = {timer for timer in self._timers if timer.is_alive()}
        for first in range(0, len(parcels), size):
            self._sender.submit(filled(blank, parcels[first : first + size]))


def filled(blank: Delivery, parcels: list[Parcel]) -> Delivery:
    """The POST with its notifications in it."""
    body = {"value": [parcel.payload for parcel in parcels]}
    return replace(
        blank,
        body=json.dumps(body, separators=(",", ":")).encode(),
        subscriptions=tuple(parcel.subscription for parcel in parcels),
    )
