"""Meetings are found wherever and however deep they stand, and no text breaks the search."""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from html import escape
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from shared.decide.find_meeting import Meeting, find_meeting
from shared.decide.unwrap_url import unwrap_url
from tests.property.strategies import any_text

REPLACED = "%?=&*;!$"  # what Proofpoint takes out of the address and keeps beside it
letters = st.text("abcXYZ0189", min_size=1, max_size=12)
meetings = st.builds(
    "https://{}.zoom.us/j/{}?pwd={}".format,
    letters.map(str.lower),
    st.integers(10**9, 10**11),
    letters,
)


def in_safelink(url: str) -> str:
    return f"https://eur01.safelinks.protection.outlook.com/?url={quote(url, safe='')}&data=05"


def in_proofpoint_2(url: str) -> str:
    coded = quote(url, safe="/").replace("-", "%2D").replace("_", "%5F")
    coded = coded.replace("%", "-").replace("/", "_")
    return f"https://urldefense.proofpoint.com/v2/url?u={coded}&d=DwMF&c=x&e="


def in_proofpoint_3(url: str) -> str:
    taken_out = "".join(letter for letter in url[8:] if letter in REPLACED)
    coded = "".join("*" if letter in REPLACED else letter for letter in url[8:])
    bits = urlsafe_b64encode(taken_out.encode()).decode().rstrip("=")
    return f"https://urldefense.com/v3/__https://{coded}__;{bits}!!Ab!Cd$"


def in_google(url: str) -> str:
    return f"https://www.google.com/url?q={quote(url, safe='')}&sa=D"


wrappers = st.lists(
    st.sampled_from([in_safelink, in_proofpoint_2, in_proofpoint_3, in_google]), max_size=3
)
around = st.text("abc .,;<>()[]\n\"'/:@", max_size=30)


def wrapped(url: str, layers: list[Callable[[str], str]]) -> str:
    for layer in layers:
        url = layer(url)
    return url


@given(meetings, wrappers)
def test_every_wrapping_comes_off(url: str, layers: list[Callable[[str], str]]) -> None:
    assert unwrap_url(wrapped(url, layers)) == url


@given(meetings, wrappers, around, around)
def test_a_link_in_html_is_found(
    url: str, layers: list[Callable[[str], str]], before: str, after: str
) -> None:
    text = f'{before} <a href="{escape(wrapped(url, layers))}">join</a> {after}'
    assert find_meeting(None, [text]) == Meeting(url, "zoom")


@given(meetings, around)
def test_what_the_provider_states_wins(url: str, text: str) -> None:
    assert find_meeting(url, [text, "https://meet.jit.si/Other"]) == Meeting(url, "zoom")


@given(st.none() | any_text, st.lists(st.none() | any_text | around, max_size=3))
def test_no_text_breaks_the_search(stated: str | None, texts: list[str | None]) -> None:
    found = find_meeting(stated, texts)
    assert found is None or found.url.lower().startswith(("http://", "https://"))


@given(st.builds("https://{}".format, any_text | around))
def test_no_address_breaks_the_unwrapping(url: str) -> None:
    assert unwrap_url(url)
