"""Calendars that listen, made by the same SQL functions as always, without asking a provider."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from shared.config import Settings
from shared.db.rows import AccountClaim, SubscriptionClaim, call_for
from shared.decide.channel_token import issue_token
from shared.steps.service import Service

PER_PERSON = 20


@dataclass(frozen=True, slots=True)
class Listening:
    """A calendar with an active webhook subscription."""

    calendar_id: UUID
    channel_id: str

    def notification(self, settings: Settings) -> str:
        """The HTTP request that Google would send; `{number}` stands for the message number."""
        token = issue_token(settings.webhook_secrets[0], self.channel_id, self.calendar_id)
        return (
            f"POST /webhooks/google/{self.calendar_id}/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            "User-Agent: APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)\r\n"
            f"X-Goog-Channel-ID: {self.channel_id}\r\nX-Goog-Channel-Token: {token}\r\n"
            "X-Goog-Message-Number: {number}\r\nX-Goog-Resource-ID: resource\r\n"
            "X-Goog-Resource-State: exists\r\nContent-Length: 0\r\n\r\n"
        )


def make_listening(service: Service, count: int) -> list[Listening]:
    """`count` calendars, up to 20 a person."""
    for person, first in enumerate(range(0, count, PER_PERSON)):
        _connect(service, f"person{person}@example.test", min(PER_PERSON, count - first))
    claims = call_for(service.database, SubscriptionClaim, "claim_due_subscriptions", limit=count)
    return [_activate(service, claim) for claim in claims]


def _connect(service: Service, email: str, calendars: int) -> None:
    (person,) = service.database.call("find_or_add_person", email=email)
    service.database.call(
        "connect_account",
        user_id=UUID(person["user_id"]),
        provider="google",
        provider_account_id=email,
        email=email,
        scopes=[],
        sealed=service.sealer.seal({"refresh_token": "never used"}),
    )
    (claim,) = call_for(service.database, AccountClaim, "claim_due_accounts", limit=1)
    listed = [
        {
            "provider_calendar_id": f"{number}.{email}",
            "name": f"Calendar {number}",
            "time_zone": "UTC",
            "access_role": "owner",
            "is_primary": number == 0,
        }
        for number in range(calendars)
    ]
    service.database.call(
        "settle_discovery",
        user_id=claim.user_id,
        account_id=claim.account_id,
        calendars=listed,
        next_seconds=86400,
    )


def _activate(service: Service, claim: SubscriptionClaim) -> Listening:
    channel_id = str(claim.subscription_id)
    service.database.call(
        "activate_subscription",
        user_id=claim.user_id,
        id=claim.subscription_id,
        channel_id=channel_id,
        resource_id="resource",
        expires_at=_in_a_week(claim.now),
    )
    return Listening(claim.calendar_id, channel_id)


def _in_a_week(now: datetime) -> datetime:
    return now + timedelta(days=7)
