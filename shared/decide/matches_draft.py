"""Whether an event at the provider says what a draft says."""

from shared.model import Draft, Event
from shared.states import Visibility


def matches_draft(event: Event, draft: Draft) -> bool:
    """Whether nothing is left to write. The zone is a matter of form and not compared.

    Servers end lines in their own way and drop blanks at the end of texts; where anybody may see
    the details, most do not tell whether somebody chose so.
    """
    return (
        event.when == draft.when
        and same_text(event.summary, draft.summary)
        and same_text(event.description, draft.description)
        and same_text(event.location, draft.location)
        and event.show_as is draft.show_as
        and _shown(event.visibility) is _shown(draft.visibility)
    )


def same_text(one: str | None, other: str | None) -> bool:
    """Whether two texts differ in nothing but line ends, and blanks before them."""
    return _text(one) == _text(other)


def _text(text: str | None) -> str:
    lines = (text or "").replace("\r\n", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip()


def _shown(visibility: Visibility) -> Visibility:
    return Visibility.DEFAULT if visibility is Visibility.PUBLIC else visibility
