"""Limits of a mailbox, and $batch, whose calls count one by one."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from tests.emulator_microsoft.helpers import Graph, Json, refused, timed, wanted
from tests.support.graph_receiver import GraphReceiver
from tests.support.microsoft_emulator import MicrosoftEmulator


@contextmanager
def four_under_way(
    microsoft: MicrosoftEmulator, graph: Graph, receiver: GraphReceiver
) -> Iterator[None]:
    """Four calls that wait for their handshakes until the block ends, and then succeed."""
    arrived, go_on = threading.Semaphore(0), threading.Event()

    def wait(_: str) -> None:
        arrived.release()
        go_on.wait(60)

    receiver.on_handshake = wait
    body = wanted(microsoft, receiver.url())
    bodies = [body | {"changeType": kind} for kind in ("created", "updated", "deleted")]
    with ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(graph.ask, "POST", "/subscriptions", each) for each in [body, *bodies]]
        try:
            for _ in range(4):
                assert arrived.acquire(timeout=30)
            yield
        finally:
            go_on.set()
        assert [call.result().status_code for call in calls] == [201] * 4


def test_four_calls_at_once(
    microsoft: MicrosoftEmulator, ann: Graph, ben: Graph, receiver: GraphReceiver
) -> None:
    with four_under_way(microsoft, ann, receiver):
        over = ann.ask("GET", "/me/events")
        assert ben.ask("GET", "/me/events").status_code == 200
    assert refused(over) == (429, "ApplicationThrottled")
    assert over.headers["Retry-After"] == "2.128"
    words = "Application is over its MailboxConcurrency limit."
    assert over.json()["error"]["message"] == words
    assert ann.ask("GET", "/me/events").status_code == 200
    assert microsoft.counters()["most_concurrent"] == {"ann@outlook.test": 4, "ben@outlook.test": 1}


def test_retry_after_may_be_absent_and_the_limit_another(
    microsoft: MicrosoftEmulator, ann: Graph, receiver: GraphReceiver
) -> None:
    microsoft.settings(retry_after=None)
    with four_under_way(microsoft, ann, receiver):
        over = ann.ask("GET", "/me/events")
        assert refused(over) == (429, "ApplicationThrottled")
        assert "Retry-After" not in over.headers
        microsoft.settings(concurrent_per_mailbox=5)
        assert ann.ask("GET", "/me/events").status_code == 200


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
