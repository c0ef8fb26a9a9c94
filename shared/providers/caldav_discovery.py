"""Finds the calendars of a CalDAV account (RFC 6764 section 6, RFC 4791 section 6.2)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urljoin, urlsplit

from caldav.elements import cdav, dav, ical

from shared.decide.ics_zone import read_calendar_zone
from shared.errors import GiveUp, ProviderError, QuotaExceeded, Reauthorize, Retry
from shared.providers import caldav_errors
from shared.providers.base import ListedCalendar
from shared.providers.caldav_dav import Dav, Member, Multistatus, canonical_href

# Where servers have CalDAV that do not redirect the well-known address: Nextcloud, Fastmail, …
ENTRANCES = ("/.well-known/caldav", "/remote.php/dav/", "/dav/", "/caldav/", "/")

DEFAULT_CALENDAR = "{urn:ietf:params:xml:ns:caldav}schedule-default-calendar-URL"
ZONE_NAME = "{urn:ietf:params:xml:ns:caldav}calendar-timezone-id"
_WRITING = frozenset({"write", "write-content", "bind", "all"})
_READING = frozenset({"read", "all"})
_PRINCIPAL = (
    dav.CurrentUserPrincipal.tag,
    cdav.CalendarHomeSet.tag,
    cdav.CalendarUserAddressSet.tag,
    cdav.ScheduleInboxURL.tag,
)
_CALENDAR = (
    dav.ResourceType.tag,
    dav.DisplayName.tag,
    dav.Owner.tag,
    dav.CurrentUserPrivilegeSet.tag,
    cdav.SupportedCalendarComponentSet.tag,
    cdav.CalendarTimeZone.tag,
    ZONE_NAME,
    ical.CalendarOrder.tag,
)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who the account is at its server. URLs are absolute; addresses are lower-case e-mails."""

    url: str
    home_urls: tuple[str, ...]
    addresses: tuple[str, ...]
    inbox_url: str | None


def find_principal(dav_client: Dav, start_urls: Iterator[str]) -> Principal:
    """The principal, from the first of `start_urls` that leads to it.

    Raises `Reauthorize` where the password is refused, `QuotaExceeded` where the server asks for
    patience, `GiveUp` where none is CalDAV.
    """
    trouble: ProviderError = GiveUp("There is no CalDAV at this URL.", code="no_caldav")
    for url in start_urls:
        try:
            found = _principal_at(dav_client, url)
        except (QuotaExceeded, Reauthorize):
            raise
        except Retry as error:
            if error.code == caldav_errors.NETWORK:
                raise
            trouble = error
            continue
        except ProviderError as error:
            trouble = error
            continue
        if found is not None:
            return found
    raise trouble


def start_urls(credentials: Mapping[str, Any]) -> Iterator[str]:
    """Where to begin: what was found last time, what the person named, what servers agreed on."""
    known = [credentials.get("principal_url"), credentials["url"]]
    tried: set[str] = set()
    for url in [*known, *(urljoin(credentials["url"], path) for path in ENTRANCES)]:
        if url and url not in tried:
            tried.add(url)
            yield url


def list_calendars(dav_client: Dav, principal: Principal, base_url: str) -> list[ListedCalendar]:
    """The event calendars of all homes; those that hold only tasks or journals are left out.

    One of them is primary if any can be written.
    """
    preferred = _default_calendar(dav_client, principal)
    listed: dict[str, ListedCalendar] = {}
    for home in principal.home_urls:
        answer = dav_client.propfind(home, _CALENDAR, depth=1, doing="list calendars")
        for member in answer.members:
            if _holds_events(member):
                each = _listed(member, answer, principal, base_url, preferred)
                listed.setdefault(each.provider_calendar_id, each)
    return _with_primary(list(listed.values()))


def calendar_id(href: str, answered_by: str, base_url: str) -> str:
    """How a calendar is named: by its path where it is on the account's own host.

    iCloud may move an account to another host; its paths stay.
    """
    if urlsplit(answered_by).netloc == urlsplit(base_url).netloc:
        return href
    return urljoin(answered_by, href)


