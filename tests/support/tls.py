"""What the tests' clients trust."""

import os
from pathlib import Path

import certifi

_END = "-----END CERTIFICATE-----\n"


def trust_little(folder: Path) -> None:
    """One authority instead of a hundred and forty, here and in the processes that are started.

    Each httpx client reads them all, which takes as long as ten requests; no test goes out.
    """
    file = folder / "authority.pem"
    if not file.exists():
        first, end, _ = Path(certifi.where()).read_text("utf-8").partition(_END)
        file.write_text(first + end, "utf-8")
    os.environ["SSL_CERT_FILE"] = str(file)
