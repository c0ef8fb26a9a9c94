"""Usage limits: sliding one-minute windows per project and per user (guides/quota)."""

from collections import deque
from dataclasses import dataclass, field

from .errors import quota
from .settings import Settings

WINDOW_MS = 60_000
UNITS = {"events.patch": 3}


@dataclass
class Quotas:
    """Units used in the last minute, by project and by (project, user)."""

    used: dict[tuple[str, ...], deque[tuple[int, int]]] = field(default_factory=dict)

    def charge(self, settings: Settings, project: str, user: str, method: str, now_ms: int) -> None:
        """Count one call; 403 or 429 if a window is full (the refused call is not counted)."""
        units = UNITS.get(method, 1)
        limits: list[tuple[tuple[str, ...], int | None, str]] = [
            ((project, user), settings.per_user_per_minute, settings.quota_user_reason),
            ((project,), settings.per_project_per_minute, settings.quota_project_reason),
        ]
        for key, limit, reason in limits:
            if limit is not None and self._in_window(key, now_ms) + units > limit:
                raise quota(settings.quota_status, reason)
        for key, _, _ in limits:
            self.used.setdefault(key, deque()).append((now_ms, units))

    def _in_window(self, key: tuple[str, ...], now_ms: int) -> int:
        window = self.used.setdefault(key, deque())
        while window and window[0][0] <= now_ms - WINDOW_MS:
            window.popleft()
        return sum(units for _, units in window)
