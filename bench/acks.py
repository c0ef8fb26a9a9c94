"""Durable acknowledgements: how many notifications a second are answered 2xx and kept."""

from contextlib import closing
from dataclasses import replace

import psycopg

from bench.figures import Figure, Peer, Section, percentile
from bench.functions import free_port, functions
from bench.load import Load, Report, run_apart
from bench.pgbench import Outcome, run_pgbench
from bench.push_calendars import Listening, make_listening
from bench.sizes import Sizes
from bench.stage import Stage
from tests.support.rig import Rig

HEALTH = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def measure_acks(stage: Stage, sizes: Sizes) -> Section:
    """Loads the webhook function over HTTP, and the same Postgres by pgbench."""
    port, url = free_port(), stage.database("acks")
    with Rig(url, stage.google, SYNC_WORKERS="0") as rig:
        rig.service.database.call("create_partitions")
        calendars = make_listening(rig.service, sizes.ack_calendars)
        requests = tuple(each.notification(rig.service.settings) for each in calendars)
        load = Load(port, requests, sizes.connections, sizes.warm_up_seconds)
        with functions(rig.environment, port, stage.folder / "acks.log"):
            warm_up = run_apart(load)
            report = run_apart(
                replace(load, seconds=sizes.load_seconds, first_number=warm_up.next_number)
            )
            health = run_apart(replace(load, requests=(HEALTH,)))
    acked = _good(warm_up) + _good(report)
    stage.crash()
    kept = _count(url)
    pgbench = _pgbench(stage, url, calendars, sizes)
    return Section(
        title="Durable acknowledgements",
        how=(
            f"`calsync serve` without sync workers; {sizes.connections} keep-alive connections of "
            f"our own load generator (`bench/load.py`, a process apart, which used "
            f"{report.cpu_share:.0%} of one core); {sizes.ack_calendars} calendars, every "
            "notification a new one. pgbench makes the same SQL call over as many connections on "
            "the same server with the same settings (fsync and synchronous_commit on). Afterwards "
            "Postgres is killed, and what its recovery finds is counted."
        ),
        figures=_figures(report, health, pgbench, acked, kept),
    )


def _figures(
    report: Report, health: Report, pgbench: Outcome, acked: int, kept: int
) -> tuple[Figure, ...]:
    call = Peer("pgbench, the same SQL call", pgbench.per_second)
    web = Peer("the same server answering /healthz", health.per_second)
    mean = Peer("pgbench, mean", pgbench.latency_ms)
    milliseconds = [1000 * seconds for seconds in report.latencies]
    return (
        Figure("acks_per_second", "durable acks", report.per_second, "/s", call),
        Figure("acks_of_web_server", "durable acks", report.per_second, "/s", web),
        Figure("ack_p50", "ack, p50", percentile(milliseconds, 50), "ms", mean),
        Figure("ack_p99", "ack, p99", percentile(milliseconds, 99), "ms", mean),
        Figure(
            "acks_kept",
            "rows after the crash",
            kept,
            "rows",
            Peer("answers 2xx", acked),
            note="must be 1",
        ),
        Figure("load_generator_cpu", "the load generator's share of a core", report.cpu_share, ""),
    )


def _pgbench(stage: Stage, url: str, calendars: list[Listening], sizes: Sizes) -> Outcome:
    program = stage.program("pgbench")
    run_pgbench(program, url, calendars, sizes.connections, sizes.warm_up_seconds)
    return run_pgbench(program, url, calendars, sizes.connections, sizes.load_seconds)


def _good(report: Report) -> int:
    return sum(count for status, count in report.statuses.items() if status // 100 == 2)


def _count(url: str) -> int:
    with closing(psycopg.connect(url)) as connection:
        query = "select count(*) from public.webhook_notifications where outcome = 'accepted'"
        (count,) = connection.execute(query).fetchone() or (0,)
    return int(count)
