"""Every page, at both sizes and in both colour schemes, for people of all abilities."""

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.accessibility import faults, landmarks, tab_order
from tests.browser.conftest import DESKTOP, PATIENCE_MS, PHONE
from tests.browser.installation import Installation
from tests.browser.steps import sign_in

SIGNED_OUT = ("/sign-in", "/sign-up")
SIGNED_IN = ("/", "/events", "/events?blocks=1", "/busy-blocks", "/connect")

BAD_PAGE = """<title>Bad</title><main><h1>One</h1><h1>Two</h1><h3>Deep</h3>
<a href="/a">here</a> <a href="/b">here</a> <input aria-describedby="missing">
<button tabindex="1" style="outline: none">First</button>
<p id="same" style="color: #ccc; background: #fff">faint</p>
<p id="same" style="width: 900px">wide</p>
</main>"""


@pytest.fixture(params=["light", "dark"])
def page(
    chromium: Browser, installation: Installation, request: pytest.FixtureRequest
) -> Iterator[Page]:
    """A window of somebody who likes that scheme. Scripts are ours: the checks."""
    scheme: Literal["light", "dark"] = request.param
    context = chromium.new_context(
        base_url=installation.url, viewport=DESKTOP, color_scheme=scheme, bypass_csp=True
    )
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


def test_pages_for_strangers(page: Page) -> None:
    for path in SIGNED_OUT:
        _is_accessible(page, path)
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill("nobody@example.test")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("alert").wait_for()
    assert faults(page) == []
    assert "- alert" in landmarks(page)


def test_pages_for_a_person(page: Page, installation: Installation) -> None:
    sign_in(page, *installation.demo)
    for path in SIGNED_IN:
        _is_accessible(page, path)
    page.goto("/")
    page.get_by_role("link", name="Disconnect Google").click()
    page.get_by_role("button", name="Disconnect").wait_for()
    _is_accessible(page, page.url)
    told = landmarks(page)
    assert "- banner:" in told
    assert '- navigation "Pages":' in told
    assert "- main:" in told


def test_the_checks_notice_what_is_wrong(page: Page) -> None:
    page.set_content(BAD_PAGE)
    page.set_viewport_size(PHONE)
    found = "; ".join(faults(page))
    for fault in (
        *("2 of <h1>", "0 of <header>", "no language", "heading skips a level: Deep"),
        *("no name: <input", "one name, two goals: here", "id twice: same"),
        *("nothing has the id missing", "scrolls sideways", "contrast 1.61: faint"),
    ):
        assert fault in found
    reached, was_visible = tab_order(page)
    assert reached[:3] == [0, 1, 2]
    assert reached[3] != 3
    assert not was_visible


def _is_accessible(page: Page, path: str) -> None:
    page.goto(path)
    for size in (PHONE, DESKTOP):
        page.set_viewport_size(size)
        assert faults(page) == [], (path, size)
    reached, was_visible = tab_order(page)
    assert reached == list(range(len(reached))), path
    assert was_visible, path
