"""A person's whole way, in a real browser, on what `make run` starts."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.installation import Installation, Newcomer
from tests.browser.steps import (
    account,
    connect_by_consent,
    connect_caldav,
    disconnect,
    sign_in,
    sign_out,
    sign_up,
)

BUSY = "🔒 Busy"


@pytest.mark.timeout(600)
def test_from_signing_up_to_leaving_nothing_behind(page: Page, installation: Installation) -> None:
    frida = Newcomer(installation)
    frida.move_in()
    sign_up(page, frida.email, frida.password)
    expect(page.get_by_role("heading", name="No account is connected yet")).to_be_visible()
    sign_out(page)
    sign_in(page, frida.email, frida.password)

    connect_by_consent(page, "Google", frida.email)
    connect_by_consent(page, "Outlook", frida.outlook)
    connect_caldav(page, installation.caldav, frida)
    _sees_her_calendars(page, installation, frida)
    _sees_her_events(page, installation, frida)
    _blocks_outlook_with_titles(page, frida)
    installation.until_equal(frida.in_outlook, ["Board", BUSY, "🔒 Dentist"])
    # Neutral where she asked for nothing else: her dentist is nobody's business there.
    installation.until_equal(frida.in_caldav, ["Choir", BUSY, BUSY])
    installation.until_equal(frida.in_google, ["Dentist", BUSY, BUSY])

    disconnect(page, "Google", frida.email)
    _is_over(page, installation, "Google", frida.email)
    assert frida.in_google() == ["Dentist"]
    assert frida.in_outlook() == ["Board", BUSY]
    assert frida.in_caldav() == ["Choir", BUSY]
    disconnect(page, "Outlook", frida.outlook)
    _is_over(page, installation, "Outlook", frida.outlook)
    disconnect(page, "CalDAV", frida.caldav_user)
    _is_over(page, installation, "CalDAV", frida.caldav_user)
    assert frida.in_outlook() == ["Board"]
    assert frida.in_caldav() == ["Choir"]
    page.goto("/events")
    expect(page.get_by_role("heading", name="Nothing is planned")).to_be_visible()


def test_the_demo_person_signs_in_as_printed_and_sees_every_provider(
    page: Page, installation: Installation
) -> None:
    email, password = installation.demo
    sign_in(page, email, password)
    for provider, address in (
        ("Google", email),
        ("Outlook", "ann@outlook.test"),
        ("CalDAV", email),
    ):
        expect(account(page, provider, address)).to_contain_text("Connected")


def test_somebody_who_says_no_is_told_and_nothing_is_connected(
    page: Page, installation: Installation
) -> None:
    sign_up(page, "nora@example.test", "no means no, thanks")
    page.goto("/connect")
    page.get_by_role("button", name="Connect Google").click()
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You did not give access")
    page.get_by_role("link", name="Go to CalSync").click()
    expect(page.get_by_role("heading", name="No account is connected yet")).to_be_visible()


def _sees_her_calendars(page: Page, installation: Installation, frida: Newcomer) -> None:
    """Read, and by the method that each provider offers."""
    for provider, email, method in (
        ("Google", frida.email, "Live"),
        ("Outlook", frida.outlook, "Live"),
        ("CalDAV", frida.caldav_user, "Polled"),
    ):
        installation.until(lambda p=provider, e=email, m=method: _shows(page, p, e, m))


def _shows(page: Page, provider: str, email: str, text: str) -> bool:
    page.goto("/")
    found = account(page, provider, email)
    if found.count() == 0:
        return False
    told = found.inner_text()
    return text in told and "Healthy" in told


def _sees_her_events(page: Page, installation: Installation, frida: Newcomer) -> None:
    def all_are_there() -> bool:
        page.goto("/events")
        shown = page.get_by_role("main").inner_text()
        return all(title in shown for title in ("Dentist", "Board", "Choir"))

    installation.until(all_are_there)
    calendars = page.get_by_role("combobox", name="Calendar")
    calendars.select_option(f"{frida.email} · Google")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url(re.compile(r"/events\?calendar="))
    expect(page.locator("option:checked")).to_have_text(f"{frida.email} · Google")
    main = page.get_by_role("main")
    expect(main).to_contain_text("Dentist")
    expect(main).not_to_contain_text("Board")


def _blocks_outlook_with_titles(page: Page, frida: Newcomer) -> None:
    page.goto("/busy-blocks")
    rules = page.get_by_role("region", name=f"{frida.email} · Google blocks")
    target = f"Calendar · Outlook {frida.outlook}"
    expect(rules.get_by_role("checkbox", name=target, exact=True)).to_be_checked()
    rules.get_by_role("checkbox", name=f"with titles in {target}").check()
    rules.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    expect(rules.get_by_role("checkbox", name=f"with titles in {target}")).to_be_checked()


def _is_over(page: Page, installation: Installation, provider: str, email: str) -> None:
    """Disconnecting goes on by itself until nothing is left to do."""

    def has_left() -> bool:
        page.goto("/")
        gone = page.get_by_role("region", name="Disconnected")
        return gone.count() == 1 and f"{provider} {email}" in gone.inner_text()

    installation.until(has_left)
    expect(account(page, provider, email)).to_have_count(0)
