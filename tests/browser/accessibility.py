"""What a page must have for people who use a keyboard, a screen reader, a phone or dim light."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AUDIT = Path(__file__).with_name("audit.js").read_text(encoding="utf-8")

# Everything that can be operated, in the order of the page; and from before the first of it.
STOPS = """
() => {
  document.body.tabIndex = -1;
  document.body.focus();
  const all = [...document.querySelectorAll("a[href],button,input:not([type=hidden]),select")];
  const stops = all.filter((e) => e.getClientRects().length && !e.disabled);
  stops.forEach((e, place) => { e.dataset.stop = place; });
  return stops.length;
}
"""
FOCUSED = """
() => {
  const e = document.activeElement;
  return [Number(e.dataset.stop), getComputedStyle(e).outlineStyle !== "none"];
}
"""


def faults(page: Page) -> list[str]:
    """What is wrong with the page as it is shown."""
    found: list[str] = page.evaluate(AUDIT)
    return found


def tab_order(page: Page) -> tuple[list[int], bool]:
    """Where the Tab key leads (0, 1, 2 … is the order of the page); whether it was to be seen."""
    count: int = page.evaluate(STOPS)
    reached: list[Any] = []
    for _ in range(count):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(FOCUSED))
    return [stop for stop, _ in reached], all(visible for _, visible in reached)


def landmarks(page: Page) -> str:
    """The page as a screen reader tells it."""
    return page.locator("body").aria_snapshot()
