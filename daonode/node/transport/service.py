"""The transport: a listener, a dialler for each listed peer, and the two ends that a node uses, `send` and `receive`.

    async with open_transport(config) as transport:
        transport.broadcast(Lane.CONSENSUS, vote)
        match await transport.receive(): ...

Every task lives in the nursery of `open_transport`. Leaving the block closes every socket at once, whatever peers do.
"""

import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import trio

from daonode.node.transport.counters import UNLISTED, TransportCounters
from daonode.node.transport.errors import PeerError
from daonode.node.transport.framing import frame_length_prefix
from daonode.node.transport.gate import REFUSALS, Gate, Refusal
from daonode.node.transport.handshake import Connection, Handshaker
from daonode.node.transport.identity import PeerId, peer_id_from_seed
from daonode.node.transport.inbound import Inbox
from daonode.node.transport.roster import Backoff, Peer, Roster
from daonode.node.transport.session import Session, SessionEnd, SessionPorts
from daonode.node.transport.sockets import dial, listening_address, open_listeners, parse_address, remote_host
from daonode.node.transport.types import LANE_LIMITS, Lane, Multiaddress, Received, TransportConfig

HOLD_SECONDS = 1.0
"""How long a connection that gets no handshake stays open; closing and accepting the next costs more."""
MAX_HELD_CONNECTIONS = 64

Told = Callable[[str, str], None]
"""Told of a connection that came to nothing through the fault of its other side: who, as far as is known, and why."""


