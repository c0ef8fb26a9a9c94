"""The frame around every endpoint: who asks, how often, for what and for whom; then the answer."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import structlog
from flask import Request, Response

from functions.api.endpoint import AnyEndpoint, Call
from functions.api.idempotency import HEADER, once, read_key
from functions.api.inputs import MEDIA_TYPE, read_input
from functions.rate_limits import RateLimits
from functions.request_id import request_id
from shared.decide.caller import whom_to_serve
from shared.steps.authenticate import Authenticator
from shared.steps.service import Service

log = structlog.get_logger()


class Frame:
    """Serves endpoints over one service; for strangers it reads nothing."""

    def __init__(self, service: Service, rates: RateLimits) -> None:
        self._service = service
        self._rates = rates
        self._authenticator = Authenticator(service.settings)

    def serve(self, endpoint: AnyEndpoint, request: Request, path: Mapping[str, UUID]) -> Response:
        """Answers a request. Errors rise as `CalSyncError` and become problem documents."""
        caller = self._authenticator.caller(request.headers.get("Authorization"))
        self._rates.count(caller.actor)
        given = read_input(endpoint, request, path)
        call = Call(
            service=self._service,
            caller=caller,
            user_id=whom_to_serve(caller, given.user_id),
            request_id=request_id(),
            idempotency_key=read_key(endpoint, request.headers.get(HEADER)),
        )
        if caller.is_service and endpoint.method == "GET":
            self._note_key_use(call, endpoint)
        answer = once(call, endpoint, given, lambda: endpoint.handle(call, given))
        log.info("served", endpoint=endpoint.name, actor=caller.actor, request_id=call.request_id)
        return _json(answer, endpoint.status)

    def _note_key_use(self, call: Call, endpoint: AnyEndpoint) -> None:
        self._service.database.call(
            "note_key_use",
            user_id=call.user_id,
            subject=f"GET {endpoint.path}",
            request_id=call.request_id,
        )


def _json(answer: Any, status: int) -> Response:
    text = json.dumps(answer, ensure_ascii=False, separators=(",", ":")) + "\n"
    return Response(text, status=status, content_type=MEDIA_TYPE)
