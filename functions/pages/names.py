"""How calendars are called where several accounts stand side by side."""

from uuid import UUID

from functions.api.accounts import list_accounts
from functions.api.calendars import Calendar, CalendarsInput, list_calendars
from functions.api.endpoint import Call
from functions.api.paging import PageInput
from functions.pages.forms import asked
from functions.pages.words import PROVIDERS

MOST = "500"
"""Rows of one page of the API: nobody has more accounts or calendars."""


def calendars_of(call: Call) -> list[Calendar]:
    """The calendars of the person, oldest first, without those that are gone."""
    found = list_calendars(call, asked(CalendarsInput, limit=MOST)).items
    return [calendar for calendar in found if calendar.removed_at is None]


def plain_name(calendar: Calendar) -> str:
    """Its name, which many providers leave to be the address of its account."""
    return calendar.name or "Unnamed calendar"


def full_names(call: Call) -> dict[UUID, str]:
    """Each calendar with its provider, and its account where the name does not say it."""
    emails = {
        each.id: each.email for each in list_accounts(call, asked(PageInput, limit=MOST)).items
    }
    return {each.id: _full(each, emails.get(each.account_id)) for each in calendars_of(call)}


def _full(calendar: Calendar, email: str | None) -> str:
    name, provider = plain_name(calendar), PROVIDERS[calendar.provider]
    return f"{name} · {provider}" if email in (None, name) else f"{name} · {provider} {email}"
