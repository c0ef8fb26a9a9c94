"""A day on which nobody changes anything, on the simulated clock: what keeping watch costs."""

from datetime import UTC, datetime, timedelta

from bench.figures import Figure, Peer, Section
from bench.sizes import Sizes
from bench.stage import Stage
from shared.steps.maintain import maintain
from tests.support.rig import Rig

DAY = timedelta(days=1)
POLLING_CALLS = 96 * 3
"""A poll every 15 minutes of 3 calls each."""


def measure_quiet_day(stage: Stage, sizes: Sizes) -> Section:
    """Moves `calsync.now` through a day and does whatever is due."""
    begin = datetime.now(UTC).replace(microsecond=0)
    step = timedelta(minutes=sizes.quiet_step_minutes)
    with Rig(stage.database("quiet_day"), stage.google) as rig:
        rig.at(begin)
        for number in range(sizes.quiet_calendars):
            email = f"quiet{number}@example.test"
            stage.google.add_person(email)
            rig.settled(email)
        stage.google.reset_counters()
        for count in range(1, DAY // step + 1):
            rig.at(begin + count * step)
            maintain(rig.service)
            rig.drain()
        calls = stage.google.counters()["total"] / sizes.quiet_calendars
    stage.google.set_clock(None)
    return Section(
        title="API calls of a quiet day",
        how=(
            f"{sizes.quiet_calendars} calendars with working push; `calsync.now` moves through 24 "
            f"hours in steps of {sizes.quiet_step_minutes} minutes, and whatever is due is done: "
            "verifying polls, discovery, renewal, the daily safety net. Counted by the emulator."
        ),
        figures=(
            Figure(
                "api_calls_per_quiet_day",
                "API calls per calendar and quiet day",
                calls,
                "calls",
                Peer("polling every 15 minutes, 3 calls each", POLLING_CALLS),
            ),
        ),
    )
