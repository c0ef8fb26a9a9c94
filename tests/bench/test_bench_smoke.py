"""The bench itself: one quick run gives every figure, and the figures make sense."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.figures import percentile

ROOT = Path(__file__).resolve().parents[2]
KEYS = {
    "acks_per_second", "acks_of_web_server", "ack_p50", "ack_p99", "acks_kept",
    "load_generator_cpu", "change_to_row_p50", "change_to_row_p95", "change_to_row_p99",
    "api_calls_per_change", "first_sync_events", "first_sync_applied", "first_sync_sql",
    "first_sync_fetch_share", "first_sync_decide_share", "first_sync_sql_share",
    "peak_memory_200", "peak_memory_400", "peak_memory_ratio", "api_calls_per_quiet_day",
    "storm_syncs", "storm_api_calls", "change_to_block_p50", "change_to_block_p95",
    "writes_per_change",
}  # fmt: skip
WITHOUT_PEER = {
    "load_generator_cpu", "peak_memory_200", "first_sync_fetch_share", "first_sync_decide_share",
    "first_sync_sql_share",
}  # fmt: skip


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the run writes its page."""
    return tmp_path_factory.mktemp("bench") / "performance.md"


@pytest.fixture(scope="module")
def figures(page: Path) -> dict[str, Any]:
    """The figures of a quick run."""
    command = [sys.executable, "-m", "bench", "--quick", "--json", "--write", str(page)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)["figures"]
    return found


def test_every_figure_is_there_beside_its_peer(figures: dict[str, Any]) -> None:
    assert set(figures) == KEYS
    assert {key for key, figure in figures.items() if figure["ratio"] is None} == WITHOUT_PEER
    assert all(figure["value"] > 0 for figure in figures.values())


def test_every_ack_outlives_a_crash(figures: dict[str, Any]) -> None:
    assert figures["acks_kept"]["value"] > 0
    assert figures["acks_kept"]["ratio"] == 1


def test_the_load_generator_is_not_what_is_measured(figures: dict[str, Any]) -> None:
    assert figures["load_generator_cpu"]["value"] < 0.6


def test_times_are_in_order(figures: dict[str, Any]) -> None:
    p50, p95, p99 = (figures[f"change_to_row_p{n}"]["value"] for n in (50, 95, 99))
    assert p50 <= p95 <= p99
    assert figures["change_to_block_p50"]["value"] <= figures["change_to_block_p95"]["value"]
    shares = ("fetch", "decide", "sql")
    assert sum(figures[f"first_sync_{part}_share"]["value"] for part in shares) == pytest.approx(
        100
    )


def test_costs_stay_in_bounds(figures: dict[str, Any]) -> None:
    assert figures["api_calls_per_change"]["value"] <= 1.2
    assert figures["api_calls_per_quiet_day"]["ratio"] < 0.1
    assert figures["writes_per_change"]["value"] == 1
    assert figures["peak_memory_ratio"]["ratio"] < 2
    assert figures["storm_syncs"]["ratio"] < 1


def test_the_page_tells_the_figures_and_no_more_of_the_machine(
    page: Path, figures: dict[str, Any]
) -> None:
    text = page.read_text(encoding="utf-8")
    assert all(figure["name"] in text for figure in figures.values())
    assert " cores, " in text
    assert str(ROOT) not in text


def test_percentile_is_a_value_that_was_measured() -> None:
    assert percentile([3.0, 1.0, 2.0, 4.0], 50) == 2.0
    assert percentile([3.0, 1.0, 2.0, 4.0], 99) == 4.0
    assert percentile([5.0], 1) == 5.0
