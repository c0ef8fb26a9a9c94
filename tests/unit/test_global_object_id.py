"""The UID behind Outlook's Global Object IDs, with the vectors of the specifications."""

import base64

import pytest

from shared.decide.global_object_id import canonical_ical_uid

HEADER = "040000008200E00074C5B7101A82E008"
NO_TIMES = "00000000" + "0" * 32
MARK = "7643616C2D55696401000000"


def decoded(text: str) -> str:
    return base64.b64decode(text).hex()


def wrapping(uid: bytes, date: str = "00000000") -> str:
    data = bytes.fromhex(MARK) + uid + b"\x00"
    return f"{HEADER}{date}{'0' * 32}{len(data).to_bytes(4, 'little').hex()}{data.hex()}".upper()


@pytest.mark.parametrize(
    ("given", "uid"),
    [
        pytest.param(
            decoded("BAAAAIIA4AB0xbcQGoLgCAfUCRDgQMnBJoXEAQAAAAAAAAAAEAAAAAvw7UtuTulOnjnjhns3jvM="),
            "040000008200E00074C5B7101A82E00800000000E040C9C12685C4010000000000000000"
            "100000000BF0ED4B6E4EE94E9E39E3867B378EF3",
            id="MS-ASEMAIL 4.3, example 1: an occurrence of Outlook's own",
        ),
        pytest.param(
            decoded(
                "BAAAAIIA4AB0xbcQGoLgCAAAAAAAAAAAAAAAAAAAAAAAAAAAMwAAAHZDYWwtVWlkAQAAAHs4MTQxMkQz"
                "Qy0yQTI0LTRFOUQtQjIwRS0xMUY3QkJFOTI3OTl9AA=="
            ),
            "{81412D3C-2A24-4E9D-B20E-11F7BBE92799}",
            id="MS-ASEMAIL 4.3, example 2: a UID from elsewhere",
        ),
        pytest.param(
            "040000008200E00074C5B7101A82E00807D60A03000000000000000000000000000000001E0000007643"
            "616C2D55696401000000666F6F626172313233406162632E636F6D00",
            "foobar123@abc.com",
            id="an occurrence of a series from elsewhere",
        ),
        pytest.param(
            wrapping(b"6ihhq3tqcan9@google.com"), "6ihhq3tqcan9@google.com", id="Google's"
        ),
        pytest.param(wrapping("ä".encode()), "ä", id="UTF-8"),
        pytest.param(
            wrapping(wrapping(b"twice@x.test").encode()), "twice@x.test", id="wrapped twice"
        ),
        pytest.param(
            wrapping(f"{HEADER}07EA0B18{'0' * 32}10000000{'AB' * 16}".encode()),
            f"{HEADER}{NO_TIMES}10000000{'AB' * 16}",
            id="Outlook's own, by way of another program",
        ),
    ],
)
def test_one_meeting_has_one_uid(given: str, uid: str) -> None:
    assert canonical_ical_uid(given) == uid
    assert canonical_ical_uid(given.lower()) == uid
    assert canonical_ical_uid(uid) == uid


def test_the_occurrences_of_a_series_share_it() -> None:
    dates = ("00000000", "07EA0B18", "07EA0C01")
    assert {canonical_ical_uid(wrapping(b"s@x.test", date)) for date in dates} == {"s@x.test"}


@pytest.mark.parametrize(
    "uid",
    [
        "",
        "a@x.test",
        "abcdef",
        HEADER,
        "0400 0000",
        f" {HEADER}{NO_TIMES}10000000{'AB' * 16}",
        "040000008200E00074C5B7101A82E009" + "0" * 80,
    ],
)
def test_what_is_no_global_object_id_stays(uid: str) -> None:
    assert canonical_ical_uid(uid) == uid


@pytest.mark.parametrize("foreign", [b"", b"\xff\xfe"])
def test_a_foreign_uid_that_is_none_hides_nothing(foreign: bytes) -> None:
    given = wrapping(foreign, "07EA0B18")
    assert canonical_ical_uid(given) == given.replace("07EA0B18", "00000000")
