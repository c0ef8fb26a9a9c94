"""The JSON types of request bodies, so that a malformed body is refused and never half applied."""

from typing import Any

from .errors import invalid

# A shape is a type, `[shape]` for a list, or `{name: shape}` for an object with these members.
_PERSON = {"email": str, "displayName": str, "id": str, "self": bool}
_TIME = {"date": str, "dateTime": str, "timeZone": str}
_REMINDERS = {"useDefault": bool, "overrides": [{"method": str, "minutes": int}]}
_CONFERENCE = {
    "createRequest": {"requestId": str, "conferenceSolutionKey": {"type": str}},
    "entryPoints": [{"entryPointType": str, "uri": str, "label": str}],
    "conferenceSolution": {"key": {"type": str}, "name": str, "iconUri": str},
    "conferenceId": str,
    "notes": str,
}
EVENT = {
    "anyoneCanAddSelf": bool,
    "attachments": [{"fileUrl": str, "title": str, "mimeType": str}],
    "attendees": [
        {
            **_PERSON,
            "optional": bool,
            "resource": bool,
            "organizer": bool,
            "comment": str,
            "additionalGuests": int,
            "responseStatus": str,
        }
    ],
    "birthdayProperties": {"type": str, "contact": str, "customTypeName": str},
    "colorId": str,
    "conferenceData": _CONFERENCE,
    "description": str,
    "end": _TIME,
    "eventType": str,
    "extendedProperties": {"private": dict, "shared": dict},
    "focusTimeProperties": {"autoDeclineMode": str, "declineMessage": str, "chatStatus": str},
    "guestsCanInviteOthers": bool,
    "guestsCanModify": bool,
    "guestsCanSeeOtherGuests": bool,
    "iCalUID": str,
    "id": str,
    "location": str,
    "organizer": _PERSON,
    "outOfOfficeProperties": {"autoDeclineMode": str, "declineMessage": str},
    "privateCopy": bool,
    "recurrence": [str],
    "reminders": _REMINDERS,
    "sequence": int,
    "source": {"url": str, "title": str},
    "start": _TIME,
    "status": str,
    "summary": str,
    "transparency": str,
    "visibility": str,
    "workingLocationProperties": {
        "type": str,
        "homeOffice": dict,
        "customLocation": {"label": str},
        "officeLocation": {"label": str, "buildingId": str, "floorId": str, "deskId": str},
    },
}
CHANNEL = {
    "id": str,
    "type": str,
    "address": str,
    "token": str,
    "resourceId": str,
    "params": {"ttl": str},
}
CALENDAR = {"summary": str, "timeZone": str, "description": str, "location": str}
LIST_ENTRY = {
    "id": str,
    "backgroundColor": str,
    "colorId": str,
    "defaultReminders": [{"method": str, "minutes": int}],
    "foregroundColor": str,
    "hidden": bool,
    "notificationSettings": {"notifications": [{"type": str, "method": str}]},
    "selected": bool,
    "summaryOverride": str,
}


def check_shape(value: Any, shape: Any, path: str = "") -> None:
    """400 `invalid` naming the first member of another type; null and unknown names may stand."""
    if value is None:
        return
    if isinstance(shape, list):
        _require(isinstance(value, list), path)
        for number, each in enumerate(value):
            _require(each is not None, f"{path}[{number}]")
            check_shape(each, shape[0], f"{path}[{number}]")
    elif isinstance(shape, dict):
        _require(isinstance(value, dict), path)
        for name in shape.keys() & value.keys():
            check_shape(value[name], shape[name], f"{path}.{name}".lstrip("."))
    else:
        is_number_for_flag = shape is int and isinstance(value, bool)
        _require(isinstance(value, shape) and not is_number_for_flag, path)


def _require(holds: bool, path: str) -> None:
    if not holds:
        raise invalid(f"Invalid JSON payload received. Invalid value at '{path}'")
