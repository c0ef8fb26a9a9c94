"""`python -m bench`: measures everything in one run and prints it."""

import argparse
import json
import logging
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from bench.acks import measure_acks
from bench.blocks import measure_blocks
from bench.figures import Run, Section
from bench.first_sync import measure_first_sync
from bench.latency import measure_latency
from bench.machine import describe
from bench.memory import measure_memory
from bench.quiet_day import measure_quiet_day
from bench.show import page, print_run
from bench.sizes import FULL, QUICK, Sizes
from bench.stage import Stage, stage
from bench.storm import measure_storm
from shared.cli.context import quiet_logs

Measure = Callable[[Stage, Sizes], Section]
MEASURES: dict[str, Measure] = {
    "acks": measure_acks,
    "latency": measure_latency,
    "blocks": measure_blocks,
    "first-sync": measure_first_sync,
    "memory": measure_memory,
    "quiet-day": measure_quiet_day,
    "storm": measure_storm,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Parses the command line, measures, prints."""
    wanted = _parser().parse_args(arguments)
    quiet_logs()
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    # A bench that is told to end takes its servers with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    progress = Console(stderr=True)
    run = _run(QUICK if wanted.quick else FULL, wanted.only or list(MEASURES), progress)
    if wanted.json:
        json.dump(run.as_json(), sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        print_run(run, Console(width=None if sys.stdout.isatty() else 120))
    if wanted.write:
        wanted.write.write_text(page(run), encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument(
        "--quick", action="store_true", help="a smoke test; its figures mean little"
    )
    parser.add_argument("--only", action="append", choices=list(MEASURES), help="may be repeated")
    parser.add_argument("--write", type=Path, metavar="FILE", help="also write a Markdown page")
    return parser


def _run(sizes: Sizes, names: list[str], progress: Console) -> Run:
    started = time.perf_counter()
    date = datetime.now(UTC).strftime("%Y-%m-%d")
    with stage() as ready:
        machine = describe(ready.url_of("postgres"))
        sections = []
        for name in names:
            with progress.status(f"measuring: {name}"):
                sections.append(MEASURES[name](ready, sizes))
    seconds = time.perf_counter() - started
    return Run(machine, date, asdict(sizes), seconds, tuple(sections))


if __name__ == "__main__":
    main()
