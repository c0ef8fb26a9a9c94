"""A first sync: a whole calendar fetched, understood and applied; beside COPY of the same rows."""

import time
from dataclasses import dataclass, replace
from uuid import UUID

from bench.copying import TABLES, seconds_to_copy
from bench.figures import Figure, Peer, Section
from bench.sizes import Sizes
from bench.stage import Stage
from bench.timed import Clock, TimedDatabase, TimedProvider
from shared.states import Provider
from shared.steps.claim import claim_calendars
from shared.steps.service import Service
from shared.steps.sync_calendar import sync_calendar
from tests.support.rig import Rig


@dataclass(frozen=True, slots=True)
class Synced:
    """How long a first sync took, and how much of that in what."""

    seconds: float
    clock: Clock

    def share(self, part: float) -> float:
        """A part of it in percent."""
        return 100 * part / self.seconds


def measure_first_sync(stage: Stage, sizes: Sizes) -> Section:
    """Syncs a calendar twice for two people: fetched from the emulator, and from pages kept."""
    url, events = stage.database("first_sync"), sizes.first_sync_events
    busy, empty = stage.person_with(events), stage.person_with(0)
    with Rig(url, stage.google) as rig:
        fetching = TimedProvider(rig.service.providers[Provider.GOOGLE], Clock())
        user_id = rig.connect(busy)
        whole = _synced(rig.service, fetching, user_id)
        stored = rig.sql("select count(*) from calendar_events")[0]["count"]
        if stored != events:
            raise RuntimeError(f"{stored} of {events} events are in the mirror")
        copied = {table: seconds_to_copy(url, table, str(user_id)) for table in TABLES}
        playing = TimedProvider(fetching.inner, Clock(), fetching.pages, replay=True)
        played = _synced(rig.service, playing, rig.connect(empty))
    return Section(
        title=f"First sync of {events:,} events",
        how=(
            "One worker, one calendar, pages of 2,500: fetched from the emulator, normalised, "
            "applied page by page. A tenth of the events is all-day, a twentieth repeats for half "
            "a year, most have guests and a description with links. The peer is a binary COPY of "
            "the same rows into tables made `like … including all`, in one transaction; COPY is "
            "given rows as Postgres wants them, and neither asks, nor compares, nor keeps a log."
        ),
        figures=_figures(events, whole, played, copied),
    )


def _synced(service: Service, provider: TimedProvider, user_id: UUID) -> Synced:
    clock = provider.clock
    timed = replace(
        service,
        database=TimedDatabase(service.database, clock),
        providers={Provider.GOOGLE: provider},
    )
    (claim,) = claim_calendars(service, limit=1, user_id=user_id)
    started = time.perf_counter()
    applied = sync_calendar(timed, claim)
    seconds = time.perf_counter() - started
    if applied is None or not applied.finished:
        raise RuntimeError("the first sync failed")
    return Synced(seconds, clock)


def _figures(
    events: int, whole: Synced, played: Synced, copied: dict[str, float]
) -> tuple[Figure, ...]:
    alone = Peer("COPY of the events", events / copied["calendar_events"])
    everything = Peer("COPY of events, occurrences, meetings", events / sum(copied.values()))
    decided = whole.seconds - whole.clock.fetch - whole.clock.sql
    without_fetch, in_sql = events / played.seconds, events / played.clock.sql
    return (
        Figure("first_sync_events", "whole first sync", events / whole.seconds, "events/s", alone),
        Figure("first_sync_applied", "without fetching", without_fetch, "events/s", everything),
        Figure("first_sync_sql", "SQL calls alone", in_sql, "events/s", everything),
        Figure(
            "first_sync_fetch_share", "time spent fetching", whole.share(whole.clock.fetch), "%"
        ),
        Figure("first_sync_decide_share", "time spent deciding", whole.share(decided), "%"),
        Figure(
            "first_sync_sql_share", "time spent in SQL calls", whole.share(whole.clock.sql), "%"
        ),
    )
