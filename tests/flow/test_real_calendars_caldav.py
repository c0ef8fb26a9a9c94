"""Every real calendar at hand is PUT into Radicale and Xandikos and mirrored; nothing is lost."""

import re
from collections import ChainMap, Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest

from shared.decide.ics_components import cut_calendar
from shared.steps.connect_caldav import connect_caldav
from shared.steps.verify import verify
from tests.support.caldav_servers import ANN, PASSWORD, DavServer, Radicale, Xandikos
from tests.support.rig import Rig

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "ics"
BEGIN = re.compile(r"^BEGIN:VEVENT\s*$", re.MULTILINE | re.IGNORECASE)
TAKES_PLACE = "select * from calendar_events where status <> 'cancelled'"
INSTANCE = re.compile(r"^RECURRENCE-ID[;:].*$", re.MULTILINE)

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the real calendars are not at hand")


@pytest.fixture(params=[Radicale, Xandikos])
def server(request: pytest.FixtureRequest) -> Iterator[DavServer]:
    with request.param() as running:
        yield running


def objects(path: Path) -> list[str]:
    """A file as a program uploads it: an object for each UID, with all time zones in it."""
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    components = cut_calendar(text).components
    zones = [each for each in components if each.kind == "VTIMEZONE"]
    by_uid: dict[str, list[str]] = {}
    for each in components:
        if each.kind == "VEVENT":
            uid = next((line for line in each.own if line.upper().startswith("UID")), "")
            by_uid.setdefault(uid, []).extend(each.source)
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Upload//EN"]
    return [
        "\r\n".join(
            [*head, *(line for z in zones for line in z.source), *lines, "END:VCALENDAR\r\n"]
        )
        for lines in by_uid.values()
    ]


def upload(server: DavServer) -> dict[str, int]:
    """Puts all calendars there; gives how many events each accepted resource holds."""

    def put(number: int, path: Path) -> dict[str, int]:
        found = objects(path)
        calendar = server.add_calendar(f"{number}-{path.stem}") if found else ""
        resources = {f"{calendar}{each}.ics": text for each, text in enumerate(found)}
        return {
            resource: events(server.read(resource))
            for resource, text in resources.items()
            if server.try_put(resource, text).is_success
        }

    files = sorted(DATA.rglob("*.ics"))
    with ThreadPoolExecutor(4) as pool:
        return dict(ChainMap(*pool.map(put, range(len(files)), files)))


def events(stored: str) -> int:
    """How many events an object defines; an instance that is changed twice is one.

    Without cancelled instances: whether an EXDATE tells of them is for others to test.
    """
    instances = INSTANCE.findall(stored)
    cancelled = [
        each
        for each in cut_calendar(stored).components
        if each.kind == "VEVENT"
        and {"STATUS:CANCELLED"} <= {*each.own}
        and any(INSTANCE.match(line) for line in each.own)
    ]
    return len(BEGIN.findall(stored)) - len(instances) + len(set(instances)) - len(cancelled)


def test_each_event_is_mirrored_or_refused_with_a_reason(rig: Rig, server: DavServer) -> None:
    accepted = upload(server)
    assert len(accepted) > 300
    rig.reopen(CALLS_PER_MINUTE="100000")  # a hundred calendars within seconds
    (person,) = rig.service.database.call("find_or_add_person", email=ANN)
    connect_caldav(rig.service, UUID(person["user_id"]), server.url, ANN, PASSWORD)
    rig.drain()

    refused = rig.rows("refused_events")
    assert all(row["reason"] and row["detail"] for row in refused)
    held = Counter(
        row["provider_event_id"].partition("#")[0] for row in [*rig.sql(TAKES_PLACE), *refused]
    )
    # What Xandikos stores and then answers 500 for is held, too.
    assert {resource: held[resource] for resource in accepted} == accepted
    drifted = {
        row["name"]: drift
        for row in rig.rows("calendars")
        if (drift := verify(rig.service, row["id"]).drift).count
    }
    assert drifted == {}
