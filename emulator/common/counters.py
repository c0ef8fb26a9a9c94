"""What was asked and what was sent, for assertions about API calls per change."""

from collections import Counter
from dataclasses import dataclass, field

from .json_types import Json

NOTIFICATION_OUTCOMES = ("sent", "failed", "dropped", "attempts")


@dataclass
class Counters:
    """Calls by (user, method, calendar, status); notifications by (channel, outcome)."""

    calls: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    notifications: Counter[tuple[str, str]] = field(default_factory=Counter)

    def call(self, user: str, method: str, calendar: str) -> None:
        """Count one API call."""
        self.calls[user, method, calendar] += 1

    def notification(self, channel: str, outcome: str) -> None:
        """Count one outcome of a delivery."""
        self.notifications[channel, outcome] += 1

    def reset(self) -> None:
        """Everything back to zero."""
        self.calls.clear()
        self.statuses.clear()
        self.notifications.clear()

    def as_json(self) -> Json:
        """Totals, the same by method and by user, every single counter, and notifications."""
        by_method: Counter[str] = Counter()
        by_user: Counter[str] = Counter()
        for (user, method, _), count in self.calls.items():
            by_method[method] += count
            by_user[user] += count
        return {
            "total": self.calls.total(),
            "by_method": dict(by_method),
            "by_user": dict(by_user),
            "by_status": {str(status): count for status, count in self.statuses.items()},
            "calls": [
                {"user": user, "method": method, "calendar": calendar, "count": count}
                for (user, method, calendar), count in sorted(self.calls.items())
            ],
            "notifications": self._notifications(),
        }

    def _notifications(self) -> Json:
        channels: dict[str, dict[str, int]] = {}
        total = dict.fromkeys(NOTIFICATION_OUTCOMES, 0)
        for (channel, outcome), count in self.notifications.items():
            row = channels.setdefault(channel, dict.fromkeys(NOTIFICATION_OUTCOMES, 0))
            row[outcome] += count
            total[outcome] += count
        return {"total": total, "channels": channels}
