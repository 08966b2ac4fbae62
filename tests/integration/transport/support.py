"""Real hosts on loopback for the tests of the transport."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TypeVar

import trio

from daonode.node.transport.errors import ConnectionLost
from daonode.node.transport.handshake import Handshaker, request_protocol
from daonode.node.transport.identity import PeerId, peer_id_from_seed, public_key_from_seed
from daonode.node.transport.muxing import LaneStream
from daonode.node.transport.service import Transport, open_transport
from daonode.node.transport.session import Session, SessionEnd, SessionPorts
from daonode.node.transport.sockets import dial
from daonode.node.transport.types import (
    Inbound,
    Lane,
    Multiaddress,
    PeerAddress,
    PeerConnected,
    Received,
    Timings,
    TransportConfig,
)

ANY_PORT = Multiaddress("/ip4/127.0.0.1/tcp/0")
NOWHERE = Multiaddress("")
CHAIN = "test-chain"

Event = TypeVar("Event", bound=Received)


def seed_of(number: int) -> bytes:
    return hashlib.sha256(b"host %d" % number).digest()


def id_of(number: int) -> PeerId:
    return peer_id_from_seed(seed_of(number))


def address_of(number: int, multiaddr: Multiaddress = NOWHERE) -> PeerAddress:
    public_key = public_key_from_seed(seed_of(number))
    return PeerAddress(name=f"host {number}", peer_id=id_of(number), multiaddr=multiaddr, public_key=public_key)


def config_of(
    number: int,
    peers: list[PeerAddress],
    *,
    listen_address: Multiaddress = ANY_PORT,
    chain_reference: str = CHAIN,
    accept_unknown: bool = False,
    network_key: bytes | None = None,
    timings: Timings | None = None,
) -> TransportConfig:
    return TransportConfig(
        chain_reference=chain_reference,
        host_seed=seed_of(number),
        listen_address=listen_address,
        peers=tuple(peers),
        accept_unknown=accept_unknown,
        network_key=network_key,
        timings=timings or Timings(),
    )


async def next_of(transport: Transport, kind: type[Event]) -> Event:
    """Receive until there is an item of this kind."""
    while True:
        item = await transport.receive()
        if isinstance(item, kind):
            return item


async def frames_of(transport: Transport, count: int) -> list[Inbound]:
    return [await next_of(transport, Inbound) for _ in range(count)]


async def connected_with(transport: Transport, count: int) -> None:
    """Receive until `count` peers have connected."""
    for _ in range(count):
        await next_of(transport, PeerConnected)


@asynccontextmanager
async def open_hosts(count: int) -> AsyncIterator[list[Transport]]:
    """Open hosts 0 to `count` - 1, all connected with all."""
    hosts: list[Transport] = []
    async with AsyncExitStack() as stack:
        for number in range(count):
            peers = [address_of(other, hosts[other].listen_address) for other in range(number)]
            peers += [address_of(other) for other in range(number, count)]
            hosts.append(await stack.enter_async_context(open_transport(config_of(number, peers))))
        with trio.fail_after(10):
            for host in hosts:
                await connected_with(host, count - 1)
        yield hosts


@asynccontextmanager
async def host_to_close(
    config: TransportConfig,
) -> AsyncIterator[tuple[Transport, Callable[[], Awaitable[float]]]]:
    """Open a host that can be closed before its peers are; the second value closes it and returns the seconds taken."""
    leave, left = trio.Event(), trio.Event()

    async def run(task_status: trio.TaskStatus[Transport]) -> None:
        async with open_transport(config) as host:
            task_status.started(host)
            await leave.wait()
        left.set()

    async def close() -> float:
        started = trio.current_time()
        leave.set()
        await left.wait()
        return trio.current_time() - started

    async with trio.open_nursery() as nursery:
        yield await nursery.start(run), close
        leave.set()


class RogueHost:
    """A host that follows the protocol up to the point where a test makes it write what it wants."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.end: SessionEnd | None = None

    async def write_raw(self, lane: Lane, data: bytes) -> None:
        """Write bytes as they are; nothing happens once the victim has closed."""
        await trio.lowlevel.checkpoint()
        with suppress(ConnectionLost):
            await self._session._outgoing[lane.value].write(data)

    async def open_stream(self) -> None:
        """Open one more stream; nothing happens once the victim has closed."""
        await trio.lowlevel.checkpoint()
        with suppress(ConnectionLost):
            await LaneStream.open(self._session._connection.muxer)

    async def open_lane(self, lane: Lane) -> None:
        """Open one more stream and ask for a lane on it."""
        stream = await LaneStream.open(self._session._connection.muxer)
        await request_protocol(stream, self._session._protocols[lane.value])

    def ignore_window(self, lane: Lane) -> None:
        self._session._outgoing[lane.value]._stream.send_window = 2**40


@asynccontextmanager
async def rogue_host(number: int, victim: Transport) -> AsyncIterator[RogueHost]:
    """Connect host `number` to the victim, with lanes open and no traffic of its own."""
    stream = await dial(victim.listen_address)
    connection = await Handshaker(host_seed=seed_of(number)).connect(stream, expected_peer=victim.peer_id)
    # No traffic starts, so nothing is read from or written to the ports.
    ports = SessionPorts(inbox=None, queues={}, allowance=None, counters=None)  # type: ignore[arg-type]
    session = Session(connection, ports, chain_reference=CHAIN, timings=Timings())
    session._start_traffic = lambda nursery: nursery.start_soon(trio.sleep_forever)  # type: ignore[method-assign]
    rogue = RogueHost(session)
    ready = trio.Event()

    async def on_ready(_: Session) -> bool:
        ready.set()
        return True

    async def run() -> None:
        rogue.end = await session.run(on_ready)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(run)
        with trio.fail_after(5):
            await ready.wait()
        yield rogue
        nursery.cancel_scope.cancel()
