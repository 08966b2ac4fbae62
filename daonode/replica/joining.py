"""How a new node begins with a snapshot: it finds one, fetches its chunks from several peers, and rebuilds the state.

`Joining.step(event) -> tuple[Effect, ...]`, with the events and effects of a replica, before there is one. Nothing that
a peer says is believed: see `snapshot.py`. Who sends what is wrong is never asked again, who is slow twice is left out,
and what they owed is asked of others. The chosen manifest and every chunk are on disk before the next is needed, so
after a restart only what is missing is fetched. When nobody has a snapshot the node begins with the genesis block.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from daonode.consensus.errors import Malformed, PeerError
from daonode.consensus.verification import Verifier
from daonode.primitives.codec import DecodeError, decode, encode
from daonode.primitives.ids import Hash
from daonode.replica.archive import KeyValueReader
from daonode.replica.committing import Writes
from daonode.replica.effects import Effect, PeerFault, Persist, Send, SetTimer, Store
from daonode.replica.events import (
    Event,
    MessageReceived,
    PeerConnected,
    PeerDisconnected,
    PeerId,
    Started,
    TimerFired,
)
from daonode.replica.layout import FETCHING_KEY, MANIFEST_PREFIX, chunk_key, height_key
from daonode.replica.messages import ChunkRequest, ChunkResponse, ManifestRequest, ManifestResponse
from daonode.replica.rebuilding import Origin, clear_state, is_rebuilt, joined_writes, rebuild_state
from daonode.replica.snapshot import Manifest, check_chunk, check_manifest
from daonode.replica.snapshot_archive import SnapshotArchive

TICK_TIMER = "joining.tick"
WORK_TIMER = "joining.work"
TICK_MS = 250
"""How often silent peers are looked for and everyone may be asked anew."""
MAX_REQUESTS_A_TICK = 4
"""Chunks asked of one peer in `TICK_MS`, and unanswered by it at a time: half of what it answers (`budgets.py`)."""
CHUNK_TIMEOUT_MS = 5_000
MAX_SILENCES = 2
"""Who lets as many requests pass is left out."""
DISCOVERY_MS = 2_000
"""After the first peer is connected, the others are waited for so long."""
ASK_AGAIN_MS = 2_000
"""When no snapshot can be had, peers are asked again so often."""
PATIENCE_MS = 30_000
"""When nobody has offered one for so long, the node begins with the genesis block."""
MAX_OFFERS = 16
"""Snapshots that are remembered; more are not taken while there are as many."""


class Outcome(Enum):
    """How joining has ended."""

    JOINED = "joined"
    NO_SNAPSHOT = "no snapshot"


@dataclass(slots=True)
class _Peer:
    """A connected peer. `has_none` says that it had no snapshot when it was last asked."""

    has_none: bool = False
    silences: int = 0
    asked_in_tick: int = 0


@dataclass(slots=True)
class _Offer:
    """A checked manifest, and who has the snapshot (in the order in which they said so)."""

    manifest: Manifest
    holders: dict[PeerId, None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who owes a chunk, and until when."""

    peer: PeerId
    until_ms: int


