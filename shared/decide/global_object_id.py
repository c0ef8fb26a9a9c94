"""The UID that a Global Object ID of Outlook stands for."""

# [MS-OXOCAL] section 2.2.1.27: what every such id begins with, and where its parts are, in bytes.
_HEADER = bytes.fromhex("040000008200E00074C5B7101A82E008")
_INSTANCE_DATE = slice(16, 20)
_DATA = 40
# [MS-OXCICAL] section 2.1.3.1.1.20.26: how the data begins where the UID came from elsewhere.
_FOREIGN = b"vCal-Uid\x01\x00\x00\x00"


def canonical_ical_uid(uid: str) -> str:
    """Gives the UID that the meeting has in iCalendar, for every occurrence of a series.

    Graph and Exchange name an event by a Global Object ID in hexadecimal digits, with the date of
    the occurrence in it. One that wraps the UID of another program gives that; any other has its
    date set to zero, as Outlook writes it into the invitations that it sends. What is no Global
    Object ID is given back as it is. Source: [MS-ASEMAIL] sections 3.1.4.7 and 4.3.
    """
    blob = _blob(uid)
    if blob is None:
        return uid
    wrapped = _wrapped(blob)
    # Outlook wraps even its own ids where they came by way of another program.
    return canonical_ical_uid(wrapped) if wrapped else _without_date(blob)


def _blob(uid: str) -> bytes | None:
    try:
        blob = bytes.fromhex(uid)
    except ValueError:
        return None
    # `fromhex` skips blanks; they belong to a UID.
    is_id = blob.startswith(_HEADER) and len(blob) >= _DATA and len(uid) == 2 * len(blob)
    return blob if is_id else None


def _wrapped(blob: bytes) -> str | None:
    """The foreign UID: it ends at the first NUL, since programs disagree over its length."""
    data = blob[_DATA:]
    if not data.startswith(_FOREIGN):
        return None
    try:
        return data.removeprefix(_FOREIGN).partition(b"\x00")[0].decode()
    except UnicodeDecodeError:
        return None


def _without_date(blob: bytes) -> str:
    whole = bytearray(blob)
    whole[_INSTANCE_DATE] = bytes(4)
    return whole.hex().upper()
