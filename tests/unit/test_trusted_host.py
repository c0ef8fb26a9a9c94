"""Which hosts see a password."""

import pytest

from shared.decide.trusted_host import may_follow


@pytest.mark.parametrize(
    ("asked", "target"),
    [
        ("https://caldav.icloud.com/", "https://p34-caldav.icloud.com/123/principal/"),
        ("https://caldav.icloud.com/", "https://caldav.icloud.com:443/"),
        ("https://example.org/", "https://dav.example.org/x"),
        ("https://mail.example.co.uk/", "https://dav.example.co.uk/"),
        ("http://127.0.0.1:5232/", "http://127.0.0.1:5233/"),
        ("http://127.0.0.1/", "https://127.0.0.1/"),
        ("http://localhost/", "http://localhost/dav/"),
    ],
)
def test_hosts_of_the_same_provider(asked: str, target: str) -> None:
    assert may_follow(asked, target)


@pytest.mark.parametrize(
    ("asked", "target"),
    [
        ("https://caldav.icloud.com/", "https://icloud.com.evil.test/"),
        ("https://caldav.icloud.com/", "https://evil.test/"),
        ("https://example.co.uk/", "https://evil.co.uk/"),
        ("https://co.uk/", "https://evil.co.uk/"),
        ("https://example.org/", "http://example.org/"),
        ("https://example.org/", "ftp://example.org/"),
        ("http://10.0.0.1/", "http://11.0.0.1/"),
        ("http://[::1]/", "http://[::2]/"),
        ("http://here/", "http://there/"),
        ("https://example.org/", "https:///x"),
    ],
)
def test_everybody_else(asked: str, target: str) -> None:
    assert not may_follow(asked, target)
