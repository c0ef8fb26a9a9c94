"""How often callers may ask, on every path: by who they are, and by address where refused."""

from flask import Flask, Response, request
from flask_limiter import Limiter, RateLimitExceeded
from flask_limiter.util import get_remote_address
from werkzeug.middleware.proxy_fix import ProxyFix

from functions.problems import problem_of
from shared.config import RateSettings
from shared.errors import RateLimited

REFUSALS = (400, 401, 403)


class RateLimits:
    """Counts requests of an application.

    Every address may be refused so often, then it is no longer listened to for a while; genuine
    requests are not counted by address, so many people behind one are no trouble.
    """

    def __init__(self, app: Flask, settings: RateSettings) -> None:
        self._api = settings.api
        self._sign_in = settings.sign_in
        self._limiter = Limiter(
            get_remote_address,
            app=app,
            application_limits=[settings.refused],
            application_limits_deduct_when=lambda response: response.status_code in REFUSALS,
            storage_uri=settings.storage,
            strategy="moving-window",
            # Better to serve without counting than not at all.
            swallow_errors=True,
        )
        app.register_error_handler(RateLimitExceeded, _answer_breach)
        if settings.trusted_proxies:
            app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # Flask's documented way
                app.wsgi_app, x_for=settings.trusted_proxies
            )

    def count(self, actor: str) -> None:
        """Counts one request of an authenticated caller; raises `RateLimited` if it is too many."""
        self._count(self._api, actor, "api")

    def count_sign_in(self, email: str) -> None:
        """Counts one attempt to sign in, by address and by e-mail; raises `RateLimited`."""
        self._count(self._sign_in, get_remote_address(), "sign_in")
        self._count(self._sign_in, email.strip().lower(), "sign_in_as")

    def _count(self, limit: str, key: str, scope: str) -> None:
        try:
            with self._limiter.limit(limit, key_func=lambda: key, scope=scope):
                return
        except RateLimitExceeded as breach:
            raise _limited(breach) from None


def _limited(breach: RateLimitExceeded) -> RateLimited:
    """What a breach means; after the window of its limit everybody may ask again."""
    window = breach.limit.limit.get_expiry()
    return RateLimited(f"More than {breach.description}: wait and ask again", retry_after=window)


def _answer_breach(breach: RateLimitExceeded) -> Response:
    response = problem_of(_limited(breach))
    if request.path.startswith(("/webhooks/", "/functions/v1/google", "/functions/v1/microsoft")):
        # Providers take 429 for final and repeat after 503 (Google, guides/push).
        response.status_code = 503
    return response
