"""Limits of a mailbox, and $batch, whose calls count one by one."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.emulator_microsoft.helpers import Graph, Json, refused, timed
from tests.support.microsoft_emulator import MicrosoftEmulator


def at_once(graph: Graph, count: int) -> list[httpx.Response]:
    """That many equal calls side by side."""
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda _: graph.ask("GET", "/me/events"), range(count)))


def test_four_calls_at_once(microsoft: MicrosoftEmulator, ann: Graph) -> None:
    microsoft.settings(latency_ms=400)
    answers = at_once(ann, 6)
    assert sorted(answer.status_code for answer in answers) == [200] * 4 + [429] * 2
    over = next(answer for answer in answers if answer.status_code == 429)
    assert refused(over) == (429, "ApplicationThrottled")
    assert over.headers["Retry-After"] == "2.128"
    assert over.json()["error"]["message"] == ("Application is over its MailboxConcurrency limit.")
    assert microsoft.counters()["most_concurrent"]["ann@outlook.test"] == 4


def test_mailboxes_do_not_share_their_slots(
    microsoft: MicrosoftEmulator, ann: Graph, ben: Graph
) -> None:
    microsoft.settings(latency_ms=200)
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda graph: at_once(graph, 4), (ann, ben)))
    assert {answer.status_code for answers in both for answer in answers} == {200}


def test_retry_after_may_be_absent_and_the_limit_lifted(
    microsoft: MicrosoftEmulator, ann: Graph
) -> None:
    microsoft.settings(latency_ms=200, retry_after=None)
    over = [answer for answer in at_once(ann, 5) if answer.status_code == 429]
    assert len(over) == 1
    assert "Retry-After" not in over[0].headers
    microsoft.settings(concurrent_per_mailbox=None)
    assert {answer.status_code for answer in at_once(ann, 8)} == {200}


def test_requests_in_ten_minutes(microsoft: MicrosoftEmulator, ann: Graph) -> None:
    microsoft.settings(per_mailbox_per_10_min=3)
    statuses = [ann.ask("GET", "/me").status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    microsoft.advance(599)
    assert ann.ask("GET", "/me").status_code == 429
    microsoft.advance(2)
    assert ann.ask("GET", "/me").status_code == 200


def get(number: int, **more: object) -> Json:
    return {"id": str(number), "method": "GET", "url": "/me/calendar"} | more


def batch(graph: Graph, requests: list[Json]) -> dict[str, Json]:
    """The answers by id."""
    answers = graph.post("/$batch", {"requests": requests})["responses"]
    return {answer["id"]: answer for answer in answers}


def test_a_batch_is_judged_call_by_call(ann: Graph) -> None:
    create = {
        "id": "new",
        "method": "POST",
        "url": "/me/events",
        "headers": {"Content-Type": "application/json", "Prefer": 'IdType="ImmutableId"'},
        "body": timed("2026-11-24T10:00"),
    }
    wrong = {"id": "wrong", "method": "GET", "url": "me/events/nothing"}
    answers = batch(ann, [create, wrong, get(1)])
    assert [answers[name]["status"] for name in ("new", "wrong", "1")] == [201, 404, 200]
    assert answers["wrong"]["body"]["error"]["code"] == "ErrorItemNotFound"
    assert answers["new"]["headers"]["Preference-Applied"] == 'IdType="ImmutableId"'
    found = ann.get("/me/events", Prefer='IdType="ImmutableId"')["value"]
    assert [row["id"] for row in found] == [answers["new"]["body"]["id"]]


def test_an_answer_without_a_body(ann: Graph) -> None:
    made = ann.post("/me/events", timed("2026-11-24T10:00"))
    delete = {"method": "DELETE", "url": f"/me/events/{made['id']}"}
    answers = batch(ann, [delete | {"id": "1"}, delete | {"id": "2", "dependsOn": ["1"]}])
    assert (answers["1"]["status"], "body" in answers["1"]) == (204, False)
    assert answers["2"]["status"] == 404


def test_more_than_four_at_once_fail_in_a_batch_too(
    microsoft: MicrosoftEmulator, ann: Graph
) -> None:
    answers = batch(ann, [get(number) for number in range(6)])
    assert [answer["status"] for answer in answers.values()] == [200] * 4 + [429] * 2
    assert answers["5"]["headers"]["Retry-After"] == "2.128"
    chained = [get(0), *(get(number, dependsOn=[str(number - 1)]) for number in range(1, 20))]
    assert {answer["status"] for answer in batch(ann, chained).values()} == {200}
    assert microsoft.counters()["by_method"]["calendars.get"] == 24


def test_a_failed_dependency(ann: Graph) -> None:
    wrong = {"id": "a", "method": "GET", "url": "/me/events/nothing"}
    answers = batch(ann, [get(2, dependsOn=["1"]), get(1, dependsOn=["a"]), wrong, get(3)])
    statuses = {name: answer["status"] for name, answer in answers.items()}
    assert statuses == {"a": 404, "1": 424, "2": 424, "3": 200}
    assert answers["1"]["body"]["error"]["code"] == "FailedDependency"


@pytest.mark.parametrize(
    "requests",
    [
        [],
        [get(number) for number in range(21)],
        [get(1), get(1)],
        [get(1, dependsOn=["9"])],
        [get(1, dependsOn=["2"]), get(2, dependsOn=["1"])],
    ],
)
def test_refused_batches(ann: Graph, requests: list[Json]) -> None:
    answer = ann.ask("POST", "/$batch", {"requests": requests})
    assert refused(answer) == (400, "BadRequest")


def test_a_batch_needs_a_token(ann: Graph) -> None:
    ann.token = "made up"
    answer = ann.ask("POST", "/$batch", {"requests": [get(1)]})
    assert refused(answer) == (401, "InvalidAuthenticationToken")


def test_faults_hit_single_calls_of_a_batch(microsoft: MicrosoftEmulator, ann: Graph) -> None:
    microsoft.fault("status", match={"method": "calendars.get"}, status=503, skip=1, times=1)
    answers = batch(ann, [get(1), get(2), get(3)])
    assert [answer["status"] for answer in answers.values()] == [200, 503, 200]
