"""When a webhook subscription is renewed."""

from datetime import datetime, timedelta


def plan_renewal(
    now: datetime, expires_at: datetime, renew_before: timedelta, jitter: float
) -> datetime:
    """Gives the instant to renew at, from the expiry that the provider confirmed.

    At least `renew_before` and a fifth of the life ahead of the end, yet never in the first half
    of the life; `jitter` in [0, 1) spreads renewals over a further tenth.
    """
    life = expires_at - now
    lead = min(max(renew_before, life * 0.2) + life * 0.1 * jitter, life * 0.5)
    return expires_at - lead
