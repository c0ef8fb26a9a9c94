"""Handlers of `calendarList`, `calendars` and `channels`."""

from emulator.common.json_types import Json

from . import calendar_service as service
from . import params, sync_tokens
from .access import calendar_for
from .call import Call
from .channels import list_resource, open_channel, send_sync, stop_channel
from .errors import bad_parameter, needs_writer, required
from .event_query import fingerprint
from .model import ROLE_RANK, Calendar, ListEntry
from .paging import key_of, page_of, page_token
from .shapes import LIST_ENTRY, check_shape
from .sync_tokens import Source

DEFAULT_RESULTS, MAX_RESULTS = 100, 250


def list_calendars(call: Call) -> Json:
    """GET users/me/calendarList."""
    source = Source(
        list_resource(call.person.email),
        call.person.list_seq,
        call.person.token_epoch,
        tuple(call.person.lost_seqs),
    )
    since = _since(call, source)
    secret, mark = call.world.state.secret, fingerprint(call.args)
    size = params.integer(call.args, "maxResults", DEFAULT_RESULTS, MAX_RESULTS) or 1
    entries = [
        ((entry.seq,), service.entry_json(call.world, call.person, entry))
        for entry in call.person.entries.values()
        if entry.seq > since and _is_wanted(call, entry)
    ]
    page = page_of(entries, key_of(secret, mark, call.args.get("pageToken")), call.page_shape(size))
    result: Json = {
        "kind": "calendar#calendarList",
        "etag": f'"p{call.person.list_seq:x}"',
        "items": page.items,
    }
    if page.next_key is not None:
        result["nextPageToken"] = page_token(secret, mark, page.next_key)
    else:
        result["nextSyncToken"] = sync_tokens.issue(call.world, source, {})
    return result


def _since(call: Call, source: Source) -> int:
    token = call.args.get("syncToken")
    if token is None:
        return 0
    refused = [n for n in ("minAccessRole", "showOwnOrganizationOnly") if n in call.args]
    for name in ("showDeleted", "showHidden"):
        if params.boolean(call.args, name) is False:
            refused.append(name)
    if refused:
        raise bad_parameter(
            refused[0],
            "Sync token cannot be used with the request restrictions: " + ", ".join(refused),
            "syncTokenWithRequestRestrictions",
        )
    return sync_tokens.redeem(call.world, source, token)[0]


def _is_wanted(call: Call, entry: ListEntry) -> bool:
    if call.args.get("syncToken") is not None:
        return True
    if entry.deleted and not params.boolean(call.args, "showDeleted"):
        return False
    if entry.props.get("hidden") and not params.boolean(call.args, "showHidden"):
        return False
    lowest = params.choice(call.args, "minAccessRole", ROLE_RANK)
    calendar = call.world.state.calendars.get(entry.calendar_id)
    if lowest is None or calendar is None:
        return True
    role = calendar.role_of(call.person.email)
    return role is not None and ROLE_RANK[role] >= ROLE_RANK[lowest]


def get_listed(call: Call) -> Json:
    """GET users/me/calendarList/{calendarId}."""
    entry = service.listed(call.person, call.path["calendar_id"])
    return service.entry_json(call.world, call.person, entry)


def insert_listed(call: Call) -> Json:
    """POST users/me/calendarList: show a calendar that one has access to."""
    check_shape(call.body, LIST_ENTRY)
    if not call.body.get("id"):
        raise required("Missing calendar id.")
    calendar, _ = calendar_for(call.world, call.person, call.body["id"])
    return _put(call, calendar, {"selected": True} | _props(call))


def change_listed(call: Call) -> Json:
    """PATCH or PUT users/me/calendarList/{calendarId}."""
    entry = service.listed(call.person, call.path["calendar_id"])
    calendar, _ = calendar_for(call.world, call.person, entry.calendar_id)
    return _put(call, calendar, entry.props | _props(call))


def _props(call: Call) -> Json:
    check_shape(call.body, LIST_ENTRY)
    return {key: call.body[key] for key in service.ENTRY_PROPS if key in call.body}


def _put(call: Call, calendar: Calendar, props: Json) -> Json:
    entry = service.put_entry(call.world, call.person, calendar.id, props)
    return service.entry_json(call.world, call.person, entry)


def delete_listed(call: Call) -> None:
    """DELETE users/me/calendarList/{calendarId}."""
    entry = service.listed(call.person, call.path["calendar_id"])
    service.drop_entry(call.world, call.person, entry.calendar_id)


def watch_list(call: Call) -> Json:
    """POST users/me/calendarList/watch. Runs without the lock: see `send_sync`."""
    with call.world.transaction():
        channel, answer = open_channel(
            call.world,
            call.person.email,
            call.client_id,
            list_resource(call.person.email),
            "users/me/calendarList",
            call.body,
        )
    send_sync(call.world, channel)
    return answer


def get_calendar(call: Call) -> Json:
    """GET calendars/{calendarId}."""
    calendar, _ = calendar_for(call.world, call.person, call.path["calendar_id"])
    return service.calendar_json(calendar)


def insert_calendar(call: Call) -> Json:
    """POST calendars."""
    return service.calendar_json(service.add_calendar(call.world, call.person, call.body))


def _owned(call: Call) -> Calendar:
    calendar, role = calendar_for(call.world, call.person, call.path["calendar_id"])
    if role != "owner":
        raise needs_writer()
    return calendar


def change_calendar(call: Call) -> Json:
    """PATCH or PUT calendars/{calendarId}."""
    calendar = _owned(call)
    service.change_calendar(calendar, call.body)
    return service.calendar_json(calendar)


def delete_calendar(call: Call) -> None:
    """DELETE calendars/{calendarId}."""
    service.remove_calendar(call.world, _owned(call))


def stop(call: Call) -> None:
    """POST channels/stop."""
    stop_channel(call.world, call.person.email, call.client_id, call.body)
