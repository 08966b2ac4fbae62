"""Files that only their owner may read: created whole or not at all, and refused when others can read them.

Knows nothing of what the files hold.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path
from typing import Final

from daonode.client.errors import DamagedKeyFile, ExposedKeyFile

PRIVATE_FILE_MODE: Final = 0o600
PRIVATE_DIRECTORY_MODE: Final = 0o700
_OTHERS: Final = 0o077


def create_private_file(path: Path, data: bytes) -> None:
    """Write a new file with mode 0600, on disk before this returns; its directory is made with mode 0700.

    Whoever looks sees the whole file or none. Raises `FileExistsError` where there is one, and otherwise `OSError`.
    """
    path.parent.mkdir(mode=PRIVATE_DIRECTORY_MODE, parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, PRIVATE_FILE_MODE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        # A link, unlike a rename, never replaces what another process has made in the meantime.
        os.link(partial, path)
    finally:
        partial.unlink()
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def read_private_file(path: Path, *, max_bytes: int) -> bytes:
    """Read a regular file that only its owner may read.

    Raises:
        FileNotFoundError, OSError: it cannot be opened.
        ExposedKeyFile: others can read or write it; nothing was read.
        DamagedKeyFile: it is no regular file, or longer than `max_bytes`.
    """
    # Not blocking: opening a pipe that somebody has put there must not wait for its writer.
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if not stat.S_ISREG(mode):
            raise DamagedKeyFile("not a regular file", path=path)
        if mode & _OTHERS:
            raise ExposedKeyFile(path=path, mode=stat.S_IMODE(mode))
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise DamagedKeyFile(f"expected at most {max_bytes} bytes", path=path)
    return data
