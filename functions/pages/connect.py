"""/connect and /accounts/{id}/disconnect: accounts come and go."""

from uuid import UUID

from flask import Blueprint, Response, render_template, request

from functions.api.accounts import Account, list_accounts
from functions.api.endpoint import Call
from functions.api.paging import PageInput
from functions.connect_api import (
    AccountInput,
    BeginConsent,
    ConnectCaldav,
    begin,
    connect_by_password,
    disconnect,
)
from functions.pages.door import Door
from functions.pages.forms import asked, go_to, typed
from functions.pages.words import PROVIDERS
from functions.problems import detail_of, status_of
from shared.errors import InvalidRequest, NotFound, Refused, Retry
from shared.providers.caldav_connect import PRESETS
from shared.states import AccountStatus, Provider

OTHER = "other"
SERVERS = {
    "icloud": "iCloud",
    "fastmail": "Fastmail",
    "yahoo": "Yahoo",
    OTHER: "Nextcloud or another server",
}
"""The choices of the form: names that the API knows (PRESETS), and an address of one's own."""


def route_connect(site: Blueprint, door: Door) -> None:
    """Adds the pages."""

    @site.get("/connect")
    def connect() -> Response:
        door.call()
        return _choices(door)

    @site.post("/connect/google")
    def connect_google() -> Response:
        return _leave_for(Provider.GOOGLE, door.call())

    @site.post("/connect/microsoft")
    def connect_microsoft() -> Response:
        return _leave_for(Provider.MICROSOFT, door.call())

    @site.post("/connect/caldav")
    def connect_caldav() -> Response:
        call = door.call()
        try:
            connect_by_password(call, _caldav_form())
        except (InvalidRequest, Refused, Retry) as error:
            return _choices(door, status_of(error), detail_of(error))
        return go_to("home", "connected")

    @site.get("/accounts/<uuid:account_id>/disconnect")
    def leaving(account_id: UUID) -> Response:
        account = _account(door.call(), account_id)
        page = render_template(
            "disconnect.html", account=account, provider=PROVIDERS[account.provider]
        )
        return Response(page)

    @site.post("/accounts/<uuid:account_id>/disconnect")
    def leave(account_id: UUID) -> Response:
        given = asked(AccountInput, account_id=str(account_id))
        left = disconnect(door.call(), given)
        is_over = left.status is AccountStatus.DISCONNECTED
        return go_to("home", "disconnected" if is_over else "disconnecting")


def _choices(door: Door, status: int = 200, trouble: str | None = None) -> Response:
    """What can be connected here; a form that was refused comes back without its password."""
    settings = door.service.settings
    page = render_template(
        "connect.html",
        google=settings.google is not None,
        microsoft=settings.microsoft is not None,
        servers=SERVERS,
        chosen=typed("server") or "icloud",
        address=typed("address"),
        username=typed("username") or request.args.get("username", ""),
        trouble=trouble,
    )
    return Response(page, status=status)


def _leave_for(provider: Provider, call: Call) -> Response:
    """Sends the browser to the provider's consent page.

    By a page, not by a redirect: the policy for forms holds for redirects as well, and nobody
    knows where a provider redirects to before it asks for a password.
    """
    hint = typed("login_hint") or None
    consent = begin(provider, call, asked(BeginConsent, login_hint=hint))
    page = render_template(
        "leaving.html", provider=PROVIDERS[provider], url=consent.authorization_url
    )
    return Response(page)


def _caldav_form() -> ConnectCaldav:
    server = typed("server")
    password = request.form.get("password", "")
    where = server if server in PRESETS else typed("address")
    if not (where and typed("username") and password):
        raise InvalidRequest("Give the server's address, your user name and your app password.")
    return asked(ConnectCaldav, server=where, username=typed("username"), password=password)


def _account(call: Call, account_id: UUID) -> Account:
    for account in list_accounts(call, asked(PageInput, limit="500")).items:
        if account.id == account_id:
            return account
    raise NotFound("There is no such account")
