"""What the transport relies on in libp2p's yamux, and what it must keep it from doing."""

import struct
from collections.abc import Callable

import trio
import trio.testing
from libp2p.abc import ISecureConn
from libp2p.connection_types import ConnectionType
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.crypto.keys import PrivateKey, PublicKey
from libp2p.peer.id import ID
from libp2p.stream_muxer.yamux import yamux
from multiaddr import Multiaddr

from daonode.node.transport.muxing import CREDIT_BATCH_BYTES, WINDOW_BYTES, LaneMuxer, LaneStream

KEYS = create_new_key_pair(bytes(32))
HOST = ID.from_pubkey(KEYS.public_key)


class PipeConnection(ISecureConn):
    """One end of an in-memory pipe as a secured connection; it notes the yamux headers that it is given to write."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self.stream = stream
        self.written_types: list[int] = []
        self.on_read: Callable[[], str | None] = lambda: None

    async def read(self, n: int | None = None) -> bytes:
        assert self.on_read() is None
        return bytes(await self.stream.receive_some(n))

    async def write(self, data: bytes) -> None:
        self.written_types.append(data[1])
        await self.stream.send_all(data)

    async def close(self) -> None:
        await self.stream.aclose()

    def get_remote_address(self) -> tuple[str, int] | None:
        return None

    def get_transport_addresses(self) -> list[Multiaddr]:
        return []

    def get_connection_type(self) -> ConnectionType:
        return ConnectionType.DIRECT

    def get_local_peer(self) -> ID:
        return HOST

    def get_remote_peer(self) -> ID:
        return HOST

    def get_local_private_key(self) -> PrivateKey:
        return KEYS.private_key

    def get_remote_public_key(self) -> PublicKey:
        return KEYS.public_key


class Pair:
    """Two muxers on a pipe, and the stream that the first has opened to the second."""

    def __init__(self) -> None:
        near, far = trio.testing.memory_stream_pair()
        self.connections = (PipeConnection(near), PipeConnection(far))
        self.dialler = LaneMuxer(self.connections[0], HOST, is_initiator=True)
        self.listener = LaneMuxer(self.connections[1], HOST, is_initiator=False)
        for connection, muxer in zip(self.connections, (self.dialler, self.listener), strict=True):
            connection.on_read = muxer.on_read

    async def open(self, nursery: trio.Nursery) -> tuple[LaneStream, LaneStream]:
        for muxer in (self.dialler, self.listener):
            nursery.start_soon(muxer.start)
            await muxer.event_started.wait()
        return await LaneStream.open(self.dialler), await LaneStream.accept(self.listener)


async def test_an_idle_connection_writes_nothing(autojump_clock: trio.testing.MockClock) -> None:
    pair = Pair()
    async with trio.open_nursery() as nursery:
        await pair.open(nursery)
        opening = [list(connection.written_types) for connection in pair.connections]
        await trio.sleep(300)
        assert [connection.written_types for connection in pair.connections] == opening
        nursery.cancel_scope.cancel()


async def test_credit_is_given_back_once_for_half_a_window_of_reads() -> None:
    pair = Pair()
    async with trio.open_nursery() as nursery:
        sender, receiver = await pair.open(nursery)
        pair.connections[1].written_types.clear()
        for size in (1000, 1000, CREDIT_BATCH_BYTES - 2000 - 1):
            await sender.write(bytes(size))
            await trio.testing.wait_all_tasks_blocked()
            assert len(await receiver.read()) == size
        assert pair.connections[1].written_types == []
        await sender.write(b"1")
        assert await receiver.read() == b"1"
        assert pair.connections[1].written_types == [yamux.TYPE_WINDOW_UPDATE]
        nursery.cancel_scope.cancel()


async def test_a_sender_waits_as_long_as_it_takes_and_what_waits_for_a_reader_is_one_window(
    autojump_clock: trio.testing.MockClock,
) -> None:
    pair = Pair()
    size = WINDOW_BYTES * 5
    async with trio.open_nursery() as nursery:
        sender, receiver = await pair.open(nursery)
        nursery.start_soon(sender.write, bytes(size))
        await trio.sleep(3600)
        assert [len(buffer) for buffer in pair.listener.stream_buffers.values()] == [WINDOW_BYTES]
        assert pair.listener.on_read() is None
        read = 0
        while read < size:
            read += len(await receiver.read())
        nursery.cancel_scope.cancel()
    assert read == size


async def test_a_data_frame_larger_than_a_window_ends_the_connection_before_its_body_is_read() -> None:
    pair = Pair()
    async with trio.open_nursery() as nursery:
        await pair.open(nursery)
        header = struct.pack(yamux.YAMUX_HEADER_FORMAT, 0, yamux.TYPE_DATA, 0, 1, WINDOW_BYTES + 1)
        await pair.connections[0].write(header)
        await trio.testing.wait_all_tasks_blocked()
        assert pair.listener.is_closed
        nursery.cancel_scope.cancel()
