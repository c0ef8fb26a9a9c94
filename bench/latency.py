"""From a change to its row: an idle installation with its default workers, changes one by one."""

import time
from contextlib import closing
from typing import Any

import psycopg

from bench.bare_receiver import bare_latencies
from bench.events import short_event
from bench.figures import Figure, Peer, Section, percentile
from bench.functions import free_port, functions
from bench.sizes import Sizes
from bench.stage import Stage
from tests.support.google_emulator import GoogleEmulator
from tests.support.rig import Rig

VISIBLE_SECONDS = 20.0
WATCH = """
create function public.bench_seen() returns trigger language plpgsql as $$
begin
  perform pg_notify('bench_seen', coalesce(new.provider_event_id, old.provider_event_id));
  return null;
end $$;
create trigger bench_seen after insert or update or delete on public.calendar_events
for each row execute function public.bench_seen();
listen bench_seen;
"""
LISTENING = """
select count(*) = %s from public.hybrid_status h
join public.calendar_sync_states s using (user_id, calendar_id)
where h.method = 'webhook' and s.lease_holder is null and s.due_at > now()
  and s.change_seq = s.claimed_seq
"""


def measure_latency(stage: Stage, sizes: Sizes) -> Section:
    """Creates, edits and deletes events, each after the one before has become a row."""
    port = free_port()
    url = stage.database("latency")
    people = [f"watched{number}@example.test" for number in range(sizes.people)]
    with (
        Rig(url, stage.google, WEBHOOK_BASE_URL=f"http://127.0.0.1:{port}") as rig,
        functions(rig.environment, port, stage.folder / "latency.log"),
    ):
        for email in people:
            stage.google.add_person(email)
            rig.connect(email)
        settle(rig, len(people))
        stage.google.reset_counters()
        latencies = _watched(url, stage.google, people, sizes.changes)
        settle(rig, len(people))
        calls = stage.google.counters()["total"]
    bare = bare_latencies(stage.google, sizes.bare_changes)
    return Section(
        title="Change to row",
        how=(
            f"`calsync serve` with its default workers; {sizes.changes} changes (events created, "
            f"edited, deleted) spread over {sizes.people} calendars, each made when the one before "
            "was seen. The clock runs from just before the change is asked for until a LISTENing "
            "connection hears of the commit of its row. The lower limit is a bare client of the "
            "same emulator: the same change, its notification, and the list call that answers it."
        ),
        figures=(
            *(_figure(percent, latencies, bare) for percent in (50, 95, 99)),
            Figure(
                "api_calls_per_change",
                "API calls per change",
                calls / sizes.changes,
                "calls",
                Peer("one list call", 1.0),
            ),
        ),
    )


def settle(rig: Rig, calendars: int) -> None:
    """Waits until that many calendars listen and none has anything left to do."""
    with closing(psycopg.connect(rig.database_url, autocommit=True)) as connection:
        rig.until(lambda: (connection.execute(LISTENING, (calendars,)).fetchone() or (False,))[0])


def _figure(percent: int, latencies: list[float], bare: list[float]) -> Figure:
    peer = Peer("bare client", 1000 * percentile(bare, percent))
    value = 1000 * percentile(latencies, percent)
    return Figure(f"change_to_row_p{percent}", f"change → row, p{percent}", value, "ms", peer)


def _watched(url: str, google: GoogleEmulator, people: list[str], count: int) -> list[float]:
    """Seconds from each change to its row."""
    latencies = []
    ids: dict[str, str] = {}
    with closing(psycopg.connect(url, autocommit=True)) as watcher:
        watcher.execute(WATCH)
        for number in range(count):
            email = people[number % len(people)]
            started = time.perf_counter()
            changed = _change(google, email, number // len(people) % 3, ids)
            _wait_for(watcher, changed)
            latencies.append(time.perf_counter() - started)
    return latencies


def _change(google: GoogleEmulator, email: str, turn: int, ids: dict[str, str]) -> str:
    """Creates, edits or deletes the event of a person; gives its id."""
    if turn == 0:
        created: dict[str, Any] = google.create_event(email, short_event("New"))
        ids[email] = created["id"]
    elif turn == 1:
        google.patch_event(email, ids[email], {"summary": "Edited"})
    else:
        google.delete_event(email, ids[email])
    return ids[email]


def _wait_for(watcher: psycopg.Connection, event_id: str) -> None:
    deadline = time.perf_counter() + VISIBLE_SECONDS
    while time.perf_counter() < deadline:
        for seen in watcher.notifies(timeout=1.0, stop_after=1):
            if seen.payload == event_id:
                return
    raise RuntimeError(f"a change was not seen within {VISIBLE_SECONDS:.0f} s")
