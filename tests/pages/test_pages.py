"""What every page has in common, and what a person does on them."""

import re
from datetime import datetime, timedelta
from uuid import uuid4

import httpx
import pytest
from flask import Flask
from structlog.testing import capture_logs
from werkzeug.routing import Rule

from functions.app import create_app
from tests.pages.conftest import ANN, BEN, PASSWORD
from tests.pages.visitor import Visitor, alert, heading
from tests.support.rig import Rig, timed

BROWSERS_ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
FOR_STRANGERS = {"/sign-in", "/sign-up", "/sign-out"}


def pages(app: Flask) -> list[tuple[str, str]]:
    """Method and address of every page that is for people who are signed in."""
    rules: list[Rule] = [each for each in app.url_map.iter_rules() if each.endpoint[:5] == "site."]
    return [
        (method, re.sub(r"<uuid:\w+>", str(uuid4()), str(rule)))
        for rule in rules
        for method in sorted((rule.methods or set()) & {"GET", "POST"})
        if str(rule) not in FOR_STRANGERS and rule.endpoint != "site.static"
    ]


def test_strangers_are_sent_to_the_sign_in(rig: Rig, visitor: Visitor) -> None:
    csrf = visitor.csrf()
    asked = pages(create_app(rig.service))
    assert len(asked) >= 11
    for method, path in asked:
        answer = visitor.http.request(method, path, data={"csrf": csrf} if method == "POST" else {})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in"), path


def test_forms_of_elsewhere_do_nothing(rig: Rig, ann: Visitor) -> None:
    with Visitor(rig.url) as other:
        foreign = other.csrf()
    (account,) = rig.rows("calendar_accounts")
    (calendar,) = rig.rows("calendars")
    for csrf in ({}, {"csrf": ""}, {"csrf": foreign}, {"csrf": "ü"}):
        for method, path in pages(create_app(rig.service)):
            if method == "POST":
                answer = ann.http.post(path, data=csrf)
                assert (answer.status_code, heading(answer)) == (403, "That is not possible")
        ann.http.post(f"/accounts/{account['id']}/disconnect", data=csrf)
        ann.http.post(f"/calendars/{calendar['id']}", data=csrf)
        ann.http.post("/sign-out", data=csrf)
    assert rig.rows("calendar_accounts") == [account]
    assert rig.rows("calendars") == [calendar]
    assert heading(ann.get("/")) == "Calendars"


def test_every_answer_is_guarded(ann: Visitor) -> None:
    answers = [
        ann.http.get("/"),
        ann.http.get("/sign-in"),
        ann.http.get(f"/accounts/{uuid4()}/disconnect"),
        ann.http.post("/connect/caldav"),
        ann.http.get("/assets/calsync.css"),
    ]
    assert [each.status_code for each in answers] == [200, 303, 404, 403, 200]
    for answer in answers:
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'self';")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "script" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
    assert {each.headers["Cache-Control"] for each in answers[:-1]} == {"no-store"}
    for answer in answers[:-1]:
        assert "<script" not in answer.text
        assert "style=" not in answer.text


def test_an_address_that_nothing_has(visitor: Visitor) -> None:
    """A browser is shown a page; programs are told as ever."""
    browser = visitor.http.get("/nowhere", headers={"Accept": BROWSERS_ACCEPT})
    assert (browser.status_code, heading(browser)) == (404, "There is nothing here")
    assert "frame-ancestors 'none'" in browser.headers["Content-Security-Policy"]
    program = visitor.http.get("/nowhere")
    assert (program.status_code, program.json()["code"]) == (404, "http_404")


def test_another_persons_things_are_not_there(rig: Rig, ann: Visitor) -> None:
    (account,) = rig.rows("calendar_accounts")
    (calendar,) = rig.rows("calendars")
    with Visitor(rig.url) as ben:
        ben.sign_up(BEN, PASSWORD)
        away = f"/accounts/{account['id']}/disconnect"
        answers = [
            ben.http.get(away),
            ben.submit(away, "/"),
            ben.submit(f"/calendars/{calendar['id']}", "/", sync_enabled="false"),
            ben.submit(f"/calendars/{calendar['id']}/repair", "/"),
        ]
        assert [each.status_code for each in answers] == [404] * 4
        assert ANN not in "".join(each.text for each in answers)
        assert "Nothing is planned" in ben.get(f"/events?calendar={calendar['id']}").text
        ben.submit(f"/busy-blocks/{calendar['id']}", "/", on=str(uuid4()))
    assert rig.rows("calendar_accounts") == [account]
    assert rig.rows("calendars") == [calendar]
    assert rig.count("busy_block_rules") == 0


