"""What the laws are tried on: JSON of any kind, events, times, recurrences."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from shared.model import Attendee, Event, Occurrence, Organizer, When
from shared.states import EventKind, EventStatus, Response, ShowAs, Visibility

ZONES = (
    "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata",
    "Africa/Casablanca", "Pacific/Apia", "America/Sao_Paulo",
)  # fmt: skip

# Any text, also what JSON can carry and Postgres cannot: NUL and half surrogate pairs.
any_text = st.text(st.characters(), max_size=40) | st.sampled_from(["\x00", "a\ud800", ""])
scalars = st.none() | st.booleans() | st.integers() | st.floats() | any_text
any_json = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=12,
)


def naive(first_year: int, year_after: int) -> st.SearchStrategy[datetime]:
    """Wall-clock times from one New Year to another."""
    bounds = (datetime.combine(date(year, 1, 1), time.min) for year in (first_year, year_after))
    return st.datetimes(*bounds)


instants = naive(2001, 2037).map(lambda moment: moment.replace(tzinfo=UTC))
lengths = st.timedeltas(timedelta(0), timedelta(days=9))


@st.composite
def timed(draw: st.DrawFn) -> When:
    """A timed When in UTC."""
    start = draw(instants)
    return When(start_at=start, end_at=start + draw(lengths))


@st.composite
def all_day(draw: st.DrawFn) -> When:
    """An all-day When."""
    start = draw(st.dates(date(2001, 1, 1), date(2037, 1, 1)))
    return When(start_date=start, end_date=start + timedelta(days=draw(st.integers(1, 9))))


attendees = st.builds(
    Attendee,
    email=st.emails(),
    name=st.none() | st.text(max_size=9),
    response=st.sampled_from(Response),
    optional=st.booleans(),
    resource=st.booleans(),
    is_self=st.booleans(),
)
occurrences = st.builds(Occurrence, key=st.text(max_size=16), when=timed() | all_day())
events = st.builds(
    Event,
    provider_event_id=st.text(min_size=1, max_size=20),
    kind=st.sampled_from(EventKind),
    status=st.sampled_from(EventStatus),
    etag=st.text(max_size=9),
    when=st.none() | timed() | all_day(),
    summary=st.none() | st.text(max_size=20),
    show_as=st.sampled_from(ShowAs),
    visibility=st.sampled_from(Visibility),
    organizer=st.none() | st.builds(Organizer, email=st.emails()),
    attendees=st.lists(attendees, max_size=4).map(tuple),
    self_response=st.none() | st.sampled_from(Response),
    recurrence=st.lists(st.text(max_size=9), max_size=3).map(tuple),
    occurrences=st.lists(occurrences, max_size=4).map(tuple),
)


def _joined(values: list[object]) -> str:
    return ",".join(str(value) for value in values)


def _some(*values: object) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=4, unique=True).map(_joined)


_weekdays = _some("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_nth_weekdays = _some("1MO", "-1FR", "2TU", "-2WE", "5TH", "3SA", "1SU")
_month_days = _some(1, 2, 13, 15, 28, 29, 30, 31, -1, -2)
_months = _some(*range(1, 13))
_parts = {
    "YEARLY": {"BYMONTH": _months, "BYMONTHDAY": _month_days, "BYDAY": _weekdays | _nth_weekdays,
               "BYYEARDAY": _some(1, 59, 60, 200, 366, -1, -366)},
    "MONTHLY": {"BYMONTH": _months, "BYMONTHDAY": _month_days, "BYDAY": _weekdays | _nth_weekdays,
                "BYSETPOS": _some(1, 2, -1)},
    "WEEKLY": {"BYMONTH": _months, "BYDAY": _weekdays, "BYHOUR": _some(0, 9, 23)},
    "DAILY": {"BYMONTH": _months, "BYMONTHDAY": _month_days, "BYDAY": _weekdays,
              "BYHOUR": _some(0, 2, 9, 23), "BYMINUTE": _some(0, 30)},
}  # fmt: skip


@st.composite
def rules(draw: st.DrawFn) -> str:
    """An RRULE value without COUNT and UNTIL, of any frequency that calendars offer."""
    freq = draw(st.sampled_from(sorted(_parts)))
    names = draw(st.lists(st.sampled_from(sorted(_parts[freq])), max_size=2, unique=True))
    parts = [f"FREQ={freq}", *(f"{name}={draw(_parts[freq][name])}" for name in names)]
    interval = draw(st.sampled_from([1, 1, 2, 3, 5]))
    if interval > 1:
        parts.append(f"INTERVAL={interval}")
    if draw(st.booleans()):
        parts.append("WKST=" + draw(st.sampled_from(["SU", "MO", "TH"])))
    return ";".join(parts)


@st.composite
def wall_starts(draw: st.DrawFn) -> datetime:
    """A start on the clocks of one of ZONES: aware, at a full minute, and one that exists."""
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    wall = draw(naive(2010, 2027)).replace(second=0, microsecond=0, tzinfo=zone)
    return wall.astimezone(UTC).astimezone(zone).replace(fold=0)
