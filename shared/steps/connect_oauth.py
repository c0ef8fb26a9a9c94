"""Connect by OAuth over the web: begin an attempt, and end it with what the browser brings back.

An attempt is bound to the person who began it and, by a cookie, to the browser they began it in:
whoever is lured to a consent page by somebody else connects nothing (RFC 9700 section 4.7).
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import structlog

from shared.errors import (
    AccountBusy,
    AccountTaken,
    ConfigurationError,
    InvalidRequest,
    PartialConsent,
    ProviderError,
)
from shared.states import Provider
from shared.steps.connect_account import Grant, connect_account
from shared.steps.consent import begin_consent, finish_consent
from shared.steps.service import Service

log = structlog.get_logger()

FLOW_SECONDS = 600


class Outcome(StrEnum):
    """How an attempt ended."""

    CONNECTED = "connected"
    DECLINED = "declined"  # the person said no
    PARTIAL = "partial"  # the person unticked what is needed
    REFUSED = "refused"  # the provider refuses its code
    UNAVAILABLE = "unavailable"  # the provider cannot be asked
    TAKEN = "taken"  # another person has connected this account
    BUSY = "busy"  # it is being disconnected
    UNKNOWN = "unknown"  # no attempt of ours
    OTHER_BROWSER = "other_browser"  # begun in another browser, perhaps by somebody else
    REPLAYED = "replayed"  # it ended before
    EXPIRED = "expired"  # it took longer than ten minutes
    TROUBLE = "trouble"  # our own


AGAIN = frozenset({Outcome.DECLINED, Outcome.PARTIAL, Outcome.REFUSED, Outcome.UNAVAILABLE})
"""Outcomes after which the same person may try again in the same browser."""


@dataclass(frozen=True, slots=True)
class Begun:
    """An attempt: open `url`; the browser keeps `secret` under `cookie` until `expires_at`."""

    url: str
    cookie: str
    secret: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of an attempt; `again` is the next one, where trying again makes sense."""

    outcome: Outcome
    email: str | None = None
    missing: tuple[str, ...] = ()
    again: Begun | None = None


def begin_oauth(
    service: Service, user_id: UUID, provider: Provider, login_hint: str | None = None
) -> Begun:
    """Begins an attempt of a person. Raises as `begin_consent`."""
    consent = begin_consent(service, provider, login_hint)
    secret = secrets.token_urlsafe(32)
    (row,) = service.database.call(
        "start_oauth_flow",
        user_id=user_id,
        provider=provider.value,
        state_hash=_hash(consent.state),
        browser_hash=_hash(secret),
        scopes=list(consent.scopes),
        sealed=service.sealer.seal(consent.secret),
        seconds=FLOW_SECONDS,
    )
    expires_at = datetime.fromisoformat(row["expires_at"])
    return Begun(consent.url, cookie_name(consent.state), secret, expires_at)


def cookie_name(state: str) -> str:
    """The cookie of an attempt: each has its own, so that two tabs do not disturb each other."""
    return f"calsync_connect_{_hash(state)[:16]}"


def end_oauth(
    service: Service,
    provider: Provider,
    answer: Mapping[str, str],
    cookies: Mapping[str, str],
    request_id: str | None = None,
) -> Ended:
    """Ends the attempt that `answer` (the query that came back) belongs to.

    Nothing is written unless the attempt is genuine, fresh, and of this browser.
    """
    state = answer.get("state", "")
    (flow,) = service.database.call(
        "take_oauth_flow",
        provider=provider.value,
        state_hash=_hash(state),
        browser_hash=_hash(cookies.get(cookie_name(state), "")),
    )
    if flow["outcome"] != "taken":
        log.warning("connect_refused", provider=provider.value, outcome=flow["outcome"])
        return Ended(Outcome(flow["outcome"]))
    user_id = UUID(flow["user_id"])
    ended = _answered(service, user_id, provider, flow["sealed"], answer, request_id)
    log.info("connect_ended", provider=provider.value, outcome=ended.outcome.value)
    return ended if ended.outcome not in AGAIN else _again(service, user_id, provider, ended)


def _answered(
    service: Service,
    user_id: UUID,
    provider: Provider,
    sealed: str,
    answer: Mapping[str, str],
    request_id: str | None,
) -> Ended:
    if "error" in answer:
        return Ended(_no(answer["error"]))
    try:
        grant = finish_consent(service, provider, _opened(service, sealed), answer)
        return _connected(service, user_id, grant, request_id)
    except PartialConsent as error:
        return Ended(Outcome.PARTIAL, missing=error.missing)
    except InvalidRequest as error:
        log.warning("code_refused", provider=provider.value, error=str(error))
        return Ended(Outcome.REFUSED)
    except ProviderError as error:
        log.warning("consent_unavailable", provider=provider.value, code=error.code)
        return Ended(Outcome.UNAVAILABLE)


def _connected(service: Service, user_id: UUID, grant: Grant, request_id: str | None) -> Ended:
    try:
        connect_account(service, user_id, grant, f"user:{user_id}", request_id)
    except AccountTaken:
        return Ended(Outcome.TAKEN, email=grant.email)
    except AccountBusy:
        return Ended(Outcome.BUSY, email=grant.email)
    return Ended(Outcome.CONNECTED, email=grant.email)


def _no(error: str) -> Outcome:
    """RFC 6749 section 4.1.2.1; Microsoft says more, all of it a kind of no."""
    trouble = ("server_error", "temporarily_unavailable")
    return Outcome.UNAVAILABLE if error in trouble else Outcome.DECLINED


def _opened(service: Service, sealed: str) -> dict[str, Any]:
    try:
        return service.sealer.open(sealed)
    except ConfigurationError:
        # Sealed with a key that was removed while the person was at the consent page.
        raise InvalidRequest("The attempt cannot be opened any more: start again.") from None


def _again(service: Service, user_id: UUID, provider: Provider, ended: Ended) -> Ended:
    try:
        begun = begin_oauth(service, user_id, provider)
    except ProviderError:
        return ended
    return Ended(ended.outcome, ended.email, ended.missing, begun)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
