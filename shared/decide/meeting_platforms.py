"""Which meeting platform a URL belongs to: one table, in which a platform is one line."""

import re
from urllib.parse import urlsplit

# name, host, start of the path: only addresses that one can join, not a platform's other pages.
_TABLE = (
    ("google_meet", r"meet\.google\.com", r"/(?!linkredirect|landing|about|new\b)."),
    ("google_meet", r"g\.co", r"/meet/."),
    ("google_meet", r"(?:hangouts|plus)\.google\.com", r"/(?:hangouts/_|call)/."),
    ("zoom", r"(?:[a-z0-9-]+\.)*zoom(?:gov)?\.(?:us|com|com\.cn)",
     r"/(?:j|w|s|my|wc|meeting|webinar|launch)/."),
    ("teams", r"(?:[a-z0-9-]+\.)*teams\.(?:microsoft\.(?:com|us)|live\.com|cloud\.microsoft)",
     r"/(?:l/meetup-join/|meet/|dl/launcher/)."),
    ("webex", r"(?:[a-z0-9-]+\.)*webex\.com",
     r"/(?:.*/)?(?:meet|join|m|meeting|joinservice|wbxmjs|(?:j|e)\.php)[/?]."),
    ("gotomeeting", r"(?:[a-z0-9-]+\.)*gotomeeting\.com", r"/(?:join/.|\?meetingid=.|w/.)"),
    ("gotomeeting", r"meet\.goto\.com|gotomeet\.(?:me|at)", r"/."),
    ("gotomeeting", r"attendee\.gotowebinar\.com", r"/."),
    ("whereby", r"(?:[a-z0-9-]+\.)*whereby\.com|appear\.in",
     r"/(?!information|blog|user|org|signup|login|pricing|static)."),
    ("jitsi", r"meet\.jit\.si|8x8\.vc|(?:meet\.)?jitsi\.[a-z0-9.-]+", r"/(?!static/)."),
    ("bluejeans", r"(?:[a-z0-9-]+\.)*bluejeans\.com",
     r"/(?:[0-9]{3,}|meet/.|a2m/.|play/.|webrtc/.)"),
    ("chime", r"(?:app\.)?chime\.aws", r"/(?:meetings/)?[a-z0-9]."),
    ("around", r"(?:meet\.)?around\.co", r"/r/."),
    ("discord", r"discord\.gg", r"/."),
    ("discord", r"(?:[a-z]+\.)?discord(?:app)?\.com", r"/(?:invite|channels|events)/."),
    ("slack", r"app\.slack\.com", r"/huddle/."),
    ("slack", r"[a-z0-9-]+(?:\.enterprise)?\.slack\.com", r"/(?:huddle|call)/."),
    ("skype", r"join\.skype\.com|meet\.lync\.com", r"/."),
    ("facetime", r"facetime\.apple\.com", r"/join"),
    ("ringcentral", r"(?:v|meetings|video)\.ringcentral\.com", r"/(?:join|j|conf/on)/."),
    ("dialpad", r"meetings\.dialpad\.com", r"/."),
    ("lark", r"vc\.(?:larksuite\.com|feishu\.cn)", r"/j/."),
    ("tencent", r"(?:meeting\.tencent|voovmeeting)\.com", r"/(?:dm|p|s)/."),
    ("zoho", r"(?:meeting|meet)\.zoho\.[a-z.]{2,6}", r"/."),
    ("gather", r"app\.gather\.town", r"/(?:app|invite)."),
    ("lifesize", r"call\.lifesizecloud\.com", r"/."),
)  # fmt: skip

_PLATFORMS = tuple(
    (name, re.compile(host), re.compile(path, re.IGNORECASE)) for name, host, path in _TABLE
)
_ANY_HOST = re.compile("|".join(f"(?:{host})" for _, host, _ in _TABLE))
PLATFORMS = frozenset(name for name, _, _ in _TABLE)


def platform_of(url: str) -> str | None:
    """The platform that this http or https URL lets one join, or None."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return None
    if parts.scheme not in ("http", "https"):
        return None
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    if not _ANY_HOST.fullmatch(host):
        return None
    matching = (name for name, at, to in _PLATFORMS if at.fullmatch(host) and to.match(target))
    return next(matching, None)
