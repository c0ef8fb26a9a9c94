"""Can the providers reach us, are they configured, do the clocks agree?"""

import ipaddress
from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx

from shared.cli.context import now_of
from shared.cli.doctor.check import Check, failed, ok, warning
from shared.clock import machine_time
from shared.config import Settings
from shared.errors import CalSyncError
from shared.steps.service import Service

TIMEOUT_SECONDS = 10.0
SKEW_SECONDS = 5.0
"""HTTP dates are whole seconds; tokens and signed URLs bear minutes, but nothing bears hours."""


def check_webhook_url(settings: Settings) -> Iterator[Check]:
    """Whether WEBHOOK_BASE_URL answers, over HTTPS unless it is this machine."""
    url = settings.webhook_base_url
    if urlsplit(url).scheme != "https" and not is_loopback(url):
        yield failed("webhook URL", f"{url}: providers deliver to https only; see WEBHOOK_BASE_URL")
    try:
        status = httpx.get(f"{url}/healthz", timeout=TIMEOUT_SECONDS).status_code
    except httpx.HTTPError as error:
        yield failed("webhook URL", f"{url}/healthz: {error}; is `calsync serve` running?")
        return
    if status == 200:
        yield ok("webhook URL", f"{url}/healthz answers 200")
    else:
        yield failed("webhook URL", f"{url}/healthz answers {status}, not 200")


def check_providers(service: Service) -> Check:
    """Which providers are configured; CalDAV needs no app of ours."""
    return ok("providers", ", ".join(provider.value for provider in service.providers))


def check_clocks(service: Service) -> Iterator[Check]:
    """This machine's clock against the database's and the provider's."""
    try:
        yield _compared("clock of the database", now_of(service))
    except CalSyncError as error:
        yield failed("clock of the database", str(error))
    if service.settings.google is not None:
        yield _provider_clock(service.settings.google.api_url)


def is_loopback(url: str) -> bool:
    """Whether a URL means this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _provider_clock(url: str) -> Check:
    name = "clock of Google"
    try:
        date = httpx.get(url, timeout=TIMEOUT_SECONDS).headers.get("Date")
    except httpx.HTTPError as error:
        return failed(name, f"{url}: {error}")
    if date is None:
        return warning(name, "its answer has no Date")
    return _compared(name, parsedate_to_datetime(date))


def _compared(name: str, theirs: datetime) -> Check:
    skew = (theirs - machine_time()).total_seconds()
    detail = f"differs by {abs(skew):.1f} s from this machine's"
    if abs(skew) > SKEW_SECONDS:
        return failed(name, f"{detail}: set both by NTP")
    return ok(name, detail)
