"""The root of the API: an OpenAPI 2.0 description of what the caller may use."""

import json

from emulator.rest import sql
from emulator.rest.call import Answer, Call
from emulator.rest.schema import EXPOSED
from emulator.rest.session import Transaction

_VISIBLE = """
SELECT json_build_object(
    'relations', coalesce((
        SELECT json_object_agg(relation, columns) FROM (
            SELECT c.relname AS relation, json_object_agg(
                a.attname, format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum) AS columns
            FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
            WHERE c.relnamespace = to_regnamespace(%s) AND c.relkind IN ('r','v','m','f','p')
              AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
              AND has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE')
            GROUP BY c.relname) AS visible), '{}'),
    'routines', coalesce((
        SELECT json_agg(DISTINCT p.proname) FROM pg_proc p
        WHERE p.pronamespace = to_regnamespace(%s) AND p.prokind = 'f'
          AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
          AND has_function_privilege(p.oid, 'EXECUTE')), '[]')
)::text AS body, 1 AS rows, NULL AS total, NULL AS inserted, NULL AS location,
NULL AS status, NULL AS headers
"""


def describe(call: Call) -> Answer:
    """Lists the relations and functions that the caller's role has a privilege on."""
    visible = sql.Fragment(sql.raw(_VISIBLE).text, (EXPOSED, EXPOSED))
    outcome = call.sessions.run(call.caller, Transaction(visible, read_only=True))
    found = json.loads(outcome.body or "{}")
    document = {
        "swagger": "2.0",
        "info": {"title": "PostgREST API", "description": "", "version": "13"},
        "basePath": "/",
        "schemes": ["http"],
        "consumes": ["application/json", "text/csv"],
        "produces": ["application/json", "application/vnd.pgrst.object+json", "text/csv"],
        "paths": {
            "/": {"get": {"summary": "OpenAPI description (this document)"}},
            **{
                f"/{name}": _operations("get", "post", "patch", "delete")
                for name in found["relations"]
            },
            **{f"/rpc/{name}": _operations("get", "post") for name in found["routines"]},
        },
        "definitions": {
            name: {
                "type": "object",
                "properties": {column: {"format": kind} for column, kind in columns.items()},
            }
            for name, columns in found["relations"].items()
        },
    }
    content_type = "application/openapi+json; charset=utf-8"
    return Answer(200, {"Content-Type": content_type}, json.dumps(document).encode())


def _operations(*methods: str) -> dict[str, object]:
    return {method: {"responses": {"200": {"description": "OK"}}} for method in methods}
