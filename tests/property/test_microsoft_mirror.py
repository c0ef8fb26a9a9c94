"""After quiet, mirror = Graph: whatever people did and whatever went wrong on the way."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.steps.maintain import maintain
from shared.steps.sync_calendar import sync_calendar
from shared.steps.verify import verify
from tests.support.google_emulator import GoogleEmulator
from tests.support.microsoft_emulator import MicrosoftEmulator
from tests.support.rig import Rig

MONDAY = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)
STAMP = "%Y-%m-%dT%H:%M:%S"
NUMBERS = count()
PATTERNS: list[dict[str, Any]] = [
    {"type": "daily", "interval": 1},
    {"type": "weekly", "interval": 1, "daysOfWeek": ["tuesday", "friday"]},
    {"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 31},
]


def timed(title: str, start: datetime, hours: float = 1, **more: Any) -> dict[str, Any]:
    """A timed Outlook event on the clocks of Berlin."""
    times = {"start": start, "end": start + timedelta(hours=hours)}
    zone = "W. Europe Standard Time"
    return {
        "subject": title,
        "isAllDay": False,
        **{
            name: {"dateTime": f"{at:%Y-%m-%dT%H:%M:%S}", "timeZone": zone}
            for name, at in times.items()
        },
        **more,
    }


def all_day(title: str, start: datetime, days: int) -> dict[str, Any]:
    """A day, or several."""
    midnight = start.replace(hour=0, minute=0)
    return timed(title, midnight, 24 * days) | {"isAllDay": True}


class Life:
    """One person's calendar, lived by random deeds."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.email = f"person{next(NUMBERS)}@example.test"
        self.events: list[str] = []
        self.series: list[str] = []
        self.made = count()
        rig.microsoft.reset()
        rig.sql("delete from calendar_accounts")
        rig.sql("delete from calsync_private.provider_circuits")
        rig.at(MONDAY)
        rig.microsoft.add_person(self.email)
        self.user_id = rig.connect_microsoft(self.email)
        rig.drain()

    def start(self, number: int) -> datetime:
        """Mostly soon, at times beyond the window."""
        return MONDAY + timedelta(days=1 + number % 40 * 11 % 420, hours=number % 9)

    # -- what people do

    def create(self, number: int) -> None:
        body = timed(f"Event {next(self.made)}", self.start(number))
        self.events.append(self.rig.microsoft.create_event(self.email, body)["id"])

    def create_all_day(self, number: int) -> None:
        body = all_day(f"Day {next(self.made)}", self.start(number), 1 + number % 3)
        self.events.append(self.rig.microsoft.create_event(self.email, body)["id"])

    def create_series(self, number: int) -> None:
        start = MONDAY + timedelta(days=number % 9, hours=number % 9)
        ends: list[dict[str, Any]] = [
            {"type": "noEnd"},
            {"type": "numbered", "numberOfOccurrences": 9},
        ]
        span = ends[number % 2] | {"startDate": f"{start:%Y-%m-%d}"}
        recurrence = {"pattern": PATTERNS[number % 3], "range": span}
        title = f"Series {next(self.made)}"
        body = all_day(title, start, 1) if number % 5 == 0 else timed(title, start)
        body |= {"recurrence": recurrence}
        self.series.append(self.rig.microsoft.create_event(self.email, body)["id"])

    def move(self, number: int) -> None:
        for event in self._some(self.events, number):
            self.rig.microsoft.patch_event(
                self.email, event, timed("Moved", self.start(number + 7))
            )

    def call_off(self, number: int) -> None:
        for event in self._some(self.events, number):
            self.rig.microsoft.patch_event(self.email, event, {"isCancelled": number % 2 == 0})

    def rename_series(self, number: int) -> None:
        for series in self._some(self.series, number):
            title = {"subject": f"Renamed {next(self.made)}"}
            self.rig.microsoft.patch_event(self.email, series, title)

    def move_series(self, number: int) -> None:
        for series in self._some(self.series, number):
            start = MONDAY + timedelta(days=number % 30, hours=number % 9, minutes=30)
            self.rig.microsoft.patch_event(self.email, series, timed("Series moved", start))

    def move_instance(self, number: int) -> None:
        for instance in self._instances(number):
            body = timed("Instance moved", self.start(number + 3))
            self.rig.microsoft.patch_event(self.email, instance, body)

    def call_off_instance(self, number: int) -> None:
        for instance in self._instances(number):
            self.rig.microsoft.patch_event(self.email, instance, {"isCancelled": True})

    def delete_instance(self, number: int) -> None:
        for instance in self._instances(number):
            self.rig.microsoft.delete_event(self.email, instance)

    def delete(self, number: int) -> None:
        for event in self._some(self.events, number):
            self.events.remove(event)
            self.rig.microsoft.delete_event(self.email, event)

    def delete_series(self, number: int) -> None:
        for series in self._some(self.series, number):
            self.series.remove(series)
            told = ("occurrences", "master", "both")[number % 3]
            self.rig.microsoft.settings(series_removal=told)
            self.rig.microsoft.delete_event(self.email, series)

    def _some(self, ids: list[str], number: int) -> list[str]:
        """One of them, where there is any."""
        return [ids[number % len(ids)]] if ids else []

    def _instances(self, number: int) -> list[str]:
        """One of the next instances of one series, where there is any; a fault may hit us too."""
        found: list[str] = []
        span = {"startDateTime": "2026-11-16", "endDateTime": "2027-03-01", "$top": "8"}
        with suppress(httpx.HTTPError):
            for series in self._some(self.series, number):
                token = self.rig.microsoft.tokens(self.email)["access_token"]
                listed = httpx.get(
                    f"{self.rig.microsoft.graph_url}/me/events/{series}/instances",
                    params=span,
                    headers={"Authorization": f"Bearer {token}", "Prefer": 'IdType="ImmutableId"'},
                )
                found = [each["id"] for each in listed.raise_for_status().json()["value"]]
        return self._some(found, number)

    def calendar_view(self, calendar_id: UUID) -> list[tuple[str, str, str]]:
        """What Outlook shows, asked in another way than the adapter asks; as `mirrored`."""
        state = self.rig.state(calendar_id)
        token = self.rig.microsoft.tokens(self.email)["access_token"]
        span = {
            name: f"{state[column].astimezone(UTC):{STAMP}}"
            for name, column in (("startDateTime", "window_start"), ("endDateTime", "window_end"))
        }
        found: list[dict[str, Any]] = []
        link = f"{self.rig.microsoft.graph_url}/me/calendarView?{urlencode(span)}&$top=500"
        while link:
            answer = httpx.get(link, headers={"Authorization": f"Bearer {token}"}).json()
            found += answer["value"]
            link = answer.get("@odata.nextLink")
        return sorted(
            (row["subject"], *(row[name]["dateTime"][:19] for name in ("start", "end")))
            for row in found
            if not row["isCancelled"]
        )

    # -- what goes wrong

    def drop(self, number: int) -> None:
        self.rig.microsoft.fault("drop_notification", times=1 + number % 3)

    def repeat(self, number: int) -> None:
        self.rig.microsoft.fault("repeat_notification", times=1 + number % 3)

    def expire_cursor(self, _: int) -> None:
        self.rig.microsoft.expire_delta_tokens()

    def be_odd(self, number: int) -> None:
        names = ("delta_shows_masters", "delta_repeats_items", "delta_replays_rounds")
        self.rig.microsoft.settings(**{names[number % 3]: number % 2 == 0})

    def refuse(self, number: int) -> None:
        status = (503, 429, 504, 401)[number % 4]
        self.rig.microsoft.fault("status", status=status, times=1)

    def cut(self, _: int) -> None:
        self.rig.microsoft.fault("cut", times=1)

    def die_with_a_lease(self, _: int) -> None:
        self.rig.claims()

    def die_between_pages(self, number: int) -> None:
        self.rig.microsoft.settings(page_size_cap=1 + number % 3)
        match = {"method": "calendarView.delta"}
        self.rig.microsoft.fault("cut", skip=1, times=1, match=match)

    def lose_the_subscription(self, number: int) -> None:
        event = ("subscriptionRemoved", "reauthorizationRequired", "missed")[number % 3]
        self.rig.microsoft.lifecycle(event, pause=number % 2 == 0)

    # -- what time brings

    def work(self, _: int) -> None:
        for claim in self.rig.claims():
            sync_calendar(self.rig.service, claim)

    def wait(self, number: int) -> None:
        self.rig.later(minutes=7 * (1 + number % 60))

    def wait_for_weeks(self, number: int) -> None:
        self.rig.later(days=7 * (1 + number % 3))

    def clean_up(self, _: int) -> None:
        self.rig.drain()
        maintain(self.rig.service)

    def end_quietly(self) -> None:
        """Faults end; whatever is still amiss must heal by itself within two days."""
        self.rig.microsoft.clear_faults()
        self.rig.microsoft.settings(page_size_cap=None)
        for _ in range(8):
            self.rig.later(hours=6, minutes=7)
            self.rig.drain()
            maintain(self.rig.service)


