"""The system's Chromium, an installation as `make run` starts it, and pictures of failures."""

import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect, sync_playwright

from tests.browser.installation import Installation, running
from tests.support import postgres

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
PATIENCE_MS = 30_000
_REPORT = pytest.StashKey[pytest.TestReport]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fixtures want to know whether their test failed."""
    report = yield
    if report.when == "call":
        item.stash[_REPORT] = report
    return report


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The browser that this machine has.

    Not for longer than the tests here: while it lives, no other event loop runs in this thread.
    """
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if found is None:
        pytest.skip(f"no browser here: install one of {', '.join(PROGRAMS)}")
    # Root has no sandbox to be in.
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=options)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def installation(
    chromium: Browser, postgres_server_url: str, database_name: str
) -> Iterator[Installation]:
    """One for all tests here, on a database of the tests' server, which saves starting another."""
    with (
        tempfile.TemporaryDirectory(prefix="calsync-test-") as folder,
        postgres.database(postgres_server_url, database_name) as url,
        running(Path(folder), url) as installed,
    ):
        yield installed


@pytest.fixture
def context(chromium: Browser, installation: Installation) -> Iterator[BrowserContext]:
    """A browser of somebody's own; nothing of ours needs scripts, so there are none."""
    opened = chromium.new_context(
        base_url=installation.url, viewport=DESKTOP, java_script_enabled=False
    )
    opened.set_default_timeout(PATIENCE_MS)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Page]:
    """A window of it. If the test fails, pictures of it are in the test's folder."""
    opened = context.new_page()
    yield opened
    report = request.node.stash.get(_REPORT, None)
    if report is not None and report.failed:
        for name, size in (("desktop", DESKTOP), ("phone", PHONE)):
            opened.set_viewport_size(size)
            path = tmp_path / f"{name}.png"
            opened.screenshot(path=path, full_page=True)
            report.sections.append(("What the browser showed", f"{opened.url}: {path}"))
