"""$batch: up to twenty calls in one JSON request, each judged alone (graph/json-batching)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from flask import Flask, Response, request
from werkzeug.datastructures import Headers

from emulator.common.json_types import Json
from emulator.common.wire import InnerCall, end_batch, run_inner

from .call import IN_BATCH, body_of, live_token
from .errors import GraphError, bad_request, throttled
from .world import World

MAX_CALLS = 20
FAILED_DEPENDENCY = GraphError(424, "FailedDependency", "A request it depends on failed.")


@dataclass
class Batch:
    """The calls of one request and the answers so far, by id."""

    calls: dict[str, Json]
    done: dict[str, Json] = field(default_factory=dict)

    def waves(self) -> Iterator[list[Json]]:
        """Calls whose dependencies are settled; those of one wave run side by side."""
        while len(self.done) < len(self.calls):
            ready = [
                call
                for name, call in self.calls.items()
                if name not in self.done and self.done.keys() >= _needs(call)
            ]
            if not ready:
                raise bad_request("The dependsOn properties form a circle.", "BadRequest")
            yield ready

    def may_run(self, call: Json) -> bool:
        """Whether everything it depends on succeeded."""
        return all(self.done[name]["status"] < 400 for name in _needs(call))


def _needs(call: Json) -> set[str]:
    return {str(name) for name in call.get("dependsOn") or ()}


def register(app: Flask, world: World) -> None:
    """Add the route; inner calls go through the whole application, limits and faults included."""

    def view() -> Response:
        with world.lock:
            live_token(world, request)
        batch = Batch(_calls(body_of(request)))
        for wave in batch.waves():
            _run_wave(app, world, batch, wave)
        end_batch()
        return Response(
            json.dumps({"responses": list(batch.done.values())}), mimetype="application/json"
        )

    app.add_url_rule("/v1.0/$batch", "batch", view, methods=["POST"])


def _calls(sent: Json) -> dict[str, Json]:
    wanted = sent.get("requests")
    if not isinstance(wanted, list) or not wanted:
        raise bad_request("Invalid batch payload format.", "BadRequest")
    if len(wanted) > MAX_CALLS:
        raise bad_request(
            f"Number of batch request steps exceeds the maximum value of {MAX_CALLS}.",
            "BadRequest",
        )
    calls = {str(each.get("id")): each for each in wanted}
    if len(calls) < len(wanted):
        raise bad_request("Request Id already exists in the batch.", "BadRequest")
    unknown = {name for call in wanted for name in _needs(call)} - set(calls)
    if unknown:
        raise bad_request(f"dependsOn names no request: {sorted(unknown)}", "BadRequest")
    return calls


def _run_wave(app: Flask, world: World, batch: Batch, wave: list[Json]) -> None:
    """The calls of a wave count as simultaneous: those over the mailbox' limit get their 429."""
    top = world.settings.concurrent_per_mailbox
    begun = 0
    for call in wave:
        if not batch.may_run(call):
            answer = _refusal(world, FAILED_DEPENDENCY)
        elif top is not None and begun >= top:
            answer = _refusal(world, throttled(world.settings.retry_after, "MailboxConcurrency"))
        else:
            begun += 1
            answer = _run(app, call)
        name = str(call["id"])
        batch.done[name] = {"id": name} | answer


def _refusal(world: World, error: GraphError) -> Json:
    headers = {"Content-Type": "application/json", **error.headers}
    body = error.envelope(world.clock.now(), None)
    return {"status": error.status, "headers": headers, "body": body}


def _run(app: Flask, call: Json) -> Json:
    """Carry out one call under the outer token; its own headers win."""
    headers = Headers([(str(name), str(value)) for name, value in _headers(call).items()])
    body = call.get("body")
    inner = InnerCall(
        str(call.get("method", "GET")).upper(),
        f"/v1.0/{str(call.get('url', '')).lstrip('/')}",
        headers,
        b"" if body is None else json.dumps(body).encode(),
        {IN_BATCH: True},
    )
    answered = run_inner(app, inner)
    answer: Json = {"status": int(answered.status.split()[0]), "headers": dict(answered.headers)}
    return answer | ({"body": json.loads(answered.body)} if answered.body else {})


def _headers(call: Json) -> Json:
    return call.get("headers") or {}
