"""The page that a person sees when they come back from a provider's consent page."""

import base64
import hashlib

from flask import Blueprint, Response, render_template

from functions.connect_texts import BOXES, NAMES, TEXTS
from shared.states import Provider
from shared.steps.connect_oauth import Ended

STYLE = (
    "body{font:1.05rem/1.55 system-ui,sans-serif;color:#17211f;background:#f6f7f6;margin:0}"
    "main{max-width:34rem;margin:3rem auto;padding:0 1.25rem}h1{font-size:1.5rem;line-height:1.25}"
    "a{color:#0b6e5f}.button{display:inline-block;padding:.6rem 1rem;border-radius:.4rem;"
    "background:#0b6e5f;color:#fff;text-decoration:none}"
    ".button:focus-visible{outline:3px solid #0b6e5f;outline-offset:3px}"
    "@media(prefers-color-scheme:dark){body{color:#e8eeec;background:#111615}a{color:#5fd0bb}"
    ".button{background:#5fd0bb;color:#06241f}}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

SAFE = {
    # Nothing is loaded, nothing runs, nobody frames it; and the address, which holds the code,
    # is told to nobody and kept nowhere.
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}

pages = Blueprint("connect", "functions", template_folder="templates")


def ended_page(provider: Provider, ended: Ended) -> Response:
    """Says how an attempt ended, and what can be done."""
    text = TEXTS[ended.outcome]
    told = {"provider": NAMES[provider], "email": ended.email or "The account"}
    html = render_template(
        "connect/ended.html",
        style=STYLE,
        outcome=ended.outcome.value,
        title=text.title.format(**told),
        lines=[line.format(**told) for line in text.lines],
        boxes=[BOXES.get(scope, scope) for scope in ended.missing],
        again=ended.again.url if ended.again else None,
        provider=NAMES[provider],
    )
    return Response(html, status=text.status, headers=SAFE)
