"""Handler: translateExchangeIds, between ordinary and immutable ids."""

from flask import Response

from . import event_write
from .call import Call, response
from .errors import bad_request
from .ids import event_id

MAX_IDS = 1000
KINDS = {"restId": False, "restImmutableEntryId": True}


def translate(call: Call) -> Response:
    """`{inputIds, sourceIdType, targetIdType}`; 400 for other kinds or too many, 404 if unknown."""
    wanted = call.body.get("inputIds")
    immutable = KINDS.get(str(call.body.get("targetIdType")))
    if not isinstance(wanted, list) or len(wanted) > MAX_IDS or immutable is None:
        raise bad_request("The ids to translate, or their types, are not valid.")
    rows = []
    for source in wanted:
        _, shown = event_write.find(call.world, call.person.email, str(source))
        target = event_id(shown.owner, shown.day, immutable=immutable)
        rows.append({"sourceId": source, "targetId": target})
    context = "Collection(microsoft.graph.convertIdResult)"
    body = {"@odata.context": f"{call.base}/v1.0/$metadata#{context}", "value": rows}
    return response(body, 200, call)
