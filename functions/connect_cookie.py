"""The cookie that binds an attempt to connect an account to the browser that began it."""

from urllib.parse import urlsplit

from flask import Response

from shared.steps.connect_oauth import FLOW_SECONDS, Begun


def set_cookie(response: Response, begun: Begun, redirect_uri: str) -> Response:
    """Has the browser bring the secret along when it comes back, and nowhere else.

    Lax: the way back is a navigation from the provider's site. Over http only while developing.
    """
    parts = urlsplit(redirect_uri)
    response.set_cookie(
        begun.cookie,
        begun.secret,
        max_age=FLOW_SECONDS,
        path=parts.path,
        secure=parts.scheme == "https",
        httponly=True,
        samesite="Lax",
    )
    return response


def drop_cookie(response: Response, name: str, redirect_uri: str) -> None:
    """The attempt is over."""
    response.delete_cookie(name, path=urlsplit(redirect_uri).path, httponly=True, samesite="Lax")
