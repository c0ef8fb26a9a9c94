"""A calendar that cannot be written delays its own blocks alone; a replay mends it."""

from collections.abc import Callable, Mapping

import pytest
from typer.testing import CliRunner

from shared.cli import app
from tests.conformance.meeting import ANN
from tests.flow.writing.life import Life, meeting, utc
from tests.support.microsoft_emulator import MicrosoftEmulator

WRITES = ("events.create", "events.update", "events.delete")
Trouble = Callable[[MicrosoftEmulator], None]


def _refused(microsoft: MicrosoftEmulator) -> None:
    for method in WRITES:
        microsoft.fault("status", status=403, match={"method": method})


def _unavailable(microsoft: MicrosoftEmulator) -> None:
    for method in WRITES:
        microsoft.fault("status", status=503, match={"method": method})


@pytest.mark.parametrize("trouble", [_refused, _unavailable])
def test_it_delays_only_its_own_blocks(
    life: Life, microsoft_process: MicrosoftEmulator, trouble: Trouble
) -> None:
    kept = life["google"].create(meeting("Kept", day=23, hour=9))
    gone = life["google"].create(meeting("Gone", day=23, hour=11))
    life.settle()
    trouble(microsoft_process)
    life["google"].change(kept, meeting("Kept", day=24, hour=9))
    life["google"].delete(gone)
    life["radicale"].create(meeting("New", day=25, hour=9))
    life.settle()
    assert [block.start for block in life.blocks("radicale")] == [utc(24, 9)]
    assert [block.start for block in life.blocks("google")] == [utc(25, 9)]
    assert [block.start for block in life.blocks("graph")] == [utc(23, 9), utc(23, 11)]

    _until_dead(life)
    letters = life.rig.rows("dead_letters", calendar_id=life.id("graph"))
    assert sorted(letter["kind"] for letter in letters) == [
        "create busy_block",
        "delete busy_block",
        "update busy_block",
    ]
    (alert,) = life.rig.rows("calendar_alerts", kind="writes_failing", resolved_at=None)
    assert "3 waiting" in alert["message"]

    microsoft_process.clear_faults()
    life.rig.later(minutes=1)
    replay = ("dead-letters", "replay", str(life.id("graph")))
    assert CliRunner().invoke(app, replay, env=life.rig.environment).exit_code == 0
    life.settle()
    assert [block.start for block in life.blocks("graph")] == [utc(24, 9), utc(25, 9)]
    assert life.rig.rows("calendar_alerts", kind="writes_failing", resolved_at=None) == []
    life.assert_quiet()


def test_a_calendar_that_is_gone_holds_up_nobody(
    life: Life, microsoft_process: MicrosoftEmulator
) -> None:
    life["google"].create(meeting("First", day=23, hour=9))
    life.settle()
    _remove_calendar(microsoft_process)
    life["google"].create(meeting("Second", day=24, hour=9))
    life.settle()
    assert [block.start for block in life.blocks("radicale")] == [utc(23, 9), utc(24, 9)]


def _remove_calendar(microsoft: MicrosoftEmulator) -> None:
    status: Mapping[str, object] = {"status": 404, "code": "ErrorItemNotFound"}
    for method in WRITES:
        microsoft.fault("status", match={"method": method}, **status)
    assert microsoft.events(ANN)


def _until_dead(life: Life) -> None:
    """Hours pass, and every retry fails."""
    for _ in range(40):
        waiting = life.rig.rows("provider_writes", dead_at=None)
        if not waiting:
            return
        life.rig.later(minutes=20)
        life.rig.drain()
    raise AssertionError(life.rig.rows("provider_writes"))
