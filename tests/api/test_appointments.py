"""Appointments and conflicts over the API."""

from typing import Any
from uuid import UUID

import pytest

from tests.api.people import Client, code, person
from tests.flow.appointments.diary import Diary
from tests.support.rig import Rig

TIMES = {"start_at": "2026-11-24T09:00:00+01:00", "end_at": "2026-11-24T10:00:00+01:00"}


@pytest.fixture
def diary(rig: Rig, ann_id: UUID) -> Diary:
    """Ann's, whose calendar is empty."""
    (calendar,) = rig.rows("calendars", user_id=ann_id, is_primary=True)
    return Diary(rig, calendar["id"])


def _new(diary: Diary, **more: Any) -> dict[str, Any]:
    return {"calendar_id": str(diary.calendar_id), "summary": "Review", **TIMES, **more}


def test_an_appointment_is_made_changed_and_deleted(diary: Diary, ann: Client) -> None:
    made = ann.post("appointments", _new(diary, location="Room 4", time_zone="Europe/Berlin"))
    assert made.status_code == 201, made.text
    row = made.json()
    assert (row["state"], row["start_at"]) == ("pending", "2026-11-24T08:00:00Z")
    one = f"appointments/{row['id']}"
    diary.settle()
    assert ann.get(one).json()["state"] == "synced"
    assert diary.titles_there() == ["Review"]

    changed = ann.request("PATCH", one, json={"summary": "Preview", "location": None})
    assert (changed.json()["summary"], changed.json()["location"]) == ("Preview", None)
    moved = ann.request("PATCH", one, json={"start_date": "2026-11-25", "end_date": "2026-11-26"})
    assert (moved.json()["start_at"], moved.json()["start_date"]) == (None, "2026-11-25")
    diary.settle()
    event = diary.event(diary.event_id(UUID(row["id"])))
    assert event is not None
    assert (event["summary"], event["start"]) == ("Preview", {"date": "2026-11-25"})

    assert ann.request("DELETE", one).json() == {"id": row["id"]}
    assert code(ann.get(one)) == (404, "not_found")
    diary.settle()
    assert diary.titles_there() == []


def test_a_repeated_request_makes_one(diary: Diary, ann: Client) -> None:
    answers = [ann.post("appointments", _new(diary), Idempotency_Key="k-1") for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    diary.settle()
    assert diary.titles_there() == ["Review"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"start_at": None, "end_at": None}, (400, "invalid_request")),
        ({"end_at": None}, (400, "invalid_request")),
        ({"start_date": "2026-11-24", "end_date": "2026-11-25"}, (400, "invalid_request")),
        ({"end_at": "2026-11-24T08:00:00+01:00"}, (400, "invalid_request")),
        ({"start_date": "24.11.2026"}, (400, "invalid_request")),
        ({"etag": "1"}, (400, "invalid_request")),
        ({"time_zone": "Mars/Olympus"}, (409, "refused")),
        ({"calendar_id": "00000000-0000-4000-8000-00000000000a"}, (404, "not_found")),
    ],
)
def test_what_does_not_fit_is_told(
    diary: Diary, ann: Client, body: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert code(ann.post("appointments", _new(diary) | body)) == expected
    assert diary.rig.count("appointments") == 0


def test_another_persons_are_not_there(diary: Diary, ann: Client) -> None:
    made = diary.make("Review")
    (ben,) = diary.rig.service.database.call("find_or_add_person", email="ben@example.test")
    other = person(diary.rig, ben["user_id"])
    one = f"appointments/{made}"
    assert other.get("appointments").json()["items"] == []
    for answer in (
        other.get(one),
        other.request("PATCH", one, json={"summary": "Mine"}),
        other.request("DELETE", one),
        other.post("appointments", _new(diary)),
    ):
        assert code(answer) == (404, "not_found")
    assert [row["summary"] for row in ann.get("appointments").json()["items"]] == ["Review"]


def test_a_list_comes_page_by_page(diary: Diary, ann: Client) -> None:
    for number in range(3):
        diary.make(f"Review {number}")
    first = ann.get("appointments", limit=2, calendar_id=str(diary.calendar_id)).json()
    rest = ann.get(
        "appointments", limit=2, cursor=first["next_cursor"], calendar_id=str(diary.calendar_id)
    ).json()
    titles = [row["summary"] for row in first["items"] + rest["items"]]
    assert sorted(titles) == ["Review 0", "Review 1", "Review 2"]
    assert rest["next_cursor"] is None


def test_a_conflict_is_listed_decided_and_undone(diary: Diary, ann: Client) -> None:
    policy = f"accounts/{diary.account_id}/conflict-policy"
    set_to = ann.request("PATCH", policy, json={"conflict_policy": "manual"})
    assert set_to.json() == {"conflict_policy": "manual"}
    made = diary.make("Review")
    diary.settle()
    diary.change(made, summary="Ours")
    diary.change_there(made, summary="Theirs")
    diary.settle()
    assert ann.get(f"appointments/{made}").json()["state"] == "conflict"
    (conflict,) = ann.get("conflicts", decision="pending").json()["items"]
    assert (conflict["local"]["summary"], conflict["remote"]["summary"]) == ("Ours", "Theirs")
    assert conflict["fields"] == ["summary"]
    one = f"conflicts/{conflict['id']}"
    assert code(ann.post(f"{one}/resolve", {"choice": "merged"})) == (409, "refused")
    decided = ann.post(f"{one}/resolve", {"choice": "merged", "fields": {"summary": "local"}})
    assert decided.json()["decided_by"] == f"user:{diary.user_id}"
    diary.settle()
    assert diary.titles_there() == ["Ours"]
    assert ann.post(f"{one}/undo").json()["undone_by"] == f"user:{diary.user_id}"
    assert code(ann.post(f"{one}/undo")) == (409, "refused")
    acts = {row["action"] for row in diary.rig.rows("audit_log", user_id=diary.user_id)}
    assert {"settings.changed", "conflict.resolved", "conflict.undone"} <= acts


def test_a_calendar_has_a_policy_of_its_own_or_none(diary: Diary, ann: Client) -> None:
    path = f"calendars/{diary.calendar_id}/conflict-policy"
    for policy in ("local_wins", None):
        answer = ann.request("PATCH", path, json={"conflict_policy": policy})
        assert answer.json() == {"conflict_policy": policy}
        (row,) = diary.rig.rows("calendars", id=diary.calendar_id)
        assert row["conflict_policy"] == policy
    unknown = "accounts/00000000-0000-4000-8000-00000000000a/conflict-policy"
    answer = ann.request("PATCH", unknown, json={"conflict_policy": "manual"})
    assert code(answer) == (404, "not_found")
