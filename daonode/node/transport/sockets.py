"""TCP under libp2p: addresses, listening, dialling, and a stream that keeps libp2p's reads bounded.

trio sets TCP_NODELAY and a 16 KiB TCP_NOTSENT_LOWAT on every stream, so a small frame leaves at once and at most that
much of another lane waits in the kernel before it.
"""

from collections.abc import Callable

import trio
from libp2p.io.exceptions import ConnectionClosedError
from libp2p.io.trio import TrioTCPStream
from multiaddr import Multiaddr
from multiaddr.exceptions import Error as MultiaddrError

from daonode.node.transport.errors import AddressUnavailable, ConnectionLost, InvalidTransportConfig, PeerBroke
from daonode.node.transport.types import Multiaddress

RECEIVE_BYTES = 64 * 1024
MAX_UNPROVEN_BYTES = 16 * 1024
_HOST_PROTOCOLS = ("ip4", "ip6", "dns", "dns4", "dns6")


def parse_address(address: Multiaddress) -> tuple[str, int]:
    """Return host and TCP port of an address such as `/ip4/127.0.0.1/tcp/26656`.

    Raises:
        InvalidTransportConfig: it is no multiaddress, or not a host followed by a TCP port and nothing else.
    """
    try:
        parts = [(protocol.name, value) for protocol, value in Multiaddr(address).items()]
    except (MultiaddrError, ValueError) as error:
        raise InvalidTransportConfig(problem=f"{address!r} is not a multiaddress: {error}") from error
    match parts:
        case [(protocol, str(host)), ("tcp", str(port))] if protocol in _HOST_PROTOCOLS:
            return host, int(port)
        case _:
            raise InvalidTransportConfig(problem=f"{address!r} is not like /ip4/127.0.0.1/tcp/26656")


async def open_listeners(address: Multiaddress) -> list[trio.SocketListener]:
    """Bind and listen. Port 0 takes a free port; `listening_address` tells which.

    Raises:
        AddressUnavailable: the address is taken, or not one of this machine's.
    """
    host, port = parse_address(address)
    try:
        return list(await trio.open_tcp_listeners(port, host=host))
    except OSError as error:
        raise AddressUnavailable(address=address, problem=str(error)) from error


def listening_address(listener: trio.SocketListener) -> Multiaddress:
    """Return the address under which a listener is reached."""
    host, port = listener.socket.getsockname()[:2]
    protocol = "ip6" if ":" in host else "ip4"
    return Multiaddress(f"/{protocol}/{host}/tcp/{port}")


def remote_host(stream: trio.SocketStream) -> str:
    """Return the IP address of the other side; empty where it has gone already."""
    try:
        return str(stream.socket.getpeername()[0])
    except OSError:
        return ""


async def dial(address: Multiaddress) -> trio.SocketStream:
    """Connect to an address.

    Raises:
        ConnectionLost: nobody answers there.
    """
    host, port = parse_address(address)
    try:
        return await trio.open_tcp_stream(host, port)
    except OSError as error:
        raise ConnectionLost(f"cannot connect to {address}: {error}") from error


class BoundedTcpStream(TrioTCPStream):
    """libp2p's TCP stream with three bounds that the library lacks.

    - Until `on_proven`, at most `MAX_UNPROVEN_BYTES` are read: multistream-select believes any length that it is told
      and would collect gigabytes from a stranger.
    - Before each read, the multiplexer may find that the peer overran its windows, which the library only logs.
    - `read(n)` returns n bytes or fewer at the end of the stream only: the library gives up on a message that came in
      more than a hundred pieces.

    It also asks the kernel once for many small messages, and remembers when it last heard anything.
    """

    def __init__(self, stream: trio.SocketStream) -> None:
        super().__init__(stream)
        self.last_heard = trio.current_time()
        self.breach: str | None = None
        """Set where the peer broke a bound; libp2p swallows the error that is raised then."""
        self._on_read: Callable[[], str | None] = lambda: None
        self._received = bytearray()
        self._unproven_bytes: int | None = MAX_UNPROVEN_BYTES

    def on_proven(self, on_read: Callable[[], str | None]) -> None:
        """Lift the bound on strangers; from now on `on_read` is called before each read and may name a breach."""
        self._unproven_bytes = None
        self._on_read = on_read

    async def read(self, n: int | None = None) -> bytes:
        """Return `n` bytes, fewer at the end of the stream, or whatever there is where `n` is None.

        Raises:
            PeerBroke: the peer broke a bound.
            ConnectionClosedError: the connection was reset, or closed on this side.
        """
        self._check()
        wanted = 1 if n is None else n
        while len(self._received) < wanted:
            chunk = await self._receive()
            if not chunk:
                break
            self._received += chunk
        size = len(self._received) if n is None else n
        data = bytes(self._received[:size])
        del self._received[:size]
        return data

    async def _receive(self) -> bytes:
        try:
            chunk = await self.stream.receive_some(RECEIVE_BYTES)
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise ConnectionClosedError(f"connection closed: {error}", transport="tcp") from error
        self.last_heard = trio.current_time()
        if self._unproven_bytes is not None:
            self._unproven_bytes -= len(chunk)
            self._check()
        return bytes(chunk)

    def _check(self) -> None:
        if self._unproven_bytes is not None and self._unproven_bytes < 0:
            self.breach = f"sent more than {MAX_UNPROVEN_BYTES} bytes before it proved who it is"
        else:
            self.breach = self.breach or self._on_read()
        if self.breach is not None:
            raise PeerBroke(self.breach)
