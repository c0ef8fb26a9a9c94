"""Finds the meeting behind an event: its URL and its platform."""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shared.decide.meeting_platforms import platform_of
from shared.decide.unwrap_url import unwrap_url
from shared.model import Event
from shared.states import EventStatus

OTHER_PLATFORM = "other"
LONGEST_URL = 8192

# Possessive quantifiers and the lookbehind make every text linear: no character is tried twice
# from two starting points. The second form is an address written without its scheme.
# No possessive repeat of a group: before Python 3.11.5 it gives up too early.
_URL = re.compile(
    r"""https?://[^\s<>"'`{}|\\^\[\]]++"""
    r"""|(?<![^\s<>"'(\[,;:=])(?:[a-z0-9-]++\.){1,20}[a-z]{2,24}+/[^\s<>"'`{}|\\^\[\]]++""",
    re.IGNORECASE | re.ASCII,
)
_HTTP = re.compile(r"https?://[^\s<>\"]", re.IGNORECASE)
_WHOLE = re.compile(r"https?://[^\s<>\"]++", re.IGNORECASE)
# Only escapes that are closed: `&region=` is a parameter, not a registered trade mark.
_ESCAPE = re.compile(r"&(?:#[0-9]{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8});", re.IGNORECASE)
_AFTER_QUOTE = re.compile(r"[<>\"'\s].*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Meeting:
    """Where people meet. `platform` is a name of `meeting_platforms`, or `other`."""

    url: str
    platform: str


def find_meeting(conference_url: str | None, texts: Sequence[str | None]) -> Meeting | None:
    """The meeting of an event, or None.

    `conference_url` is the provider's own conference data and wins; a platform unknown to us is
    `other`. Then `texts` (location, description: plain or HTML) are searched in their order, for
    known platforms only. URLs come back unwrapped. Linear in the length of the texts.
    """
    stated = _stated(conference_url)
    return stated or next((meeting for text in texts if text for meeting in _search(text)), None)


def is_meeting(event: Event) -> bool:
    """Whether people meet: not cancelled, at a time of day, with others or a conference."""
    if event.status is EventStatus.CANCELLED or event.when is None or event.when.all_day:
        return False
    if event.conference_url:
        return True
    if any(not attendee.is_self and not attendee.resource for attendee in event.attendees):
        return True
    # A guest list can be hidden; then only the organiser and oneself are seen.
    invited = any(attendee.is_self for attendee in event.attendees)
    return invited and event.organizer is not None and not event.organizer.is_self


def _stated(conference_url: str | None) -> Meeting | None:
    written = (conference_url or "").strip()
    if len(written) > LONGEST_URL or not _WHOLE.fullmatch(written):
        return None
    url = unwrap_url(written)
    return Meeting(url, platform_of(url) or OTHER_PLATFORM)


def _search(text: str) -> Iterator[Meeting]:
    for found in _URL.finditer(text):
        if found.end() - found.start() <= LONGEST_URL:
            url = unwrap_url(_tidy(found[0]))
            platform = platform_of(url)
            if platform is not None:
                yield Meeting(url, platform)


def _tidy(found: str) -> str:
    """Without HTML escapes, closing punctuation, and with a scheme."""
    plain = _ESCAPE.sub(lambda escape: html.unescape(escape[0]), found)
    url = _AFTER_QUOTE.sub("", plain).rstrip(".,;:!?*")
    if url.endswith(")") and "(" not in url:
        url = url.rstrip(").,;:!?")
    return url if _HTTP.match(url) else f"https://{url}"
