"""Appointments over REST: one's own rows only, and only what is one's own to say."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from shared.errors import Refused
from tests.flow.appointments.diary import START, Diary
from tests.support.rest_emulator import RestThread

TIMES = {"start_at": START.isoformat(), "end_at": START.replace(hour=10).isoformat()}


@pytest.fixture
def rest(diary: Diary) -> Iterator[RestThread]:
    """Supabase's REST interface over the diary's database, on its clock."""
    with RestThread(diary.rig.environment["DATABASE_URL"]) as emulator:
        yield emulator


@pytest.fixture
def ann(rest: RestThread, diary: Diary) -> Iterator[httpx.Client]:
    with _signed_in(rest, diary.user_id) as client:
        yield client


@pytest.fixture
def ben(rest: RestThread, diary: Diary) -> Iterator[httpx.Client]:
    """Another person of the same installation."""
    (person,) = diary.rig.service.database.call("find_or_add_person", email="ben@example.test")
    with _signed_in(rest, person["user_id"]) as client:
        yield client


def _signed_in(rest: RestThread, user_id: UUID | str) -> httpx.Client:
    token = rest.key("authenticated", str(user_id))
    return httpx.Client(
        base_url=f"{rest.url}/rest/v1",
        headers={"Authorization": f"Bearer {token}", "Prefer": "return=representation"},
        timeout=60,
    )


def _row(diary: Diary, **more: Any) -> dict[str, Any]:
    return {"calendar_id": str(diary.calendar_id), "summary": "Review", **TIMES, **more}


def test_a_person_makes_changes_and_deletes_their_own(diary: Diary, ann: httpx.Client) -> None:
    made = ann.post("/appointments", json=_row(diary))
    assert made.status_code == 201, made.text
    (row,) = made.json()
    assert row["user_id"] == str(diary.user_id)
    diary.settle()
    assert diary.titles_there() == ["Review"]
    one = {"id": f"eq.{row['id']}"}
    assert ann.get("/appointment_status", params=one).json()[0]["state"] == "synced"
    assert len(ann.patch("/appointments", params=one, json={"summary": "Preview"}).json()) == 1
    diary.settle()
    assert diary.titles_there() == ["Preview"]
    assert len(ann.delete("/appointments", params=one).json()) == 1
    diary.settle()
    assert diary.titles_there() == []
    diary.assert_quiet()


def test_nobody_touches_another_persons(diary: Diary, ben: httpx.Client) -> None:
    made = diary.make("Review")
    diary.settle()
    one = {"id": f"eq.{made}"}
    for relation in ("appointments", "appointment_status", "appointment_links", "sync_conflicts"):
        assert ben.get(f"/{relation}").json() == [], relation
    assert ben.patch("/appointments", params=one, json={"summary": "Mine"}).json() == []
    assert ben.delete("/appointments", params=one).json() == []
    for forged in (_row(diary), _row(diary, user_id=str(diary.user_id))):
        refused = ben.post("/appointments", json=forged)
        assert (refused.status_code // 100, refused.json()["code"]) == (4, "CS002")
    taken = ben.post("/appointments", json=_row(diary, id=str(made), user_id=str(diary.user_id)))
    assert taken.status_code // 100 == 4
    diary.settle()
    assert diary.here(made) == "Review @ None"
    assert diary.titles_there() == ["Review"]
    assert diary.rig.count("appointments") == 1


@pytest.mark.parametrize(
    "forbidden",
    [
        {"user_id": "00000000-0000-4000-8000-00000000000b"},
        {"calendar_id": "00000000-0000-4000-8000-00000000000b"},
        {"id": "00000000-0000-4000-8000-00000000000b"},
        {"created_at": TIMES["start_at"]},
        {"updated_at": TIMES["start_at"]},
    ],
    ids=lambda forbidden: next(iter(forbidden)),
)
def test_bookkeeping_is_not_for_people(
    diary: Diary, ann: httpx.Client, forbidden: dict[str, str]
) -> None:
    made = diary.make("Review")
    refused = ann.patch("/appointments", params={"id": f"eq.{made}"}, json=forbidden)
    assert (refused.status_code, refused.json()["code"]) == (403, "42501")


def test_links_conflicts_and_the_outbox_are_only_read(diary: Diary, ann: httpx.Client) -> None:
    diary.make("Review")
    for relation in ("appointment_links", "sync_conflicts", "provider_writes"):
        everything = {"user_id": f"eq.{diary.user_id}"}
        for answer in (
            ann.delete(f"/{relation}", params=everything),
            ann.patch(f"/{relation}", params=everything, json={"version": 9}),
        ):
            assert answer.status_code // 100 == 4, relation
    for function in ("settle_merge", "resolve_conflict", "undo_conflict", "track_content"):
        assert ann.post(f"/rpc/{function}", json={}).status_code // 100 == 4
    assert diary.rig.count("provider_writes") == 1


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        ("update calendars set access_role = 'reader'", "is read-only"),
        ("update calendars set access_role = 'free_busy'", "is read-only"),
        ("update calendars set sync_enabled = false", "is turned off"),
        ("update calendars set removed_at = now()", "is not connected any more"),
        (
            "update calendar_accounts set status = 'disconnected', status_reason = 'asked'",
            "is not connected any more",
        ),
    ],
)
def test_a_calendar_that_cannot_hold_it_is_refused(diary: Diary, spoil: str, says: str) -> None:
    diary.rig.sql(spoil)
    refused = _make_over_sql(diary)
    assert says in refused
    assert diary.rig.rows("provider_writes") == []


@pytest.mark.parametrize("zone", ["Mars/Olympus", "EST5EDT", "foo+3", "CEST", "", "../UTC"])
def test_a_zone_that_there_is_not_is_refused(diary: Diary, zone: str) -> None:
    assert "there is no time zone" in _make_over_sql(diary, time_zone=zone)


@pytest.mark.parametrize("zone", ["UTC", "America/Port-au-Prince", "Etc/GMT+3", None])
def test_a_zone_that_there_is_is_taken(diary: Diary, zone: str | None) -> None:
    made = diary.make("Review", time_zone=zone)
    diary.settle()
    assert diary.state(made) == "synced"


def test_an_account_that_waits_for_its_person_takes_appointments(diary: Diary) -> None:
    diary.rig.sql("update calendar_accounts set status = 'needs_reauth', status_reason = 'x'")
    made = diary.make("Review")
    (row,) = diary.rig.rows("appointment_status", id=made)
    assert (row["state"], row["reason"]) == ("pending", "its account must be reconnected")


def _make_over_sql(diary: Diary, **more: Any) -> str:
    """Makes an appointment as the API does; gives why that was refused."""
    content = {
        "summary": "Review",
        **TIMES,
        "show_as": "busy",
        "visibility": "default",
        "time_zone": "Europe/Berlin",
        **more,
    }
    with pytest.raises(Refused) as refused:
        diary.rig.service.database.call(
            "create_appointment",
            user_id=diary.user_id,
            id=diary.user_id,
            calendar_id=diary.calendar_id,
            content=content,
            actor="cli",
        )
    return str(refused.value)
