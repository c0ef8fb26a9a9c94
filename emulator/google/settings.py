"""Everything about the emulator's behaviour that the control API can change."""

from dataclasses import dataclass
from typing import Self

from emulator.common import settings
from emulator.common.json_types import Json


@dataclass(frozen=True)
class Settings(settings.Settings):
    """What only Google has. Durations carry their unit in the name; None means no limit."""

    per_user_per_minute: int | None = 600
    per_project_per_minute: int | None = 10_000
    quota_status: int = 403
    quota_user_reason: str = "userRateLimitExceeded"
    quota_project_reason: str = "rateLimitExceeded"
    rotate_refresh_tokens: bool = False
    sync_token_max_age_s: float | None = 30 * 86400.0
    sync_before_answer: bool = False
    channel_max_ttl_s: float = 7 * 86400.0

    def changed(self, wanted: Json) -> Self:
        """A copy with the named settings; ValueError names one that does not exist.

        `quotas: {...}` may group `per_user_per_minute`, `per_project_per_minute` and
        `quota_*`.
        """
        flat = {key: value for key, value in wanted.items() if key != "quotas"}
        return super().changed(flat | (wanted.get("quotas") or {}))
