"""Runs `replica.joining` on the node's transport and stores, before there is a replica: only the sync lane is read."""

from __future__ import annotations

from collections.abc import Callable

import structlog
import trio

from daonode.consensus.errors import PeerError
from daonode.node.clock import Clock
from daonode.node.damage import stopping_at_damage
from daonode.node.inbox import Inbox
from daonode.node.narrator import Narrator
from daonode.node.storage import Stores
from daonode.node.timers import Timers
from daonode.node.transport.identity import PeerId as TransportPeerId
from daonode.node.transport.service import Transport
from daonode.node.transport.types import Inbound, PeerMisbehaved
from daonode.node.transport.types import Lane as TransportLane
from daonode.node.transport.types import PeerConnected as TransportConnected
from daonode.node.transport.types import PeerDisconnected as TransportDisconnected
from daonode.primitives.codec import encode
from daonode.process.settings import LogSection
from daonode.process.signals import obeying_signals
from daonode.replica.effects import Effect, PeerFault, Persist, Send, SetTimer, Store
from daonode.replica.events import Event, MessageReceived, PeerConnected, PeerDisconnected, PeerId, Started, TimerFired
from daonode.replica.intake import Intake
from daonode.replica.joining import Joining, Outcome
from daonode.replica.messages import Lane

ABSENCE_SECONDS = 60.0
"""Who offers a snapshot that is none is kept away for so long."""

log = structlog.get_logger(__name__)


class JoiningDriver:
    """Drives one `Joining` to its end."""

    def __init__(
        self,
        joining: Joining,
        *,
        intake: Intake,
        stores: Stores,
        transport: Transport,
        clock: Clock,
        narrator: Narrator,
    ) -> None:
        self._joining = joining
        self._intake = intake
        self._stores = {Store.STATE: stores.state, Store.SNAPSHOTS: stores.snapshots}
        self._transport = transport
        self._clock = clock
        self._narrator = narrator
        self._inbox = Inbox()
        self._timers = Timers(clock, self._inbox.put_urgent)
        self._told_height: int | None = None

    @property
    def peers(self) -> tuple[PeerId, ...]:
        """Who is connected."""
        return self._joining.peers

    async def run(self) -> None:
        """Drive until joining has ended.

        Raises:
            DiskFailed: a store cannot be read or written.
        """
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._timers.run)
            nursery.start_soon(self._receive)
            await self._step(Started(self._clock.now_ms()))
            while self._joining.outcome is None:
                taken = await self._inbox.take()
                if isinstance(taken, str):
                    await self._step(TimerFired(self._clock.now_ms(), taken))
                elif not isinstance(taken, tuple):
                    await self._step(taken)
            nursery.cancel_scope.cancel()

    async def _receive(self) -> None:
        while True:
            item = await self._transport.receive(TransportLane.SYNC)
            match item:
                case TransportConnected():
                    self._narrator.peer_connected(PeerId(item.peer))
                    self._inbox.put_urgent(PeerConnected(self._clock.now_ms(), PeerId(item.peer)))
                case TransportDisconnected():
                    self._narrator.peer_disconnected(PeerId(item.peer), item.reason)
                    self._inbox.put_urgent(PeerDisconnected(self._clock.now_ms(), PeerId(item.peer)))
                case PeerMisbehaved():
                    self._narrator.peer_fault(PeerId(item.peer), item.reason)
                case Inbound():
                    await self._take_in(item)

    async def _take_in(self, item: Inbound) -> None:
        peer, now_ms = PeerId(item.peer), self._clock.now_ms()
        try:
            checked = self._intake.check_message(Lane.SYNC, item.data, now_ms=now_ms)
        except PeerError as error:
            self._narrator.peer_fault(peer, str(error))
            return
        await self._inbox.put_message(Lane.SYNC, MessageReceived(now_ms, peer, checked.message))

    async def _step(self, event: Event) -> None:
        with stopping_at_damage():
            # A chunk takes tens of milliseconds to verify; connections are kept alive meanwhile.
            effects = await trio.to_thread.run_sync(self._joining.step, event)
            for effect in effects:
                await self._carry_out(effect)
        self._tell_progress()

    async def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Persist():
                store = self._stores[effect.store]
                await trio.to_thread.run_sync(lambda: store.write(effect.writes, sync=effect.sync))
            case Send():
                self._transport.send(TransportPeerId(effect.peer), TransportLane.SYNC, encode(effect.message))
            case SetTimer():
                self._timers.set(effect.timer, effect.at_ms)
            case PeerFault():
                self._narrator.peer_fault(effect.peer, effect.reason)
                self._transport.disconnect(
                    TransportPeerId(effect.peer), for_seconds=ABSENCE_SECONDS, reason=effect.reason
                )
            case _:
                raise AssertionError(f"joining asks for no {type(effect).__name__}")

    def _tell_progress(self) -> None:
        manifest = self._joining.manifest
        height = None if manifest is None else manifest.header.height
        if manifest is not None and height != self._told_height:
            log.info("fetching a snapshot", height=height, chunks=len(manifest.chunks), missing=self._joining.missing)
        self._told_height = height
        match self._joining.outcome:
            case Outcome.JOINED:
                log.info("the node begins with a snapshot", height=height)
            case Outcome.NO_SNAPSHOT:
                log.warning("nobody has a snapshot: the node begins with the genesis block")
            case None:
                pass


async def join(driver: JoiningDriver, *, read_log: Callable[[], LogSection]) -> tuple[PeerId, ...] | None:
    """Drive until joining has ended, and return who is connected then; None where a signal came first."""
    connected: tuple[PeerId, ...] | None = None
    async with obeying_signals(read_log) as nursery:
        await driver.run()
        connected = driver.peers
        nursery.cancel_scope.cancel()
    return connected
