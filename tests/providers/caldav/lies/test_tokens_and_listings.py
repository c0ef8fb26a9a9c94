"""Servers that lie about tokens, truncate, or serve badly, in front of the real Radicale."""

import json
import re
from collections.abc import Callable

import pytest

from shared.errors import ResyncFully
from shared.model import Deletion
from tests.providers.caldav.conftest import Follower
from tests.providers.caldav.lies.lying import TOKEN, XML, always, dav_error, on, put
from tests.support.caldav_servers import Radicale
from tests.support.lying_proxy import Asked, LyingProxy, Said


def test_a_full_list_in_answer_to_a_token_is_seen_through(
    ann: Follower, proxy: LyingProxy, radicale: Radicale, calendar: str
) -> None:
    put(radicale, calendar, "kept", "changed", "gone")
    ann.follow()
    radicale.rewrite(f"{calendar}changed.ics", lambda text: text.replace("SUMMARY:", "SUMMARY:un"))
    radicale.delete(f"{calendar}gone.ics")

    def everything(asked: Asked, real: Callable[[], Said]) -> Said:
        forgetful = Asked(
            asked.verb, asked.path, TOKEN.sub(r"<\1sync-token></", asked.body), asked.headers
        )
        answer = proxy.real(forgetful)
        no_tombstones = re.sub(
            r"<response><href>[^<]*</href><status>.*?</response>", "", answer.body
        )
        return Said(answer.status, no_tombstones, answer.headers)

    proxy.lie = on("sync-collection", everything)
    proxy.asked.clear()
    changes = {change.provider_event_id for change in ann.follow()}
    assert changes == {f"{calendar}changed.ics", f"{calendar}gone.ics"}
    assert ann.titles == ["kept", "unchanged"]
    assert proxy.verbs() == ["PROPFIND", "sync-collection", "PROPFIND", "calendar-multiget"]


@pytest.mark.parametrize("status", [403, 409, 412])
def test_every_way_to_call_a_token_dead(ann: Follower, proxy: LyingProxy, status: int) -> None:
    ann.follow()
    proxy.lie = on("sync-collection", always(dav_error(status, "valid-sync-token")))
    ann.cursor = json.dumps(json.loads(ann.cursor or "") | {"ctag": "old"})
    with pytest.raises(ResyncFully):
        ann.follow()


def test_an_answer_that_was_cut_short_is_continued(
    ann: Follower, proxy: LyingProxy, radicale: Radicale, calendar: str
) -> None:
    put(radicale, calendar, "a", "b")
    tokens = ["first", "second"]

    def in_two(asked: Asked, real: Callable[[], Said]) -> Said:
        name = "a" if "first" not in asked.body else "b"
        cut = f"<response><href>{asked.path}</href><status>HTTP/1.1 507 x</status></response>"
        return Said(
            207,
            f'<multistatus xmlns="DAV:"><response><href>{calendar}{name}.ics</href><propstat><prop>'
            f'<getetag>"{name}"</getetag></prop><status>HTTP/1.1 200 OK</status></propstat>'
            f"</response>{cut if name == 'a' else ''}<sync-token>{tokens[name == 'b']}</sync-token>"
            "</multistatus>",
            XML,
        )

    proxy.lie = on("sync-collection", in_two)
    ann.follow()
    assert ann.titles == ["a", "b"]
    assert json.loads(ann.cursor or "")["token"] == "second"


def test_an_answer_that_never_ends_is_replaced_by_etags(
    ann: Follower, proxy: LyingProxy, radicale: Radicale, calendar: str
) -> None:
    put(radicale, calendar, "a", "b")

    def stuck(asked: Asked, real: Callable[[], Said]) -> Said:
        cut = f"<response><href>{asked.path}</href><status>HTTP/1.1 507 x</status></response>"
        return Said(
            207, f'<multistatus xmlns="DAV:">{cut}<sync-token>t</sync-token></multistatus>', XML
        )

    proxy.lie = on("sync-collection", stuck)
    ann.follow()
    assert ann.titles == ["a", "b"]
    assert json.loads(ann.cursor or "")["token"] is None


@pytest.mark.parametrize(
    "said", [dav_error(403, "supported-report"), Said(501), Said(405), Said(415)]
)
def test_servers_without_the_report_are_compared_by_etags(
    ann: Follower, proxy: LyingProxy, radicale: Radicale, calendar: str, said: Said
) -> None:
    put(radicale, calendar, "kept", "gone")
    proxy.lie = on("sync-collection", always(said))
    ann.follow()
    radicale.delete(f"{calendar}gone.ics")
    assert ann.follow() == [Deletion(f"{calendar}gone.ics")]
    assert ann.titles == ["kept"]
    assert ann.calls(ann.follow) == 1


def test_tombstones_of_a_first_listing_mean_nothing(
    ann: Follower, radicale: Radicale, calendar: str
) -> None:
    put(radicale, calendar, "kept", "gone")
    Follower(ann.session, calendar).follow()  # from now on Radicale remembers
    radicale.delete(f"{calendar}gone.ics")
    ann.follow()
    assert ann.titles == ["kept"]


def test_a_calendar_among_its_own_members_is_none(
    ann: Follower, proxy: LyingProxy, radicale: Radicale, calendar: str
) -> None:
    put(radicale, calendar, "a")
    own = (
        f"<response><href>{calendar}</href><propstat><prop><getetag>x</getetag></prop>"
        "<status>HTTP/1.1 200 OK</status></propstat></response>"
    )

    def with_itself(asked: Asked, real: Callable[[], Said]) -> Said:
        answer = real()
        return Said(
            207, answer.body.replace("</multistatus>", f"{own}</multistatus>"), answer.headers
        )

    proxy.lie = on("sync-collection", with_itself)
    ann.follow()
    assert ann.titles == ["a"]