def test_a_calendar_is_paused_and_resumed(rig: Rig, ann: Visitor) -> None:
    (calendar,) = rig.rows("calendars")
    for word, enabled in (("paused", False), ("resumed", True)):
        answer = ann.submit(
            f"/calendars/{calendar['id']}", "/", sync_enabled="true" if enabled else "false"
        )
        assert answer.headers["Location"] == f"/?done={word}"
        assert rig.count("calendars", sync_enabled=enabled) == 1
    acts = rig.rows("audit_log", action="settings.changed")
    assert {row["actor"] for row in acts} == {f"user:{calendar['user_id']}"}


def test_what_is_wrong_is_told_and_can_be_repaired(rig: Rig, ann: Visitor) -> None:
    (calendar,) = rig.rows("calendars")
    assert "Repair now" not in ann.get("/").text
    rig.sql("update calendar_sync_states set push = 'given_up', webhook_failures = 10")
    page = ann.get("/").text
    assert "Live updates failed too often, and were given up." in page
    assert "Repair now" in page
    answer = ann.submit(f"/calendars/{calendar['id']}/repair", "/")
    assert answer.headers["Location"] == "/?done=repaired"
    assert rig.state(calendar["id"])["push"] == "wanted"


def test_rules_are_written_where_they_change(rig: Rig, visitor: Visitor) -> None:
    visitor.sign_up(ANN, PASSWORD)
    rig.google.add_calendar(ANN, "Choir")
    rig.settled(ANN)
    (work,) = rig.rows("calendars", is_primary=True)
    (choir,) = rig.rows("calendars", is_primary=False)
    source, target = f"/busy-blocks/{choir['id']}", str(work["id"])

    assert visitor.submit(source, "/busy-blocks").headers["Location"] == "/busy-blocks?done=saved"
    assert rig.count("busy_block_rules") == 0
    visitor.submit(source, "/busy-blocks", on=target, title=target)
    (rule,) = rig.rows("busy_block_rules")
    assert (rule["source_calendar_id"], rule["target_calendar_id"]) == (choir["id"], work["id"])
    assert (rule["is_enabled"], rule["copy_title"]) == (True, True)
    visitor.submit(source, "/busy-blocks", on=target, title=target)
    assert rig.count("audit_log", action="busy_block_rule.set") == 1
    visitor.submit(source, "/busy-blocks")
    (rule,) = rig.rows("busy_block_rules")
    assert (rule["is_enabled"], rule["copy_title"]) == (False, False)


def test_events_are_shown_as_text_in_the_persons_zone(rig: Rig, ann: Visitor) -> None:
    noon = rig.now().replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=2)
    rig.google.create_event(ANN, timed("<script>alert(1)</script>", noon, location="<b>Here</b>"))
    rig.google.create_event(ANN, {"summary": "Away", **_days(noon, 2)})
    rig.google.create_event(ANN, timed("Beyond", noon + timedelta(days=20)))
    rig.until(lambda: rig.drain() or len(rig.titles()) == 3)
    rig.sql("update calendar_events set html_link = 'javascript:alert(1)'")
    shown = ann.get("/events").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "&lt;b&gt;Here&lt;/b&gt;" in shown
    assert "javascript:" not in shown
    assert "Beyond" not in shown
    assert f"All day, until {noon + timedelta(days=1):%d %b}" in shown
    assert "Times are those of Europe/Berlin" in shown


def test_many_events_come_page_by_page(rig: Rig, ann: Visitor) -> None:
    start = rig.now() + timedelta(hours=1)
    for n in range(101):
        rig.google.create_event(ANN, timed(f"No. {n}!", start + timedelta(hours=n)))
    rig.until(lambda: rig.drain() or len(rig.titles()) == 101)
    first = ann.get("/events")
    assert first.text.count("No. ") == 100
    (more,) = (line for line in first.text.splitlines() if "Later events" in line)
    later = ann.get(more.split('href="')[1].split('"')[0].replace("&amp;", "&"))
    assert later.text.count("No. ") == 1
    assert "No. 100!" in later.text


