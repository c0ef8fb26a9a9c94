"""Peak memory of a process that does a first sync, for calendars of several sizes.

`python -m bench.memory USER_ID` is that process: it reads the settings from the environment.
"""

import os
import re
import resource
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from uuid import UUID

from bench.figures import Figure, Peer, Section
from bench.sizes import Sizes
from bench.stage import Stage
from shared.config import read_settings
from shared.steps.claim import claim_calendars
from shared.steps.open_service import open_service
from shared.steps.sync_calendar import sync_calendar
from tests.support.rig import Rig


def measure_memory(stage: Stage, sizes: Sizes) -> Section:
    """One process for each size."""
    peaks: dict[int, float] = {}
    with Rig(stage.database("memory"), stage.google) as rig:
        for events in sizes.memory_events:
            user_id = rig.connect(stage.person_with(events))
            peaks[events] = _peak_apart(user_id, rig.environment)
    smallest = min(peaks)
    figures = [Figure(f"peak_memory_{smallest}", f"{smallest:,} events", peaks[smallest], "MiB")]
    for before, events in pairwise(sorted(peaks)):
        peer = Peer(f"{before:,} events", peaks[before])
        name = f"{events:,} events"
        figures.append(Figure(f"peak_memory_{events}", name, peaks[events], "MiB", peer))
    largest = max(peaks)
    growth = Peer(f"{smallest:,} events", peaks[smallest])
    figures.append(
        Figure("peak_memory_ratio", f"{largest:,} events", peaks[largest], "MiB", growth)
    )
    return Section(
        title="Peak memory of a first sync",
        how=(
            "The largest resident set of a process that opens the service and does one first sync, "
            "its libraries included. Pages of at most 2,500 events are held one at a time, so it "
            "should not grow with the calendar."
        ),
        figures=tuple(figures),
    )


def _peak_apart(user_id: UUID, environment: dict[str, str]) -> float:
    done = subprocess.run(
        [sys.executable, "-m", "bench.memory", str(user_id)],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return float(done.stdout.splitlines()[-1])


def peak_mib() -> float:
    """The peak of this process: VmHWM where there is one, for Linux passes `ru_maxrss` on."""
    status = Path("/proc/self/status")
    if status.exists():
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        if found:
            return int(found[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def _first_sync(user_id: UUID) -> None:
    service = open_service(read_settings(os.environ))
    (claim,) = claim_calendars(service, limit=1, user_id=user_id)
    if sync_calendar(service, claim) is None:
        raise RuntimeError("the first sync failed")
    service.database.close()


if __name__ == "__main__":
    _first_sync(UUID(sys.argv[1]))
    sys.stdout.write(f"{peak_mib()}\n")
