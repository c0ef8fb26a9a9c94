"""What fails is tried again, waits, or is a dead letter; what is newer always wins."""

from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.sql.blocks.world import World, event, hours


def _settle(world: World, claim: dict[str, Any], **outcome: Any) -> None:
    row = {"id": str(claim["id"]), "lease_token": claim["lease_token"], **outcome}
    world.rows(
        "select * from settle_provider_writes(%s, %s, %s, 1)",
        world.ann,
        claim["calendar_id"],
        Jsonb([row]),
    )


def _one_claim(world: World) -> dict[str, Any]:
    """The write of a block of `home` in `work`."""
    world.rule("home", "club", is_enabled=False)
    world.put("home", event("one", hours(2)))
    world.sync("home")
    [claim] = world.claim_writes()
    return claim


FAILED = {"result": "failed", "error_code": "http_500", "error_message": "Sorry"}


def test_a_failure_waits_and_counts(world: World) -> None:
    _settle(world, _one_claim(world), **FAILED, delay_seconds=30, dead=False)
    world.later(seconds=20)
    assert world.claim_writes() == []
    world.later(seconds=20)
    [claim] = world.claim_writes()
    assert claim["attempts"] == 1


def test_a_dead_letter_waits_for_its_replay(world: World) -> None:
    _settle(world, _one_claim(world), **FAILED, delay_seconds=30, dead=True)
    world.later(hours=3)
    assert world.claim_writes() == []
    [letter] = world.rows("select * from dead_letters")
    assert (letter["kind"], letter["last_error_code"]) == ("create busy_block", "http_500")
    [alert] = world.rows("select * from calendar_alerts where resolved_at is null")
    assert alert["kind"] == "writes_failing"
    world.rows("select replay_dead_letters(p_calendar_id => %s)", world.id("work"))
    world.deliver()
    assert world.rows("select * from dead_letters") == []
    assert world.rows("select * from calendar_alerts where resolved_at is null") == []
    assert len(world.blocks("work")) == 1


def test_a_newer_change_brings_a_dead_letter_back(world: World) -> None:
    _settle(world, _one_claim(world), **FAILED, delay_seconds=30, dead=True)
    world.put("home", event("one", hours(5)))
    world.sync("home")
    world.deliver()
    assert [when for _, when in world.blocks("work")] == [hours(5)]


def test_a_change_that_came_during_a_deadly_failure_is_tried(world: World) -> None:
    claim = _one_claim(world)
    world.put("home", event("one", hours(5)))
    world.sync("home")
    _settle(world, claim, **FAILED, delay_seconds=0, dead=True)
    assert world.rows("select * from dead_letters") == []
    world.deliver()
    assert [when for _, when in world.blocks("work")] == [hours(5)]


def test_what_was_not_tried_counts_for_nothing(world: World) -> None:
    claim = _one_claim(world)
    _settle(world, claim, result="postponed", delay_seconds=5, dead=False)
    world.later(seconds=6)
    [again] = world.claim_writes()
    assert again["attempts"] == 0


def test_a_create_whose_answer_was_lost_and_is_not_wanted_any_more_is_found_and_deleted(
    world: World,
) -> None:
    claim = _one_claim(world)
    world.providers["work"].write(claim)
    assert len(world.blocks("work")) == 1
    _settle(world, claim, **FAILED, delay_seconds=30, dead=False)
    world.drop("home", "one")
    world.sync("home")
    assert world.open_writes() == ["delete"]
    world.later(minutes=1)
    world.deliver()
    assert world.blocks("work") == []
    assert world.rows("select * from busy_blocks") == []


def test_a_write_that_was_asked_for_and_taken_back_before_anybody_took_it_goes(
    world: World,
) -> None:
    world.put("home", event("one", hours(2)))
    world.sync("home")
    world.drop("home", "one")
    world.sync("home")
    assert world.open_writes() == []
    assert world.deliver().total() == 0


def test_an_impossible_row_cannot_be(world: World) -> None:
    _one_claim(world)
    for wrong in (
        "update provider_writes set lease_holder = null",
        "update provider_writes set claimed_seq = change_seq + 1",
        "update provider_writes set dead_at = now()",
        "update provider_writes set action = 'destroy'",
        "update busy_blocks set etag = 'alone'",
        "update busy_blocks set end_at = start_at - interval '1 hour'",
        "update busy_blocks set target_calendar_id = source_calendar_id",
        "update busy_blocks set tag = 'somebody else'",
    ):
        with pytest.raises(psycopg.errors.CheckViolation):
            world.rows(wrong)
