"""The apps of the emulated providers, as variables: what a real registration would give."""

from collections.abc import Mapping

GOOGLE_CLIENT_ID = "calsync-demo.apps.googleusercontent.com"
GOOGLE_CLIENT_SECRET = "calsync-demo-secret"  # for the emulator only
MICROSOFT_CLIENT_ID = "ca15ca15-c0de-4a11-8000-000000000000"
MICROSOFT_CLIENT_SECRET = "calsync-demo-secret"  # for the emulator only


def google_app(url: str, redirect_to: str) -> Mapping[str, str]:
    """The app of the Google emulator at `url`; people come back below `redirect_to`."""
    return {
        "GOOGLE_CLIENT_ID": GOOGLE_CLIENT_ID,
        "GOOGLE_CLIENT_SECRET": GOOGLE_CLIENT_SECRET,
        "GOOGLE_REDIRECT_URI": f"{redirect_to}/oauth/google/callback",
        "GOOGLE_API_URL": f"{url}/calendar/v3/",
        "GOOGLE_AUTH_URL": f"{url}/o/oauth2/v2/auth",
        "GOOGLE_TOKEN_URL": f"{url}/token",
        "GOOGLE_REVOKE_URL": f"{url}/revoke",
        "GOOGLE_USERINFO_URL": f"{url}/oauth2/v3/userinfo",
    }


def microsoft_app(url: str, redirect_to: str) -> Mapping[str, str]:
    """The app of the Microsoft emulator at `url`; people come back below `redirect_to`."""
    return {
        "MICROSOFT_CLIENT_ID": MICROSOFT_CLIENT_ID,
        "MICROSOFT_CLIENT_SECRET": MICROSOFT_CLIENT_SECRET,
        "MICROSOFT_REDIRECT_URI": f"{redirect_to}/oauth/microsoft/callback",
        "MICROSOFT_GRAPH_URL": f"{url}/v1.0",
        "MICROSOFT_AUTHORITY": f"{url}/{{tenant}}",
    }
