"""The apps that are registered at providers, as steps need them."""

from shared.config import GoogleSettings, MicrosoftSettings
from shared.errors import ConfigurationError
from shared.steps.service import Service


def google_settings(service: Service) -> GoogleSettings:
    """The Google app. Raises `ConfigurationError` where none is configured."""
    if service.settings.google is None:
        raise ConfigurationError("Google is not configured: set GOOGLE_CLIENT_ID and its secret")
    return service.settings.google


def microsoft_settings(service: Service) -> MicrosoftSettings:
    """The Microsoft app. Raises `ConfigurationError` where none is configured."""
    if service.settings.microsoft is None:
        raise ConfigurationError(
            "Microsoft is not configured: set MICROSOFT_CLIENT_ID and its secret"
        )
    return service.settings.microsoft
