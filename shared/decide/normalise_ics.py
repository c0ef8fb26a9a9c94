"""Turns a CalDAV resource into events, deletions and refusals."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from shared.decide.cancelled_instance import called_off, cancelled_instance
from shared.decide.expand_recurrence import expand_recurrence
from shared.decide.ics_cancelled import split_excluded
from shared.decide.ics_components import Component, Lines, cut_calendar
from shared.decide.ics_fields import (
    CONFERENCES,
    OWN_TAG,
    read_first_text,
    read_ics_attendees,
    read_ics_conference,
    read_ics_link,
    read_ics_organizer,
    read_ics_sequence,
    read_ics_show_as,
    read_ics_status,
    read_ics_visibility,
)
from shared.decide.ics_time import (
    Clocks,
    Moment,
    read_ics_recurrence,
    read_ics_stamp,
    read_ics_when,
    read_occurrence_key,
)
from shared.decide.ics_zone import ZoneBook
from shared.decide.overlap import overlaps
from shared.decide.read_json import CannotMirror, read_id, read_list, read_text
from shared.decide.zone import read_zone
from shared.model import Change, Deletion, Event, Occurrence, Refusal, When, Window
from shared.states import EventKind, EventStatus

WANTED = frozenset(
    {
        "UID", "RECURRENCE-ID", "DTSTART", "DTEND", "DURATION", "RRULE", "EXRULE", "RDATE",
        "EXDATE", "SUMMARY", "DESCRIPTION", "LOCATION", "URL", "STATUS", "TRANSP", "CLASS",
        "SEQUENCE", "CREATED", "LAST-MODIFIED", "ORGANIZER", "ATTENDEE",
        "X-MICROSOFT-CDO-BUSYSTATUS", OWN_TAG, *CONFERENCES,
    }
)  # fmt: skip
_CALENDAR_ZONE = "X-WR-TIMEZONE"


def normalise_ics(
    raw: Mapping[str, object],
    calendar_zone: str,
    window: Window,
    addresses: Set[str] = frozenset(),
) -> tuple[Change, ...]:
    """What a CalDAV resource means: a master, and an exception for each RECURRENCE-ID in it.

    An EXDATE is a cancelled exception as well; what was called off as a whole is refused.

    `raw` is `{"href", "etag", "data"}` with the iCalendar text, `{"href", "deleted": true}`, or
    `{"href", "etag", "unreadable": "why"}`. `known` may list the ids under which the resource is
    mirrored: those that it no longer holds come back as deletions. The first UID has the href
    for its id, an exception `href#key`; what an object should not hold (a second UID, a second
    master, a component that cannot be read) `href#n`, n counting VEVENTs from 1.

    `addresses` are the account's own, in lower case. Never raises: a component that cannot be
    mirrored is a Refusal with a reason and hides no other. Sources: RFC 5545, RFC 4791 section 4.1.
    """
    etag = read_text(raw.get("etag")) or ""
    try:
        href = read_id(raw.get("href"), "id")
        if href is None:
            raise CannotMirror("missing_id", "The resource has no address.")
    except CannotMirror as refused:
        named = (read_text(raw.get("href")) or "")[:256]
        return (Refusal(named, refused.reason, refused.detail, etag),)
    if raw.get("deleted") is True:
        found: list[Change] = [Deletion(href)]
    else:
        try:
            found = list(_read(raw, href, etag, calendar_zone, window, addresses))
        except CannotMirror as refused:
            found = [Refusal(href, refused.reason, refused.detail, etag)]
    held = {change.provider_event_id for change in found}
    known = [name for name in read_list(raw.get("known")) if isinstance(name, str)]
    return (*found, *(Deletion(name) for name in known if name not in held))


def _read(
    raw: Mapping[str, object],
    href: str,
    etag: str,
    calendar_zone: str,
    window: Window,
    addresses: Set[str],
) -> Iterator[Change]:
    data = raw.get("data")
    if not isinstance(data, str):
        raise CannotMirror("unreadable_resource", "The server does not hand the event out.")
    calendar = cut_calendar(data)
    events = [each for each in calendar.components if each.kind == "VEVENT"]
    if not calendar.is_calendar and not events:
        raise CannotMirror("no_calendar", "The resource holds no iCalendar object.")
    own = Component("VCALENDAR", calendar.own, (), closed=True).lines(frozenset({_CALENDAR_ZONE}))
    stated = read_zone(read_first_text(own, _CALENDAR_ZONE))
    reader = _Reader(
        clocks=Clocks(ZoneBook(calendar.components), stated.key if stated else calendar_zone),
        window=window,
        addresses=addresses,
        etag=etag,
    )
    for group in _grouped(events, href):
        yield from reader.changes(group)


@dataclass(frozen=True, slots=True)
class _Part:
    """One VEVENT: `spare_id` names it where neither href nor key may."""

    lines: Lines
    closed: bool
    spare_id: str


@dataclass(frozen=True, slots=True)
class _Group:
    """The VEVENTs of one UID: its master if there is one, the instances, what is too much."""

    event_id: str
    master: _Part | None
    surplus: Sequence[_Part]
    instances: Sequence[_Part]


def _grouped(events: Sequence[Component], href: str) -> Iterator[_Group]:
    by_uid: dict[str | None, list[_Part]] = {}
    for number, component in enumerate(events, start=1):
        lines = component.lines(WANTED)
        part = _Part(lines, component.closed, f"{href}#{number}")
        by_uid.setdefault(read_first_text(lines, "UID"), []).append(part)
    for position, parts in enumerate(by_uid.values()):
        masters = [part for part in parts if "RECURRENCE-ID" not in part.lines]
        # The newest counts, and the last of equals; a copy without an end was cut off.
        masters.sort(key=lambda part: (part.closed, read_ics_sequence(part.lines)))
        master = masters.pop() if masters else None
        yield _Group(
            event_id=href if position == 0 else (master or parts[0]).spare_id,
            master=master,
            surplus=masters,
            instances=[part for part in parts if "RECURRENCE-ID" in part.lines],
        )


@dataclass(frozen=True, slots=True)
class _Reader:
    """What the components of one resource share."""

    clocks: Clocks
    window: Window
    addresses: Set[str]
    etag: str

    def changes(self, group: _Group) -> Iterator[Change]:
        if group.master is not None and _is_called_off(group.master):
            yield self._refusal(group.event_id, called_off())
            return
        series: Moment | None = None
        excluded: tuple[str, ...] = ()
        if group.master is not None:
            try:
                series, master, excluded = self._master(group.master, group.event_id)
                yield master
            except CannotMirror as refused:
                yield self._refusal(group.event_id, refused)
        for part in group.surplus:
            twice = CannotMirror("duplicate_master", "The object defines its event twice.")
            yield self._refusal(part.spare_id, twice)
        changed = [self._instance(part, group.event_id, series) for part in group.instances]
        yield from changed
        # An instance that is defined takes place, whatever an EXDATE says.
        taken = {change.provider_event_id for change in changed}
        for key in excluded:
            if (event_id := f"{group.event_id}#{key}") not in taken:
                yield cancelled_instance(event_id, group.event_id, key, self.etag)

    def _master(self, part: _Part, event_id: str) -> tuple[Moment, Event, tuple[str, ...]]:
        """The start, the event, and the keys of the instances that do not take place."""
        start, event = self._single(part, event_id)
        recurrence = read_ics_recurrence(part.lines, start, self.clocks)
        excluded: tuple[str, ...] = ()
        if recurrence:
            event = self._series(event, start, recurrence)
            recurrence, excluded = split_excluded(recurrence, start)
            event = replace(event, recurrence=recurrence)
        else:
            event = replace(event, occurrences=_once("", event.when, self.window))
        return start, replace(event, is_whole=True), excluded

    def _series(self, event: Event, start: Moment, recurrence: tuple[str, ...]) -> Event:
        when = event.when or When()
        if start.zone is None and not when.all_day:
            raise CannotMirror("unknown_time_zone", "The time zone of the series is unknown.")
        zone = None if when.all_day else event.time_zone
        try:
            occurrences = expand_recurrence(when, zone, recurrence, self.window)
        except ValueError as error:
            detail = f"The recurrence cannot be followed: {error}."
            raise CannotMirror("bad_recurrence", detail) from None
        return replace(
            event,
            kind=EventKind.SERIES,
            occurrences=occurrences,
        )

    def _instance(self, part: _Part, series_id: str, series: Moment | None) -> Change:
        event_id = part.spare_id
        try:
            if series is None:
                # Its own start tells best what the series that is not there was like.
                series, _ = read_ics_when(part.lines, self.clocks)
            key = read_occurrence_key(part.lines, series, self.clocks)
            event_id = f"{series_id}#{key}"
            return self._exception(part, event_id, series_id, key)
        except CannotMirror as refused:
            return self._refusal(event_id, refused)

    def _exception(self, part: _Part, event_id: str, series_id: str, key: str) -> Event:
        if _is_called_off(part):
            updated = read_ics_stamp(part.lines, "LAST-MODIFIED")
            return cancelled_instance(event_id, series_id, key, self.etag, updated)
        _, event = self._single(part, event_id)
        return replace(
            event,
            kind=EventKind.EXCEPTION,
            series_event_id=series_id,
            occurrence_key=key,
            occurrences=_once(key, event.when, self.window),
        )

    def _single(self, part: _Part, event_id: str) -> tuple[Moment, Event]:
        if not part.closed:
            raise CannotMirror("unclosed_component", "The event breaks off.")
        lines = part.lines
        start, when = read_ics_when(lines, self.clocks)
        status = read_ics_status(lines)
        attendees = read_ics_attendees(lines, self.addresses)
        zone = start.zone.key if start.zone else "UTC"
        event = Event(
            provider_event_id=read_id(event_id, "id") or event_id,
            kind=EventKind.SINGLE,
            status=status,
            etag=self.etag,
            ical_uid=read_id(read_first_text(lines, "UID"), "ical_uid"),
            when=when,
            time_zone=None if when.all_day else zone,
            summary=read_first_text(lines, "SUMMARY"),
            description=read_first_text(lines, "DESCRIPTION"),
            location=read_first_text(lines, "LOCATION"),
            show_as=read_ics_show_as(lines, status),
            visibility=read_ics_visibility(lines),
            organizer=read_ics_organizer(lines, self.addresses) if attendees else None,
            attendees=attendees,
            self_response=next((each.response for each in attendees if each.is_self), None),
            conference_url=read_ics_conference(lines),
            html_link=read_ics_link(lines),
            sequence=read_ics_sequence(lines),
            own_tag=read_first_text(lines, OWN_TAG),
            provider_created_at=read_ics_stamp(lines, "CREATED"),
            provider_updated_at=read_ics_stamp(lines, "LAST-MODIFIED"),
        )
        return start, event

    def _refusal(self, event_id: str, refused: CannotMirror) -> Refusal:
        return Refusal(event_id[:256], refused.reason, refused.detail, self.etag)


def _is_called_off(part: _Part) -> bool:
    return part.closed and read_ics_status(part.lines) is EventStatus.CANCELLED


def _once(key: str, when: When | None, window: Window) -> tuple[Occurrence, ...]:
    return (Occurrence(key, when),) if when and overlaps(when, window) else ()
