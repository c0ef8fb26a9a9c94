"""From what the API's models call for to what a page shows, and back."""

from typing import Any, TypeVar

from flask import Response, request, url_for
from pydantic import ValidationError

from functions.api.models import Input
from shared.errors import InvalidRequest

I = TypeVar("I", bound=Input)  # noqa: E741 - as in Input


def asked(model: type[I], **given: Any) -> I:
    """The input of an endpoint. Raises `InvalidRequest` naming the first field that does not fit.

    Values are as JSON or a query would give them: UUIDs and numbers of a query as text.
    """
    try:
        return model.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = str(first["loc"][0]).capitalize() if first["loc"] else "The form"
        raise InvalidRequest(f"{place}: {first['msg'].removeprefix('Value error, ')}.") from None


def typed(name: str) -> str:
    """What was typed into a field of the form, without spaces around it."""
    return request.form.get(name, "").strip()


def go_to(endpoint: str, done: str | None = None) -> Response:
    """Sends the browser on to a page, which tells what was `done` (a key of words.DONE)."""
    where = url_for(f"site.{endpoint}", done=done)
    return Response(status=303, headers={"Location": where})
