"""Subscribe: make, renew and repair webhook subscriptions that are due."""

from datetime import timedelta
from uuid import UUID

import structlog

from shared.db.rows import SubscriptionClaim, call_for
from shared.decide.channel_token import issue_token
from shared.decide.client_state import issue_client_state
from shared.decide.plan_renewal import plan_life, plan_renewal
from shared.decide.plan_retry import plan_retry
from shared.errors import ProviderError
from shared.providers.base import Channel, ChannelRequest
from shared.states import Provider
from shared.steps.service import Service, account_of, signed_in

log = structlog.get_logger()


def subscribe_due(
    service: Service, limit: int, user_id: UUID | None = None, calendar_id: UUID | None = None
) -> tuple[int, int]:
    """Asks the provider for up to `limit` subscriptions that are due; gives (made, failed).

    The pending row is there before the provider is asked: its first notification may come first.
    """
    claims = call_for(
        service.database,
        SubscriptionClaim,
        "claim_due_subscriptions",
        limit=limit,
        user_id=user_id,
        calendar_id=calendar_id,
    )
    made = sum(_subscribe(service, claim) for claim in claims)
    return made, len(claims) - made


def _subscribe(service: Service, claim: SubscriptionClaim) -> bool:
    try:
        with signed_in(service, account_of(claim)) as session:
            channel = session.watch(channel_request(service, claim))
    except ProviderError as error:
        _fail(service, claim, error)
        return False
    _activate(service, claim, channel)
    return True


def channel_request(service: Service, claim: SubscriptionClaim) -> ChannelRequest:
    """Gives what to ask for: our channel id, our URL with the calendar UUID, our HMAC token."""
    settings = service.settings
    channel_id = str(claim.subscription_id)
    life = plan_life(claim.provider, timedelta(hours=settings.webhook_ttl_hours))
    issue = issue_client_state if claim.provider is Provider.MICROSOFT else issue_token
    return ChannelRequest(
        provider_calendar_id=claim.provider_calendar_id,
        channel_id=channel_id,
        address=f"{settings.webhook_base_url}/webhooks/{claim.provider}/{claim.calendar_id}/",
        token=issue(settings.webhook_secrets[0], channel_id, claim.calendar_id),
        expires_at=claim.now + life,
        renews=claim.renews,
        repair=claim.webhook_failures > 0,
    )


def _activate(service: Service, claim: SubscriptionClaim, channel: Channel) -> None:
    renew_before = timedelta(hours=service.settings.renew_before_hours)
    service.database.call(
        "activate_subscription",
        user_id=claim.user_id,
        id=claim.subscription_id,
        channel_id=channel.channel_id,
        resource_id=channel.resource_id,
        expires_at=channel.expires_at,
        renew_at=plan_renewal(claim.now, channel.expires_at, renew_before, service.jitter()),
    )
    log.info("subscribed", calendar_id=str(claim.calendar_id), channel_id=channel.channel_id)


def _fail(service: Service, claim: SubscriptionClaim, error: ProviderError) -> None:
    plan = plan_retry(
        error.failure, claim.webhook_failures + 1, error.retry_after, service.jitter()
    )
    log.warning("subscription_failed", calendar_id=str(claim.calendar_id), code=error.code)
    service.database.call(
        "fail_subscription",
        user_id=claim.user_id,
        id=claim.subscription_id,
        failure=error.failure.value,
        delay_seconds=plan.delay_seconds,
        error_code=error.code or error.failure.value,
        error_message=str(error)[:500],
        renewing=claim.renews is not None,
    )
