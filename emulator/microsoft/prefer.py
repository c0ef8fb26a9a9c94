"""The Prefer header: page size, time zone, id type, body type."""

import re
from dataclasses import dataclass

from .errors import GraphError
from .zones import is_zone

_PART = re.compile(r'\s*([\w.\-]+)\s*(?:=\s*(?:"([^"]*)"|([^,;\s]+)))?\s*[,;]?')


@dataclass(frozen=True)
class Preferences:
    """What the client would like; `applied` is the Preference-Applied header."""

    zone: str = "UTC"
    immutable: bool = False
    page_size: int | None = None
    text_body: bool = False
    applied: tuple[str, ...] = ()

    def with_applied(self, *more: str) -> str:
        """The value of Preference-Applied; empty if nothing applies."""
        return ", ".join((*self.applied, *more))


def read(headers: list[str]) -> Preferences:
    """The preferences in all Prefer headers; 400 for a zone that Graph would not know."""
    zone, immutable, page_size, text_body = "UTC", False, None, False
    applied: list[str] = []
    for match in _PART.finditer(",".join(headers)):
        name, value = match[1].lower(), match[2] if match[2] is not None else match[3] or ""
        if name == "outlook.timezone":
            zone = _known(value)
        elif name == "idtype":
            immutable = value.lower() == "immutableid"
        elif name == "odata.maxpagesize" and value.isdigit() and int(value) > 0:
            page_size = int(value)
        elif name == "outlook.body-content-type":
            text_body = value.lower() == "text"
        else:
            continue
        applied.append(match[0].strip(" ,;"))
    return Preferences(zone, immutable, page_size, text_body, tuple(applied))


def _known(name: str) -> str:
    if not is_zone(name):
        raise GraphError(
            400,
            "TimeZoneNotSupportedException",
            f"A valid TimeZone value must be specified. The following TimeZone value is not "
            f"supported: '{name}'.",
        )
    return name
