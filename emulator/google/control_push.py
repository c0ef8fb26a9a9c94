"""Control API: channels, forced and forged notifications."""

from dataclasses import replace
from typing import Any

from emulator.common.json_types import Json

from . import channels
from .model import Channel
from .world import World, is_live


def _list(world: World, _: Json) -> list[Any]:
    now_ms = world.now_ms()
    return [
        {
            "id": channel.id,
            "user": channel.user,
            "client_id": channel.client_id,
            "resource": channel.resource,
            "resource_id": channel.resource_id,
            "calendar": channels.calendar_of(channel),
            "address": channel.address,
            "token": channel.token,
            "expiration": channel.expires_ms,
            "message_number": channel.message_number,
            "live": is_live(channel, now_ms),
            "stopped": channel.stopped,
        }
        for channel in world.state.channels.values()
    ]


def _notify(world: World, sent: Json) -> Json:
    """`{calendar | channel | user, count}`: messages as if something had changed.

    With `address` and `headers` instead: any POST whatsoever, `count` times.
    """
    count = int(sent.get("count", 1))
    if "address" in sent:
        return _forge(world, sent, count)
    hit = [
        channel
        for channel in world.state.channels.values()
        if is_live(channel, world.now_ms()) and _is_meant(channel, sent)
    ]
    for _ in range(count):
        for channel in hit:
            channels.notify(world, channel)
    return {"notifications": count * len(hit)}


def _is_meant(channel: Channel, sent: Json) -> bool:
    actual = {
        "calendar": channels.calendar_of(channel),
        "channel": channel.id,
        "user": channel.user,
    }
    return all(sent.get(name) in (None, value) for name, value in actual.items())


def _forge(world: World, sent: Json, count: int) -> Json:
    sample = Channel("", "", "", "", "", "", "", sent["address"], None, world.now_ms())
    headers = {"User-Agent": channels.USER_AGENT} | {
        str(name): str(value) for name, value in (sent.get("headers") or {}).items()
    }
    delivery = replace(
        channels.delivery_for(world, sample, "exists"),
        channel="forged:/forged",
        headers=tuple(headers.items()),
    )
    for _ in range(count):
        world.sender.submit(delivery)
    return {"notifications": count}


ROUTES = (("GET", "/channels", _list), ("POST", "/notify", _notify))
