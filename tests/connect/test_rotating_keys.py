"""Keys are rotated while syncs go on: none fails, nothing is lost, the old key can go."""

import base64
import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import cycle
from typing import Any
from uuid import UUID

import pytest
from cryptography.fernet import Fernet
from typer.testing import CliRunner

from shared.cli import app
from shared.errors import ConfigurationError
from shared.sealing import Sealer
from shared.states import Provider
from shared.steps.connect_account import Grant, connect_account
from shared.steps.rotate_keys import rotate_keys
from shared.worker import run_worker
from tests.connect.conftest import person
from tests.support.rig import ENCRYPTION_KEY, Rig, timed
from tests.support.schema_dump import pg_dump

NEW_KEY = Fernet.generate_key().decode()
PEOPLE = [f"person{number}@example.test" for number in range(4)]


@pytest.fixture
def peopled(rig: Rig) -> Rig:
    """Four people with an account each, sealed with the old key; the new one is known."""
    for email in PEOPLE:
        rig.google.add_person(email)
        rig.connect(email)
    rig.drain()
    rig.reopen(TOKEN_ENCRYPTION_KEYS=f"{NEW_KEY},{ENCRYPTION_KEY}")
    return rig


def sealed(rig: Rig) -> list[str]:
    return [row["sealed"] for row in rig.rows("calsync_private.account_credentials")]


def test_everything_is_sealed_with_the_newest_key(peopled: Rig) -> None:
    steps: list[int] = []
    done = rotate_keys(peopled.service, batch=3, told=steps.append)

    assert (done.accounts, done.resealed, done.unopened) == (4, 4, ())
    assert steps == [3, 4]
    newest = Sealer([NEW_KEY])
    assert all(newest.open(each)["refresh_token"] for each in sealed(peopled))
    entries = peopled.rows("audit_log", action="credentials.reseal", actor="cli")
    assert len(entries) == 4


def test_a_second_rotation_finds_nothing_to_do(peopled: Rig) -> None:
    rotate_keys(peopled.service)
    before = sealed(peopled)
    assert rotate_keys(peopled.service).resealed == 0
    assert sealed(peopled) == before


def test_syncs_go_on_meanwhile_and_then_without_the_old_key(peopled: Rig) -> None:
    """Each sync must refresh, and Google changes the refresh token with every refresh."""
    rig = peopled
    rig.google.settings(rotate_refresh_tokens=True)
    with working(rig), resealing_to_and_fro(rig):
        for number in range(8):
            _sync_one(rig, PEOPLE[number % 4], f"Event {number}")
    assert rotate_keys(rig.service).unopened == ()
    assert rig.count("calendar_sync_logs", status="failed") == 0
    assert rig.count("calendar_accounts", status="active") == 4

    rig.reopen(TOKEN_ENCRYPTION_KEYS=NEW_KEY)
    with working(rig):
        for email in PEOPLE:
            _sync_one(rig, email, f"Without the old key: {email}")
    assert rig.count("calendar_sync_logs", status="failed") == 0


def _sync_one(rig: Rig, email: str, title: str) -> None:
    """A sync that must refresh; one account at a time, so that no token expires in its use."""
    rig.google.expire_access_tokens(email=email)
    rig.google.create_event(email, timed(title, rig.now()))
    rig.until(lambda: title in rig.titles())


@contextmanager
def working(rig: Rig) -> Iterator[None]:
    """A worker meanwhile; its syncs are finished at the end."""
    stopping = threading.Event()
    thread = threading.Thread(target=run_worker, args=(rig.service, stopping))
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


@contextmanager
def resealing_to_and_fro(rig: Rig) -> Iterator[None]:
    """Everything is sealed with the one key and the other in turn, again and again."""
    orders = ([NEW_KEY, ENCRYPTION_KEY], [ENCRYPTION_KEY, NEW_KEY])
    services = [replace(rig.service, sealer=Sealer(keys)) for keys in orders]
    stopping = threading.Event()

    def reseal() -> None:
        for service in cycle(services):
            if stopping.wait(0.02):
                return
            rotate_keys(service, batch=1)

    thread = threading.Thread(target=reseal)
    thread.start()
    try:
        yield
        rig.until(lambda: rig.count("audit_log", action="credentials.reseal") > 8)
    finally:
        stopping.set()
        thread.join()


