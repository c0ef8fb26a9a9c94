"""Everything about the emulator's behaviour that the control API can change."""

from dataclasses import dataclass, fields, replace

from .json_types import Json


@dataclass(frozen=True)
class Settings:
    """Durations carry their unit in the name; None means no limit."""

    latency_ms: float = 0.0
    page_size_cap: int | None = None
    per_user_per_minute: int | None = 600
    per_project_per_minute: int | None = 10_000
    quota_status: int = 403
    quota_user_reason: str = "userRateLimitExceeded"
    quota_project_reason: str = "rateLimitExceeded"
    access_token_seconds: int = 3599
    rotate_refresh_tokens: bool = False
    sync_token_max_age_s: float | None = 30 * 86400.0
    sync_before_answer: bool = False
    notification_delay_ms: float = 0.0
    retry_base_ms: float = 1000.0
    retry_attempts: int = 8
    delivery_timeout_ms: float = 10_000.0
    channel_max_ttl_s: float = 7 * 86400.0
    verify_tls: bool = True

    def changed(self, wanted: Json) -> "Settings":
        """A copy with the named settings; ValueError names one that does not exist.

        `quotas: {...}` may group `per_user_per_minute`, `per_project_per_minute` and
        `quota_*`.
        """
        flat = {key: value for key, value in wanted.items() if key != "quotas"}
        flat |= wanted.get("quotas") or {}
        known = {field.name for field in fields(self)}
        unknown = sorted(set(flat) - known)
        if unknown:
            raise ValueError(f"unknown settings: {', '.join(unknown)}; known: {sorted(known)}")
        return replace(self, **flat)
