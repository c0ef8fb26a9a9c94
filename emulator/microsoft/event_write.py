"""Changes of a calendar: create, change, delete and move events."""

from dataclasses import dataclass, replace

from emulator.common.json_types import Json

from . import event_body
from .errors import denied, no_such_item, stale
from .event_body import Times
from .event_render import etag_of
from .expansion import Shown, itself, occurrence, series_of
from .ids import parse
from .model import Calendar, Gone, Item
from .recurrence import normalised
from .world import Change, World
from .zones import windows_name


@dataclass(frozen=True)
class Write:
    """Who changes which calendar. `trusted`: the owner, in Outlook itself."""

    world: World
    calendar: Calendar
    trusted: bool = False


def find(world: World, owner: str, event_id: str) -> tuple[Calendar, Shown]:
    """The event of that id in that mailbox; 404 if there is none any more."""
    reference = parse(event_id)
    if reference is None:
        raise no_such_item()
    for calendar in world.store.calendars.values():
        item = calendar.items.get(reference.key)
        if item is None or calendar.owner != owner:
            continue
        if reference.moves not in (None, item.moves):
            break
        shown = itself(item) if reference.day is None else occurrence(item, reference.day)
        if shown is not None:
            return calendar, shown
    raise no_such_item()


def by_transaction(world: World, owner: str, transaction_id: str | None) -> Shown | None:
    """The living event that a POST with that transactionId made."""
    for calendar in world.store.calendars.values():
        for item in calendar.items.values() if calendar.owner == owner else ():
            if transaction_id is not None and item.transaction_id == transaction_id:
                return itself(item)
    return None


def insert(write: Write, sent: Json) -> Shown:
    """A new event or series; 400 if the body makes none, 403 in a calendar that is read only."""
    world, calendar = write.world, write.calendar
    if not calendar.can_edit and not write.trusted:
        raise denied()
    all_day = bool(sent.get("isAllDay"))
    when = event_body.times(sent, all_day, None)
    fields = event_body.fields(sent, trusted=write.trusted)
    rule = sent.get("recurrence")
    now = world.clock.now()
    item = Item(
        key=world.new_key(),
        seq=calendar.next_seq(),
        start=when.start,
        end=when.end,
        zone=when.zone,
        end_zone=when.end_zone,
        all_day=all_day,
        created=now,
        modified=now,
        fields=fields,
        recurrence=normalised(rule, when.start, windows_name(when.zone)) if rule else None,
        transaction_id=sent.get("transactionId"),
        extended=event_body.extended(sent),
    )
    calendar.items[item.key] = item = _begun(item)
    world.note(Change(calendar.id, "created", item))
    return itself(item)


def _begun(item: Item) -> Item:
    """A series carries the times of its first occurrence."""
    if not item.is_series:
        return item
    first = next(series_of(item).walls(), item.start)
    return replace(item, start=first, end=first + item.length)


def patch(write: Write, shown: Shown, sent: Json, if_match: str | None = None) -> Shown:
    """Change a single event, a whole series, or one occurrence (which becomes an exception).

    412 if `if_match` names another version.
    """
    _check(write, shown, if_match)
    changed = _merged(write, shown.item, sent)
    if shown.day is None:
        return itself(_store(write, _repatterned(shown.item, changed, sent)))
    exception = replace(changed, recurrence=None, exceptions={}, removed=())
    master = shown.owner
    _store(write, replace(master, exceptions={**master.exceptions, shown.day: exception}))
    return Shown(exception, write.calendar.items[master.key], "exception", shown.day)


def _check(write: Write, shown: Shown, if_match: str | None) -> None:
    if not write.calendar.can_edit and not write.trusted:
        raise denied()
    if if_match not in (None, "*", etag_of(shown)):
        raise stale()


def _merged(write: Write, item: Item, sent: Json) -> Item:
    all_day = bool(sent.get("isAllDay", item.all_day))
    before = Times(item.start, item.zone, item.end, item.end_zone)
    when = event_body.times(sent, all_day, before)
    return replace(
        item,
        start=when.start,
        end=when.end,
        zone=when.zone,
        end_zone=when.end_zone,
        all_day=all_day,
        seq=write.calendar.seq + 1,
        modified=write.world.clock.now(),
        fields=item.fields | event_body.fields(sent, trusted=write.trusted),
        extended=item.extended | event_body.extended(sent),
    )


def _repatterned(before: Item, item: Item, sent: Json) -> Item:
    """A new pattern or new times throw away the exceptions, as Outlook does."""
    wanted = sent.get("recurrence", before.recurrence)
    if wanted is None:
        return replace(item, recurrence=None, exceptions={}, removed=())
    if "recurrence" not in sent and item.start != before.start:
        span = wanted["range"] | {"startDate": item.start.date().isoformat()}
        wanted = wanted | {"range": span}
    rule = normalised(wanted, item.start, windows_name(item.zone))
    if (rule, *_clock(item)) == (before.recurrence, *_clock(before)):
        return item
    return _begun(replace(item, recurrence=rule, exceptions={}, removed=()))


def _clock(item: Item) -> tuple[object, ...]:
    return item.start, item.end, item.zone, item.all_day


def _store(write: Write, item: Item) -> Item:
    """Put a changed item (or series) back under the next change number."""
    calendar = write.calendar
    item = replace(item, seq=calendar.next_seq(), modified=write.world.clock.now())
    calendar.items[item.key] = item
    write.world.note(Change(calendar.id, "updated", item))
    return item


def delete(write: Write, shown: Shown, if_match: str | None = None) -> None:
    """Delete an event or series; an occurrence just vanishes from its series. 412 as `patch`."""
    _check(write, shown, if_match)
    if shown.day is None:
        _remove(write, shown.item)
        return
    master = shown.owner
    kept = {day: item for day, item in master.exceptions.items() if day != shown.day}
    _store(write, replace(master, exceptions=kept, removed=(*master.removed, shown.day)))


def _remove(write: Write, item: Item) -> None:
    calendar, world = write.calendar, write.world
    del calendar.items[item.key]
    calendar.gone[item.key] = Gone(item, calendar.next_seq(), world.clock.now())
    world.note(Change(calendar.id, "deleted", item))


def move(write: Write, shown: Shown, target: Calendar) -> Shown:
    """Move an event or series to another calendar of the mailbox: its ordinary id changes."""
    item = shown.owner
    _remove(write, item)
    target.gone.pop(item.key, None)
    moved = replace(
        item, moves=item.moves + 1, seq=target.next_seq(), modified=write.world.clock.now()
    )
    target.items[item.key] = moved
    write.world.note(Change(target.id, "created", moved))
    return itself(moved)
