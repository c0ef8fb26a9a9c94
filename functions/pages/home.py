"""`/`: a person's accounts, and how each of their calendars fares."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from uuid import UUID

from flask import Blueprint, Response, render_template

from functions.api.accounts import Account, list_accounts
from functions.api.calendars import Calendar, ChangeSettings, change_settings
from functions.api.checks import fix
from functions.api.endpoint import Call
from functions.api.health import CalendarHealth, sync_health
from functions.api.paging import PageInput
from functions.api.whose import CalendarsOfPerson, Mine
from functions.pages.door import Door
from functions.pages.forms import asked, go_to, typed
from functions.pages.names import MOST, calendars_of, plain_name
from functions.pages.times import home_zone
from functions.pages.words import ACCOUNTS, ADVICE, HEALTH, MEANING, METHODS, PROVIDERS, Badge
from shared.states import AccountStatus, Repair, SyncMethod


@dataclass(frozen=True, slots=True)
class CalendarLine:
    """A calendar as the page shows it."""

    id: UUID
    name: str
    is_read: bool
    can_be_repaired: bool
    method: Badge
    meaning: str
    health: Badge
    remarks: tuple[str, ...]
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class AccountCard:
    """An account with its calendars."""

    account: Account
    provider: str
    status: Badge
    calendars: tuple[CalendarLine, ...]


def route_home(site: Blueprint, door: Door) -> None:
    """Adds the page, and its switches."""

    @site.get("/")
    def home() -> Response:
        cards = account_cards(door.call())
        gone = AccountStatus.DISCONNECTED
        return Response(
            render_template(
                "home.html",
                cards=[card for card in cards if card.account.status is not gone],
                earlier=[card for card in cards if card.account.status is gone],
            )
        )

    @site.post("/calendars/<uuid:calendar_id>/repair")
    def repair_calendar(calendar_id: UUID) -> Response:
        call = door.call()
        whose = {"user_id": str(call.user_id), "calendar_id": str(calendar_id)}
        fix(call, asked(CalendarsOfPerson, **whose))
        return go_to("home", "repaired")

    @site.post("/calendars/<uuid:calendar_id>")
    def switch_calendar(calendar_id: UUID) -> Response:
        enabled = typed("sync_enabled") == "true"
        given = asked(ChangeSettings, calendar_id=str(calendar_id), sync_enabled=enabled)
        change_settings(door.call(), given)
        return go_to("home", "resumed" if enabled else "paused")


def account_cards(call: Call) -> list[AccountCard]:
    """The accounts of a person, oldest first."""
    fares = {each.calendar_id: each for each in sync_health(call, Mine()).calendars}
    calendars = calendars_of(call)
    zone = home_zone(calendars)
    return [
        AccountCard(
            account=account,
            provider=PROVIDERS[account.provider],
            status=ACCOUNTS[account.status],
            calendars=tuple(_lines(account, calendars, fares, zone)),
        )
        for account in list_accounts(call, asked(PageInput, limit=MOST)).items
    ]


def _lines(
    account: Account,
    calendars: Iterable[Calendar],
    fares: Mapping[UUID, CalendarHealth],
    zone: tzinfo,
) -> Iterable[CalendarLine]:
    for calendar in calendars:
        fare = fares.get(calendar.id)
        if calendar.account_id == account.id and fare is not None:
            yield _line(calendar, fare, zone)


def _line(calendar: Calendar, fare: CalendarHealth, zone: tzinfo) -> CalendarLine:
    return CalendarLine(
        id=calendar.id,
        name=plain_name(calendar),
        is_read=calendar.sync_enabled,
        can_be_repaired=any(each.repair is not Repair.SIGN_IN for each in fare.problems),
        method=METHODS[fare.method],
        meaning=MEANING[fare.method],
        health=HEALTH[fare.health],
        remarks=_remarks(fare),
        read_at=fare.last_sync_at.astimezone(zone) if fare.last_sync_at else None,
    )


def _remarks(fare: CalendarHealth) -> tuple[str, ...]:
    """What to do about its problems; else, where it is not live, why."""
    advice = tuple(ADVICE.get(each.code, each.recommendation) for each in fare.problems)
    return advice or (() if fare.method is SyncMethod.WEBHOOK else (_sentence(fare.reason),))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
