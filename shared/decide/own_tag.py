"""The tag that tells our events from other people's, wherever they turn up.

`calsync:b:{installation}:{identity}:{nonce}` is a busy block, `calsync:a:{installation}:{id}` an
appointment (the id is its own, or another one where its event had to be made anew). Google keeps
it as the private extended property `calsync`, Graph as `transactionId` (and as an extended
property, to be found by), CalDAV as `X-CALSYNC`.
"""

BLOCK = "calsync:b:"
APPOINTMENT = "calsync:a:"


def is_block(tag: str | None) -> bool:
    """Whether an event with this tag is a busy block, of this installation or of another."""
    return tag is not None and tag.startswith(BLOCK)


def event_key(tag: str) -> str:
    """Gives 40 lower-case hex digits, the same for every attempt to create the tagged event.

    They serve as Google's event id (events.insert: base32hex, 5 to 1024 characters) and as
    CalDAV's resource name and UID, so that a create whose answer was lost is found again.
    """
    prefix = BLOCK if is_block(tag) else APPOINTMENT
    return tag.removeprefix(prefix).replace(":", "")
