"""`/events`: what happens in the next fourteen days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from itertools import groupby
from uuid import UUID

from flask import Blueprint, Response, render_template, request

from functions.api.endpoint import Call
from functions.api.events import EventsInput, Happening, list_events
from functions.api.paging import Page
from functions.pages.door import Door
from functions.pages.forms import asked
from functions.pages.names import calendars_of, full_names
from functions.pages.times import home_zone, when
from shared.steps.judge_calendars import judge_calendars

DAYS = 14
A_PAGE = "100"
COLOURS = 6


@dataclass(frozen=True, slots=True)
class Line:
    """One happening: when, what, and in which calendar."""

    day: date
    when: str
    title: str
    place: str | None
    link: str | None
    calendar: str
    colour: int
    is_busy: bool
    is_block: bool


def route_events(site: Blueprint, door: Door) -> None:
    """Adds the page."""

    @site.get("/events")
    def events() -> Response:
        call = door.call()
        names = full_names(call)
        zone = home_zone(calendars_of(call))
        found = _found(call)
        lines = [_line(each, names, zone) for each in found.items if each.calendar_id in names]
        page = render_template(
            "events.html",
            days=_by_day(lines),
            names=names,
            chosen=request.args.get("calendar", ""),
            blocks=_with_blocks(),
            more=found.next_cursor,
            zone=zone,
        )
        return Response(page)


def _with_blocks() -> bool:
    return "blocks" in request.args


def _found(call: Call) -> Page[Happening]:
    """A page of what the query asks for. The database knows what time it is."""
    judged = judge_calendars(call.service, call.user_id)
    if not judged:
        return Page[Happening](items=[], next_cursor=None)
    now = datetime.fromisoformat(str(judged[0].row["now"]))
    span = {"from": now.isoformat(), "to": (now + timedelta(days=DAYS)).isoformat()}
    chosen = {"calendar_id": request.args.get("calendar"), "cursor": request.args.get("cursor")}
    narrowed = {name: value for name, value in chosen.items() if value}
    blocks = "true" if _with_blocks() else "false"
    given = asked(EventsInput, limit=A_PAGE, busy_blocks=blocks, **span, **narrowed)
    return list_events(call, given)


def _by_day(lines: Sequence[Line]) -> list[tuple[date, list[Line]]]:
    """By the day they begin."""
    ordered = sorted(lines, key=lambda line: line.day)
    return [(day, list(there)) for day, there in groupby(ordered, lambda line: line.day)]


def _line(found: Happening, names: Mapping[UUID, str], zone: tzinfo) -> Line:
    return Line(
        day=found.start_date or found.starts_at.astimezone(zone).date(),
        when=when(found, zone),
        title=found.summary or "(no title)",
        place=found.location,
        link=_web(found.html_link),
        calendar=names[found.calendar_id],
        colour=list(names).index(found.calendar_id) % COLOURS,
        is_busy=found.is_busy,
        is_block=found.is_busy_block,
    )


def _web(link: str | None) -> str | None:
    """A link of a provider's; never one that would run something."""
    return link if link and link.startswith(("https://", "http://")) else None
