"""Connecting a Microsoft account: consent page, code, identity."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from shared.config import MicrosoftSettings
from shared.errors import InvalidRequest, PartialConsent, ProviderError
from shared.providers import microsoft_errors
from shared.providers.microsoft_authority import CALENDARS, GRAPH, Authority
from shared.tls import authorities

TIMEOUT_SECONDS = 30.0
ASKING_WHO = "userinfo"


@dataclass(frozen=True, slots=True)
class MicrosoftGrant:
    """What a person gave: `credentials` are to be sealed.

    `provider_account_id` is the object id and the tenant's, joined by a dot as MSAL does.
    """

    credentials: dict[str, Any] = field(repr=False)
    provider_account_id: str
    email: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MicrosoftConsent:
    """One attempt: open `url`; `state` names it. `flow` is MSAL's and holds the PKCE verifier."""

    url: str
    state: str
    flow: Mapping[str, Any] = field(repr=False)


def begin_consent(settings: MicrosoftSettings, login_hint: str | None) -> MicrosoftConsent:
    """Begins an attempt; `login_hint` is an address, to preselect an account.

    Raises a `ProviderError` if Microsoft cannot be asked.
    """
    with httpx.Client(verify=authorities(), timeout=TIMEOUT_SECONDS) as http:
        flow = Authority(settings, http).begin(login_hint)
    return MicrosoftConsent(flow["auth_uri"], flow["state"], flow)


def exchange_answer(
    settings: MicrosoftSettings, consent: MicrosoftConsent, answer: Mapping[str, str]
) -> MicrosoftGrant:
    """Turns the query that came back into a grant.

    Raises `InvalidRequest` if Microsoft refuses the code, if the answer is not of this attempt,
    or if too little was granted. Raises a `ProviderError` if Microsoft cannot be asked.
    """
    with httpx.Client(verify=authorities(), timeout=TIMEOUT_SECONDS) as http:
        try:
            token = Authority(settings, http).finish(consent.flow, answer)
        except ValueError:
            raise InvalidRequest(
                "That answer is not of this attempt: start connecting the account again."
            ) from None
        except ProviderError as error:
            if error.code in (microsoft_errors.NETWORK, microsoft_errors.PROVIDER_UNAVAILABLE):
                raise
            raise InvalidRequest(
                f"Microsoft refused the code ({error.code}): start connecting the account again."
            ) from None
        scopes = tuple(str(token.get("scope", "")).split())
        _require_calendars(scopes)
        person = _person(settings, http, token["access_token"])
    email = _text({"mail": person.get("mail") or person.get("userPrincipalName")}, "mail").lower()
    claims = token.get("id_token_claims") or {}
    return MicrosoftGrant(
        credentials={
            "refresh_token": _text(token, "refresh_token"),
            "scopes": list(scopes),
            "email": email,
        },
        provider_account_id=f"{_text(claims, 'oid')}.{_text(claims, 'tid')}",
        email=email,
        scopes=scopes,
    )


def _require_calendars(granted: tuple[str, ...]) -> None:
    """Work accounts are told scopes with Graph's address in front, personal ones without."""
    if CALENDARS.removeprefix(GRAPH) not in {scope.removeprefix(GRAPH) for scope in granted}:
        raise PartialConsent(
            "Access to calendars was not granted: connect the account again and allow it.",
            missing=[CALENDARS.removeprefix(GRAPH)],
        )


def _person(settings: MicrosoftSettings, http: httpx.Client, access_token: str) -> dict[str, Any]:
    """Only Graph tells the address that invitations go to; a token tells the sign-in name."""
    try:
        response = http.get(
            f"{settings.graph_url}/me", headers={"Authorization": f"Bearer {access_token}"}
        )
        if not response.is_success:
            raise microsoft_errors.refusal(
                response.status_code, response.headers, response.content, ASKING_WHO
            )
        answer = response.json()
    except httpx.RequestError as failure:
        raise microsoft_errors.network_failure(failure, ASKING_WHO) from None
    except ValueError:
        raise microsoft_errors.unexpected_answer(ASKING_WHO) from None
    if not isinstance(answer, dict):
        raise microsoft_errors.unexpected_answer(ASKING_WHO)
    return answer


def _text(answer: Mapping[str, Any], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidRequest(f"Microsoft gave no {name}: start connecting the account again.")
    return value
