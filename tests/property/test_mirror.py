"""After quiet, mirror = provider: whatever people did and whatever was dropped, repeated,
reordered, refused or crashed on the way (invariants 3, 4, 5, 10)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.steps.maintain import maintain
from shared.steps.sync_calendar import sync_calendar
from shared.steps.verify import verify
from tests.support.rig import Rig, timed

MONDAY = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)
NUMBERS = count()
RULES = [
    ("RRULE:FREQ=DAILY;COUNT=12", 1),
    ("RRULE:FREQ=WEEKLY", 7),
    ("RRULE:FREQ=WEEKLY;INTERVAL=2", 14),
]


@dataclass
class Series:
    """A series as this person remembers it."""

    id: str
    start: datetime
    step_days: int
    cancelled: set[int] = field(default_factory=set)

    def instance(self, number: int) -> str:
        start = self.start + timedelta(days=self.step_days * number)
        return f"{self.id}_{start:%Y%m%dT%H%M%SZ}"


class Life:
    """One person's calendar, lived by random deeds."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.email = f"person{next(NUMBERS)}@example.test"
        self.events: list[str] = []
        self.series: list[Series] = []
        self.made = count()
        rig.google.reset()
        rig.sql("delete from calendar_accounts")
        rig.sql("delete from calsync_private.provider_circuits")
        rig.at(MONDAY)
        rig.google.add_person(self.email)
        self.user_id = rig.connect(self.email)
        rig.drain()

    def start(self, number: int) -> datetime:
        return MONDAY + timedelta(days=1 + number % 40, hours=number % 9)

    # -- what people do

    def create(self, number: int) -> None:
        body = timed(f"Event {next(self.made)}", self.start(number))
        self.events.append(self.rig.google.create_event(self.email, body)["id"])

    def create_all_day(self, number: int) -> None:
        day = self.start(number).date()
        body = {
            "summary": f"Day {next(self.made)}",
            "start": {"date": day.isoformat()},
            "end": {"date": (day + timedelta(days=1 + number % 3)).isoformat()},
        }
        self.events.append(self.rig.google.create_event(self.email, body)["id"])

    def create_series(self, number: int) -> None:
        rule, step = RULES[number % 3]
        start = MONDAY + timedelta(days=1, hours=number % 9)
        body = timed(f"Series {next(self.made)}", start) | {"recurrence": [rule]}
        made = self.rig.google.create_event(self.email, body)
        self.series.append(Series(made["id"], start, step))

    def move(self, number: int) -> None:
        if self.events:
            event = self.events[number % len(self.events)]
            body = timed("Moved", self.start(number + 7))
            for end in ("start", "end"):
                body[end]["date"] = None  # it may have been all-day
            self.rig.google.patch_event(self.email, event, body)

    def rename_series(self, number: int) -> None:
        if self.series:
            series = self.series[number % len(self.series)]
            title = {"summary": f"Renamed {next(self.made)}"}
            self.rig.google.patch_event(self.email, series.id, title)

    def move_series(self, number: int) -> None:
        if self.series:
            series = self.series[number % len(self.series)]
            series.start = MONDAY + timedelta(days=1, hours=number % 9, minutes=30)
            body = timed("Series moved", series.start)
            self.rig.google.patch_event(self.email, series.id, body)
            series.cancelled.clear()

    def move_instance(self, number: int) -> None:
        body = timed("Instance moved", self.start(number + 3))
        for series, instance in self._some_instance(number):
            self.rig.google.patch_event(self.email, series.instance(instance), body)

    def cancel_instance(self, number: int) -> None:
        for series, instance in self._some_instance(number):
            series.cancelled.add(instance)
            self.rig.google.delete_event(self.email, series.instance(instance))

    def _some_instance(self, number: int) -> list[tuple[Series, int]]:
        """One living instance of one series, where there is any."""
        if not self.series:
            return []
        series = self.series[number % len(self.series)]
        living = [n for n in range(6) if n not in series.cancelled]
        return [(series, living[number % len(living)])] if living else []

    def delete(self, number: int) -> None:
        if self.events:
            self.rig.google.delete_event(self.email, self.events.pop(number % len(self.events)))

    def delete_series(self, number: int) -> None:
        if self.series:
            series = self.series.pop(number % len(self.series))
            self.rig.google.delete_event(self.email, series.id)

    # -- what goes wrong

    def drop(self, number: int) -> None:
        self.rig.google.fault("drop_notification", times=1 + number % 3)

    def repeat(self, number: int) -> None:
        self.rig.google.fault("repeat_notification", times=1 + number % 3)

    def expire_cursor(self, _: int) -> None:
        self.rig.google.control("tokens/expire_sync", {})

    def refuse(self, number: int) -> None:
        status, reason = [
            (503, "backendError"),
            (403, "quotaExceeded"),
            (429, "rateLimitExceeded"),
        ][number % 3]
        self.rig.google.fault("status", status=status, reason=reason, times=1)

    def cut(self, _: int) -> None:
        self.rig.google.fault("cut", times=1)

    def die_with_a_lease(self, _: int) -> None:
        self.rig.claims()

    def die_between_pages(self, number: int) -> None:
        self.rig.google.settings(page_size_cap=1 + number % 3)
        self.rig.google.fault("cut", skip=1, times=1, match={"path_regex": "/events"})

    # -- what time brings

    def work(self, _: int) -> None:
        for claim in self.rig.claims():
            sync_calendar(self.rig.service, claim)

    def wait(self, number: int) -> None:
        self.rig.later(minutes=7 * (1 + number % 60))

    def clean_up(self, _: int) -> None:
        self.rig.drain()
        maintain(self.rig.service)

    def end_quietly(self) -> None:
        """Faults end; whatever is still amiss must heal by itself within two days."""
        self.rig.google.clear_faults()
        self.rig.google.settings(page_size_cap=None)
        for _ in range(8):
            self.rig.later(hours=6, minutes=7)
            self.rig.drain()
            maintain(self.rig.service)


DEEDS = [
    name for name in vars(Life) if not name.startswith("_") and name not in ("start", "end_quietly")
]


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    deeds=st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 1000)), min_size=4, max_size=30)
)
def test_after_quiet_the_mirror_is_the_provider(rig: Rig, deeds: list[tuple[str, int]]) -> None:
    life = Life(rig)
    for name, number in deeds:
        getattr(life, name)(number)
    life.end_quietly()
    (calendar,) = rig.rows("calendars", user_id=life.user_id)
    found = verify(rig.service, calendar["id"])
    assert found.drift.count == 0, found.drift
    assert rig.state(calendar["id"])["attempts"] == 0