class Transport:
    """The network of a node. Made by `open_transport`; usable from any task of its thread."""

    def __init__(self, config: TransportConfig, listeners: list[trio.SocketListener], on_refused: Told) -> None:
        self.peer_id = peer_id_from_seed(config.host_seed)
        self.listen_address: Multiaddress = listening_address(listeners[0])
        """Where this host really listens; tells the port where the configured one was 0."""
        self.counters = TransportCounters(tuple(peer.peer_id for peer in config.peers))
        self._config = config
        self._listeners = listeners
        self._inbox = Inbox()
        self._held_connections = 0
        self._on_refused = on_refused
        self._handshaker = Handshaker(host_seed=config.host_seed, network_key=config.network_key)
        listed_hosts = [parse_address(peer.multiaddr)[0] for peer in config.peers if peer.multiaddr]
        self._gate = Gate(listed_hosts, trio.current_time)
        self._roster = Roster(
            self.peer_id,
            config.peers,
            accept_unknown=config.accept_unknown,
            inbox=self._inbox,
            counters=self.counters,
            timings=config.timings,
        )

    def send(self, peer_id: PeerId, lane: Lane, data: bytes) -> None:
        """Queue one frame for a peer. Never waits, and promises nothing: see `counters` for what was dropped.

        A full queue drops a frame by the rule of its lane. For a peer without a connection, the consensus lane keeps
        frames up to its bound and the others drop.

        Raises:
            FrameSizeRefused: `data` is empty or longer than the lane allows.
        """
        frame_length_prefix(data, max_frame_bytes=LANE_LIMITS[lane].max_frame_bytes)
        peer = self._roster.find(peer_id)
        if peer is None:
            self.counters.lane(UNLISTED, lane).dropped_disconnected_frames += 1
        else:
            _queue_frame(peer, lane, data)

    def broadcast(self, lane: Lane, data: bytes) -> None:
        """Queue one frame for every listed peer and every connected one, as `send` does.

        Raises:
            FrameSizeRefused: `data` is empty or longer than the lane allows.
        """
        frame_length_prefix(data, max_frame_bytes=LANE_LIMITS[lane].max_frame_bytes)
        for peer in self._roster.reachable_peers():
            _queue_frame(peer, lane, data)

    async def receive(self, *lanes: Lane) -> Received:
        """Wait for the next event, or frame of these lanes, all unless given: events first, then in the lanes' order.

        Cancelling it loses nothing. One task at a time may wait for a lane; a lane that nobody waits for holds its
        senders back and no other lane.
        """
        return await self._inbox.take(lanes or tuple(Lane))

    def disconnect(self, peer_id: PeerId, *, for_seconds: float, reason: str) -> None:
        """End a peer's connection, and neither dial nor admit it for a time. `reason` is told with the disconnection.

        Frames that were received before may still follow. The address of one that is not listed pays for it.
        """
        peer = self._roster.find(peer_id)
        if peer is not None and peer.address is None:
            self._gate.blame(peer.host)
        self._roster.keep_out(peer_id, for_seconds=for_seconds, reason=reason)

    def hold_back(self, peer_id: PeerId, lane: Lane, *, for_seconds: float) -> None:
        """Read nothing more of what a peer sends on a lane for a time; what has been read may still follow."""
        peer = self._roster.find(peer_id)
        if peer is not None:
            peer.allowance.hold(lane, for_seconds=for_seconds)

    def is_listed(self, peer_id: PeerId) -> bool:
        """Whether a peer stands in the configuration."""
        peer = self._roster.find(peer_id)
        return peer is not None and peer.address is not None

    @property
    def closed_on_arrival(self) -> Counter[Refusal]:
        """How many connections got no handshake, by reason."""
        return self._gate.refused

    def connected_peers(self) -> list[PeerId]:
        """Return the peers whose lanes are open now, in the order of the configuration, unlisted ones last."""
        return [peer.peer_id for peer in self._roster.reachable_peers() if peer.session is not None]

    async def run(self) -> None:
        """Listen and dial until cancelled. `open_transport` calls it."""
        async with trio.open_nursery() as nursery:
            for peer in self._roster.dialled_peers():
                nursery.start_soon(self._keep_connected, peer)
            # The listeners are closed when this is cancelled.
            await trio.serve_listeners(self._on_inbound, self._listeners)

    async def _on_inbound(self, stream: trio.SocketStream) -> None:
        host = remote_host(stream)
        refusal = self._gate.enter(host)
        if refusal is not None:
            self._on_refused(host, REFUSALS[refusal])
            await self._hold(stream)
            return
        connection = None
        try:
            connection = await self._shake_hands(stream, host, expected_peer=None)
        finally:
            self._gate.leave(host, is_proven=connection is not None)
        if connection is None:
            self.counters.failed_handshakes += 1
        else:
            await self._run_session(connection, host)

    async def _hold(self, stream: trio.SocketStream) -> None:
        """Close a connection that gets no handshake, after a while where few wait: its other side comes again later."""
        try:
            if self._held_connections < MAX_HELD_CONNECTIONS:
                self._held_connections += 1
                try:
                    await trio.sleep(HOLD_SECONDS)
                finally:
                    self._held_connections -= 1
        finally:
            await trio.aclose_forcefully(stream)

    async def _keep_connected(self, peer: Peer) -> None:
        assert peer.address is not None
        timings = self._config.timings
        backoff = Backoff(timings, random.Random())
        # The smaller id dials first; the other waits a moment, so that two connections are the exception.
        is_due = self.peer_id < peer.peer_id
        while True:
            await peer.lost.wait()
            if not is_due:
                await trio.sleep(backoff.next_seconds())
            is_due = False
            await trio.sleep(self._roster.seconds_kept_out(peer.peer_id))
            if peer.session is not None:
                continue
            connection = await self._dial(peer)
            if connection is None:
                self.counters.peer(peer.peer_id).dial_failures += 1
                continue
            started = trio.current_time()
            await self._run_session(connection, peer.address.name)
            if trio.current_time() - started > timings.reconnect_cap_seconds:
                backoff.reset()

    async def _dial(self, peer: Peer) -> Connection | None:
        assert peer.address is not None
        try:
            with trio.move_on_after(self._config.timings.handshake_timeout_seconds):
                stream = await dial(peer.address.multiaddr)
                return await self._shake_hands(stream, peer.address.name, expected_peer=peer.peer_id)
        except PeerError:
            pass
        return None

    async def _shake_hands(
        self, stream: trio.SocketStream, who: str, *, expected_peer: PeerId | None
    ) -> Connection | None:
        limit_seconds = self._config.timings.handshake_timeout_seconds
        reason = f"the handshake was not over in {limit_seconds:.0f} s"
        try:
            with trio.move_on_after(limit_seconds):
                return await self._handshaker.connect(stream, expected_peer=expected_peer)
        except PeerError as error:
            reason = str(error)
        self._on_refused(who, reason)
        return None

    async def _run_session(self, connection: Connection, who: str) -> None:
        peer = self._roster.admit(connection.peer, host=who)
        if peer is None:
            await trio.aclose_forcefully(connection.tcp.stream)
            self._on_refused(who, f"host {connection.peer} is not listed, is kept away, or has too many connections")
            return
        session = Session(
            connection,
            SessionPorts(inbox=self._inbox, queues=peer.queues, allowance=peer.allowance, counters=self.counters),
            chain_reference=self._config.chain_reference,
            timings=self._config.timings,
        )
        end = SessionEnd(reason="this host closed", is_breach=False)
        try:
            end = await session.run(lambda ready: self._roster.attach(peer, ready))
        finally:
            self._roster.detach(peer, session, end)
            self._roster.release(peer)


def _queue_frame(peer: Peer, lane: Lane, data: bytes) -> None:
    if peer.session is None:
        peer.queues[lane].put_while_disconnected(data)
    else:
        peer.queues[lane].put(data)


@asynccontextmanager
async def open_transport(
    config: TransportConfig, *, on_refused: Told = lambda who, reason: None
) -> AsyncIterator[Transport]:
    """Listen, dial the peers, and close everything when the block is left, in any state of any peer.

    Errors of the block come out in an exception group, as from every nursery.

    Raises:
        AddressUnavailable: the listening address cannot be bound.
        InvalidTransportConfig: an address of the configuration cannot be parsed.
    """
    for peer in config.peers:
        if peer.multiaddr:
            parse_address(peer.multiaddr)
    transport = Transport(config, await open_listeners(config.listen_address), on_refused)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(transport.run)
        try:
            yield transport
        finally:
            nursery.cancel_scope.cancel()
