"""The upgrade request of a WebSocket connection (RFC 6455, section 4.2.1)."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Request
from wsproto.utilities import RemoteProtocolError

KEY_BYTES: Final = 16
_END_OF_HEAD: Final = re.compile(rb"\n\r?\n")


class BadHandshake(Exception):
    """The request is no upgrade to a WebSocket; the text says why."""


class Handshake:
    """A request that can become a WebSocket connection."""

    def __init__(self, received: bytes) -> None:
        """Read what came first on a connection: the request's head, and what the client sent without waiting.

        Raises:
            BadHandshake: it is none.
        """
        end = _END_OF_HEAD.search(received)
        if end is None:
            raise BadHandshake("the request is not complete")
        head, self._early = received[: end.end()], received[end.end() :]
        if not head.partition(b"\n")[0].rstrip().endswith(b" HTTP/1.1"):
            raise BadHandshake("it takes HTTP/1.1")
        self._protocol = WSConnection(ConnectionType.SERVER)
        try:
            self._protocol.receive_data(head)
        except (RemoteProtocolError, UnicodeError) as error:
            # Names and hosts are decoded inside, whatever they hold.
            raise BadHandshake(str(error)) from None
        requests = [event for event in self._protocol.events() if isinstance(event, Request)]
        if not requests:
            raise BadHandshake("it takes a GET without a body")
        self._request = requests[0]
        if not _is_key(self.header(b"sec-websocket-key")):
            raise BadHandshake(f"Sec-WebSocket-Key is not {KEY_BYTES} bytes in base64")

    @property
    def host(self) -> str:
        """What the client calls this server."""
        return self._request.host

    @property
    def path(self) -> str:
        """Without the query."""
        return self._request.target.partition("?")[0]

    @property
    def subprotocols(self) -> tuple[str, ...]:
        """What the client offers to speak, what it likes best first."""
        return tuple(self._request.subprotocols)

    def header(self, name: bytes) -> str:
        """A header that has no place of its own, or nothing."""
        found = (value for key, value in self._request.extra_headers if key.lower() == name)
        return next(found, b"").decode("latin-1")

    def all_of(self, name: bytes) -> list[str]:
        """Every value of a header that may be there several times."""
        return [value.decode("latin-1") for key, value in self._request.extra_headers if key.lower() == name]

    def accept(self, *, subprotocol: str | None) -> tuple[bytes, WSConnection]:
        """The answer to send, with the subprotocol that is chosen among those offered, and the connection, which has
        what the client sent early."""
        answer = self._protocol.send(AcceptConnection(subprotocol=subprotocol))
        if self._early:
            self._protocol.receive_data(self._early)
        return answer, self._protocol


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == KEY_BYTES
    except (binascii.Error, ValueError):
        return False
