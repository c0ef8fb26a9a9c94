"""Everything about every emulator's behaviour that the control API can change."""

from dataclasses import dataclass, fields, replace
from typing import Self

from .json_types import Json


@dataclass(frozen=True)
class Settings:
    """Durations carry their unit in the name; None means no limit."""

    latency_ms: float = 0.0
    page_size_cap: int | None = None
    access_token_seconds: int = 3599
    notification_delay_ms: float = 0.0
    retry_base_ms: float = 1000.0
    retry_attempts: int = 8
    delivery_timeout_ms: float = 10_000.0
    verify_tls: bool = True

    def changed(self, wanted: Json) -> Self:
        """A copy with the named settings; ValueError names one that does not exist."""
        known = {field.name for field in fields(self)}
        unknown = sorted(set(wanted) - known)
        if unknown:
            raise ValueError(f"unknown settings: {', '.join(unknown)}; known: {sorted(known)}")
        return replace(self, **wanted)
