"""The settings: read once from the environment, frozen, and named in the error when wrong."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

import limits

from shared.errors import ConfigurationError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class GoogleSettings:
    """The Google app, and where Google is (an emulator, or Google itself)."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    api_url: str
    auth_url: str
    token_url: str
    revoke_url: str
    userinfo_url: str


@dataclass(frozen=True, slots=True)
class MicrosoftSettings:
    """The Microsoft app, and where Graph and the identity platform are.

    `authority` ends with the tenant and has no trailing slash.
    """

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    graph_url: str
    authority: str


@dataclass(frozen=True, slots=True)
class AuthSettings:
    """Who signs the tokens of people (Supabase Auth). None: no such tokens are accepted.

    `url` and `anon_key` are how a browser signs in there; without them the pages let nobody in.
    """

    url: str | None
    anon_key: str | None = field(repr=False)
    jwt_secret: str | None = field(repr=False)
    jwks_url: str | None
    issuer: str | None


@dataclass(frozen=True, slots=True)
class RateSettings:
    """How often callers may ask, in the notation of the limits library ("600 per minute")."""

    api: str
    refused: str
    sign_in: str
    storage: str = field(repr=False)
    trusted_proxies: int


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that is configured. Secrets are kept out of `repr`."""

    database_url: str | None = field(repr=False)
    database_pool_size: int
    supabase_url: str | None
    service_role_key: str | None = field(repr=False)
    auth: AuthSettings
    rates: RateSettings
    cron_secret: str | None = field(repr=False)
    webhook_base_url: str
    webhook_secrets: tuple[str, ...] = field(repr=False)
    webhook_ttl_hours: float
    token_encryption_keys: tuple[str, ...] = field(repr=False)
    google: GoogleSettings | None
    microsoft: MicrosoftSettings | None
    oauth_port: int
    caldav_networks: str
    poll_stale_after_hours: float
    webhook_suspend_after: int
    webhook_give_up_after: int
    missed_change_grace_seconds: float
    renew_before_hours: float
    sync_workers: int
    lease_seconds: float
    leases_per_account: int
    write_workers: int
    write_batch: int
    calls_per_minute: int
    conflict_skew_seconds: float
    cron_budget_seconds: float
    verify_batch: int
    window_past_days: int
    window_future_days: int
    busy_block_days: int
    notification_retention_days: int
    log_retention_days: int
    host: str
    port: int

    @property
    def stale_after(self) -> timedelta:
        """After this silence push is not trusted and a calendar is polled."""
        return timedelta(hours=self.poll_stale_after_hours)


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Reads the settings. Raises `ConfigurationError` naming the variable that is wrong."""
    env = _Reader(environment)
    settings = Settings(
        database_url=env.text("DATABASE_URL"),
        database_pool_size=env.whole("DATABASE_POOL_SIZE", 16, at_least=2),
        supabase_url=env.text("SUPABASE_URL"),
        service_role_key=env.text("SUPABASE_SERVICE_ROLE_KEY"),
        auth=_auth(env),
        rates=_rates(env),
        cron_secret=env.text("CRON_SECRET"),
        webhook_base_url=(env.text("WEBHOOK_BASE_URL") or "http://127.0.0.1:54321").rstrip("/"),
        webhook_secrets=env.listed("WEBHOOK_SECRET"),
        webhook_ttl_hours=env.number("WEBHOOK_TTL_HOURS", 168.0, at_least=1.0),
        token_encryption_keys=env.listed("TOKEN_ENCRYPTION_KEYS"),
        google=_google(env),
        microsoft=_microsoft(env),
        oauth_port=env.whole("OAUTH_PORT", 54331, at_least=1),
        caldav_networks=env.one_of("CALDAV_NETWORKS", ("public", "any")),
        poll_stale_after_hours=env.number("POLL_STALE_AFTER_HOURS", 6.0, at_least=0.1),
        webhook_suspend_after=env.whole("WEBHOOK_SUSPEND_AFTER", 5, at_least=1),
        webhook_give_up_after=env.whole("WEBHOOK_GIVE_UP_AFTER", 10, at_least=1),
        missed_change_grace_seconds=env.number("MISSED_CHANGE_GRACE_SECONDS", 120.0, at_least=0.0),
        renew_before_hours=env.number("RENEW_BEFORE_HOURS", 26.0, at_least=0.1),
        sync_workers=env.whole("SYNC_WORKERS", 4, at_least=0),
        lease_seconds=env.number("LEASE_SECONDS", 120.0, at_least=5.0),
        leases_per_account=env.whole("LEASES_PER_ACCOUNT", 2, at_least=1),
        write_workers=env.whole("WRITE_WORKERS", 2, at_least=1),
        write_batch=env.whole("WRITE_BATCH", 50, at_least=1),
        calls_per_minute=env.whole("CALLS_PER_MINUTE", 500, at_least=1),
        conflict_skew_seconds=env.number("CONFLICT_SKEW_SECONDS", 5.0, at_least=0.0),
        cron_budget_seconds=env.number("CRON_BUDGET_SECONDS", 50.0, at_least=1.0),
        verify_batch=env.whole("VERIFY_BATCH", 5, at_least=0),
        window_past_days=env.whole("WINDOW_PAST_DAYS", 31, at_least=0),
        window_future_days=env.whole("WINDOW_FUTURE_DAYS", 366, at_least=90),
        busy_block_days=env.whole("BUSY_BLOCK_DAYS", 90, at_least=1),
        notification_retention_days=env.whole("NOTIFICATION_RETENTION_DAYS", 30, at_least=1),
        log_retention_days=env.whole("LOG_RETENTION_DAYS", 90, at_least=8),
        host=env.text("HOST") or "127.0.0.1",
        port=env.whole("PORT", 54321, at_least=1),
    )
    if settings.webhook_give_up_after < settings.webhook_suspend_after:
        raise ConfigurationError(
            "WEBHOOK_GIVE_UP_AFTER must not be smaller than WEBHOOK_SUSPEND_AFTER"
        )
    if settings.busy_block_days > settings.window_future_days:
        raise ConfigurationError("BUSY_BLOCK_DAYS must not be greater than WINDOW_FUTURE_DAYS")
    return settings