HELPERS = ("start", "calendar_view", "end_quietly")
DEEDS = [name for name in vars(Life) if not name.startswith("_") and name not in HELPERS]


@pytest.fixture(scope="module")
def process() -> Iterator[MicrosoftEmulator]:
    with MicrosoftEmulator() as emulator:
        yield emulator


@pytest.fixture
def outlook(database_url: str, google: GoogleEmulator, process: MicrosoftEmulator) -> Iterator[Rig]:
    with Rig(database_url, google, process) as rig:
        yield rig


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    deeds=st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 1000)), min_size=4, max_size=30)
)
def test_after_quiet_the_mirror_is_graph(outlook: Rig, deeds: list[tuple[str, int]]) -> None:
    life = Life(outlook)
    for name, number in deeds:
        getattr(life, name)(number)
    life.end_quietly()
    (calendar,) = outlook.rows("calendars", user_id=life.user_id)
    found = verify(outlook.service, calendar["id"])
    assert found.drift.count == 0, found.drift
    assert outlook.state(calendar["id"])["attempts"] == 0
    assert mirrored(outlook, calendar["id"]) == life.calendar_view(calendar["id"])


def mirrored(rig: Rig, calendar_id: UUID) -> list[tuple[str, str, str]]:
    """Title, start and end of every occurrence, sorted; days as midnights in UTC."""
    rows = rig.sql(
        "select e.summary,"
        " coalesce(o.start_at, o.start_date::timestamp at time zone 'UTC') as start,"
        " coalesce(o.end_at, o.end_date::timestamp at time zone 'UTC') as end"
        " from event_occurrences o join calendar_events e on e.id = o.event_id"
        " where o.calendar_id = %(id)s",
        {"id": calendar_id},
    )
    return sorted(
        (row["summary"], *(f"{row[name].astimezone(UTC):{STAMP}}" for name in ("start", "end")))
        for row in rows
    )
