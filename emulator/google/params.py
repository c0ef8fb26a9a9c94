"""Query parameters: typed reading, with Google's refusals."""

from collections.abc import Iterable
from datetime import datetime

from werkzeug.datastructures import MultiDict

from .errors import bad_parameter
from .event_time import is_zone, parse_bound

Args = MultiDict[str, str]


def boolean(args: Args, name: str) -> bool | None:
    """true, false or absent; 400 otherwise."""
    text = args.get(name)
    if text is None:
        return None
    if text.lower() not in ("true", "false"):
        raise bad_parameter(name, f"Invalid boolean value: '{text}'.")
    return text.lower() == "true"


def integer(args: Args, name: str, default: int | None, top: int | None = None) -> int | None:
    """A positive number, cut at `top`; 400 otherwise."""
    text = args.get(name)
    if text is None:
        return default
    if not text.isdigit() or int(text) < 1:
        raise bad_parameter(name, f"Invalid integer value: '{text}'.")
    return int(text) if top is None else min(int(text), top)


def moment(args: Args, name: str) -> datetime | None:
    """An RFC 3339 timestamp with offset; 400 otherwise."""
    text = args.get(name)
    return None if text is None else parse_bound(text, name)


def time_zone(args: Args) -> str | None:
    """An IANA zone; 400 otherwise."""
    text = args.get("timeZone")
    if text is not None and not is_zone(text):
        raise bad_parameter("timeZone", f"Invalid time zone: {text}", "invalid")
    return text


def choice(args: Args, name: str, allowed: Iterable[str]) -> str | None:
    """One of a few words; 400 otherwise."""
    text = args.get(name)
    if text is not None and text not in allowed:
        raise bad_parameter(name, f"Invalid string value: '{text}'.")
    return text
