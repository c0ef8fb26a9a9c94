"""GET meetings: events with other people or a conference."""

from functions.api.endpoint import Call, Endpoint
from functions.api.events import KEYS, Happening, SpanInput, span_of
from functions.api.paging import Page, page_of


class Meeting(Happening):
    """A meeting, and where it is joined."""

    meeting_url: str | None
    platform: str | None
    attendee_count: int


def list_meetings(call: Call, given: SpanInput) -> Page[Meeting]:
    """By their start."""
    return page_of(call, Meeting, "list_events", KEYS, given, meetings=True, **span_of(given))


ENDPOINTS = (
    Endpoint("GET", "meetings", "Meetings, by start", SpanInput, Page[Meeting], list_meetings),
)
