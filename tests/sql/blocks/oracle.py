"""The busy blocks that a person should have, said once more in plain Python."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta

from shared.decide.own_tag import is_block
from shared.model import Event, When
from shared.states import EventKind, EventStatus, Response, ShowAs, Visibility
from tests.sql.blocks.provider import Calendar

HORIZON = timedelta(days=90)
DEFAULTS = {
    "copy_title": False,
    "skip_free": True,
    "skip_tentative": False,
    "skip_all_day": False,
    "skip_declined": True,
    "skip_working_location": True,
}
Blocks = Counter[tuple[str, When]]


@dataclass
class Oracle:
    """Knows what providers hold, the rules by pair, and which calendars are turned off."""

    providers: Mapping[str, Calendar]
    rules: dict[tuple[str, str], dict[str, bool]] = field(default_factory=dict)
    off: set[str] = field(default_factory=set)

    def blocks(self, target: str, now: datetime) -> Blocks:
        """Title and time of each busy block that a calendar should hold and that is not over."""
        shown = list(_happenings(self.providers[target], now))
        return Counter(
            (_title(happening, rule), _when(happening))
            for source in self.providers
            for rule in [self._rule(source, target)]
            if rule is not None
            for happening in _happenings(self.providers[source], now)
            if not _is_skipped(happening, rule)
            and not any(_is_same(happening, there) for there in shown)
        )

    def _rule(self, source: str, target: str) -> Mapping[str, bool] | None:
        rule = DEFAULTS | {"is_enabled": True} | self.rules.get((source, target), {})
        if source == target or {source, target} & self.off or not rule["is_enabled"]:
            return None
        return rule


def span(when: When) -> tuple[datetime, datetime]:
    """From when till when; all-day as UTC days."""
    if when.start_date is not None and when.end_date is not None:
        days = (when.start_date, when.end_date)
        first, last = (datetime.combine(day, time(), UTC) for day in days)
        return first, last
    assert when.start_at is not None
    assert when.end_at is not None
    return when.start_at, when.end_at


def _happenings(calendar: Calendar, now: datetime) -> Iterator[Event]:
    """Each occurrence as a single event."""
    events = calendar.events.values()
    replaced = {(each.series_event_id, each.occurrence_key) for each in events}
    for event in events:
        if is_block(event.own_tag) or event.status is EventStatus.CANCELLED:
            continue
        whens = [event.when]
        if event.kind is EventKind.SERIES:
            kept = (
                occurrence
                for occurrence in event.occurrences
                if (event.provider_event_id, occurrence.key) not in replaced
            )
            whens = [occurrence.when for occurrence in kept]
        for when in whens:
            assert when is not None
            start, end = span(when)
            if start < end and start < now + HORIZON and end > now:
                yield replace(event, when=when)


def _when(happening: Event) -> When:
    assert happening.when is not None
    return happening.when


def _title(happening: Event, rule: Mapping[str, bool]) -> str:
    secret = happening.visibility in (Visibility.PRIVATE, Visibility.CONFIDENTIAL)
    shown = rule["copy_title"] and not secret and happening.summary
    return f"🔒 {happening.summary}" if shown else "🔒 Busy"


def _is_skipped(happening: Event, rule: Mapping[str, bool]) -> bool:
    tentative = (
        happening.status is EventStatus.TENTATIVE
        or happening.show_as is ShowAs.TENTATIVE
        or happening.self_response is Response.TENTATIVE
    )
    elsewhere = (
        happening.show_as is ShowAs.WORKING_ELSEWHERE or happening.event_type == "workingLocation"
    )
    facts = {
        "skip_free": happening.show_as is ShowAs.FREE,
        "skip_tentative": tentative,
        "skip_all_day": _when(happening).all_day,
        "skip_declined": happening.self_response is Response.DECLINED,
        "skip_working_location": elsewhere,
    }
    return any(rule[skip] and is_so for skip, is_so in facts.items())


def _is_same(happening: Event, there: Event) -> bool:
    """Whether an event of the target is the same meeting, and keeps the person busy."""
    free = there.show_as in (ShowAs.FREE, ShowAs.WORKING_ELSEWHERE)
    if free or there.self_response is Response.DECLINED:
        return False
    ours, theirs = _when(happening), _when(there)
    if ours.all_day is not theirs.all_day or span(ours)[0] != span(theirs)[0]:
        return False
    if happening.ical_uid is not None and happening.ical_uid == there.ical_uid:
        return True
    if happening.organizer is None or there.organizer is None:
        return False
    return (
        happening.organizer.email.lower() == there.organizer.email.lower()
        and (happening.summary or "") == (there.summary or "")
        and ours == theirs
    )
