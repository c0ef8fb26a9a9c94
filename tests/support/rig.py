"""A whole installation for flow tests: real Postgres, real emulator, real HTTP in between."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

import httpx
import psycopg
from cryptography.fernet import Fernet
from flask import Flask
from psycopg.rows import dict_row
from werkzeug.serving import BaseWSGIServer, make_server

from functions.app import create_app
from shared.config import read_settings
from shared.db.rows import Applied, Claim
from shared.providers.registry import providers
from shared.states import Provider
from shared.steps.claim import claim_calendars
from shared.steps.claim_writes import claim_writes
from shared.steps.connect_account import Grant, connect_account
from shared.steps.deliver_writes import deliver_writes
from shared.steps.maintain import keep_up
from shared.steps.open_service import open_service
from shared.steps.service import Service
from shared.steps.sync_calendar import sync_calendar
from tests.support import clock
from tests.support.google_emulator import CLIENT_ID, CLIENT_SECRET, GoogleEmulator
from tests.support.microsoft_emulator import MicrosoftEmulator

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

CRON_SECRET = "cron-secret-of-the-tests"
WEBHOOK_SECRET = "webhook-secret-of-the-tests"
ENCRYPTION_KEY = Fernet.generate_key().decode()
WAIT_SECONDS = 60.0
POLL_SECONDS = 0.02  # how soon the server notices that it is to end


class Rig:
    """`with Rig(database_url, google) as rig:` — no worker runs; `drain()` does what is due.

    `at(instant)` moves the database's clock (and the emulator's); nothing waits.
    """

    def __init__(
        self,
        database_url: str,
        google: GoogleEmulator,
        microsoft: MicrosoftEmulator | None = None,
        **environment: str,
    ) -> None:
        self.database_url = database_url
        self.google = google
        self._microsoft = microsoft
        self.refresh_tokens: list[str] = []
        self._server: BaseWSGIServer = make_server("127.0.0.1", 0, _not_ready, threaded=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.environment = {
            "DATABASE_URL": database_url,
            "CRON_SECRET": CRON_SECRET,
            "WEBHOOK_SECRET": WEBHOOK_SECRET,
            "WEBHOOK_BASE_URL": self.url,
            "TOKEN_ENCRYPTION_KEYS": ENCRYPTION_KEY,
            "GOOGLE_CLIENT_ID": CLIENT_ID,
            "GOOGLE_CLIENT_SECRET": CLIENT_SECRET,
            "GOOGLE_API_URL": google.api_url,
            "GOOGLE_TOKEN_URL": google.token_url,
            "GOOGLE_AUTH_URL": google.auth_url,
            "GOOGLE_REVOKE_URL": f"{google.url}/revoke",
            **(_app_at(microsoft) if microsoft else {}),
            **environment,
        }
        self.service = self._open()
        self._connection: psycopg.Connection[dict[str, Any]] | None = None

    def __enter__(self) -> Self:
        serve = self._server.serve_forever
        threading.Thread(target=serve, args=(POLL_SECONDS,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._close()

    def _close(self) -> None:
        self.service.database.close()
        self._forget_connection()

    def _forget_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> Service:
        service = open_service(read_settings(self.environment))
        return self._serving(replace(service, jitter=lambda: 0.5))

    def _serving(self, service: Service) -> Service:
        self._server.app = _app_when_asked(service)
        return service

    # -- time

    def at(self, instant: datetime) -> None:
        """Moves the clock of the database and of the emulator; both then stand still."""
        url = self.environment["DATABASE_URL"] = clock.url_at(self.database_url, instant)
        for emulator in filter(None, (self.google, self._microsoft)):
            emulator.control("clock", {"now": instant.isoformat()})
        if clock.move(self.service.database, url, instant):
            self._forget_connection()
            settings = read_settings(self.environment)
            self.service = self._serving(
                replace(self.service, settings=settings, providers=providers(settings))
            )
        else:
            self.reopen()

    def reopen(self, **environment: str) -> None:
        """Opens the service anew with other settings."""
        self._close()
        self.environment |= environment
        self.service = self._open()

    def later(self, **duration: float) -> datetime:
        """Moves the clock forward, e.g. `later(hours=6)`; gives the new instant."""
        instant = self.now() + timedelta(**duration)
        self.at(instant)
        return instant

    def now(self) -> datetime:
        """What the database takes for now."""
        (row,) = self.service.database.read("due_summary")
        return datetime.fromisoformat(row["now"]).astimezone(UTC)

    @property
    def microsoft(self) -> MicrosoftEmulator:
        """The Microsoft emulator, where the rig was given one."""
        assert self._microsoft is not None
        return self._microsoft

    # -- people and their calendars

    def connect(self, email: str) -> UUID:
        """A person signs up and connects their Google account; gives their user id."""
        (person,) = self.service.database.call("find_or_add_person", email=email)
        tokens = self.google.tokens(email)
        self.refresh_tokens.append(tokens["refresh_token"])
        grant = Grant(
            provider=Provider.GOOGLE,
            provider_account_id=email,
            email=email,
            scopes=tuple(tokens["scope"].split()),
            credentials={"refresh_token": tokens["refresh_token"]},
        )
        user_id = UUID(person["user_id"])
        connect_account(self.service, user_id, grant)
        return user_id

    def connect_microsoft(self, email: str) -> UUID:
        """A person signs up and connects their Microsoft account; gives their user id."""
        (person,) = self.service.database.call("find_or_add_person", email=email)
        grant = Grant(
            provider=Provider.MICROSOFT,
            provider_account_id=email,
            email=email,
            scopes=("Calendars.ReadWrite",),
            credentials={
                "refresh_token": self.microsoft.tokens(email)["refresh_token"],
                "email": email,
            },
        )
        user_id = UUID(person["user_id"])
        connect_account(self.service, user_id, grant)
        return user_id

    def settled(self, email: str) -> UUID:
        """Connects, subscribes and syncs until nothing is due; gives the primary calendar's id."""
        user_id = self.connect(email)
        self.drain()
        self.until(lambda: self._heard_from_all_channels(user_id))
        self.drain()
        (row,) = self.rows("calendars", user_id=user_id, is_primary=True)
        calendar_id: UUID = row["id"]
        return calendar_id

    def _heard_from_all_channels(self, user_id: UUID) -> bool:
        heard = self.count("webhook_notifications", user_id=user_id, outcome="confirmed")
        return 0 < self.count("webhook_subscriptions", user_id=user_id, status="active") <= heard

    # -- doing what is due

    def claims(self) -> list[Claim]:
        """Leases what is due, without syncing it."""
        return claim_calendars(self.service, limit=20)

    def drain(self) -> list[Applied]:
        """Does all that is due: upkeep and syncs; gives what the syncs that succeeded did."""
        done: list[Applied] = []
        while True:
            busy = keep_up(self.service).busy
            claims = self.claims()
            results = [sync_calendar(self.service, claim) for claim in claims]
            done += [applied for applied in results if applied]
            if not busy and not claims and not self.deliver():
                return done

    def deliver(self) -> int:
        """Delivers the writes that are due now; gives how many were settled."""
        deliveries = claim_writes(self.service, limit=20)
        return sum(deliver_writes(self.service, delivery).settled for delivery in deliveries)

    def post(self, path: str, body: Any = None, secret: str | None = CRON_SECRET) -> httpx.Response:
        """Calls a function URL."""
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        return httpx.post(f"{self.url}{path}", json=body or {}, headers=headers, timeout=60)

    # -- looking

    def rows(self, relation: str, **where: Any) -> list[dict[str, Any]]:
        """Rows of a table or view, as the superuser sees them."""
        test = (
            " and ".join(f"{column} is not distinct from %({column})s" for column in where)
            or "true"
        )
        return self.sql(f"select * from {relation} where {test}", where)

    def count(self, relation: str, **where: Any) -> int:
        """How many such rows there are."""
        return len(self.rows(relation, **where))

    def sql(self, query: str, values: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Runs any SQL on the simulated clock."""
        if self._connection is None or self._connection.closed:
            url = self.environment["DATABASE_URL"]
            self._connection = psycopg.connect(url, autocommit=True, row_factory=dict_row)
        cursor = self._connection.execute(query, values or {})  # type: ignore[call-overload]
        return list(cursor.fetchall()) if cursor.description else []

    def state(self, calendar_id: UUID) -> dict[str, Any]:
        """The sync state of a calendar."""
        (row,) = self.rows("calendar_sync_states", calendar_id=calendar_id)
        return row

    def method(self, calendar_id: UUID) -> str:
        """The sync method that holds."""
        (row,) = self.rows("hybrid_status", calendar_id=calendar_id)
        return str(row["method"])

    def titles(self) -> list[str]:
        """Titles in the mirror, sorted."""
        return sorted(row["summary"] or "" for row in self.rows("calendar_events"))

    def until(self, condition: Callable[[], object]) -> None:
        """Waits for something that other threads or processes do; fails after a minute."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not condition():
            assert time.monotonic() < deadline, "it did not happen within a minute"
            time.sleep(0.01)


def _app_at(microsoft: MicrosoftEmulator) -> dict[str, str]:
    return {
        "MICROSOFT_CLIENT_ID": microsoft.client_id,
        "MICROSOFT_CLIENT_SECRET": microsoft.client_secret,
        "MICROSOFT_REDIRECT_URI": microsoft.redirect_uri,
        "MICROSOFT_GRAPH_URL": microsoft.graph_url,
        "MICROSOFT_AUTHORITY": f"{microsoft.url}/organizations",
    }


def _app_when_asked(service: Service) -> WSGIApplication:
    """The application, made when the first request comes: after most moves of the clock, none."""
    making, made = threading.Lock(), list[Flask]()

    def answer(environ: Any, start_response: Any) -> Iterable[bytes]:
        with making:
            if not made:
                made.append(create_app(service))
        return made[0](environ, start_response)

    return answer


def _not_ready(environ: Any, start_response: Any) -> list[bytes]:
    start_response("503 Service Unavailable", [])
    return [b""]


def timed(title: str, start: datetime, hours: float = 1, **more: Any) -> dict[str, Any]:
    """A timed Google event."""
    end = start + timedelta(hours=hours)
    return {
        "summary": title,
        "start": {"dateTime": start.isoformat(), "timeZone": "Europe/Berlin"},
        "end": {"dateTime": end.isoformat(), "timeZone": "Europe/Berlin"},
        **more,
    }
