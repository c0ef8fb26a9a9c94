"""Imports .ics files the way Google does; every component is imported or refused by name."""

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from pathlib import Path

from emulator.common.json_types import Json

from . import event_store
from .calendar_service import add_calendar, add_person
from .errors import ApiError
from .event_compose import composed, identity
from .event_time import When, parse
from .ics_event import IcsEvent, Reader, Refused, uid_of
from .ics_split import COUNTED, CalendarObject, decoded, split
from .ics_zones import ZoneBook, named_zone, unescaped
from .instances import instance_body, rule_of
from .model import Calendar
from .recurrence import contains
from .world import World

# What reading or expanding a hostile date can raise besides Refused and ApiError.
_UNREADABLE = (ArithmeticError, LookupError, TypeError, ValueError)


@dataclass
class Report:
    """What became of one file."""

    file: str
    calendar: str
    problem: str | None = None
    components: list[Json] = field(default_factory=list)

    def add(self, kind: str, uid: str, outcome: str, reason: str = "", note: str = "") -> None:
        """One component's fate."""
        row = {"file": self.file, "kind": kind, "uid": uid, "outcome": outcome, "reason": reason}
        self.components.append(row | ({"note": note} if note else {}))

    def as_json(self) -> Json:
        """For the control API."""
        imported = sum(row["outcome"] == "imported" for row in self.components)
        counts = {
            "components": len(self.components),
            "imported": imported,
            "refused": len(self.components) - imported,
        }
        return dict(vars(self)) | {"counts": counts}


@dataclass(frozen=True)
class Target:
    """Where the events go; `place` is the untouched occurrence that an override replaces."""

    world: World
    calendar: Calendar
    place: Json | None = None

    def write(self, event: IcsEvent, event_id: str) -> Json:
        """Store one event under that id; ApiError if Google would not have it."""
        calendar, existing = self.calendar, self.calendar.events.get(event_id)
        base = identity(self.world, calendar, calendar.owner, event_id, event.uid)
        if event.organizer is not None:
            base["organizer"] = event.organizer | (
                {"self": True} if event.organizer["email"] == calendar.id else {}
            )
        if self.place is not None:
            base |= {key: self.place[key] for key in ("recurringEventId", "originalStartTime")}
        fields = event.fields | {"sequence": event.sequence}
        status = fields.pop("status", "confirmed")
        body = composed(self.world, calendar, fields, base, previous=None)
        body["status"] = status if status == "tentative" else "confirmed"
        body |= event_store.stamp(self.world, existing.body if existing else None)
        return self.store(body, cancelled=status == "cancelled")

    def store(self, body: Json, *, cancelled: bool) -> Json:
        """Store a body, as its tombstone if it is cancelled."""
        if not cancelled:
            return event_store.write(self.world, self.calendar, body).body
        gone = body | {"status": "cancelled"}
        if "recurrence" in body or "recurringEventId" in body:
            gone = event_store.stub(self.world, body)
        return event_store.write(self.world, self.calendar, gone, former=body).body


def import_folder(world: World, folder: Path, email: str) -> None:
    """Each .ics file below `folder` into a calendar named after it; known calendars are skipped.

    NotADirectoryError if there is no such folder.
    """
    if not folder.is_dir():
        raise NotADirectoryError(f"no folder {folder}")
    with world.transaction():
        person = world.state.people.get(email) or add_person(world, email, "Archive", "UTC")
        known = {
            calendar.summary
            for calendar in world.state.calendars.values()
            if calendar.owner == person.email
        }
        for path in sorted(folder.rglob("*.ics")):
            name = str(path.relative_to(folder))
            if name not in known:
                text = decoded(path.read_bytes())
                zone_name = stated_zone(split(text)) or person.timezone
                calendar = add_calendar(world, person, {"summary": name, "timeZone": zone_name})
                import_text(world, calendar, name, text)


def stated_zone(objects: list[CalendarObject]) -> str | None:
    """X-WR-TIMEZONE, the calendar's own zone."""
    for each in objects:
        for line in each.lines:
            head, _, value = line.partition(":")
            if head.upper().split(";")[0] == "X-WR-TIMEZONE":
                return named_zone(unescaped(value))
    return None


def import_text(world: World, calendar: Calendar, file: str, text: str) -> Json:
    """Import a file's text; the report is kept for the control API and returned."""
    report = Report(file, calendar.id)
    objects = split(text)
    if not objects:
        report.problem = "not_icalendar"
    found: list[IcsEvent] = []
    for number, each in enumerate(objects):
        found += _read(each, calendar, report, f"{file}#{number}")
    _store(Target(world, calendar), found, report)
    result = report.as_json()
    world.state.imports.append(result)
    return result


