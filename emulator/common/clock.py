"""The emulator's own clock: real time, shifted or frozen on demand."""

import threading
from datetime import UTC, datetime, timedelta


class EmulatorClock:
    """Governs `updated`, token expiry, channel expiry, sync-token age and quota windows."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._offset = timedelta(0)
        self._frozen_at: datetime | None = None

    def now(self) -> datetime:
        """The emulated moment, timezone-aware in UTC."""
        with self._lock:
            return self._frozen_at or datetime.now(UTC) + self._offset

    def set(self, moment: datetime | None, *, frozen: bool = False) -> None:
        """Jump to `moment` and tick on from there (or stand still); None returns to real time."""
        with self._lock:
            self._frozen_at = moment if moment is not None and frozen else None
            self._offset = timedelta(0) if moment is None else moment - datetime.now(UTC)

    def advance(self, seconds: float) -> None:
        """Jump forward (or back, if negative) by `seconds`."""
        step = timedelta(seconds=seconds)
        with self._lock:
            self._offset += step
            if self._frozen_at is not None:
                self._frozen_at += step


def rfc3339_ms(moment: datetime) -> str:
    """Google's timestamp form: UTC, milliseconds, `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def epoch_ms(moment: datetime) -> int:
    """Unix milliseconds."""
    return round(moment.timestamp() * 1000)
