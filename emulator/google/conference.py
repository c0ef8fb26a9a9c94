"""Video conferences on events: made on request, kept otherwise (guides/create-events)."""

import hashlib

from emulator.common.json_types import Json

from .errors import invalid

FIELDS = ("conferenceData", "hangoutLink")


def conference_fields(fields: Json, base: Json, version: int) -> Json:
    """`conferenceData` and `hangoutLink` of the new version of an event.

    With `conferenceDataVersion` 0 what the client wrote is ignored and what exists stays.
    """
    if version == 0 or ("conferenceData" not in fields and "conferenceData" in base):
        return {name: base[name] for name in FIELDS if name in base}
    data = fields.get("conferenceData")
    if not data:
        return {}
    if data.get("entryPoints"):
        return _existing(data)
    request = data.get("createRequest")
    if not request or not request.get("requestId"):
        raise invalid("Invalid conference data.", "invalidConferenceData")
    return _new_meeting(request)


def _existing(data: Json) -> Json:
    key = (data.get("conferenceSolution") or {}).get("key") or {}
    video = [entry for entry in data["entryPoints"] if entry.get("entryPointType") == "video"]
    is_meet = key.get("type") == "hangoutsMeet" and video
    return {"conferenceData": data} | ({"hangoutLink": video[0]["uri"]} if is_meet else {})


def _new_meeting(request: Json) -> Json:
    """The same request id always gives the same meeting: a repeated request makes no second one."""
    digest = hashlib.sha256(request["requestId"].encode()).digest()
    letters = "".join(chr(ord("a") + byte % 26) for byte in digest[:10])
    code = f"{letters[:3]}-{letters[3:7]}-{letters[7:]}"
    link = f"https://meet.google.com/{code}"
    data = {
        "createRequest": {
            "requestId": request["requestId"],
            "conferenceSolutionKey": {"type": "hangoutsMeet"},
            "status": {"statusCode": "success"},
        },
        "entryPoints": [
            {
                "entryPointType": "video",
                "uri": link,
                "label": link.removeprefix("https://"),
            }
        ],
        "conferenceSolution": {"key": {"type": "hangoutsMeet"}, "name": "Google Meet"},
        "conferenceId": code,
    }
    return {"conferenceData": data, "hangoutLink": link}