def _auth(env: "_Reader") -> AuthSettings:
    project = (env.text("SUPABASE_URL") or "").rstrip("/")
    return AuthSettings(
        url=f"{project}/auth/v1" if project else None,
        anon_key=env.text("SUPABASE_ANON_KEY"),
        jwt_secret=env.text("SUPABASE_JWT_SECRET"),
        jwks_url=f"{project}/auth/v1/.well-known/jwks.json" if project else None,
        issuer=env.text("SUPABASE_JWT_ISSUER"),
    )


def _rates(env: "_Reader") -> RateSettings:
    return RateSettings(
        api=env.rate("API_RATE_LIMIT", "600 per minute"),
        refused=env.rate("REFUSED_RATE_LIMIT", "300 per minute"),
        sign_in=env.rate("SIGN_IN_RATE_LIMIT", "10 per minute"),
        storage=env.text("RATE_LIMIT_STORAGE") or "memory://",
        trusted_proxies=env.whole("TRUSTED_PROXIES", 0, at_least=0),
    )


def _google(env: "_Reader") -> GoogleSettings | None:
    client_id = env.text("GOOGLE_CLIENT_ID")
    if client_id is None:
        return None
    return GoogleSettings(
        client_id=client_id,
        client_secret=env.required("GOOGLE_CLIENT_SECRET", "GOOGLE_CLIENT_ID is set"),
        redirect_uri=env.text("GOOGLE_REDIRECT_URI")
        or "http://127.0.0.1:54321/oauth/google/callback",
        api_url=env.url("GOOGLE_API_URL", "https://www.googleapis.com/calendar/v3/"),
        auth_url=env.url("GOOGLE_AUTH_URL", "https://accounts.google.com/o/oauth2/v2/auth"),
        token_url=env.url("GOOGLE_TOKEN_URL", "https://oauth2.googleapis.com/token"),
        revoke_url=env.url("GOOGLE_REVOKE_URL", "https://oauth2.googleapis.com/revoke"),
        userinfo_url=env.url(
            "GOOGLE_USERINFO_URL", "https://openidconnect.googleapis.com/v1/userinfo"
        ),
    )


def _microsoft(env: "_Reader") -> MicrosoftSettings | None:
    client_id = env.text("MICROSOFT_CLIENT_ID")
    if client_id is None:
        return None
    tenant = env.text("MICROSOFT_TENANT") or "common"
    authority = env.url("MICROSOFT_AUTHORITY", "https://login.microsoftonline.com/{tenant}")
    if authority.rstrip("/").count("/") == 2:
        authority = authority.rstrip("/") + "/{tenant}"
    return MicrosoftSettings(
        client_id=client_id,
        client_secret=env.required("MICROSOFT_CLIENT_SECRET", "MICROSOFT_CLIENT_ID is set"),
        redirect_uri=env.text("MICROSOFT_REDIRECT_URI")
        or "http://127.0.0.1:54321/oauth/microsoft/callback",
        graph_url=env.url("MICROSOFT_GRAPH_URL", "https://graph.microsoft.com/v1.0").rstrip("/"),
        authority=authority.replace("{tenant}", tenant).rstrip("/"),
    )


class _Reader:
    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def text(self, name: str) -> str | None:
        return self._environment.get(name, "").strip() or None

    def required(self, name: str, because: str) -> str:
        value = self.text(name)
        if value is None:
            raise ConfigurationError(f"{name} is missing, but {because}: set it in the environment")
        return value

    def listed(self, name: str) -> tuple[str, ...]:
        return tuple(p for p in (part.strip() for part in (self.text(name) or "").split(",")) if p)

    def url(self, name: str, default: str) -> str:
        value = self.text(name) or default
        if not value.startswith(("https://", "http://")):
            raise ConfigurationError(f"{name} must be an http or https URL")
        return value

    def one_of(self, name: str, choices: tuple[str, ...]) -> str:
        """The first choice is the default."""
        value = self.text(name) or choices[0]
        if value not in choices:
            raise ConfigurationError(f"{name} must be one of: {', '.join(choices)}")
        return value

    def rate(self, name: str, default: str) -> str:
        value = self.text(name) or default
        try:
            limits.parse_many(value)
        except ValueError:
            raise ConfigurationError(f'{name} must be a rate such as "{default}"') from None
        return value

    def number(self, name: str, default: float, *, at_least: float) -> float:
        return self._parsed(name, float, default, at_least, "a number")

    def whole(self, name: str, default: int, *, at_least: int) -> int:
        return self._parsed(name, int, default, at_least, "a whole number")

    def _parsed(
        self, name: str, parse: Callable[[str], T], default: T, at_least: T, kind: str
    ) -> T:
        text = self.text(name)
        if text is None:
            return default
        try:
            value = parse(text)
            if not value >= at_least:  # type: ignore[operator]  # int or float, NaN included
                raise ValueError
        except ValueError:
            raise ConfigurationError(f"{name} must be {kind} of at least {at_least}") from None
        return value
