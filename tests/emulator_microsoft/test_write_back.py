"""What a program that writes into calendars relies on, lost answers included."""

from urllib.parse import quote

import httpx
import pytest

from tests.emulator_microsoft.helpers import ANN, IMMUTABLE, TAG, Graph, Json, refused, timed
from tests.support.microsoft_emulator import MicrosoftEmulator

BLOCK = timed(
    "2026-11-24T10:00",
    subject="Busy",
    showAs="busy",
    sensitivity="private",
    isReminderOn=False,
    transactionId="blk-1-v1",
    singleValueExtendedProperties=[{"id": TAG, "value": "blk-1"}],
)
EXPAND = f"$expand=singleValueExtendedProperties($filter=id eq '{TAG}')"
TAGGED = f"singleValueExtendedProperties/Any(ep: ep/id eq '{TAG}' and ep/value eq 'blk-1')"


@pytest.fixture
def work(microsoft: MicrosoftEmulator) -> str:
    """The address of a calendar of Ann's that is not the default one."""
    return f"/me/calendars/{microsoft.add_calendar(ANN, 'Work')}/events"


def post(number: int, url: str, body: Json) -> Json:
    headers = {"Content-Type": "application/json"}
    return {"id": str(number), "method": "POST", "url": url, "headers": headers, "body": body}


def test_a_block_comes_back_as_it_was_written(ann: Graph, work: str) -> None:
    made = ann.post(work, BLOCK, Prefer=IMMUTABLE)
    for name in ("subject", "showAs", "sensitivity", "isReminderOn", "transactionId"):
        assert made[name] == BLOCK[name], name
    query = f"{EXPAND}&$filter={quote(TAGGED)}"
    found = ann.get(f"{work}?{query}", Prefer=IMMUTABLE)["value"]
    tags = [{"id": TAG, "value": "blk-1"}]
    assert [row["id"] for row in found] == [made["id"]]
    assert [row["singleValueExtendedProperties"] for row in found] == [tags]
    assert ann.get(f"/me/events?{query}")["value"] == []


@pytest.mark.parametrize(("name", "value"), [("showAs", "free"), ("isReminderOn", True)])
def test_a_change_leaves_the_tag(ann: Graph, work: str, name: str, value: object) -> None:
    made = ann.post(work, BLOCK)
    path = f"{work}/{made['id']}"
    assert ann.patch(path, {name: value}, If_Match=made["@odata.etag"])[name] == value
    tags = ann.get(f"{path}?{EXPAND}")["singleValueExtendedProperties"]
    assert tags == [{"id": TAG, "value": "blk-1"}]


def test_the_lost_answer_of_a_create(microsoft: MicrosoftEmulator, ann: Graph, work: str) -> None:
    calendar = work.split("/")[3]
    microsoft.lose_answers("events.create", user=ANN, calendar=calendar)
    with pytest.raises(httpx.TransportError):
        ann.ask("POST", work, BLOCK)
    held = microsoft.events(ANN, "Work")
    assert [row["transactionId"] for row in held] == ["blk-1-v1"]
    again = ann.ask("POST", work, BLOCK, Prefer=IMMUTABLE)
    assert (again.status_code, again.json()["id"]) == (201, held[0]["id"])
    assert len(microsoft.events(ANN, "Work")) == 1
    assert microsoft.calls("events.create", user=ANN, calendar=calendar) == 2


def test_lost_answers_of_changes(microsoft: MicrosoftEmulator, ann: Graph, work: str) -> None:
    made = ann.post(work, BLOCK, Prefer=IMMUTABLE)
    path, etag = f"{work}/{made['id']}", made["@odata.etag"]
    microsoft.lose_answers("PATCH")
    with pytest.raises(httpx.TransportError):
        ann.ask("PATCH", path, {"subject": "new"}, If_Match=etag)
    assert ann.get(path)["subject"] == "new"
    stale = ann.ask("PATCH", path, {"subject": "new"}, If_Match=etag)
    assert refused(stale) == (412, "ErrorIrresolvableConflict")
    microsoft.lose_answers("events.delete")
    with pytest.raises(httpx.TransportError):
        ann.ask("DELETE", path)
    assert refused(ann.ask("DELETE", path)) == (404, "ErrorItemNotFound")


