"""Everything about the emulator's behaviour that the control API can change."""

from dataclasses import dataclass

from emulator.common import settings


@dataclass(frozen=True)
class Settings(settings.Settings):
    """What only Microsoft has; None means no limit, or nothing said.

    `series_removal` says what delta shows for a deleted series: `occurrences` (and the master if
    the client never saw these occurrences), `master` or `both`; Microsoft does not document it.
    `retry_base_ms` and the delivery timeouts scale Graph's 4 hours down.
    """

    # Where MSAL believes this server to be, e.g. https://login.local; and the consent page.
    public_authority: str | None = None
    browser_url: str | None = None
    refresh_token_max_idle_s: float | None = 90 * 86400.0
    revoke_used_refresh_tokens: bool = False

    concurrent_per_mailbox: int | None = 4
    per_mailbox_per_10_min: int | None = 10_000
    retry_after: str | None = "2.128"

    duplicate_transaction_status: int = 201
    delta_shows_masters: bool = False
    delta_repeats_items: bool = False
    delta_replays_rounds: bool = False
    delta_lag_ms: float = 0.0
    delta_token_max_age_s: float | None = None
    delta_gone_code: str = "SyncStateNotFound"
    delta_gone_location: bool = False
    series_removal: str = "both"

    refuse_calendar_subscriptions: bool = False
    subscription_max_minutes: int = 10_080
    subscription_min_minutes: int = 45
    handshake_timeout_ms: float = 10_000.0
    created_then_updated: bool = True
    updates_per_edit: int = 1
    group_ms: float = 20.0
    group_size: int = 20
    slow_delay_ms: float = 600_000.0
    first_timeout_ms: float = 3_000.0
