"""Lost answers and crashes between any two steps: one event, both sides alike."""

import signal
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from shared.steps.claim_writes import claim_writes
from shared.steps.merge_appointments import merge_appointments
from tests.flow.appointments.diary import NOW, Diary
from tests.support.program import Program

LATER = NOW + timedelta(minutes=10)


@pytest.mark.parametrize(
    ("method", "act", "left"),
    [
        ("events.insert", lambda diary, made: None, ["Review"]),
        ("events.patch", lambda diary, made: diary.change(made, summary="Ours"), ["Ours"]),
        ("events.delete", lambda diary, made: diary.delete(made), []),
    ],
)
@pytest.mark.parametrize("seen", [True, False], ids=["seen by a sync", "unseen"])
def test_a_write_whose_answer_is_lost_is_done_once(
    diary: Diary, method: str, act: Callable[[Diary, UUID], None], left: list[str], seen: bool
) -> None:
    made = diary.make("Review")
    if method != "events.insert":
        diary.settle()
    act(diary, made)
    diary.rig.google.lose_answers(method)
    diary.rig.deliver()
    if seen:
        diary.settle()
    diary.rig.at(LATER)
    diary.settle()
    assert diary.titles_there() == left
    assert [row["summary"] for row in diary.rig.rows("appointments")] == left
    assert diary.rig.rows("sync_conflicts") == []
    diary.assert_quiet()


@pytest.mark.parametrize("policy", ["newest_wins", "provider_wins", "manual"])
def test_our_own_lost_write_is_no_conflict_with_the_next(diary: Diary, policy: str) -> None:
    """The first change arrived, its answer did not; the second is made before that is seen."""
    diary.policy(policy)
    made = diary.make("Review")
    diary.settle()
    diary.change(made, summary="First")
    diary.rig.google.lose_answers("events.patch")
    diary.rig.deliver()
    assert diary.there(made) == "First @ None"
    diary.change(made, summary="Second")
    diary.rig.at(LATER)
    diary.settle()
    assert diary.there(made) == diary.here(made) == "Second @ None"
    assert diary.conflicts(made) == []
    diary.assert_quiet()


def test_a_new_event_that_somebody_changed_before_we_knew_it_is_not_overwritten(
    diary: Diary,
) -> None:
    made = diary.make("Review", location="Room 4")
    diary.rig.google.lose_answers("events.insert")
    diary.rig.deliver()
    (event,) = diary.rig.google.events("ann@example.test")
    diary.rig.google.patch_event("ann@example.test", event["id"], {"summary": "Theirs"})
    diary.change(made, location="Garden")
    diary.rig.at(LATER)
    diary.settle()
    assert diary.here(made) == diary.there(made) == "Theirs @ Garden"
    assert diary.titles_there() == ["Theirs"]
    diary.assert_quiet()


def test_an_event_that_is_gone_when_it_is_written_is_decided_by_the_policy(diary: Diary) -> None:
    diary.policy("local_wins")
    made = diary.make("Review")
    diary.settle()
    diary.change(made, summary="Ours")
    diary.delete_there(made)
    first = diary.event_id(made)
    diary.rig.deliver()
    assert diary.state(made) == "pending"
    diary.settle()
    assert diary.titles_there() == ["Ours"]
    assert diary.event_id(made) != first, "Google keeps the id of what was deleted"
    diary.assert_quiet()


def test_a_claimed_write_that_nobody_settles_is_done_by_the_next(diary: Diary) -> None:
    made = diary.make("Review")
    assert claim_writes(diary.rig.service, limit=20)
    diary.change(made, summary="Ours")
    diary.rig.at(LATER)
    diary.settle()
    assert diary.titles_there() == ["Ours"]
    diary.assert_quiet()


def test_a_merge_that_was_decided_before_a_change_is_decided_again(diary: Diary) -> None:
    made = diary.make("Review")
    diary.settle()
    (link,) = diary.rig.rows("appointment_links", id=made)
    decided = {"version": link["version"], "remote_etag": link["etag"]}
    assert _settled(diary, made, **decided, summary="Decided")
    assert diary.here(made) == "Decided @ None"
    assert not _settled(diary, made, **decided, summary="Again"), "the appointment moved on"
    (link,) = diary.rig.rows("appointment_links", id=made)
    moved = {"version": link["version"], "remote_etag": "another"}
    assert not _settled(diary, made, **moved, summary="Again"), "the event moved on"
    assert diary.here(made) == "Decided @ None"


def _settled(diary: Diary, made: UUID, version: int, remote_etag: str, summary: str) -> bool:
    """Whether a merge that gives the appointment this title is accepted."""
    (row,) = diary.rig.sql("select appointment_content(a) as content from appointments a")
    content = row["content"] | {"summary": summary}
    plan = {"event": "keep", "local": content, "base": content, "remote": content}
    (answer,) = diary.rig.service.database.call(
        "settle_merge",
        user_id=diary.user_id,
        id=made,
        version=version,
        remote_etag=remote_etag,
        mark=made,
        plan={**plan, "conflict": None},
    )
    return bool(answer["settled"])


def test_a_worker_killed_in_a_merge_leaves_it_to_the_next(diary: Diary, tmp_path: Path) -> None:
    made = diary.make("Review", location="Room 4")
    diary.settle()
    diary.rig.sql(
        "create function halt() returns trigger language plpgsql as $$ begin "
        "perform pg_advisory_xact_lock_shared(4711); return null; end $$;"
        "create trigger halt after update on appointments for each row execute function halt()"
    )
    diary.change(made, location="Garden")
    diary.change_there(made, summary="Theirs")
    due = {"user_id": diary.user_id, "calendar_id": diary.calendar_id}
    diary.rig.sql("select make_due(%(user_id)s, %(calendar_id)s, 'manual')", due)
    with psycopg.connect(diary.rig.database_url) as lock:
        lock.execute("select pg_advisory_lock(4711)")
        with Program(tmp_path, diary.rig.environment, "worker") as worker:
            worker.until(lambda: diary.rig.sql(_HALTED))
            worker.send(signal.SIGKILL)
            diary.rig.sql(f"select pg_terminate_backend(pid) from ({_HALTED}) halted")
    assert diary.here(made) == "Review @ Garden", "nothing of it was done"
    diary.rig.at(LATER)
    diary.settle()
    assert diary.here(made) == diary.there(made) == "Theirs @ Garden"
    assert merge_appointments(diary.rig.service) == 0
    diary.assert_quiet()


_HALTED = (
    "select pid from pg_stat_activity where datname = current_database() "
    "and wait_event = 'advisory'"
)
