"""`blocks`: pairs, rules, and how the busy blocks stand."""

from datetime import timedelta
from uuid import UUID

import pytest

from tests.cli.conftest import ANN, Installation
from tests.support.rig import timed

_ACCOUNT = """
    insert into calendar_accounts (user_id, provider, provider_account_id, email)
    values (%(person)s, 'caldav', 'ann', 'ann@home.test') returning id
"""
_CALENDAR = """
    insert into calendars (user_id, account_id, provider_calendar_id, name, is_primary)
    values (%(person)s, %(account)s, 'home', 'Home', true) returning id
"""
_STATE = """
    insert into calendar_sync_states (user_id, calendar_id, due_at)
    values (%(person)s, %(calendar)s, 'infinity')
"""


@pytest.fixture
def home(installed: Installation) -> UUID:
    """A second calendar of Ann's, in another account; nobody delivers to it."""
    rig, person = installed.rig, installed.person
    (account,) = rig.sql(_ACCOUNT, {"person": person})
    (calendar,) = rig.sql(_CALENDAR, {"person": person, "account": account["id"]})
    rig.sql(_STATE, {"person": person, "calendar": calendar["id"]})
    found: UUID = calendar["id"]
    return found


def test_pairs_are_shown_with_the_rule_that_holds(installed: Installation, home: UUID) -> None:
    pairs = installed.json("blocks", "--user", ANN)
    assert {(each["source_calendar_id"], each["is_enabled"]) for each in pairs} == {
        (str(installed.calendar), True),
        (str(home), True),
    }
    drawn = installed.run("blocks").stdout
    assert "default" in drawn
    assert "ann@home.test" in drawn


def test_a_rule_is_set_and_cleared(installed: Installation, home: UUID) -> None:
    pair = (str(installed.calendar), str(home))
    rule = installed.json("blocks", "set", *pair, "--copy-title", "--no-skip-free", "--off")
    assert (rule["copy_title"], rule["skip_free"], rule["is_enabled"]) == (True, False, False)
    assert "own" in installed.run("blocks").stdout
    assert "copied" in installed.run("blocks", "set", *pair, "--on").stdout

    assert installed.json("blocks", "clear", *pair) == {"cleared": True}
    assert "There was no rule." in installed.run("blocks", "clear", *pair).stdout


def test_what_cannot_be_set_is_refused(installed: Installation, home: UUID) -> None:
    calendar = str(installed.calendar)
    nothing = installed.run("blocks", "set", calendar, str(home))
    assert (nothing.exit_code, "Name what to set" in nothing.stderr) == (1, True)
    unknown = installed.run("blocks", "clear", str(installed.person), calendar)
    assert (unknown.exit_code, "No calendar" in unknown.stderr) == (1, True)


def test_blocks_are_listed_with_their_status(installed: Installation, home: UUID) -> None:
    rig = installed.rig
    assert "No busy blocks." in installed.run("blocks", "list").stdout
    rig.google.create_event(ANN, timed("Lunch", rig.now() + timedelta(hours=4)))
    assert installed.run("poll", "--force").exit_code == 0

    (block,) = installed.json("blocks", "list", "--calendar", str(home))
    assert (block["title"], block["status"]) == ("🔒 Busy", "to be created")
    rig.sql(
        "update provider_writes set dead_at = now(), last_error_code = 'forbidden'"
        " where calendar_id = %(home)s",
        {"home": home},
    )
    assert "failed: forbidden" in installed.run("blocks", "list", "--user", ANN).stdout


def test_one_calendar_has_no_pairs(installed: Installation) -> None:
    assert "No pair of calendars" in installed.run("blocks").stdout