def _read(each: CalendarObject, calendar: Calendar, report: Report, name: str) -> list[IcsEvent]:
    reader = Reader(ZoneBook(each.components), stated_zone([each]) or calendar.timezone)
    found = []
    for number, component in enumerate(each.components):
        if component.kind not in COUNTED:
            continue
        if component.kind != "VEVENT":
            report.add(component.kind, uid_of(component), "refused", "not_an_event")
            continue
        digest = hashlib.sha256(f"{name}#{number}".encode()).hexdigest()[:32]
        try:
            found.append(reader.read(component, f"{digest}@without-uid"))
        except Refused as refusal:
            report.add("VEVENT", uid_of(component), "refused", refusal.reason, refusal.detail)
        except _UNREADABLE as error:
            uid = uid_of(component)
            report.add("VEVENT", uid, "refused", "unreadable_component", str(error))
    return found


def _store(target: Target, found: list[IcsEvent], report: Report) -> None:
    """Masters and single events first, then the overrides that lean on them."""
    kept = _newest(found, report)
    masters: dict[str, Json] = {}
    for event in kept:
        if event.recurrence_id is not None:
            continue
        body = _attempt(target, event, event_id(event.uid), report)
        if body is not None and "recurrence" in body:
            masters[event.uid] = body
    for event in kept:
        if event.recurrence_id is not None:
            master = masters.get(event.uid)
            _override(target, event, event.recurrence_id, master, report)


def event_id(uid: str, suffix: str = "") -> str:
    """Google's id of an imported event: an underscore, then the UID in base32hex."""
    raw = f"{uid}{suffix}".encode()
    if len(raw) > 600:
        raw = hashlib.sha256(raw).digest()
    return "_" + base64.b32hexencode(raw).decode().lower().rstrip("=")


def _attempt(
    target: Target, event: IcsEvent, new_id: str, report: Report, note: str = ""
) -> Json | None:
    """Write one event and report its fate; its body if it was imported."""
    try:
        body = target.write(event, new_id)
    except ApiError as error:
        report.add("VEVENT", event.uid, "refused", _reason(error), error.message)
        return None
    except _UNREADABLE as error:
        report.add("VEVENT", event.uid, "refused", "date_out_of_range", str(error))
        return None
    report.add("VEVENT", event.uid, "imported", note=note)
    return body


def _reason(error: ApiError) -> str:
    is_rule = error.message.startswith("Invalid recurrence rule")
    return "unreadable_recurrence" if is_rule else error.reason


def _override(
    target: Target, event: IcsEvent, asked: When, master: Json | None, report: Report
) -> None:
    """Make an exception of the series; where the series has no such occurrence, it stands alone."""
    alone = event_id(event.uid, asked.id_suffix())
    fields = {key: value for key, value in event.fields.items() if key != "recurrence"}
    event = replace(event, fields=fields)
    if master is None:
        _attempt(target, event, alone, report, "without_master")
        return
    zone_name = target.calendar.timezone
    try:
        original = _original(master, asked, zone_name)
    except _UNREADABLE:
        original = None
    if original is None:
        _attempt(target, event, alone, report, "no_such_occurrence")
        return
    place = instance_body(master, original, zone_name)
    _attempt(Target(target.world, target.calendar, place), event, place["id"], report)


def _original(master: Json, asked: When, zone_name: str) -> When | None:
    """The occurrence a RECURRENCE-ID means: a date may mean a moment and the other way round."""
    start = parse(master["start"], zone_name)
    if start.day is not None:
        in_calendar = When(asked.day, asked.moment, zone_name)
        walls = [datetime.combine(w.wall().date(), time()) for w in (asked, in_calendar)]
    elif asked.day is not None:
        walls = [datetime.combine(asked.day, start.wall().time())]
    else:
        walls = [When(None, asked.moment, start.zone).wall()]
    rule = rule_of(master, zone_name)
    return next((start.shifted(wall) for wall in walls if contains(rule, wall)), None)


def _newest(found: Iterable[IcsEvent], report: Report) -> list[IcsEvent]:
    """Of components with the same UID and RECURRENCE-ID, the highest SEQUENCE, else the latest."""
    best: dict[tuple[str, str], IcsEvent] = {}
    for event in found:
        original = event.recurrence_id
        key = (event.uid, original.id_suffix() if original is not None else "")
        rival = best.get(key)
        if rival is not None and rival.sequence > event.sequence:
            report.add("VEVENT", event.uid, "refused", "superseded_duplicate")
            continue
        if rival is not None:
            report.add("VEVENT", event.uid, "refused", "superseded_duplicate")
        best[key] = event
    return list(best.values())
