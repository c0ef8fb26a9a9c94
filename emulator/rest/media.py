"""Content negotiation: which representation of a result the client accepts."""

from dataclasses import dataclass
from typing import Literal

from werkzeug.datastructures import MIMEAccept

from emulator.rest import errors

Shape = Literal["array", "object", "csv"]


@dataclass(frozen=True)
class Representation:
    """How rows are written down."""

    content_type: str
    shape: Shape
    strip_nulls: bool = False


_ARRAY = Representation("application/json; charset=utf-8", "array")
_SHAPES: dict[str, tuple[str, Shape]] = {
    "application/json": ("application/json", "array"),
    "application/*": ("application/json", "array"),
    "*/*": ("application/json", "array"),
    "application/vnd.pgrst.array+json": ("application/vnd.pgrst.array+json", "array"),
    "application/vnd.pgrst.array": ("application/vnd.pgrst.array+json", "array"),
    "application/vnd.pgrst.object+json": ("application/vnd.pgrst.object+json", "object"),
    "application/vnd.pgrst.object": ("application/vnd.pgrst.object+json", "object"),
    "text/csv": ("text/csv", "csv"),
}


def negotiate(accept: MIMEAccept) -> Representation:
    """The best representation among those accepted; an absent header accepts anything."""
    for offered, _quality in accept:
        name, *parameters = (part.strip() for part in offered.split(";"))
        if name in _SHAPES:
            media, shape = _SHAPES[name]
            strip = shape != "csv" and "nulls=stripped" in parameters
            suffix = ";nulls=stripped" if strip else ""
            return Representation(f"{media}{suffix}; charset=utf-8", shape, strip)
    if not accept:
        return _ARRAY
    refused = ", ".join(offered for offered, _quality in accept)
    message = f"None of these media types are available: {refused}"
    raise errors.RestError(406, "PGRST107", message)
