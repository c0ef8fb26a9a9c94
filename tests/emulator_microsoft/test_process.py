"""The program: its options, its data file, its demo, its end."""

import json
import socket
from pathlib import Path

import httpx
import pytest

from emulator.__main__ import main
from tests.emulator_microsoft.helpers import (
    ANN,
    DAILY,
    IMMUTABLE,
    SPAN,
    TAG,
    Graph,
    recurring,
    refused,
    timed,
    wanted,
)
from tests.support.google_emulator import wait_until
from tests.support.graph_receiver import GraphReceiver
from tests.support.microsoft_emulator import MicrosoftEmulator


def test_everything_outlives_a_restart(tmp_path: Path, receiver: GraphReceiver) -> None:
    with MicrosoftEmulator("--data", str(tmp_path / "data.json")) as microsoft:
        microsoft.add_person(ANN, "Ann")
        tokens = microsoft.tokens(ANN)
        ann = Graph(microsoft, ANN)
        tag = {"singleValueExtendedProperties": [{"id": TAG, "value": "blk-1"}]}
        ann.post("/me/events", timed("2026-11-24T10:00") | tag)
        master = ann.post("/me/events", recurring("2026-11-02T09:00", DAILY))
        first, second, third, *_ = ann.everything(f"/me/events/{master['id']}/instances?{SPAN}")
        ann.patch(f"/me/events/{first['id']}", {"subject": "Other"})
        ann.delete(f"/me/events/{second['id']}")
        subscription = ann.post("/subscriptions", wanted(microsoft, receiver.url()))
        rows, link = ann.pages(f"/me/calendarView/delta?{SPAN}", Prefer=IMMUTABLE)
        before = microsoft.events(ANN)
        ann.close()
        assert microsoft.stop() == 0
        microsoft.start()
        assert microsoft.events(ANN) == before
        ann = Graph(microsoft, ANN)
        ann.token = tokens["access_token"]
        # The port is another one, the token in the link is not.
        link = f"/me/calendarView/delta?{link.partition('?')[2]}"
        assert ann.pages(link)[0] == []
        assert ann.get(f"/subscriptions/{subscription['id']}")["clientState"] == "r4nd0m"
        ann.patch(f"/me/events/{third['id']}", {"subject": "Third"})
        again, _ = ann.pages(link, Prefer=IMMUTABLE)
        assert {row["id"] for row in again} < {row["id"] for row in rows}
        ann.close()


def test_after_a_crash_delta_tokens_are_dead(tmp_path: Path) -> None:
    file = tmp_path / "data.json"
    with MicrosoftEmulator("--data", str(file)) as microsoft:
        microsoft.add_person(ANN, "Ann")
        ann = Graph(microsoft, ANN)
        made = ann.post("/me/events", timed("2026-11-24T10:00"))
        _, link = ann.pages(f"/me/calendarView/delta?{SPAN}")
        ann.close()
        wait_until(lambda: "2026-11-24T10:00" in file.read_text())
        microsoft.kill()
        microsoft.start()
        ann = Graph(microsoft, ANN)
        answer = ann.ask("GET", f"/me/calendarView/delta?{link.partition('?')[2]}")
        assert refused(answer) == (410, "SyncStateNotFound")
        rows, _ = ann.pages(f"/me/calendarView/delta?{SPAN}")
        assert [row["id"] for row in rows] == [made["id"]]
        ann.close()


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", json.dumps({"version": 9, "clean": True, "store": {}})]
)
def test_a_file_of_somebody_else(
    tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "data.json"
    file.write_text(content)
    assert main(["microsoft", "--port", "0", "--data", str(file)]) == 1
    assert "UnreadableData" in capsys.readouterr().err
    assert file.read_text() == content


def test_a_taken_port(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["microsoft", "--port", str(port)]) == 1
        assert f"port {port} on 127.0.0.1 is taken" in capsys.readouterr().err
        assert main(["microsoft", "--port", "0", "--tls-port", str(port)]) == 1


def test_the_demo_lives(receiver: GraphReceiver) -> None:
    with MicrosoftEmulator("--seed", "demo", "--lively", "0.01") as microsoft:
        people = microsoft.control("people")
        assert len(people) == 3
        assert {len(person["calendars"]) for person in people} == {2}
        rows = microsoft.events(ANN)
        kinds = {row["type"] for row in rows}
        assert kinds == {"singleInstance", "seriesMaster"}
        assert any(row["removedOccurrences"] for row in rows)
        assert any(row["exceptionOccurrences"] for row in rows)
        assert {row["showAs"] for row in rows} >= {"busy", "free", "tentative", "oof"}
        ann = Graph(microsoft, ANN)
        calendar = people[0]["calendars"][0]["id"]
        resource = f"me/calendars/{calendar}/events"
        ann.post("/subscriptions", wanted(microsoft, receiver.url(), resource=resource))
        receiver.wait_for(3)
        ann.close()


def test_the_demo_is_not_planted_twice(tmp_path: Path) -> None:
    options = ("--seed", "demo", "--data", str(tmp_path / "data.json"))
    with MicrosoftEmulator(*options) as microsoft:
        before = len(microsoft.events(ANN))
        microsoft.stop()
        microsoft.start()
        assert len(microsoft.events(ANN)) == before


def test_own_client_and_addresses() -> None:
    client = ("--client-id", "c", "--client-secret", "s")
    names = ("--public-authority", "https://x.test", "--browser-url", "http://127.0.0.1:1")
    with MicrosoftEmulator(*client, *names) as microsoft:
        # What the command line says outlives a reset.
        microsoft.reset()
        url = f"{microsoft.url}/common/v2.0/.well-known/openid-configuration"
        document = httpx.get(url).json()
        assert document["token_endpoint"] == "https://x.test/common/oauth2/v2.0/token"
        consent = "http://127.0.0.1:1/common/oauth2/v2.0/authorize"
        assert document["authorization_endpoint"] == consent
        form = {"client_id": "c", "client_secret": "s", "grant_type": "password"}
        refusal = httpx.post(microsoft.token_url, data=form).json()
        assert refusal["error_codes"] == [70003], "the client itself is known"