def test_the_lost_answer_of_a_batch(microsoft: MicrosoftEmulator, ann: Graph, work: str) -> None:
    """Every call is carried out; no part of the answer arrives, and a repeat adds nothing."""
    microsoft.lose_answers("events.create", times=3)
    calls = [post(n, work, BLOCK | {"transactionId": f"blk-{n}"}) for n in range(3)]
    with pytest.raises(httpx.TransportError):
        ann.ask("POST", "/$batch", {"requests": calls})
    again = ann.post("/$batch", {"requests": calls})["responses"]
    assert [answer["status"] for answer in again] == [201] * 3
    made = {row["transactionId"] for row in microsoft.events(ANN, "Work")}
    assert made == {"blk-0", "blk-1", "blk-2"}
    assert len(microsoft.events(ANN, "Work")) == 3


def test_a_lost_answer_frees_the_slot_of_the_mailbox(
    microsoft: MicrosoftEmulator, ann: Graph, work: str
) -> None:
    microsoft.settings(concurrent_per_mailbox=1)
    microsoft.lose_answers("events.create", times=3)
    for number in range(3):
        with pytest.raises(httpx.TransportError):
            ann.ask("POST", work, BLOCK | {"transactionId": f"blk-{number}"})
    assert len(ann.get(work)["value"]) == 3


def test_a_transaction_may_be_repeated_within_a_batch(
    microsoft: MicrosoftEmulator, ann: Graph, work: str
) -> None:
    calls = [post(number, work, BLOCK) for number in range(6)]
    answers = ann.post("/$batch", {"requests": calls})["responses"]
    assert [answer["status"] for answer in answers] == [201] * 4 + [429] * 2
    assert {answer["headers"].get("Retry-After") for answer in answers[4:]} == {"2.128"}
    assert len({answer["body"]["id"] for answer in answers[:4]}) == 1
    assert len(microsoft.events(ANN, "Work")) == 1


def test_conditions_hold_within_a_batch(ann: Graph, work: str) -> None:
    made = ann.post(work, BLOCK)
    url = f"{work}/{made['id']}"
    headers = {"Content-Type": "application/json", "If-Match": made["@odata.etag"]}
    patch = {"method": "PATCH", "url": url, "headers": headers, "body": {"subject": "new"}}
    first = patch | {"id": "1"}
    second = patch | {"id": "2", "dependsOn": ["1"]}
    answers = {
        row["id"]: row for row in ann.post("/$batch", {"requests": [first, second]})["responses"]
    }
    assert (answers["1"]["status"], answers["2"]["status"]) == (200, 412)
    assert answers["2"]["body"]["error"]["code"] == "ErrorIrresolvableConflict"


def test_creates_changes_and_deletes_are_told_apart(
    microsoft: MicrosoftEmulator, ann: Graph, work: str
) -> None:
    calendar = work.split("/")[3]
    made = ann.post(work, BLOCK)
    path = f"{work}/{made['id']}"
    ann.patch(path, {"subject": "1"})
    ann.patch(path, {"subject": "2"})
    ann.delete(path)
    counted = {row["method"]: row["count"] for row in microsoft.counters()["calls"]}
    assert counted == {"events.create": 1, "events.update": 2, "events.delete": 1}
    for method, count in counted.items():
        assert microsoft.calls(method, user=ANN, calendar=calendar) == count
    assert microsoft.calls("events.update", calendar="another") == 0


def test_readers_change_nothing(microsoft: MicrosoftEmulator, ann: Graph) -> None:
    calendar = microsoft.add_calendar(ANN, "Team", can_edit=False)
    held = microsoft.create_event(ANN, timed("2026-11-24T10:00"), "Team")["id"]
    path = f"/me/calendars/{calendar}/events"
    denied = (403, "ErrorAccessDenied")
    assert refused(ann.ask("POST", path, BLOCK)) == denied
    assert refused(ann.ask("PATCH", f"{path}/{held}", {"subject": "x"})) == denied
    assert refused(ann.ask("DELETE", f"{path}/{held}")) == denied
    nowhere = ann.ask("POST", "/me/calendars/nothing/events", BLOCK)
    assert refused(nowhere) == (404, "ErrorItemNotFound")
