"""What the pages at the end of an attempt to connect say: one text for each outcome."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.states import Provider
from shared.steps.connect_oauth import Outcome

NAMES: Mapping[Provider, str] = {Provider.GOOGLE: "Google", Provider.MICROSOFT: "Microsoft"}

BOXES: Mapping[str, str] = {
    "calendar.events": "View and edit events on all your calendars",
    "calendar.calendarlist.readonly": "See the list of Google calendars you're subscribed to",
    "Calendars.ReadWrite": "Have full access to your calendars",
}
"""How the consent pages call the scopes that we need."""

_NOTHING = "Nothing was stored."
_START_AGAIN = "Please go back to CalSync and start connecting the account again."


@dataclass(frozen=True, slots=True)
class Text:
    """A page: its HTTP status, its title, its paragraphs."""

    status: int
    title: str
    lines: tuple[str, ...]


TEXTS: Mapping[Outcome, Text] = {
    Outcome.CONNECTED: Text(
        200,
        "Your calendar is connected",
        ("{email} at {provider} is connected. CalSync is reading its calendars now.",),
    ),
    Outcome.DECLINED: Text(
        403,
        "You did not give access",
        ("{provider} says that access was not given.", _NOTHING),
    ),
    Outcome.PARTIAL: Text(
        403,
        "Some access is missing",
        ("You gave {provider} leave for a part of what CalSync needs to work.", _NOTHING),
    ),
    Outcome.REFUSED: Text(
        400,
        "{provider} did not accept the answer",
        ("It may have been used before, or have taken too long to arrive.", _NOTHING),
    ),
    Outcome.UNAVAILABLE: Text(
        503,
        "{provider} cannot be reached",
        ("That is mostly over within minutes.", _NOTHING),
    ),
    Outcome.TAKEN: Text(
        409,
        "Somebody else has connected this account",
        (
            "{email} at {provider} is connected by another person of this CalSync."
            " They must disconnect it before you can connect it.",
            "Nothing was changed.",
        ),
    ),
    Outcome.BUSY: Text(
        409,
        "This account is being disconnected",
        (
            "You asked to disconnect {email} a moment ago, and that is still going on."
            " Please connect it again in a few minutes.",
        ),
    ),
    Outcome.UNKNOWN: Text(
        400,
        "This link is not known here",
        (_START_AGAIN, _NOTHING),
    ),
    Outcome.OTHER_BROWSER: Text(
        403,
        "This was not started in this browser",
        (
            "Connecting an account must begin and end in the same browser, at the same address"
            " of CalSync. If you did not start this yourself, somebody may have tried to get"
            " at your calendar: just close this page.",
            _START_AGAIN,
            _NOTHING,
        ),
    ),
    Outcome.REPLAYED: Text(
        409,
        "This link was used before",
        ("Each link works once. " + _START_AGAIN, "Nothing was changed."),
    ),
    Outcome.TROUBLE: Text(
        503,
        "CalSync is in trouble",
        ("It is mostly over within a minute: please reload this page then.",),
    ),
    Outcome.EXPIRED: Text(
        410,
        "This took too long",
        ("You have ten minutes to answer {provider}. " + _START_AGAIN, _NOTHING),
    ),
}
