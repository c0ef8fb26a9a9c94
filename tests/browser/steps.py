"""What a person does on the pages: by the words that they read, never by how pages are made."""

from re import compile as pattern
from re import escape

from playwright.sync_api import Locator, Page, expect

from tests.browser.installation import Newcomer


def sign_up(page: Page, email: str, password: str) -> None:
    """Makes an account, from the first page on."""
    page.goto("/")
    page.get_by_role("link", name="Make an account").click()
    _credentials(page, email, password)
    page.get_by_role("button", name="Make an account").click()
    expect(page.get_by_role("heading", name="Calendars", exact=True)).to_be_visible()


def sign_in(page: Page, email: str, password: str) -> None:
    """Signs in, from the first page on."""
    page.goto("/")
    _credentials(page, email, password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Calendars", exact=True)).to_be_visible()


def sign_out(page: Page) -> None:
    """Signs out."""
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_have_text("You are signed out.")


def connect_by_consent(page: Page, provider: str, email: str) -> None:
    """Connects Google or Outlook: the provider's own page asks, and leads back."""
    page.goto("/connect")
    page.get_by_role("button", name=f"Connect {provider}").click()
    page.get_by_role("button", name=pattern(escape(email))).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your calendar is connected")
    page.get_by_role("link", name="Go to CalSync").click()
    expect(account(page, provider, email)).to_be_visible()


def connect_caldav(page: Page, server: str, person: Newcomer) -> None:
    """Connects a server of one's own; the first password has a typing error."""
    page.goto("/connect")
    for password in ("mistyped", person.caldav_password):
        page.get_by_role("combobox", name="Server").select_option("Nextcloud or another server")
        page.get_by_label("Address of another server").fill(server)
        page.get_by_label("User name").fill(person.caldav_user)
        page.get_by_label("App password").fill(password)
        page.get_by_role("button", name="Connect CalDAV").click()
        if password == "mistyped":
            expect(page.get_by_role("alert")).to_contain_text("refuses this user name and password")
            expect(page.get_by_label("App password")).to_have_value("")
    expect(page.get_by_role("status")).to_contain_text("The account is connected")


def account(page: Page, provider: str, email: str) -> Locator:
    """The part of the first page that is about an account."""
    return page.get_by_role("region", name=f"{provider} {email}")


def disconnect(page: Page, provider: str, email: str) -> None:
    """Disconnects an account, and confirms it."""
    page.goto("/")
    account(page, provider, email).get_by_role("link", name="Disconnect").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Disconnect {provider} {email}?")
    page.get_by_role("button", name="Disconnect").click()
    expect(page.get_by_role("status")).to_contain_text("isconnected")


def _credentials(page: Page, email: str, password: str) -> None:
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
