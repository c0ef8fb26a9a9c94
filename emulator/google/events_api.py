"""Handlers of the `events` collection."""

from flask import Response

from emulator.common.json_types import Json

from . import event_service, mails
from .access import calendar_for, writable_calendar
from .call import Call
from .channels import events_resource, open_channel, send_sync
from .errors import required
from .event_instances import Instances
from .event_listing import Listing
from .event_query import MAX_RESULTS, read_query
from .event_service import Write
from .event_view import View
from .params import integer, time_zone


def list_events(call: Call) -> Json:
    """GET calendars/{calendarId}/events."""
    calendar, role = calendar_for(call.world, call.person, call.path["calendar_id"])
    query = read_query(call.args)
    view = View(role, calendar.timezone, query.time_zone, query.max_attendees)
    shape = call.page_shape(query.page_size)
    return Listing(call.world, calendar, query, view, shape).answer()


def instances(call: Call) -> Json:
    """GET calendars/{calendarId}/events/{eventId}/instances."""
    calendar, role = calendar_for(call.world, call.person, call.path["calendar_id"])
    query = read_query(type(call.args)())
    view = View(role, calendar.timezone, time_zone(call.args), _guest_limit(call))
    listing = Listing(call.world, calendar, query, view, call.page_shape(MAX_RESULTS))
    return Instances(listing, call.path["event_id"], call.args).answer()


def get(call: Call) -> Json | Response:
    """GET calendars/{calendarId}/events/{eventId}; 304 if If-None-Match has the etag."""
    calendar, role = calendar_for(call.world, call.person, call.path["calendar_id"])
    body = event_service.find(calendar, call.path["event_id"])
    if call.if_none_match == body["etag"]:
        return Response(status=304)
    return View(role, calendar.timezone, time_zone(call.args), _guest_limit(call)).show(body)


def _guest_limit(call: Call) -> int | None:
    return integer(call.args, "maxAttendees", None)


def _write(call: Call) -> Write:
    calendar = writable_calendar(call.world, call.person, call.path["calendar_id"])
    mails.wanted(call.args)
    version = call.args.get("conferenceDataVersion", "0")
    return Write(
        world=call.world,
        calendar=calendar,
        actor=call.person.email,
        conference_version=int(version) if version.isdigit() else 0,
        if_match=call.if_match,
    )


def _told(call: Call, event: Json) -> Json:
    mails.note(call, event)
    return event


def insert(call: Call) -> Json:
    """POST calendars/{calendarId}/events."""
    return _told(call, event_service.insert(_write(call), call.body))


def import_event(call: Call) -> Json:
    """POST calendars/{calendarId}/events/import."""
    return event_service.import_event(_write(call), call.body)


def update(call: Call) -> Json:
    """PUT calendars/{calendarId}/events/{eventId}."""
    return _told(call, event_service.update(_write(call), call.path["event_id"], call.body))


def patch(call: Call) -> Json:
    """PATCH calendars/{calendarId}/events/{eventId}."""
    return _told(call, event_service.patch(_write(call), call.path["event_id"], call.body))


def delete(call: Call) -> None:
    """DELETE calendars/{calendarId}/events/{eventId}."""
    write = _write(call)
    event = event_service.find(write.calendar, call.path["event_id"])
    event_service.delete(write, event["id"])
    mails.note(call, event)


def move(call: Call) -> Json:
    """POST calendars/{calendarId}/events/{eventId}/move?destination=."""
    destination = call.args.get("destination")
    if not destination:
        raise required("Required parameter: destination")
    target = writable_calendar(call.world, call.person, destination)
    return _told(call, event_service.move(_write(call), call.path["event_id"], target))


def watch(call: Call) -> Json:
    """POST calendars/{calendarId}/events/watch. Runs without the lock: see `send_sync`."""
    with call.world.transaction():
        calendar, _ = calendar_for(call.world, call.person, call.path["calendar_id"])
        channel, answer = open_channel(
            call.world,
            call.person.email,
            call.client_id,
            events_resource(calendar.id),
            f"calendars/{call.path['calendar_id']}/events",
            call.body,
            tuple(call.args.getlist("eventTypes")),
        )
    send_sync(call.world, channel)
    return answer
