"""Whom Google would write e-mails because of a change: the parameter `sendUpdates`."""

from emulator.common.json_types import Json

from . import params
from .call import Call
from .params import Args

CHOICES = ("all", "externalOnly", "none")


def wanted(args: Args) -> str:
    """What the call says; without a word nobody is written to. 400 for anything else."""
    old = params.boolean(args, "sendNotifications")
    return params.choice(args, "sendUpdates", CHOICES) or ("all" if old else "none")


def note(call: Call, event: Json) -> None:
    """Remember who gets a mail about this write of the event (`GET /_control/mails`).

    `externalOnly` spares the guests who have a Google calendar: here, people of this emulator.
    """
    choice, people = wanted(call.args), call.world.state.people
    to = [
        guest["email"]
        for guest in event.get("attendees", ())
        if not guest.get("self")
        and (choice == "all" or (choice == "externalOnly" and guest["email"] not in people))
    ]
    if to:
        row = {"method": call.method, "user": call.person.email, "event": event["id"], "to": to}
        call.world.state.mails.append(row)
