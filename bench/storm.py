"""A storm: very many notifications for one calendar while workers are running."""

import time

from bench.events import short_event
from bench.figures import Figure, Peer, Section
from bench.functions import free_port, functions
from bench.latency import settle
from bench.sizes import Sizes
from bench.stage import Stage
from tests.support.rig import Rig

EMAIL = "storm@example.test"


def measure_storm(stage: Stage, sizes: Sizes) -> Section:
    """Has one calendar announced over and over, with one change in it."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    stage.google.add_person(EMAIL)
    with (
        Rig(stage.database("storm"), stage.google, WEBHOOK_BASE_URL=base) as rig,
        functions(rig.environment, port, stage.folder / "storm.log"),
    ):
        rig.connect(EMAIL)
        settle(rig, 1)
        before = rig.count("calendar_sync_logs")
        stage.google.reset_counters()
        started = time.perf_counter()
        stage.google.create_event(EMAIL, short_event("In the storm"))
        stage.google.notify(calendar=EMAIL, count=sizes.storm)
        rig.until(lambda: _accepted(rig) > sizes.storm)
        seconds = time.perf_counter() - started
        settle(rig, 1)
        syncs = rig.count("calendar_sync_logs") - before
        calls = stage.google.counters()["total"]
        if rig.titles() != ["In the storm"]:
            raise RuntimeError("the storm lost a change")
    peer = Peer("notifications", sizes.storm + 1, unit="")
    return Section(
        title="A storm",
        how=(
            f"{sizes.storm:,} notifications for one calendar, as fast as the emulator delivers "
            f"them ({seconds:.1f} s in this run), to `calsync serve` with its default workers."
        ),
        figures=(
            Figure("storm_syncs", "syncs", syncs, "syncs", peer),
            Figure("storm_api_calls", "API calls", calls, "calls", peer),
        ),
    )


def _accepted(rig: Rig) -> int:
    (row,) = rig.sql("select count(*) from webhook_notifications where outcome = 'accepted'")
    return int(row["count"])
