"""Delivers webhook notifications in the background: thread pool, delays, retries."""

import heapq
import itertools
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, Self, TypeVar

import httpx

WORKERS = 16


@dataclass(frozen=True)
class Delivery:
    """One POST. `attempt` counts from 1."""

    url: str
    headers: tuple[tuple[str, str], ...]
    attempts: int
    retry_base_s: float
    timeout_s: float
    verify_tls: bool = True
    attempt: int = 1
    body: bytes = b""

    def next_attempt(self) -> tuple[Self, float] | None:
        """The retry and its delay in seconds (exponential); None when they are used up."""
        if self.attempt >= self.attempts:
            return None
        delay = self.retry_base_s * float(2 ** (self.attempt - 1))
        return replace(self, attempt=self.attempt + 1), delay


D = TypeVar("D", bound=Delivery)


@dataclass(frozen=True)
class Manners:
    """Which statuses a provider takes for success, and after which it tries again."""

    succeeds: Callable[[int], bool]
    retries: Callable[[int], bool]


class Sender(Generic[D]):
    """Sends at once or later. `still_wanted` is asked before each attempt, `report` told after.

    No answer at all is always tried again.
    """

    def __init__(
        self,
        manners: Manners,
        still_wanted: Callable[[D], bool],
        report: Callable[[D, str], None],
    ) -> None:
        self._manners = manners
        self._still_wanted = still_wanted
        self._report = report
        self._clients = {
            verify: httpx.Client(
                verify=verify, limits=httpx.Limits(max_keepalive_connections=WORKERS)
            )
            for verify in (True, False)
        }
        self._now: queue.SimpleQueue[D] = queue.SimpleQueue()
        self._later: list[tuple[float, int, D]] = []
        self._order = itertools.count()
        self._wake = threading.Condition()
        self._stopping = False
        # Daemons: a receiver that never answers must not hold up the end of the program.
        for target in (self._run_later, *[self._run_now] * WORKERS):
            threading.Thread(target=target, name=target.__name__, daemon=True).start()

    def submit(self, delivery: D, delay_s: float = 0.0) -> None:
        """Queue a delivery."""
        with self._wake:
            if self._stopping:
                return
            if delay_s <= 0:
                self._now.put(delivery)
                return
            due = time.monotonic() + delay_s
            heapq.heappush(self._later, (due, next(self._order), delivery))
            self._wake.notify()

    def deliver(self, delivery: D) -> None:
        """Make one attempt now, in this thread; queue the retry if there is to be one."""
        if not self._still_wanted(delivery):
            return
        self._report(delivery, "attempts")
        status = self._post(delivery)
        if status is not None and self._manners.succeeds(status):
            self._report(delivery, "sent")
            return
        again = status is None or self._manners.retries(status)
        retry = delivery.next_attempt() if again else None
        if retry is None:
            self._report(delivery, "failed")
            return
        self.submit(*retry)

    def _post(self, delivery: D) -> int | None:
        client = self._clients[delivery.verify_tls]
        try:
            answer = client.post(
                delivery.url,
                content=delivery.body,
                headers=list(delivery.headers),
                timeout=delivery.timeout_s,
            )
        except (httpx.HTTPError, httpx.InvalidURL, ValueError):
            # ValueError: forged headers or addresses that no HTTP client can send.
            return None
        return answer.status_code

    def clear(self) -> None:
        """Forget what is queued for later."""
        with self._wake:
            self._later.clear()

    def stop(self) -> None:
        """Stop at once; what is queued is lost, as when a provider's sender dies."""
        with self._wake:
            self._stopping = True
            self._later.clear()
            self._wake.notify()

    def _run_now(self) -> None:
        while True:
            self.deliver(self._now.get())

    def _run_later(self) -> None:
        while True:
            with self._wake:
                while not self._stopping and not self._due():
                    self._wake.wait(self._pause())
                if self._stopping:
                    return
                _, _, delivery = heapq.heappop(self._later)
                self._now.put(delivery)

    def _due(self) -> bool:
        return bool(self._later) and self._later[0][0] <= time.monotonic()

    def _pause(self) -> float | None:
        return max(0.0, self._later[0][0] - time.monotonic()) if self._later else None
