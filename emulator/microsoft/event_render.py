"""An event as the wire shows it (resources/event)."""

import base64
import hashlib
import re
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote

from emulator.common.json_types import Json

from .event_body import NEVER
from .expansion import Shown
from .ids import event_id, ical_uid
from .model import Item, Person
from .prefer import Preferences
from .zones import to_wall, windows_name

TEAMS = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_"
HTML = "<html>\r\n<head>\r\n</head>\r\n<body>\r\n{}\r\n</body>\r\n</html>\r\n"
NOTIFIERS_ZONE = timezone(timedelta(hours=-5))
_TAG = re.compile(r"<[^>]*>")
_BLANK = re.compile(r"\s+")


def change_key(item: Item) -> str:
    """Changes with every version of an item."""
    digest = hashlib.sha256(f"{item.key}:{item.seq}:{item.moves}".encode()).digest()
    return base64.b64encode(digest[:22]).decode()


def etag_of(shown: Shown) -> str:
    """The version of an event; a plain occurrence has that of its master."""
    return f'W/"{change_key(shown.item)}"'


def stamp(moment: datetime) -> str:
    """A moment as Graph writes it: UTC, seven decimals, `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


def offset_stamp(moment: datetime) -> str:
    """The other way Graph writes moments: an offset that is nobody's, as in notifications."""
    return moment.astimezone(NOTIFIERS_ZONE).isoformat(timespec="seconds")


def when(item: Item, moment: datetime, prefer: Preferences) -> Json:
    """A dateTimeTimeZone in the preferred zone; an all-day event floats and is labelled UTC."""
    if item.all_day:
        wall, zone = moment.replace(tzinfo=None), "UTC"
    else:
        wall, zone = to_wall(moment, prefer.zone), prefer.zone
    return {"dateTime": wall.strftime("%Y-%m-%dT%H:%M:%S.%f0"), "timeZone": zone}


def shown_id(shown: Shown, prefer: Preferences) -> str:
    """The id of an event in the preferred form."""
    return event_id(shown.owner, shown.day, immutable=prefer.immutable)


def bare_occurrence(shown: Shown, prefer: Preferences) -> Json:
    """All that delta tells of a plain occurrence."""
    begin, end = shown.item.span()
    return {
        "@odata.type": "#microsoft.graph.event",
        "@odata.etag": etag_of(shown),
        "seriesMasterId": event_id(shown.owner, None, immutable=prefer.immutable),
        "type": shown.kind,
        "id": shown_id(shown, prefer),
        "start": when(shown.item, begin, prefer),
        "end": when(shown.item, end, prefer),
    }


def event(shown: Shown, person: Person, prefer: Preferences) -> Json:
    """All properties of an event."""
    item, fields = shown.item, shown.item.fields
    begin, end = item.span()
    shown_as = shown_id(shown, prefer)
    body = _body(fields, prefer)
    in_series = shown.day is not None
    return {
        "@odata.etag": etag_of(shown),
        "id": shown_as,
        "createdDateTime": stamp(item.created),
        "lastModifiedDateTime": stamp(item.modified),
        "changeKey": change_key(item),
        "categories": fields.get("categories") or [],
        **({"transactionId": item.transaction_id} if item.transaction_id else {}),
        "originalStartTimeZone": fields.get("originalStartTimeZone") or windows_name(item.zone),
        "originalEndTimeZone": fields.get("originalEndTimeZone") or windows_name(item.end_zone),
        "iCalUId": ical_uid(shown.owner, shown.day),
        "reminderMinutesBeforeStart": fields.get("reminderMinutesBeforeStart", 15),
        "isReminderOn": fields.get("isReminderOn", True),
        "hasAttachments": False,
        "subject": fields.get("subject") or "",
        "bodyPreview": preview(fields),
        "importance": fields.get("importance", "normal"),
        "sensitivity": fields.get("sensitivity", "normal"),
        **({"originalStart": stamp(shown.original)} if shown.original else {}),
        "isAllDay": item.all_day,
        "isCancelled": fields.get("isCancelled", False),
        "isDraft": fields.get("isDraft", False),
        "isOrganizer": fields.get("isOrganizer", True),
        "responseRequested": fields.get("responseRequested", True),
        "seriesMasterId": (
            event_id(shown.owner, None, immutable=prefer.immutable) if in_series else None
        ),
        "showAs": fields.get("showAs", "busy"),
        "type": shown.kind,
        "webLink": f"https://outlook.office365.com/owa/?itemid={quote(shown_as, safe='')}"
        "&exvsurl=1&path=/calendar/item",
        "onlineMeetingUrl": None,
        **_online(item),
        "allowNewTimeProposals": fields.get("allowNewTimeProposals", True),
        "hideAttendees": fields.get("hideAttendees", False),
        "responseStatus": fields.get("responseStatus") or _own_response(fields),
        "body": body,
        "start": when(item, begin, prefer),
        "end": when(item, end, prefer),
        "location": fields.get("location")
        or {
            "displayName": "",
            "locationType": "default",
            "uniqueIdType": "unknown",
            "address": {},
            "coordinates": {},
        },
        "locations": fields.get("locations") or [],
        "recurrence": None if in_series else item.recurrence,
        "attendees": fields.get("attendees") or [],
        "organizer": fields.get("organizer")
        or {"emailAddress": {"name": person.name, "address": person.email}},
    }


def _own_response(fields: Json) -> Json:
    is_organizer = fields.get("isOrganizer", True)
    return {"response": "organizer" if is_organizer else "notResponded", "time": NEVER}


def _online(item: Item) -> Json:
    if not item.fields.get("isOnlineMeeting"):
        return {
            "isOnlineMeeting": False,
            "onlineMeetingProvider": "unknown",
            "onlineMeeting": None,
        }
    return {
        "isOnlineMeeting": True,
        "onlineMeetingProvider": item.fields.get("onlineMeetingProvider") or "teamsForBusiness",
        "onlineMeeting": {
            "joinUrl": f"{TEAMS}{item.key}%40thread.v2/0?context=%7b%7d",
            "conferenceId": str(int(item.key[:8], 16)),
            "tollNumber": "+1 425 555 0123",
        },
    }


def _plain_text(content: str) -> str:
    return _BLANK.sub(" ", _TAG.sub(" ", content)).strip()


def _body(fields: Json, prefer: Preferences) -> Json:
    stored = fields.get("body") or {"contentType": "html", "content": ""}
    if prefer.text_body:
        text = stored["content"]
        is_html = stored["contentType"] == "html"
        return {"contentType": "text", "content": _plain_text(text) if is_html else text}
    if stored["contentType"] == "html" and stored["content"] and "<html" not in stored["content"]:
        return {"contentType": "html", "content": HTML.format(stored["content"])}
    return dict(stored)


def preview(fields: Json) -> str:
    """The first 255 characters of the body, as text."""
    return _plain_text((fields.get("body") or {}).get("content", ""))[:255]
