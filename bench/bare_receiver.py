"""What no sync can beat: the emulator's own time to deliver a notification and answer a list."""

import threading
import time
from uuid import uuid4

import httpx

from bench.events import short_event
from tests.support.google_emulator import GoogleEmulator
from tests.support.webhook_receiver import Received, WebhookReceiver


def bare_latencies(google: GoogleEmulator, count: int) -> list[float]:
    """Seconds from a change to the answer of the list call that its notification sets off."""
    email = f"bare-{uuid4().hex}@example.test"
    google.add_person(email)
    headers = {"Authorization": f"Bearer {google.tokens(email)['access_token']}"}
    events = f"{google.api_url}calendars/primary/events"
    with WebhookReceiver() as receiver, httpx.Client(headers=headers) as client:
        told = threading.Event()

        def hear(received: Received) -> None:
            if received.state == "exists":
                told.set()

        receiver.on_receive = hear
        channel = {"id": str(uuid4()), "type": "web_hook", "address": receiver.url}
        client.post(f"{events}/watch", json=channel).raise_for_status()
        cursor = client.get(events).json()["nextSyncToken"]
        latencies = []
        for _ in range(count):
            told.clear()
            started = time.perf_counter()
            google.create_event(email, short_event("Bare"))
            if not told.wait(10):
                raise RuntimeError("the emulator sent no notification")
            cursor = client.get(events, params={"syncToken": cursor}).json()["nextSyncToken"]
            latencies.append(time.perf_counter() - started)
    return latencies
