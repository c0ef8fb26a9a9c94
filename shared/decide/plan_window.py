"""Which stretch of time the occurrences of a calendar are materialised for."""

from datetime import datetime, timedelta

from shared.model import Window


def plan_window(now: datetime, past_days: int, future_days: int) -> Window:
    """Gives the window around `now`, both ends on a Monday 00:00 UTC.

    Aligned to weeks, so that it slides (and series are expanded anew) once a week, not daily.
    """
    monday = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=now.weekday())
    return Window(
        start=monday - timedelta(days=past_days - past_days % -7),
        end=monday + timedelta(days=future_days - future_days % -7),
    )
