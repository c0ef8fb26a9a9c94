"""What CalSync writes of an event, as an iCalendar object (RFC 5545)."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from icalendar import Calendar, Event

from shared.decide.draft_clocks import draft_zone
from shared.decide.ics_fields import OWN_TAG
from shared.decide.own_tag import event_key
from shared.model import Draft
from shared.states import ShowAs, Visibility

PRODUCT = "-//CalSync//CalSync//EN"
BUSY_STATUS = "X-MICROSOFT-CDO-BUSYSTATUS"

CLASSES: Mapping[Visibility, str] = {
    Visibility.DEFAULT: "",
    Visibility.PUBLIC: "PUBLIC",
    Visibility.PRIVATE: "PRIVATE",
    Visibility.CONFIDENTIAL: "CONFIDENTIAL",
}
# What TRANSP cannot say (MS-OXCICAL section 2.1.3.1.1.20.31).
BUSY_KINDS: Mapping[ShowAs, str] = {
    ShowAs.BUSY: "",
    ShowAs.FREE: "",
    ShowAs.TENTATIVE: "TENTATIVE",
    ShowAs.OUT_OF_OFFICE: "OOF",
    ShowAs.WORKING_ELSEWHERE: "WORKINGELSEWHERE",
}
TRANSPARENT = frozenset({ShowAs.FREE, ShowAs.WORKING_ELSEWHERE})

# Clocks are described from a year before the event to a year after it.
_AROUND = timedelta(days=366)
_SAME_TEXT_AS_HTML = "X-ALT-DESC"
# No TEXT may hold these (RFC 5545 section 3.3.11); servers refuse the object, or cut it there.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# What the library raises for objects that it cannot read.
_UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def ics_name(tag: str) -> str:
    """The name of the resource: the same for every attempt to create the tagged event."""
    return f"calsync-{event_key(tag)}.ics"


def new_ics(draft: Draft, tag: str, stamp: datetime) -> str:
    """The whole object of an event of ours; it reminds nobody.

    `stamp` is the DTSTAMP, in UTC. Times are on the clocks of the draft's zone, whose VTIMEZONE
    comes along, or in UTC.
    """
    calendar, event = Calendar(), Event()
    calendar.add("PRODID", PRODUCT)
    calendar.add("VERSION", "2.0")
    event.add("UID", f"{event_key(tag)}@calsync")
    _write(event, draft, tag, stamp)
    calendar.add_component(event)
    return _text(calendar, draft)


def changed_ics(stored: str, draft: Draft, tag: str, stamp: datetime) -> str:
    """The stored object with what the draft says, and all else as it was: alarms, guests, X-….

    Of a series its master changes. Raises ValueError where no event can be read in it.
    """
    try:
        calendar = Calendar.from_ical(stored)
        event = _master(calendar)
        _put(event, "SEQUENCE", _sequence(event) + 1)
        _write(event, draft, tag, stamp)
        return _text(calendar, draft)
    except _UNREADABLE as error:
        kind = type(error).__name__
        raise ValueError(f"the object cannot be rewritten ({kind})") from None


def _master(calendar: Calendar) -> Event:
    """The event itself among its instances; of several the newest, as it is read."""
    events = calendar.events
    masters = [
        each
        for each in events
        if "RECURRENCE-ID" not in each and each.get("UID") == events[0].get("UID")
    ]
    return max(reversed(masters), key=_sequence)


def _sequence(event: Event) -> int:
    written = event.get("SEQUENCE")
    return max(int(written), 0) if isinstance(written, int) else 0


def _write(event: Event, draft: Draft, tag: str, stamp: datetime) -> None:
    for name in ("DTSTAMP", "LAST-MODIFIED"):
        _put(event, name, stamp)
    _write_times(event, draft)
    if _put_text(event, "DESCRIPTION", draft.description):
        event.pop(_SAME_TEXT_AS_HTML, None)
    _put_text(event, "SUMMARY", draft.summary)
    _put_text(event, "LOCATION", draft.location)
    _put_text(event, "TRANSP", "TRANSPARENT" if draft.show_as in TRANSPARENT else "OPAQUE")
    _put_text(event, BUSY_STATUS, BUSY_KINDS[draft.show_as])
    if draft.show_as is ShowAs.BUSY and event.get("STATUS") == "TENTATIVE":
        _put_text(event, "STATUS", "CONFIRMED")
    _put_text(event, "CLASS", CLASSES[draft.visibility])
    _put_text(event, OWN_TAG, tag)


def _write_times(event: Event, draft: Draft) -> None:
    """Start and end, unless they are the same: a series follows the clocks that it was given."""
    start, end = _moments(draft)
    if _is(event, "DTSTART", start) and _is(event, "DTEND", end):
        return
    event.pop("DURATION", None)
    _put(event, "DTSTART", start)
    # Even where it says nothing new: iCloud refuses events without.
    _put(event, "DTEND", end)


def _moments(draft: Draft) -> tuple[date, date]:
    when = draft.when
    if when.start_at is None or when.end_at is None:
        assert when.start_date is not None  # of every When, one pair is set
        assert when.end_date is not None
        return when.start_date, when.end_date
    zone = draft_zone(draft) or UTC
    return when.start_at.astimezone(zone), when.end_at.astimezone(zone)


def _is(event: Event, name: str, moment: date) -> bool:
    written = getattr(event.get(name), "dt", None)
    return isinstance(written, datetime) == isinstance(moment, datetime) and written == moment


def _put(event: Event, name: str, value: object) -> None:
    event.pop(name, None)
    event.add(name, value)


def _put_text(event: Event, name: str, text: str | None) -> bool:
    """Whether it changed; what stays keeps its parameters, such as LANGUAGE."""
    wanted = _CONTROLS.sub("", text or "")
    if str(event.get(name, "")) == wanted:
        return False
    event.pop(name, None)
    if wanted:
        event.add(name, wanted)
    return True


def _text(calendar: Calendar, draft: Draft) -> str:
    start, end = _moments(draft)
    first, last = (date(each.year, each.month, each.day) for each in (start, end))
    calendar.add_missing_timezones(first - _AROUND, last + _AROUND)
    return str(calendar.to_ical(sorted=False), "utf-8")
