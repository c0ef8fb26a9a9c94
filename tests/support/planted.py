"""Secrets planted in the installations of the tests: in no log of the whole run may one appear."""

from tests.api.people import JWT_SECRET, SERVICE_KEY
from tests.support import google_emulator, microsoft_emulator, rest_emulator
from tests.support.rig import CRON_SECRET, ENCRYPTION_KEY, WEBHOOK_SECRET

PLANTED = {
    "the cron secret": CRON_SECRET,
    "the webhook secret": WEBHOOK_SECRET,
    "the key that seals credentials": ENCRYPTION_KEY,
    "the service role key": SERVICE_KEY,
    "the JWT secret": JWT_SECRET,
    "the JWT secret of the stand-ins": rest_emulator.DEFAULT_SECRET,
    "Google's client secret": google_emulator.CLIENT_SECRET,
    "Microsoft's client secret": microsoft_emulator.CLIENT_SECRET,
}


def leaked(text: str) -> list[str]:
    """Names of the planted secrets that a text tells."""
    return [name for name, secret in PLANTED.items() if secret in text]