def test_what_a_sync_stored_meanwhile_is_not_overwritten(peopled: Rig) -> None:
    database, sealer = peopled.service.database, peopled.service.sealer
    (read, *_) = database.call("credentials_to_reseal", limit=1)
    account = {"user_id": read["user_id"], "account_id": read["account_id"]}
    rotated = sealer.seal({"refresh_token": "rotated meanwhile"})
    database.call("store_credentials", **account, sealed=rotated)
    (found,) = database.call(
        "reseal_credentials", **account, before=read["sealed"], sealed=sealer.seal({"old": 1})
    )

    assert found == {"resealed": False, "sealed": rotated}
    assert rotated in sealed(peopled)


def test_nothing_is_lost_between_writers(peopled: Rig) -> None:
    """One thread stores rotated credentials, sealed with the older key, as fast as it can."""
    rig = peopled
    (row, *_) = rig.rows("calsync_private.account_credentials")
    account = {"user_id": row["user_id"], "account_id": row["account_id"]}
    older = Sealer([ENCRYPTION_KEY])
    finished = threading.Event()

    def store() -> None:
        try:
            for number in range(200):
                told = older.seal({"refresh_token": str(number)})
                rig.service.database.call("store_credentials", **account, sealed=told)
        finally:
            finished.set()

    writer = threading.Thread(target=store)
    writer.start()
    while not finished.is_set():
        rotate_keys(rig.service)
    writer.join()
    rotate_keys(rig.service)

    kept = rig.rows("calsync_private.account_credentials", account_id=row["account_id"])
    assert Sealer([NEW_KEY]).open(kept[0]["sealed"]) == {"refresh_token": "199"}


def test_credentials_that_no_key_opens_are_named(peopled: Rig) -> None:
    rig = peopled
    (row, *_) = rig.rows("calsync_private.account_credentials")
    lost = Sealer([Fernet.generate_key().decode()]).seal({"refresh_token": "lost"})
    rig.service.database.call(
        "store_credentials", user_id=row["user_id"], account_id=row["account_id"], sealed=lost
    )
    result = command(rig)

    assert result["status"] == 1
    assert result["told"] == {
        "accounts": 4,
        "resealed": 3,
        "unopened": [str(row["account_id"])],
    }
    assert lost in sealed(rig)


def test_the_command(peopled: Rig) -> None:
    assert command(peopled) == {
        "status": 0,
        "told": {"accounts": 4, "resealed": 4, "unopened": []},
    }
    said = CliRunner().invoke(app, ["rotate-keys"], env=peopled.environment)
    assert "4 accounts: 0 sealed anew" in said.stdout


def test_without_the_old_key_nothing_opens_before_the_rotation(peopled: Rig) -> None:
    newest = Sealer([NEW_KEY])
    for each in sealed(peopled):
        with pytest.raises(ConfigurationError):
            newest.open(each)


def test_a_dump_holds_no_credential(peopled: Rig) -> None:
    """Of the whole database, every table; nor in base64, nor in hex."""
    rig = peopled
    user_id: UUID = person(rig, PEOPLE[0])
    planted = Grant(
        provider=Provider.CALDAV,
        provider_account_id="calendar.example/ann",
        email=None,
        scopes=(),
        credentials={"url": "https://calendar.example", "password": "planted-caldav-password"},
    )
    connect_account(rig.service, user_id, planted)
    rotate_keys(rig.service)
    command = [pg_dump(), "--inserts", rig.database_url]
    dump = subprocess.run(command, capture_output=True, check=True).stdout

    assert b"account_credentials" in dump
    assert all(each.encode() in dump for each in sealed(rig))
    for secret in ("planted-caldav-password", *rig.refresh_tokens, NEW_KEY, ENCRYPTION_KEY):
        for form in forms(secret):
            assert form not in dump


def forms(secret: str) -> list[bytes]:
    """A secret as it may be written."""
    text = secret.encode()
    return [text, base64.b64encode(text), text.hex().encode(), json.dumps(secret).encode()]


def command(rig: Rig) -> dict[str, Any]:
    """`calsync rotate-keys --json`: its exit status and what it printed."""
    result = CliRunner().invoke(app, ["rotate-keys", "--json"], env=rig.environment)
    return {"status": result.exit_code, "told": json.loads(result.stdout)}
