"""A node that begins with a snapshot, among peers whose answers a test may bend, on virtual time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from daonode.primitives.codec import encode
from daonode.replica.archive import Archive
from daonode.replica.effects import Effect, PeerFault, Persist, Send, SetTimer, Store
from daonode.replica.events import Event, MessageReceived, PeerConnected, PeerDisconnected, PeerId, Started, TimerFired
from daonode.replica.joining import Joining, Outcome
from daonode.replica.messages import ChunkRequest, ManifestRequest, Message, lane_of
from tests.unit.replica.network import Database, Network
from tests.unit.replica.network import Node as Peer

STEP_MS = 50
LIMIT_MS = 120_000

Bend = Callable[[Message], Message | None]
"""What becomes of an answer; None keeps it back."""


@dataclass(slots=True)
class Joiner:
    """The new node. `asked` lists every request that went out, with whom it went to."""

    network: Network
    blocks: Database = field(default_factory=Database)
    state: Database = field(default_factory=Database)
    snapshots: Database = field(default_factory=Database)
    bends: dict[PeerId, Bend] = field(default_factory=dict)
    asked: list[tuple[PeerId, Message]] = field(default_factory=list)
    faults: list[PeerFault] = field(default_factory=list)
    now_ms: int = 0
    timers: dict[str, int] = field(default_factory=dict)
    queue: list[Event] = field(default_factory=list)
    joining: Joining = field(init=False)

    def start(self, peers: list[Peer]) -> None:
        """Begin, or begin again with what is on the disk, connected to these peers."""
        self.timers.clear()
        self.queue.clear()
        self.joining = self.network.chain.make_joining(
            state=self.state, snapshots=self.snapshots, verifier=self.network.chain.make_verifier()
        )
        self._step(Started(self.now_ms))
        for peer in peers:
            self._step(PeerConnected(self.now_ms, peer.name))

    def run(self, *, until: Callable[[], bool] | None = None) -> Outcome | None:
        """Let time pass until joining has ended, or a condition holds."""
        end_ms = self.now_ms + LIMIT_MS
        while self.joining.outcome is None and not (until is not None and until()):
            assert self.now_ms < end_ms, "joining does not end"
            if self.queue:
                self._step(self.queue.pop(0))
                continue
            due = [name for name, at_ms in self.timers.items() if at_ms <= self.now_ms]
            if due:
                del self.timers[due[0]]
                self._step(TimerFired(self.now_ms, due[0]))
            else:
                self.now_ms += STEP_MS
        return self.joining.outcome

    def disconnect(self, peer: Peer) -> None:
        """Lose the connection with a peer."""
        self._step(PeerDisconnected(self.now_ms, peer.name))

    @property
    def archive(self) -> Archive:
        return Archive(self.blocks, self.state)

    @property
    def chunks_asked(self) -> list[tuple[PeerId, int]]:
        """Whom which chunk was asked of."""
        return [(peer, message.index) for peer, message in self.asked if isinstance(message, ChunkRequest)]

    def _step(self, event: Event) -> None:
        for effect in self.joining.step(event):
            self._carry_out(effect)

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Persist():
                stores = {Store.BLOCKS: self.blocks, Store.STATE: self.state, Store.SNAPSHOTS: self.snapshots}
                stores[effect.store].write(effect.writes)
            case Send():
                self.asked.append((effect.peer, effect.message))
                self._answer(effect.peer, effect.message)
            case SetTimer():
                self.timers[effect.timer] = effect.at_ms
            case PeerFault():
                self.faults.append(effect)
            case _:
                raise AssertionError(effect)

    def _answer(self, name: PeerId, message: Message) -> None:
        """A peer's replica answers; a bent answer is encoded and checked on its way like any other."""
        assert isinstance(message, ManifestRequest | ChunkRequest)
        peer = next(each for each in self.network.nodes if each.name == name)
        # Each request comes in a window of its own: budgets are tested elsewhere.
        self.network.now_ms += 10_000
        for effect in self.network.hear(peer, self.network.nodes[0], message):
            assert isinstance(effect, Send), effect
            answer = self.bends.get(name, lambda each: each)(effect.message)
            if answer is not None:
                intake = self.network.chain.make_intake(peer.archive, self.network.chain.make_verifier())
                checked = intake.check_message(lane_of(answer), encode(answer), now_ms=self.now_ms)
                self.queue.append(MessageReceived(self.now_ms, name, checked.message))
