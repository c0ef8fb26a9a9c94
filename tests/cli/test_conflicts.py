"""`calsync appointments` and `calsync conflicts`."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from shared.cli import app
from tests.flow.appointments.diary import NOW, Diary
from tests.support.rig import Rig


@pytest.fixture
def diary(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Diary:
    """Ann's diary, with a conflict in it that waits."""
    rig.at(NOW)
    diary = Diary(rig, rig.settled("ann@example.test"))
    diary.policy("manual")
    made = diary.make("Review", location="Room 4")
    diary.settle()
    diary.change(made, summary="Ours")
    diary.change_there(made, summary="Theirs")
    diary.settle()
    for name, value in rig.environment.items():
        monkeypatch.setenv(name, value)
    return diary


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def _json(*arguments: str) -> Any:
    result = _run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_appointments_tell_their_state(diary: Diary) -> None:
    (row,) = _json("appointments")
    assert (row["summary"], row["state"]) == ("Ours", "conflict")
    assert "Ours" in _run("appointments", "--calendar", str(diary.calendar_id)).output
    assert _json("appointments", "--calendar", str(diary.user_id)) == []


def test_a_conflict_is_listed_resolved_and_undone(diary: Diary) -> None:
    (conflict,) = _json("conflicts", "--pending")
    listed = _run("conflicts").output
    assert "Ours" in listed
    assert "Theirs" in listed
    decided = _json("conflicts", "resolve", conflict["id"], "merged", "--field", "summary=local")
    assert (decided["decision"], decided["decided_by"]) == ("merged", "cli")
    diary.settle()
    assert diary.titles_there() == ["Ours"]
    assert _run("conflicts", "undo", conflict["id"]).exit_code == 0
    again = _run("conflicts", "undo", conflict["id"])
    assert again.exit_code == 1
    assert "undone already" in again.output
    assert _json("conflicts", "--pending") == []


@pytest.mark.parametrize("field", ["summary", "summary=mine", "=local"])
def test_a_side_must_be_said(diary: Diary, field: str) -> None:
    (conflict,) = _json("conflicts", "--pending")
    refused = _run("conflicts", "resolve", conflict["id"], "merged", "--field", field)
    assert refused.exit_code == 1
    assert diary.rig.count("sync_conflicts", decision="pending") == 1


def test_an_unknown_conflict_is_told(diary: Diary) -> None:
    refused = _run("conflicts", "undo", str(diary.user_id))
    assert refused.exit_code == 1
    assert "calsync conflicts" in refused.output
