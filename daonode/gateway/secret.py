"""The secret that all gateways of one name share, and what is derived from it: it signs nonces and sessions.

It is a file that only its owner may read: 32 random bytes in hexadecimal. Gateways that shall accept each other's
sessions are given the same file.
"""

from __future__ import annotations

import hmac
import re
import secrets
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

from daonode.client.errors import DamagedKeyFile
from daonode.client.private_file import create_private_file, read_private_file

SECRET_BYTES: Final = 32
MAX_FILE_BYTES: Final = 256
_SECRET: Final = re.compile(rb"\s*([0-9a-f]{64})\s*")


def load_secret(path: Path) -> bytes:
    """Read the secret; make it where there is none.

    Raises:
        KeyFault: others can read the file, or it holds something else.
        OSError: it cannot be opened or made.
    """
    if not path.exists():
        # Another gateway may be making it at this moment: whoever is first has made it.
        with suppress(FileExistsError):
            create_private_file(path, secrets.token_hex(SECRET_BYTES).encode() + b"\n")
    match = _SECRET.fullmatch(read_private_file(path, max_bytes=MAX_FILE_BYTES))
    if match is None:
        raise DamagedKeyFile("expected 64 hexadecimal digits", path=path)
    return bytes.fromhex(match[1].decode())


def derive(secret: bytes, purpose: str) -> bytes:
    """A key for one purpose, so that what is signed for one never passes for another."""
    return hmac.digest(secret, purpose.encode(), sha256)
