"""Limits of one application on one mailbox (concepts/throttling-limits, Outlook)."""

from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock

from .errors import throttled
from .settings import Settings

WINDOW_MS = 600_000
Party = tuple[str, str]


@dataclass
class Throttle:
    """Requests under way and in the last ten minutes, by (client, mailbox)."""

    under_way: Counter[Party] = field(default_factory=Counter)
    most: Counter[Party] = field(default_factory=Counter)
    recent: dict[Party, deque[int]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    @contextmanager
    def slot(self, settings: Settings, party: Party, now_ms: int) -> Iterator[None]:
        """Hold one of the mailbox' four slots; 429 if there is none or the window is full."""
        with self.lock:
            self._charge(settings, party, now_ms)
            top = settings.concurrent_per_mailbox
            if top is not None and self.under_way[party] >= top:
                raise throttled(settings.retry_after, "MailboxConcurrency")
            self.under_way[party] += 1
            self.most[party] = max(self.most[party], self.under_way[party])
        try:
            yield
        finally:
            with self.lock:
                self.under_way[party] -= 1

    def _charge(self, settings: Settings, party: Party, now_ms: int) -> None:
        window = self.recent.setdefault(party, deque())
        while window and window[0] <= now_ms - WINDOW_MS:
            window.popleft()
        top = settings.per_mailbox_per_10_min
        if top is not None and len(window) >= top:
            raise throttled(settings.retry_after, "MailboxRequestRate")
        window.append(now_ms)