class Joining:
    """One attempt to begin with a snapshot. The databases are live; `verifier` is taken from epoch to epoch here."""

    def __init__(
        self,
        *,
        state: KeyValueReader,
        snapshots: KeyValueReader,
        verifier: Verifier,
        origin: Origin,
    ) -> None:
        self._state = state
        self._snapshots = SnapshotArchive(snapshots)
        self._verifier = verifier
        self._origin = origin
        self._peers: dict[PeerId, _Peer] = {}
        self._banned: dict[PeerId, None] = {}
        self._offers: dict[Hash, _Offer] = {}
        self._target: Hash | None = None
        self._missing: dict[int, None] = {}
        """Chunks that nobody has been asked for, in the order in which they will be."""
        self._asked: dict[int, _Asked] = {}
        self._work: Iterator[Writes] | None = None
        self._choose_at_ms: int | None = None
        self._ask_again_ms = 0
        self._give_up_ms = 0
        self._is_giving_up = False
        self._has_dropped = False
        self._effects: list[Effect] = []
        self.outcome: Outcome | None = None
        """None until joining has ended."""

    @property
    def peers(self) -> tuple[PeerId, ...]:
        """Who is connected."""
        return tuple(self._peers)

    @property
    def manifest(self) -> Manifest | None:
        """The snapshot that is being fetched or rebuilt, or was."""
        return None if self._target is None else self._offers[self._target].manifest

    @property
    def missing(self) -> int:
        """How many chunks are not here yet."""
        return len(self._missing) + len(self._asked)

    def step(self, event: Event) -> tuple[Effect, ...]:
        """Handle one event; others than of connections, messages and timers change nothing."""
        now_ms = event.now_ms
        self._has_dropped = False
        match event:
            case Started():
                self._start(now_ms)
            case PeerConnected():
                self._on_connected(event.peer, now_ms)
            case PeerDisconnected():
                self._on_disconnected(event.peer)
            case MessageReceived():
                self._on_message(event)
            case TimerFired():
                self._on_timer(event)
            case _:
                pass
        if self.outcome is None and self._work is None:
            self._choose(now_ms)
            self._ask(now_ms)
        effects = tuple(self._effects)
        self._effects.clear()
        return effects

    # Events.

    def _start(self, now_ms: int) -> None:
        self._give_up_ms = now_ms + PATIENCE_MS
        self._set_tick(now_ms)
        manifest = self._snapshots.fetching()
        if manifest is not None:
            # It was checked before it was written, and so was every chunk that is here.
            self._take_up(_Offer(manifest))

    def _on_connected(self, peer: PeerId, now_ms: int) -> None:
        self._peers.setdefault(peer, _Peer())
        if self._choose_at_ms is None:
            self._choose_at_ms = now_ms + DISCOVERY_MS
        if peer not in self._banned:
            self._effects.append(Send(peer, ManifestRequest()))

    def _on_disconnected(self, peer: PeerId) -> None:
        self._peers.pop(peer, None)
        self._leave_out(peer)

    def _on_message(self, event: MessageReceived) -> None:
        peer, message = event.peer, event.message
        if peer in self._banned or peer not in self._peers:
            return
        try:
            if isinstance(message, ManifestResponse):
                self._on_manifests(peer, message)
            elif isinstance(message, ChunkResponse):
                self._on_chunk(peer, message, now_ms=event.now_ms)
        except PeerError as error:
            self._ban(peer, str(error))

    def _on_timer(self, event: TimerFired) -> None:
        if event.timer == WORK_TIMER:
            self._go_on(event.now_ms)
        elif event.timer == TICK_TIMER and self.outcome is None:
            for peer in self._peers.values():
                peer.asked_in_tick = 0
            self._look_for_silence(event.now_ms)
            self._set_tick(event.now_ms)

    # Finding a snapshot.

    def _on_manifests(self, peer: PeerId, message: ManifestResponse) -> None:
        self._peers[peer].has_none, self._peers[peer].silences = not message.manifests, 0
        self._withdraw(peer)
        origin = self._origin
        first_epoch = (origin.first_epoch.validators, origin.first_epoch.genesis_qc)
        for data in message.manifests:
            try:
                manifest = decode(data, Manifest)
            except DecodeError as error:
                raise Malformed(reason=f"no manifest of a snapshot: {error}") from error
            check_manifest(manifest, genesis=origin.genesis, first_epoch=first_epoch, verifier=self._verifier)
            offer = self._offers.get(manifest.id())
            if offer is None and len(self._offers) < MAX_OFFERS:
                offer = self._offers[manifest.id()] = _Offer(manifest)
            if offer is not None:
                offer.holders[peer] = None

    def _withdraw(self, peer: PeerId) -> None:
        """What a peer has offered before counts no more; what nobody offers any more is forgotten."""
        for name, offer in tuple(self._offers.items()):
            offer.holders.pop(peer, None)
            if not offer.holders and name != self._target:
                del self._offers[name]

    def _choose(self, now_ms: int) -> None:
        """Take the newest snapshot that somebody has, of equal ones the one that most have; or end without."""
        has_holder = self._target is not None and self._offers[self._target].holders
        if has_holder or self._has_dropped or not self._may_choose(now_ms):
            return
        offers = [offer for offer in self._offers.values() if offer.holders]
        if offers and self._target is not None:
            self._drop_target()
        elif offers:
            best = max(offers, key=lambda offer: (offer.manifest.header.height, len(offer.holders)))
            self._persist(Store.SNAPSHOTS, ((FETCHING_KEY, encode(best.manifest)),))
            self._take_up(best)
        elif self._nobody_has_any() or now_ms >= self._give_up_ms:
            self._is_giving_up = True
            self._begin(clear_state(self._state), now_ms)
        elif now_ms >= self._ask_again_ms:
            self._ask_again_ms = now_ms + ASK_AGAIN_MS
            self._effects.extend(Send(peer, ManifestRequest()) for peer in self._peers if peer not in self._banned)

    def _may_choose(self, now_ms: int) -> bool:
        if now_ms >= self._give_up_ms:
            return True
        return self._choose_at_ms is not None and now_ms >= self._choose_at_ms

    def _nobody_has_any(self) -> bool:
        """Whether all have said so, and nobody was banned for saying otherwise."""
        return not self._banned and bool(self._peers) and all(peer.has_none for peer in self._peers.values())

    def _take_up(self, offer: _Offer) -> None:
        """Fetch what is missing of a snapshot."""
        manifest = offer.manifest
        self._target = manifest.id()
        self._offers.setdefault(self._target, offer)
        block_id = manifest.header.id()
        missing = (index for index in range(len(manifest.chunks)) if self._snapshots.chunk(block_id, index) is None)
        self._missing = dict.fromkeys(missing)
        self._asked = {}

    def _drop_target(self) -> None:
        """Nobody has this snapshot any more, or it was a lie: another is looked for."""
        assert self._target is not None, "there is one to drop"
        # The database still has its chunks while this step lasts: another is chosen in the next one.
        self._has_dropped = True
        manifest = self._offers.pop(self._target).manifest
        block_id = manifest.header.id()
        chunks = ((chunk_key(block_id, index), None) for index in range(len(manifest.chunks)))
        self._persist(Store.SNAPSHOTS, ((FETCHING_KEY, None), *chunks))
        self._target, self._missing, self._asked = None, {}, {}

    # Fetching chunks.

    def _ask(self, now_ms: int) -> None:
        """Ask whoever has the snapshot for what is missing; when nothing is, rebuild."""
        if self._target is None:
            return
        offer = self._offers[self._target]
        if not self._missing and not self._asked:
            self._rebuild(offer.manifest, now_ms)
            return
        owed = [asked.peer for asked in self._asked.values()]
        for peer in offer.holders:
            known = self._peers[peer]
            room = min(MAX_REQUESTS_A_TICK - known.asked_in_tick, MAX_REQUESTS_A_TICK - owed.count(peer))
            for index in tuple(self._missing)[:room] if room > 0 else ():
                del self._missing[index]
                known.asked_in_tick += 1
                self._asked[index] = _Asked(peer, now_ms + CHUNK_TIMEOUT_MS)
                self._effects.append(Send(peer, ChunkRequest(block_id=offer.manifest.header.id(), index=index)))

    def _on_chunk(self, peer: PeerId, message: ChunkResponse, *, now_ms: int) -> None:
        manifest, asked = self.manifest, self._asked.get(message.index)
        # An honest peer may answer late, when another has been asked or another snapshot is being fetched.
        if manifest is None or asked is None or asked.peer != peer or message.block_id != manifest.header.id():
            return
        if message.chunk is None:
            self._leave_out(peer)
            return
        check_chunk(manifest, message.index, message.chunk)
        del self._asked[message.index]
        self._give_up_ms = now_ms + PATIENCE_MS
        self._persist(Store.SNAPSHOTS, ((chunk_key(message.block_id, message.index), message.chunk),))

    def _look_for_silence(self, now_ms: int) -> None:
        for index, asked in tuple(self._asked.items()):
            if now_ms >= asked.until_ms and index in self._asked:
                del self._asked[index]
                self._missing[index] = None
                self._peers[asked.peer].silences += 1
                if self._peers[asked.peer].silences >= MAX_SILENCES:
                    self._leave_out(asked.peer)

    def _leave_out(self, peer: PeerId) -> None:
        """A peer has no snapshot for us now; what it owes is asked of others."""
        self._withdraw(peer)
        for index, asked in tuple(self._asked.items()):
            if asked.peer == peer:
                del self._asked[index]
                self._missing[index] = None

    def _ban(self, peer: PeerId, reason: str) -> None:
        self._banned[peer] = None
        self._leave_out(peer)
        self._effects.append(PeerFault(peer, f"offers a snapshot that is none: {reason}"))

    # Rebuilding.

    def _rebuild(self, manifest: Manifest, now_ms: int) -> None:
        def work() -> Iterator[Writes]:
            yield from clear_state(self._state)
            yield from rebuild_state(manifest, self._snapshots)

        self._begin(work(), now_ms)

    def _begin(self, work: Iterator[Writes], now_ms: int) -> None:
        self._work = work
        self._effects.append(SetTimer(WORK_TIMER, now_ms))

    def _go_on(self, now_ms: int) -> None:
        """Write the next batch; after the last one, end."""
        if self._work is None:
            return
        writes = next(self._work, None)
        if writes is not None:
            self._persist(Store.STATE, writes)
            self._effects.append(SetTimer(WORK_TIMER, now_ms))
            return
        self._work = None
        manifest = self.manifest
        if self._is_giving_up or manifest is None:
            self.outcome = Outcome.NO_SNAPSHOT
        elif is_rebuilt(manifest, self._state):
            self._end(manifest)
        else:
            self._refuse_snapshot()

    def _refuse_snapshot(self) -> None:
        """Its chunks were all found right, and are not the state that was certified: no holder is believed again."""
        assert self._target is not None, "its snapshot has been rebuilt"
        for peer in tuple(self._offers[self._target].holders):
            self._ban(peer, "its chunks together do not have the root of its header")
        self._drop_target()

    def _end(self, manifest: Manifest) -> None:
        """Give the node its tip. From here on the snapshot is one of its own, for others."""
        self._persist(Store.STATE, joined_writes(manifest, self._state, origin=self._origin), sync=True)
        kept = ((height_key(MANIFEST_PREFIX, manifest.header.height), encode(manifest)), (FETCHING_KEY, None))
        self._persist(Store.SNAPSHOTS, kept, sync=True)
        self.outcome = Outcome.JOINED

    def _persist(self, store: Store, writes: Writes, *, sync: bool = False) -> None:
        self._effects.append(Persist(store, writes, sync=sync))

    def _set_tick(self, now_ms: int) -> None:
        self._effects.append(SetTimer(TICK_TIMER, now_ms + TICK_MS))
