"""What the pages call things: states in a person's words."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.states import AccountStatus, Health, Provider, SyncMethod


@dataclass(frozen=True, slots=True)
class Badge:
    """A short word, and its tone: good, busy, warn, bad or off."""

    text: str
    tone: str


PROVIDERS: Mapping[Provider, str] = {
    Provider.GOOGLE: "Google",
    Provider.MICROSOFT: "Outlook",
    Provider.CALDAV: "CalDAV",
}

ACCOUNTS: Mapping[AccountStatus, Badge] = {
    AccountStatus.ACTIVE: Badge("Connected", "good"),
    AccountStatus.NEEDS_REAUTH: Badge("Connect again", "bad"),
    AccountStatus.DISCONNECTING: Badge("Disconnecting", "busy"),
    AccountStatus.DISCONNECTED: Badge("Disconnected", "off"),
}

METHODS: Mapping[SyncMethod, Badge] = {
    SyncMethod.WEBHOOK: Badge("Live", "good"),
    SyncMethod.POLLING: Badge("Polled", "good"),
    SyncMethod.POLLING_AND_REPAIR: Badge("Polled, live soon", "warn"),
    SyncMethod.FULL: Badge("Reading", "busy"),
    SyncMethod.DISABLED: Badge("Off", "off"),
}

MEANING: Mapping[SyncMethod, str] = {
    SyncMethod.WEBHOOK: "Changes arrive within seconds.",
    SyncMethod.POLLING: "Changes are looked for every few minutes.",
    SyncMethod.POLLING_AND_REPAIR: "Changes are looked for while live updates are being set up.",
    SyncMethod.FULL: "The whole calendar is being read.",
    SyncMethod.DISABLED: "This calendar is not read.",
}

HEALTH: Mapping[Health, Badge] = {
    Health.OK: Badge("Healthy", "good"),
    Health.WARNING: Badge("Limited", "warn"),
    Health.BROKEN: Badge("Broken", "bad"),
}

ADVICE: Mapping[str, str] = {
    "access_lost": "Connect the account again.",
    "not_subscribed": "Live updates are being set up.",
    "push_failing": "Live updates fail, and are set up again.",
    "push_silent": "Live updates have been silent, and are set up again.",
    "ends_soon": "Live updates are being renewed.",
    "push_given_up": "Live updates failed too often, and were given up.",
}
"""Problems in a person's words; the others are told as the API tells them."""

DONE: Mapping[str, str] = {
    "connected": "The account is connected. Its calendars are being read now.",
    "disconnected": "The account is disconnected. Nothing of it is left here or in your calendars.",
    "disconnecting": "The account is being disconnected. Its busy blocks are removed from your"
    " other calendars first; that takes a moment.",
    "paused": "The calendar is paused. Its busy blocks are being removed.",
    "resumed": "The calendar is read again.",
    "repaired": "What could be repaired was. Below is how it stands now.",
    "saved": "Saved. Your calendars follow within a moment.",
    "signed-out": "You are signed out.",
    "ran-out": "You were signed out after a long time. Please sign in again.",
    "confirm": "Almost there: open the link in the e-mail that was sent to you, then sign in.",
}
"""What the page after a form says; the address of the page names one of these."""

TITLES: Mapping[int, str] = {
    400: "That did not work",
    403: "That is not possible",
    404: "There is nothing here",
    409: "That is not possible now",
    413: "That is too much",
    429: "Too many attempts",
    503: "Not available at the moment",
}
"""How error pages are titled, by HTTP status."""
