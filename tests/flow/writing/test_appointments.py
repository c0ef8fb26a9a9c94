"""Appointments on every provider: there and back, merged, deleted; the same rows from all."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from shared.model import Event
from tests.flow.writing.life import NAMES, NOW, Life

START = NOW + timedelta(days=4)
POLICIES = ("newest_wins", "provider_wins", "local_wins")


def make(life: Life, name: str, summary: str, **more: Any) -> UUID:
    """An appointment of an hour in one of Ann's calendars."""
    (row,) = life.rig.sql(
        "insert into appointments (user_id, calendar_id, summary, location, start_at, end_at,"
        " time_zone, show_as, visibility) select user_id, id, %(summary)s, 'Room 4', %(start)s,"
        " %(end)s, 'Europe/Berlin', %(show_as)s, %(visibility)s from calendars where id = %(id)s"
        " returning id",
        {
            "id": life.id(name),
            "summary": summary,
            "start": START,
            "end": START + timedelta(hours=1),
            "show_as": "busy",
            "visibility": "default",
            **more,
        },
    )
    made: UUID = row["id"]
    return made


def change(life: Life, made: UUID, column: str, value: str) -> None:
    life.rig.sql(
        f"update appointments set {column} = %(value)s where id = %(id)s",
        {"value": value, "id": made},
    )


def event_id(life: Life, made: UUID) -> str:
    """What the provider calls its event."""
    (link,) = life.rig.rows("appointment_links", id=made)
    return str(link["provider_event_id"])


def there(life: Life, name: str) -> list[Event]:
    """The events of appointments in a calendar, read from its provider."""
    return [each for each in life.events(name) if (each.own_tag or "").startswith("calsync:a:")]


def here(life: Life, name: str) -> list[tuple[str, str | None]]:
    rows = life.rig.rows("appointments", calendar_id=life.id(name))
    return sorted((row["summary"], row["location"]) for row in rows)


def assert_in_step(life: Life, name: str, *expected: tuple[str, str]) -> None:
    """Both sides have exactly these titles and places, and nothing is left to do."""
    assert here(life, name) == sorted(expected)
    assert sorted((each.summary, each.location) for each in there(life, name)) == sorted(expected)
    life.assert_quiet()


@pytest.mark.parametrize("name", NAMES)
def test_there_and_back(life: Life, name: str) -> None:
    hands = life[name].writing()
    made = make(life, name, "Review")
    life.settle()
    assert_in_step(life, name, ("Review", "Room 4"))
    (event,) = there(life, name)
    assert event.when is not None
    assert event.when.start_at == START

    hands.embellish(event_id(life, made))
    life.settle()
    before = life.writes()[name]
    change(life, made, "location", "Garden")
    life.settle()
    assert_in_step(life, name, ("Review", "Garden"))
    assert life.writes()[name] == before + 1
    assert hands.is_embellished(event_id(life, made))

    hands.retitle(event_id(life, made), "Preview")
    life.settle()
    assert_in_step(life, name, ("Preview", "Garden"))
    assert life.writes()[name] == before + 1, "no echo"
    assert life.rig.rows("sync_conflicts") == []

    hands.retitle(event_id(life, made), "Theirs")
    change(life, made, "location", "Hall")
    life.settle()
    assert_in_step(life, name, ("Theirs", "Hall"))
    (conflict,) = life.rig.rows("sync_conflicts")
    assert conflict["decision"] == "merged"

    hands.remove(event_id(life, made))
    life.settle()
    assert_in_step(life, name)
    gone = make(life, name, "Again")
    life.settle()
    life.rig.sql("delete from appointments where id = %(id)s", {"id": gone})
    life.settle()
    assert_in_step(life, name)


@pytest.mark.parametrize("name", NAMES)
def test_an_appointment_blocks_the_other_calendars(life: Life, name: str) -> None:
    made = make(life, name, "Review")
    life.settle()
    assert [len(life.blocks(each)) for each in life.others(name)] == [1, 1]
    assert life.blocks(name) == []
    life.rig.sql("delete from appointments where id = %(id)s", {"id": made})
    life.settle()
    assert [len(life.blocks(each)) for each in life.others(name)] == [0, 0]
    life.assert_quiet()


@pytest.mark.parametrize("name", NAMES)
def test_what_a_provider_cannot_hold_is_not_lost_here(life: Life, name: str) -> None:
    """None of them has all of these; the appointment keeps them whatever comes back."""
    made = make(life, name, "Review", show_as="out_of_office", visibility="confidential")
    life.settle()
    life[name].writing().retitle(event_id(life, made), "Preview")
    life.settle()
    (row,) = life.rig.rows("appointments", id=made)
    assert row["summary"] == "Preview"
    assert (row["show_as"], row["visibility"]) == ("out_of_office", "confidential")
    assert row["time_zone"] == "Europe/Berlin"
    assert life.rig.rows("sync_conflicts") == []
    life.assert_quiet()


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ("make", "rename", "move", "delete", "retitle", "remove", "lose", "deliver", "settle")
        ),
        st.sampled_from(NAMES),
        st.integers(0, 3),
    ),
    min_size=4,
    max_size=14,
)


@given(steps=STEPS, policy=st.sampled_from(POLICIES))
@settings(
    max_examples=4,
    derandomize=True,
    database=None,
    deadline=None,
    # Shrinking would live it all over again, and longer than a test may take.
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_after_a_random_life_both_sides_are_alike(
    life: Life, steps: list[tuple[str, str, int]], policy: str
) -> None:
    """Edits on both sides, lost answers, writes and syncs in any order; then quiet."""
    life.rig.sql("update calendar_accounts set conflict_policy = %(p)s", {"p": policy})
    for number, (act, name, which) in enumerate(steps):
        life.rig.later(seconds=30)
        _act(life, act, name, which, f"{act} {number}")
    # A lost answer may be in store for the first writes that now follow: they are tried again.
    for _ in range(3):
        life.rig.later(minutes=20)
        life.settle()
    for name in NAMES:
        events = sorted((each.summary or "", each.location) for each in there(life, name))
        assert events == here(life, name)
        assert len({each.own_tag for each in there(life, name)}) == len(events)
    life.assert_quiet()


def _act(life: Life, act: str, name: str, which: int, text: str) -> None:
    """One step."""
    if act == "make":
        make(life, name, text)
    elif act == "settle":
        life.settle()
    elif act == "deliver":
        life.rig.deliver()
    elif act == "lose":
        life[name].writing().lose_answer(("create", "update", "delete")[which % 3])
    elif act in ("retitle", "remove"):
        _act_there(life, act, name, which, text)
    else:
        _act_here(life, act, name, which, text)


def _act_there(life: Life, act: str, name: str, which: int, text: str) -> None:
    """At the provider, if anything is there."""
    links = life.rig.rows("appointment_links", calendar_id=life.id(name))
    known = {link["provider_event_id"] for link in links}
    events = sorted(known & {each.provider_event_id for each in there(life, name)})
    hands = life[name].writing()
    if events and act == "retitle":
        hands.retitle(events[which % len(events)], text)
    elif events:
        hands.remove(events[which % len(events)])


def _act_here(life: Life, act: str, name: str, which: int, text: str) -> None:
    """In the table, if anything is there."""
    rows = life.rig.rows("appointments", calendar_id=life.id(name))
    if rows and act == "delete":
        life.rig.sql("delete from appointments where id = %(id)s", rows[which % len(rows)])
    elif rows:
        column = "summary" if act == "rename" else "location"
        change(life, rows[which % len(rows)]["id"], column, text)