def _principal_at(dav_client: Dav, url: str) -> Principal | None:
    answer = dav_client.propfind(url, _PRINCIPAL, depth=0, doing="find principal")
    member = _own(answer)
    if member is None:
        return None
    where = _href(member, dav.CurrentUserPrincipal.tag)
    if where is not None and urljoin(answer.url, where) != answer.url:
        answer = dav_client.propfind(
            urljoin(answer.url, where), _PRINCIPAL, depth=0, doing="find home"
        )
        member = _own(answer)
    homes = _hrefs(member, cdav.CalendarHomeSet.tag) if member else ()
    if member is None or not homes:
        return None
    inbox = _href(member, cdav.ScheduleInboxURL.tag)
    return Principal(
        url=answer.url,
        home_urls=tuple(urljoin(answer.url, home) for home in homes),
        addresses=tuple(_emails(_hrefs(member, cdav.CalendarUserAddressSet.tag))),
        inbox_url=urljoin(answer.url, inbox) if inbox else None,
    )


def _default_calendar(dav_client: Dav, principal: Principal) -> str | None:
    """The calendar that invitations go to (RFC 6638 section 9.2), where the server has one."""
    if principal.inbox_url is None:
        return None
    try:
        answer = dav_client.propfind(
            principal.inbox_url, (DEFAULT_CALENDAR,), depth=0, doing="find default calendar"
        )
    except ProviderError as error:
        if isinstance(error, Retry) and error.code != caldav_errors.NOT_FOUND:
            raise
        return None
    member = _own(answer)
    return _href(member, DEFAULT_CALENDAR) if member else None


def _with_primary(found: list[ListedCalendar]) -> list[ListedCalendar]:
    """Where no server says which calendar is the person's main one, it is their first own one."""
    if any(each.is_primary for each in found):
        return found
    own = [each for each in found if each.access_role in ("owner", "writer")]
    first = min(
        own, key=lambda each: (each.access_role != "owner", each.provider_calendar_id), default=None
    )
    return [replace(each, is_primary=each is first) for each in found]


def _own(answer: Multistatus) -> Member | None:
    return next((member for member in answer.members if member.status < 300), None)


def _holds_events(member: Member) -> bool:
    kinds = member.properties.get(dav.ResourceType.tag)
    if kinds is None or kinds.find(cdav.Calendar.tag) is None:
        return False
    components = member.properties.get(cdav.SupportedCalendarComponentSet.tag)
    if components is None or not len(components):
        return True
    return any((each.get("name") or "").upper() == "VEVENT" for each in components)


def _listed(
    member: Member,
    answer: Multistatus,
    principal: Principal,
    base_url: str,
    preferred: str | None,
) -> ListedCalendar:
    zone = member.text(ZONE_NAME) or member.text(cdav.CalendarTimeZone.tag)
    name = calendar_id(member.href, answer.url, base_url)
    return ListedCalendar(
        provider_calendar_id=name,
        name=member.text(dav.DisplayName.tag) or member.href.rstrip("/").rpartition("/")[2],
        time_zone=read_calendar_zone(zone or "") or "UTC",
        access_role=_access_role(member, answer.url, principal),
        is_primary=bool(preferred) and canonical_href(preferred or "", answer.url) == member.href,
    )


def _access_role(member: Member, url: str, principal: Principal) -> str:
    """What the account may do; a server that does not tell is taken at its best."""
    owner = _href(member, dav.Owner.tag)
    own = owner is None or urljoin(url, owner) == principal.url
    element = member.properties.get(dav.CurrentUserPrivilegeSet.tag)
    if element is None:
        return "owner" if own else "writer"
    rights = {str(each.tag).rpartition("}")[2] for each in element.iterfind("*/*")}
    if rights & _WRITING:
        return "owner" if own else "writer"
    return "reader" if rights & _READING else "free_busy"


def _emails(addresses: tuple[str, ...]) -> Iterator[str]:
    for address in addresses:
        if address.lower().startswith("mailto:"):
            yield address[7:].strip().lower()


def _href(member: Member, tag: str) -> str | None:
    return next(iter(_hrefs(member, tag)), None)


def _hrefs(member: Member, tag: str) -> tuple[str, ...]:
    element = member.properties.get(tag)
    if element is None:
        return ()
    return tuple(
        each.text.strip() for each in element.iterfind(dav.Href.tag) if (each.text or "").strip()
    )
