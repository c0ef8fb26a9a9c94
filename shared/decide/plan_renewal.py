"""How long a webhook subscription is to live, and when it is renewed."""

from datetime import datetime, timedelta

from shared.states import Provider

# Graph refuses more than 10,080 minutes, by its own clock.
LONGEST_LIFE = {Provider.MICROSOFT: timedelta(minutes=10_080 - 15)}


def plan_life(provider: Provider, wanted: timedelta) -> timedelta:
    """Gives how long a life to ask for."""
    return min(wanted, LONGEST_LIFE.get(provider, wanted))


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
