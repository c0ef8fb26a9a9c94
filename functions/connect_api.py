"""POST accounts/connect/{google,microsoft,caldav} and DELETE accounts/{account_id}."""

from datetime import datetime
from functools import partial
from typing import Annotated
from uuid import UUID

from flask import after_this_request
from pydantic import Field, SecretStr

from functions.api.endpoint import Call, Endpoint
from functions.api.models import Id, Input, Output
from functions.connect_cookie import set_cookie
from shared.errors import ConfigurationError, Refused
from shared.providers.caldav_connect import PRESETS
from shared.states import AccountStatus, Provider
from shared.steps.connect_caldav import connect_caldav
from shared.steps.connect_oauth import begin_oauth
from shared.steps.consent import redirect_uri
from shared.steps.disconnect_account import disconnect_account

_SERVERS = ", ".join(PRESETS)


class BeginConsent(Input):
    """Whose account is to be connected."""

    login_hint: Annotated[
        str | None,
        Field(max_length=320, description="An address, to preselect the account there."),
    ] = None


class Consent(Output):
    """Where to send the person's browser; it must be the browser that got this answer's cookie."""

    provider: Provider
    authorization_url: str
    expires_at: datetime


class ConnectCaldav(Input):
    """A CalDAV server, and a user name and (app) password for it."""

    server: Annotated[
        str,
        Field(min_length=1, max_length=2000, description=f"Its https URL, or one of: {_SERVERS}."),
    ]
    username: Annotated[str, Field(min_length=1, max_length=320)]
    password: Annotated[
        SecretStr,
        Field(min_length=1, max_length=1000, description="For iCloud and most: an app password."),
    ]


class Connected(Output):
    """The account that was connected."""

    id: UUID
    provider: Provider
    status: AccountStatus


class AccountInput(Input):
    """Which account."""

    account_id: Id


class Disconnected(Output):
    """How far disconnecting is; what is left goes on by itself."""

    id: UUID
    status: AccountStatus


def begin(provider: Provider, call: Call, given: BeginConsent) -> Consent:
    """Begins an attempt, and binds it to the caller's browser by a cookie."""
    try:
        uri = redirect_uri(call.service, provider)
        begun = begin_oauth(call.service, call.user_id, provider, given.login_hint)
    except ConfigurationError:
        raise Refused(f"Accounts of {provider} cannot be connected here") from None
    after_this_request(lambda response: set_cookie(response, begun, uri))
    return Consent(provider=provider, authorization_url=begun.url, expires_at=begun.expires_at)


def connect_by_password(call: Call, given: ConnectCaldav) -> Connected:
    """Tries the password at the server, then stores it sealed."""
    password = given.password.get_secret_value()
    account_id = connect_caldav(
        call.service,
        call.user_id,
        given.server,
        given.username,
        password,
        **call.audit,
        public_only=call.service.settings.caldav_networks == "public",
    )
    return Connected(id=account_id, provider=Provider.CALDAV, status=AccountStatus.ACTIVE)


def disconnect(call: Call, given: AccountInput) -> Disconnected:
    """Stops channels, removes busy blocks, gives access back; asked again, it goes on."""
    status = disconnect_account(call.service, call.user_id, given.account_id, **call.audit)
    return Disconnected(id=given.account_id, status=status)


ENDPOINTS = (
    Endpoint(
        "POST",
        "accounts/connect/google",
        "Begin to connect a Google account",
        BeginConsent,
        Consent,
        partial(begin, Provider.GOOGLE),
        refuses=True,
    ),
    Endpoint(
        "POST",
        "accounts/connect/microsoft",
        "Begin to connect a Microsoft account",
        BeginConsent,
        Consent,
        partial(begin, Provider.MICROSOFT),
        refuses=True,
    ),
    Endpoint(
        "POST",
        "accounts/connect/caldav",
        "Connect a CalDAV account by its password",
        ConnectCaldav,
        Connected,
        connect_by_password,
        refuses=True,
    ),
    Endpoint(
        "DELETE",
        "accounts/{account_id}",
        "Disconnect an account",
        AccountInput,
        Disconnected,
        disconnect,
    ),
)
