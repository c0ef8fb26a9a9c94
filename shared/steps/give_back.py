"""Give back: end at the provider what a person once granted."""

from collections.abc import Mapping
from typing import Any

from shared.providers import google_oauth
from shared.states import Provider
from shared.steps.app_settings import google_settings
from shared.steps.service import Service


def give_back(service: Service, provider: Provider, credentials: Mapping[str, Any]) -> bool:
    """Gives access back at the provider; False where the provider has no way to.

    Microsoft ends a grant only from the person's own account page (or signs them out everywhere);
    a CalDAV password is the person's to delete. Raises a `ProviderError` as the provider means it.
    """
    if provider is not Provider.GOOGLE:
        return False
    google_oauth.revoke(google_settings(service), credentials)
    return True
