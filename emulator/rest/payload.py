"""The body of a request: JSON, CSV or a form, as one JSON text and the names in it."""

import csv
import io
import json
from dataclasses import dataclass
from urllib.parse import parse_qsl

from emulator.rest import errors

_UNIFORM = "All object keys must match"


@dataclass(frozen=True)
class Payload:
    """`text` is JSON: an object, or where `is_list` a list of objects with the same `keys`."""

    text: str
    keys: tuple[str, ...]
    is_list: bool


def read(
    body: bytes, content_type: str, columns: tuple[str, ...] | None, calls_function: bool = False
) -> Payload:
    """Reads a body of `content_type`; `columns` (`?columns=`) names the keys that count.

    Raises:
        RestError: PGRST102 for what is no JSON, CSV or form, or for objects of unlike keys.
    """
    if content_type in ("application/json", ""):
        return _of_json(_text_of(body) or ("{}" if calls_function else ""), columns)
    if content_type == "text/csv":
        return _of_csv(_text_of(body))
    if content_type == "application/x-www-form-urlencoded":
        fields = dict(parse_qsl(_text_of(body), keep_blank_values=True))
        return Payload(json.dumps(fields), tuple(fields), is_list=False)
    raise errors.bad_body(f"Content-Type not acceptable: {content_type}")


def _text_of(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise errors.bad_body("Empty or invalid json") from error


def _of_json(text: str, columns: tuple[str, ...] | None) -> Payload:
    try:
        document = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise errors.bad_body("Empty or invalid json") from error
    if isinstance(document, dict):
        return Payload(text, columns or tuple(document), is_list=False)
    if not isinstance(document, list):
        return Payload("[]", (), is_list=True)
    return Payload(text, columns or _uniform_keys(document), is_list=True)


def _uniform_keys(rows: list[object]) -> tuple[str, ...]:
    keys = [tuple(row) for row in rows if isinstance(row, dict)]
    if len(keys) < len(rows) or any(set(other) != set(keys[0]) for other in keys):
        raise errors.bad_body(_UNIFORM)
    return keys[0] if keys else ()


def _refuse_constant(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _of_csv(text: str) -> Payload:
    try:
        rows = list(csv.reader(io.StringIO(text), strict=True))
    except csv.Error as error:
        raise errors.bad_body("Empty or invalid csv") from error
    if not rows or any(len(row) != len(rows[0]) for row in rows):
        raise errors.bad_body("All lines must have same number of fields")
    header, *lines = rows
    objects = [
        {key: None if cell == "NULL" else cell for key, cell in zip(header, line, strict=True)}
        for line in lines
    ]
    return Payload(json.dumps(objects), tuple(header), is_list=True)
