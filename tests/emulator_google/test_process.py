"""The program: ready line, named errors, quick stop, data that survives."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.emulator_google.discovery import service
from tests.emulator_google.helpers import ANN, BEN, ids, refusal, timed
from tests.support.google_emulator import GoogleEmulator, wait_until
from tests.support.served_process import ROOT
from tests.support.webhook_receiver import Received, WebhookReceiver


def run(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "emulator", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_a_taken_port_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run("google", "--port", str(port))
    assert done.returncode == 1
    assert f"PortTaken: port {port}" in done.stderr


def test_bad_options_are_named(tmp_path: Path) -> None:
    broken = tmp_path / "data.json"
    broken.write_text("{")
    assert "UnreadableData" in run("google", "--port", "0", "--data", str(broken)).stderr
    broken.write_text('{"version": 99}')
    assert "version 99" in run("google", "--port", "0", "--data", str(broken)).stderr
    missing = run("google", "--port", "0", "--ics", str(tmp_path / "none"))
    assert "NotADirectoryError" in missing.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_stop_it_quickly(number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "emulator", "google", "--port", "0", "--lively", "0.01"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["ready"] is True
    began = time.monotonic()
    os.kill(process.pid, number)
    _, complaint = process.communicate(timeout=30)
    assert (process.returncode, complaint) == (0, "")
    assert time.monotonic() - began < 10


def test_a_receiver_that_hangs_does_not_hold_it_up(receiver: WebhookReceiver) -> None:
    hanging = threading.Event()

    def hang(_: Received) -> None:
        hanging.wait(20)

    receiver.on_receive = hang
    with GoogleEmulator() as google:
        google.notify(address=receiver.url, headers={}, count=3)
        wait_until(lambda: google.counters()["notifications"]["total"]["attempts"] == 3)
        began = time.monotonic()
        assert google.stop() == 0
        assert time.monotonic() - began < 10, "not when the receiver answers"
    hanging.set()


def test_everything_goes_on_after_a_restart(tmp_path: Path, receiver: WebhookReceiver) -> None:
    with GoogleEmulator("--data", str(tmp_path / "data" / "google.json")) as google:
        google.add_person(ANN)
        series = timed("2026-11-24T10:00", recurrence=["RRULE:FREQ=WEEKLY"])
        made = google.create_event(ANN, series)["id"]
        google.delete_event(ANN, f"{made}_20261201T090000Z")
        tokens = google.tokens(ANN)
        with closing(service(google, ANN, **tokens)) as client:
            sync = client.events().list(calendarId="primary").execute()["nextSyncToken"]
            lists = client.calendarList().list().execute()["nextSyncToken"]
            body = {"id": "c", "type": "web_hook", "address": receiver.url}
            client.events().watch(calendarId="primary", body=body).execute()
        receiver.wait_for(1)
        before = google.events(ANN, deleted=True)
        assert google.stop() == 0
        google.start()
        assert google.events(ANN, deleted=True) == before
        added = google.create_event(ANN, timed("2026-11-25T10:00"))["id"]
        assert receiver.wait_for(1, "exists")[0].number > 1
        with closing(service(google, ANN, **tokens)) as client:
            answer = client.events().list(calendarId="primary", syncToken=sync).execute()
            assert ids(answer) == [added]
            assert client.calendarList().list(syncToken=lists).execute()["items"] == []
        with closing(service(google, ANN, refresh_token=tokens["refresh_token"])) as client:
            assert len(client.events().list(calendarId="primary").execute()["items"]) == 3


def test_a_crash_never_hides_a_change(tmp_path: Path) -> None:
    """What was not saved is gone; a token that may cover it must not be believed."""
    file = tmp_path / "google.json"
    with GoogleEmulator("--data", str(file)) as google:
        google.add_person(ANN)
        saved = google.create_event(ANN, timed("2026-11-24T10:00"))["id"]
        tokens = google.tokens(ANN)
        wait_until(lambda: tokens["refresh_token"] in file.read_text())
        file_then = file.read_bytes()
        with closing(service(google, ANN, **tokens)) as client:
            safe = client.events().list(calendarId="primary").execute()["nextSyncToken"]
            google.create_event(ANN, timed("2026-11-24T10:00", summary="lost"))
            unsafe = client.events().list(calendarId="primary").execute()["nextSyncToken"]
        google.kill()
        file.write_bytes(file_then)  # as if the crash had come before the next save
        google.start()
        google.patch_event(ANN, saved, {"summary": "new"})
        with closing(service(google, ANN, **tokens)) as client:
            call = client.events().list(calendarId="primary", syncToken=unsafe)
            assert refusal(call.execute) == (410, "fullSyncRequired")
            answer = client.events().list(calendarId="primary", syncToken=safe).execute()
            assert [item["summary"] for item in answer["items"]] == ["new"]


def test_demo_people_and_their_lively_calendars(tmp_path: Path) -> None:
    options = ("--seed", "demo", "--lively", "0.02", "--data", str(tmp_path / "d.json"))
    with GoogleEmulator(*options) as google:
        people = {person["email"]: person for person in google.control("people")}
        assert {email: len(p["calendars"]) for email, p in people.items()} == {
            ANN: 2,
            BEN: 2,
            "cleo@example.test": 2,
        }
        with closing(service(google, BEN)) as client:
            items = client.events().list(calendarId="primary").execute()["items"]
            kinds = {
                "series": any("recurrence" in item for item in items),
                "exception": any("recurringEventId" in item for item in items),
                "whole day": any("date" in item.get("start", {}) for item in items),
                "video": any("hangoutLink" in item for item in items),
                "invitation": any(item.get("organizer", {}).get("email") == ANN for item in items),
            }
            assert all(kinds.values()), kinds
            sync = client.events().list(calendarId="primary").execute()["nextSyncToken"]

            def changed() -> Any:
                query = client.events().list(calendarId="primary", syncToken=sync)
                return query.execute()["items"]

            wait_until(changed, pause=0.1)
        google.stop()
        google.start()
        assert len(google.control("people")) == 3


def test_twenty_thousand_events_list_fast(google: GoogleEmulator, ann: Any) -> None:
    google.create_events(ANN, [timed("2026-11-24T10:00")] * 20_000)
    token, count, began = None, 0, google.cpu_seconds()
    while True:
        request = ann.events().list(calendarId="primary", maxResults=2500, pageToken=token)
        _, content = request.http.request(request.uri, headers=request.headers)
        answer = json.loads(content)
        count += len(answer["items"])
        token = answer.get("nextPageToken")
        if token is None:
            break
    assert count == 20_000
    took = google.cpu_seconds() - began
    assert count / took > 3_000, took
