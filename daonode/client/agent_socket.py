"""The agent's socket in the file system: who may open it, and whose process is at the other end.

A socket is used only where its file is its owner's alone (mode 0600) and the kernel names the same user for the process
at the other end. Linux only: elsewhere the kernel is asked in other ways. Knows nothing of what is said over it.
"""

from __future__ import annotations

import os
import socket
import stat
import struct
from pathlib import Path
from typing import Final

from daonode.client.errors import AgentFault

MAX_WAITING: Final = 16
"""Connections that wait for the agent to finish another."""
MAX_PATH_BYTES: Final = 107
"""What the kernel takes as the name of a socket."""
CONNECT_SECONDS: Final = 2.0
_OTHERS: Final = 0o077
_OWNER_ALONE_UMASK: Final = 0o177
_CREDENTIALS: Final = struct.Struct("3i")


def listen(path: Path) -> socket.socket:
    """Make the socket, which nobody but its owner can open from its first moment; a dead agent's is replaced.

    Raises:
        AgentFault: something else stands at the path, the path is too long, or an agent listens there.
    """
    if len(os.fsencode(path)) > MAX_PATH_BYTES:
        raise AgentFault(
            f"{path} is too long for a socket: at most {MAX_PATH_BYTES} bytes",
            hint="set DAONODE_AGENT to a shorter path",
        )
    listener = connect(path)
    if listener is not None:
        listener.close()
        raise AgentFault(f"an agent listens at {path} already", hint="end it with: daonode keys agent stop")
    path.unlink(missing_ok=True)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(_OWNER_ALONE_UMASK)
    try:
        listener.bind(str(path))
        listener.listen(MAX_WAITING)
    except OSError:
        listener.close()
        raise
    finally:
        os.umask(before)
    return listener


def connect(path: Path) -> socket.socket | None:
    """A connection to the agent that listens at a path; None where none does.

    Raises:
        AgentFault: it is no socket, others can open it, it is busy, or the process behind it is another user's.
    """
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not stat.S_ISSOCK(found.st_mode):
        raise AgentFault(f"{path} is no socket", hint="remove it, or set DAONODE_AGENT to another path")
    if found.st_uid != os.geteuid() or found.st_mode & _OTHERS:
        raise AgentFault(
            f"{path} has mode {stat.S_IMODE(found.st_mode):04o} and owner {found.st_uid}: others can open it",
            hint="end that agent and start another",
        )
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(CONNECT_SECONDS)
    try:
        connection.connect(str(path))
    except (ConnectionRefusedError, FileNotFoundError):
        connection.close()
        return None
    except OSError as error:
        connection.close()
        raise AgentFault(f"the agent at {path} takes no connection: {error.strerror or error}") from error
    if user_of(connection) != os.geteuid():
        connection.close()
        raise AgentFault(f"the process that listens at {path} is another user's")
    return connection


def user_of(connection: socket.socket) -> int:
    """The user id of the process at the other end, as the kernel tells it."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, user, _ = _CREDENTIALS.unpack(credentials)
    return int(user)
