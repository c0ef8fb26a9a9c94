"""Events that happen once: created, changed, moved, deleted; all that can be said of them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from shared.states import EventStatus, Response, ShowAs, Visibility
from tests.conformance.conftest import Check
from tests.conformance.drivers import Calendar
from tests.conformance.meeting import ANN, BEN, CLEO, Guest, Meeting, wall
from tests.conformance.rows import single
from tests.support.rig import Rig

# At ten in Berlin, summer time.
BOARD = Meeting("Board", wall(2026, 10, 22, 10), wall(2026, 10, 22, 11, 30))
BEGIN, END = datetime(2026, 10, 22, 8, tzinfo=UTC), datetime(2026, 10, 22, 9, 30, tzinfo=UTC)

BLOCK = "calsync:b:00000000:1234:5678"


def test_created(calendar: Calendar, holds: Check) -> None:
    text = 'Agenda: budget, plans; rest\nSecond line — äöü 🎉 \\ "quoted"'
    calendar.create(replace(BOARD, location="Room 1, 2nd floor; left", description=text))
    holds(
        single("Board", BEGIN, END, location="Room 1, 2nd floor; left", description=text),
    )


def test_changed(calendar: Calendar, holds: Check) -> None:
    event = calendar.create(replace(BOARD, location="Room 1"))
    holds(single("Board", BEGIN, END, location="Room 1"))
    calendar.change(event, replace(BOARD, title="Board (new)", description="Bring cake"))
    holds(single("Board (new)", BEGIN, END, description="Bring cake"))


def test_moved(calendar: Calendar, holds: Check) -> None:
    event = calendar.create(BOARD)
    holds(single("Board", BEGIN, END))
    later = replace(BOARD, start=wall(2026, 10, 29, 23), end=wall(2026, 10, 30, 1))
    calendar.change(event, later)
    begin, end = datetime(2026, 10, 29, 22, tzinfo=UTC), datetime(2026, 10, 30, tzinfo=UTC)
    holds(single("Board", begin, end))


def test_made_all_day_and_back(calendar: Calendar, holds: Check) -> None:
    event = calendar.create(BOARD)
    calendar.change(event, replace(BOARD, start=date(2026, 10, 22), end=date(2026, 10, 23)))
    day = date(2026, 10, 22), date(2026, 10, 23)
    holds(single("Board", *day, zone=None, is_all_day=True))
    calendar.change(event, BOARD)
    holds(single("Board", BEGIN, END))


def test_deleted(calendar: Calendar, holds: Check) -> None:
    event = calendar.create(BOARD)
    calendar.create(replace(BOARD, title="Stays"))
    holds(single("Board", BEGIN, END), single("Stays", BEGIN, END))
    calendar.delete(event)
    holds(single("Stays", BEGIN, END))


def test_called_off(calendar: Calendar, holds: Check) -> None:
    event = calendar.create(replace(BOARD, guests=(Guest(BEN),)))
    holds(single("Board", BEGIN, END, guests=((BEN, "needs_action"),), organizer=ANN))
    off = replace(BOARD, guests=(Guest(BEN),), status=EventStatus.CANCELLED)
    calendar.change(event, off)
    holds()


def test_all_day(calendar: Calendar, holds: Check) -> None:
    friday, saturday, tuesday = date(2026, 10, 23), date(2026, 10, 24), date(2026, 10, 27)
    calendar.create(Meeting("Holiday", friday, saturday))
    calendar.create(Meeting("Trip", saturday, tuesday))  # the clocks go back on Sunday
    holds(
        single("Holiday", friday, saturday, zone=None, is_all_day=True),
        single("Trip", saturday, tuesday, zone=None, is_all_day=True),
    )


def test_zones(calendar: Calendar, holds: Check) -> None:
    begins = {
        "Europe/Berlin": datetime(2026, 12, 1, 8, tzinfo=UTC),
        "America/New_York": datetime(2026, 12, 1, 14, tzinfo=UTC),
        "Asia/Kolkata": datetime(2026, 12, 1, 3, 30, tzinfo=UTC),
        "UTC": datetime(2026, 12, 1, 9, tzinfo=UTC),
    }
    for zone in begins:
        calendar.create(Meeting(zone, wall(2026, 12, 1, 9), wall(2026, 12, 1, 10), zone))
    hour = timedelta(hours=1)
    holds(*(single(zone, begin, begin + hour, zone=zone) for zone, begin in begins.items()))


def test_tentative(calendar: Calendar, holds: Check) -> None:
    calendar.create(replace(BOARD, status=EventStatus.TENTATIVE))
    holds(single("Board", BEGIN, END, status="tentative", show_as="tentative"))


def test_free(calendar: Calendar, holds: Check) -> None:
    calendar.create(replace(BOARD, show_as=ShowAs.FREE))
    holds(single("Board", BEGIN, END, show_as="free", is_busy=False))


def test_out_of_office(calendar: Calendar, holds: Check) -> None:
    calendar.create(replace(BOARD, show_as=ShowAs.OUT_OF_OFFICE))
    holds(single("Board", BEGIN, END, show_as="out_of_office"))


def test_private(calendar: Calendar, holds: Check) -> None:
    calendar.create(replace(BOARD, visibility=Visibility.PRIVATE))
    calendar.create(replace(BOARD, title="Layoffs", visibility=Visibility.CONFIDENTIAL))
    holds(
        single("Board", BEGIN, END, visibility="private"),
        single("Layoffs", BEGIN, END, visibility="confidential"),
    )


def test_own_meeting(calendar: Calendar, holds: Check) -> None:
    guests = Guest(BEN, Response.ACCEPTED), Guest(CLEO)
    calendar.create(replace(BOARD, guests=guests))
    told = (BEN, "accepted"), (CLEO, "needs_action")
    holds(single("Board", BEGIN, END, guests=told, organizer=ANN))


def test_invited_and_declined(calendar: Calendar, holds: Check) -> None:
    invitation = replace(BOARD, organizer=BEN, guests=(Guest(ANN), Guest(CLEO, Response.ACCEPTED)))
    event = calendar.create(invitation)
    told = (ANN, "needs_action"), (CLEO, "accepted")
    holds(
        single("Board", BEGIN, END, guests=told, organizer=BEN, self_response="needs_action"),
    )
    calendar.answer(event, Response.DECLINED)
    told = (ANN, "declined"), (CLEO, "accepted")
    holds(
        single(
            "Board", BEGIN, END, guests=told, organizer=BEN, self_response="declined", is_busy=False
        ),
    )
    calendar.answer(event, Response.ACCEPTED)
    told = (ANN, "accepted"), (CLEO, "accepted")
    holds(single("Board", BEGIN, END, guests=told, organizer=BEN, self_response="accepted"))


def test_the_echo_of_what_we_wrote_is_known_and_takes_nobodys_time(
    calendar: Calendar, holds: Check, rig: Rig
) -> None:
    calendar.create(replace(BOARD, title="Busy", own_tag=BLOCK))
    holds(single("Busy", BEGIN, END, own_tag=BLOCK, is_busy=False))
    before = rig.sql("select xmin::text from calendar_events")
    holds(single("Busy", BEGIN, END, own_tag=BLOCK, is_busy=False))
    assert rig.sql("select xmin::text from calendar_events") == before, "heard twice, written once"
