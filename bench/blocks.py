"""From a change in one calendar to the busy block in another, at another provider."""

import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg

from bench.bare_receiver import bare_latencies
from bench.figures import Figure, Peer, Section, percentile
from bench.functions import free_port, functions
from bench.latency import settle
from bench.sizes import Sizes
from bench.stage import Stage
from tests.support.google_emulator import GoogleEmulator
from tests.support.microsoft_emulator import MicrosoftEmulator
from tests.support.rig import Rig

ANN = "blocked@example.test"
VISIBLE_SECONDS = 20.0
WATCH = """
create function public.bench_blocked() returns trigger language plpgsql as $$
begin
  if new.written_at is distinct from old.written_at then
    perform pg_notify('bench_blocked', new.start_at::text);
  end if;
  return null;
end $$;
create trigger bench_blocked after update on public.busy_blocks
for each row execute function public.bench_blocked();
listen bench_blocked;
"""


def measure_blocks(stage: Stage, sizes: Sizes) -> Section:
    """Ann's Google events block her Outlook calendar: made, and then moved in place."""
    with MicrosoftEmulator() as microsoft:
        latencies, writes = _run(stage, microsoft, sizes.blocks)
        bare = [
            one + other
            for one, other in zip(
                bare_latencies(stage.google, sizes.blocks),
                _bare_creates(microsoft, sizes.blocks),
                strict=True,
            )
        ]
    return Section(
        title="Change to busy block",
        how=(
            f"`calsync serve` with its default workers; {sizes.blocks} events made or moved in a "
            "Google calendar, each when the block of the one before was in Outlook's. The clock "
            "runs from just before the change is asked for until a LISTENing connection hears that "
            "the block was written. The lower limit is a bare client: the change, its "
            "notification, the list call, and the call that writes the block."
        ),
        figures=(
            *(_figure(percent, latencies, bare) for percent in (50, 95)),
            Figure(
                "writes_per_change",
                "requests to write, for each change",
                writes / sizes.blocks,
                "requests",
                Peer("one", 1.0),
            ),
        ),
    )


def _run(stage: Stage, microsoft: MicrosoftEmulator, count: int) -> tuple[list[float], int]:
    port = free_port()
    stage.google.add_person(ANN)
    microsoft.add_person(ANN)
    url = stage.database("blocks")
    with (
        Rig(url, stage.google, microsoft, WEBHOOK_BASE_URL=f"http://127.0.0.1:{port}") as rig,
        functions(rig.environment, port, stage.folder / "blocks.log"),
    ):
        rig.connect(ANN)
        rig.connect_microsoft(ANN)
        settle(rig, 2)
        latencies = _watched(url, stage.google, count)
        calls = microsoft.counters()["by_method"]
    names = ("events.create", "events.update", "events.delete")
    return latencies, sum(calls.get(name, 0) for name in names)


def _watched(url: str, google: GoogleEmulator, count: int) -> list[float]:
    latencies = []
    event = ""
    base = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    with closing(psycopg.connect(url, autocommit=True)) as watcher:
        watcher.execute(WATCH)
        for number in range(count):
            start = base + timedelta(minutes=number)
            body = _body(start)
            began = time.perf_counter()
            if number % 2 == 0:
                event = google.create_event(ANN, body)["id"]
            else:
                google.patch_event(ANN, event, body)
            _wait(watcher)
            latencies.append(time.perf_counter() - began)
    return latencies


def _body(start: datetime) -> dict[str, Any]:
    end = start + timedelta(minutes=30)
    times = {"start": start, "end": end}
    return {"summary": "Busy"} | {name: {"dateTime": at.isoformat()} for name, at in times.items()}


def _wait(watcher: psycopg.Connection) -> None:
    deadline = time.perf_counter() + VISIBLE_SECONDS
    while time.perf_counter() < deadline:
        for _ in watcher.notifies(timeout=1.0, stop_after=1):
            return
    raise RuntimeError(f"no block was written within {VISIBLE_SECONDS:.0f} s")


def _bare_creates(microsoft: MicrosoftEmulator, count: int) -> list[float]:
    """Seconds that each of so many creates takes over a kept connection."""
    microsoft.add_person("bare@example.test")
    token = microsoft.tokens("bare@example.test")["access_token"]
    taken = []
    with httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=30) as client:
        for number in range(count):
            start = f"2027-01-01T00:{number % 60:02}:00"
            body = {
                "subject": "Busy",
                "start": {"dateTime": start, "timeZone": "UTC"},
                "end": {"dateTime": "2027-01-01T02:00:00", "timeZone": "UTC"},
            }
            began = time.perf_counter()
            client.post(f"{microsoft.graph_url}/me/events", json=body).raise_for_status()
            taken.append(time.perf_counter() - began)
    return taken


def _figure(percent: int, latencies: list[float], bare: list[float]) -> Figure:
    peer = Peer("bare client", 1000 * percentile(bare, percent))
    value = 1000 * percentile(latencies, percent)
    return Figure(f"change_to_block_p{percent}", f"change → block, p{percent}", value, "ms", peer)