@pytest.mark.parametrize("query", ["calendar=7", "cursor=nonsense", "calendar=%00"])
def test_addresses_that_make_no_sense(ann: Visitor, query: str) -> None:
    answer = ann.get(f"/events?{query}")
    assert (answer.status_code, heading(answer)) == (400, "That did not work")


def test_leaving_for_a_provider_works_without_scripts(ann: Visitor) -> None:
    answer = ann.submit("/connect/google", "/connect", login_hint=ANN)
    assert answer.status_code == 200
    (refresh,) = (line for line in answer.text.splitlines() if "http-equiv" in line)
    assert "/o/oauth2/v2/auth?" in refresh
    assert "login_hint=ann%40example.test" in refresh
    assert "calsync_connect_" in answer.headers["set-cookie"]


def test_a_provider_that_is_not_set_up_is_not_offered(rig: Rig, ann: Visitor) -> None:
    assert "Outlook is not set up on this CalSync." in ann.get("/connect").text
    answer = ann.submit("/connect/microsoft", "/connect")
    assert (answer.status_code, heading(answer)) == (409, "That is not possible now")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "Give the server's address"),
        ({"server": "other", "username": "u", "password": "p"}, "Give the server's address"),
        (
            {"server": "other", "address": "ftp://x", "username": "u", "password": "p"},
            "https URL",
        ),
        ({"server": "icloud", "username": "u" * 400, "password": "p"}, "Username: "),
    ],
)
def test_a_server_that_cannot_be_connected(
    rig: Rig, ann: Visitor, fields: dict[str, str | list[str]], told: str
) -> None:
    answer = ann.submit("/connect/caldav", "/connect", **fields)
    assert answer.status_code == 400
    assert told in alert(answer)
    assert rig.count("calendar_accounts") == 1


def test_an_account_whose_access_was_lost_is_connected_again(rig: Rig, ann: Visitor) -> None:
    (account,) = rig.rows("calendar_accounts")
    rig.service.database.call(
        "require_reauthorization",
        user_id=account["user_id"],
        account_id=account["id"],
        reason="revoked",
    )
    page = ann.get("/").text
    assert "Nothing is lost: connect the account again." in page
    assert f'name="login_hint" value="{ANN}"' in page


def test_a_disconnected_account_is_gone_and_can_come_back(rig: Rig, ann: Visitor) -> None:
    (account,) = rig.rows("calendar_accounts")
    away = f"/accounts/{account['id']}/disconnect"
    assert heading(ann.get(away)) == f"Disconnect Google {ANN}?"
    assert rig.count("calendar_accounts", status="active") == 1
    assert ann.submit(away, away).headers["Location"] == "/?done=disconnected"
    assert rig.count("calendar_accounts", status="disconnected") == 1
    page = ann.get("/").text
    assert "No account is connected yet" in page
    assert "Connect again" in page
    assert heading(ann.get("/busy-blocks")) == "Busy blocks"


def test_without_a_database_a_page_says_so(rig: Rig, ann: Visitor) -> None:
    rig.service.database.close()
    answer = ann.get("/")
    assert (answer.status_code, heading(answer)) == (503, "Not available at the moment")
    assert "The database cannot be reached; nothing was written." in answer.text
    assert "psycopg" not in answer.text


def test_no_log_holds_what_was_typed(rig: Rig, visitor: Visitor) -> None:
    with capture_logs() as logs:
        visitor.sign_up(ANN, PASSWORD)
        opened = rig.service.sealer.open(visitor.cookie)["tokens"]
        visitor.submit("/sign-out", "/")
        visitor.sign_in(ANN, "a wrong password")
        visitor.sign_in(ANN, PASSWORD)
        visitor.submit(
            "/connect/caldav", "/connect", server="other", address=httpx.URL(rig.url).host,
            username="u", password="an app password",
        )  # fmt: skip
    told = str(logs)
    assert "sign_in_refused" in told
    secrets = (PASSWORD, "a wrong password", "an app password", opened["access"], opened["refresh"])
    assert [each for each in secrets if each in told] == []


def _days(begin: datetime, count: int) -> dict[str, dict[str, str]]:
    return {
        "start": {"date": f"{begin:%Y-%m-%d}"},
        "end": {"date": f"{begin + timedelta(days=count):%Y-%m-%d}"},
    }
