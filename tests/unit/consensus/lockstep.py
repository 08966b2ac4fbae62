"""Four (or more) cores with real signers on one virtual clock: a network that a test can cut, and disks that survive.

Execution is trivial: the state root is the hash of the parent's root and the payload. Messages and timers wait in one
heap by time; a test decides which messages arrive. Every commit is compared with those of all others.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from hashlib import sha256

from daonode.consensus.config import ConsensusConfig
from daonode.consensus.core import Core
from daonode.consensus.effects import (
    Broadcast,
    Build,
    CancelTimer,
    Commit,
    Effect,
    Execute,
    Fetch,
    Halt,
    PersistBlock,
    ReportEvidence,
    Send,
    SetTimer,
    Sign,
)
from daonode.consensus.events import (
    BlockBuilt,
    BlockExecuted,
    BlocksFetched,
    Event,
    PendingWorkChanged,
    Signed,
    SignRefused,
    Started,
    Timer,
    TimerFired,
)
from daonode.consensus.messages import ConsensusMessage, TimeoutMessage
from daonode.consensus.safety import SafetyState
from daonode.consensus.types import (
    EMPTY_DIGEST,
    HEADER_VERSION,
    Block,
    CommitProof,
    Header,
    ValidatorSet,
    payload_digest,
)
from daonode.primitives.ids import BlockId, Hash, Signature, ValidatorId
from daonode.signer.signing import LocalSigner, Refusal, Signer
from tests.unit.consensus.chains import (
    CHAIN_ID,
    EMPTY_PAYLOAD,
    EMPTY_PAYLOAD_DIGEST,
    GENESIS_MS,
    Maker,
    check_hash_signature,
    hash_signature,
    make_set,
)

LATENCY_MS = 10
Filter = Callable[[int, int, ConsensusMessage], int | None]
"""(sender, receiver, message) -> the delay in milliseconds, None to lose it."""


class Disk:
    """What a validator keeps when its process dies."""

    def __init__(self, safety: SafetyState, genesis: Header) -> None:
        self.safety = safety
        self.blocks: dict[BlockId, Block] = {}
        self.committed: list[Block] = []
        self.proof: CommitProof | None = None
        self.genesis = genesis

    def root(self) -> Header:
        return self.committed[-1].header if self.committed else self.genesis

    def uncommitted(self) -> tuple[Block, ...]:
        above = [block for block in self.blocks.values() if block.header.height > self.root().height]
        return tuple(sorted(above, key=lambda block: block.header.height))


def next_root(parent_root: bytes, payload: bytes) -> Hash:
    return Hash(sha256(parent_root + payload).digest())


class Machine:
    """One validator: a core, a signer and a disk."""

    def __init__(self, network: Network, index: int, disk: Disk) -> None:
        self.network, self.index, self.disk = network, index, disk
        member = network.maker.validators.validators[network.member_of(index)]
        self.id = member.id
        self.verifier = network.maker.verifier()
        self.signer: Signer = LocalSigner(
            safety=disk.safety,
            keys={member.public_key: lambda message: hash_signature(member.public_key, message)},
            persist=self._persist,
            check_signature=check_hash_signature,
        )
        self.core = Core(
            network.config,
            validators=network.maker.validators,
            own=member.id,
            safety=disk.safety,
            root=disk.root(),
            root_proof=disk.proof,
            history=tuple(disk.committed[-64:]),
            uncommitted=disk.uncommitted(),
        )
        self.roots: dict[BlockId, Hash] = {disk.root().id(): disk.root().state_root}
        self.timers: dict[Timer, SetTimer] = {}
        self.transactions = 0
        self.pending = False
        self.refusals: list[Refusal] = []
        self.evidence: list[ReportEvidence] = []
        self.halted = False
        self.alive = True

    def _persist(self, safety: SafetyState) -> None:
        self.disk.safety = safety

    def step(self, event: Event) -> None:
        queue: list[Event] = [event]
        while queue and self.alive:
            for effect in self.core.step(queue.pop(0)):
                answer = self.run(effect)
                if answer is not None:
                    queue.append(answer)
            if self.has_pending() != self.pending:
                self.pending = not self.pending
                queue.append(PendingWorkChanged(self.network.now_ms, self.pending))

    def run(self, effect: Effect) -> Event | None:
        now_ms = self.network.now_ms
        match effect:
            case Build():
                return BlockBuilt(now_ms, self.build(effect), self.network.work_ms)
            case Execute():
                error = self.execute(effect.block)
                return BlockExecuted(now_ms, effect.block.header.id(), error, self.network.work_ms)
            case PersistBlock():
                self.disk.blocks[effect.block.header.id()] = effect.block
            case Sign():
                outcome = self.signer.sign(effect.request)
                if isinstance(outcome, Refusal):
                    self.refusals.append(outcome)
                    return SignRefused(now_ms, effect.request, outcome.reason)
                self.network.signed.append((self.index, effect.request, outcome))
                return Signed(now_ms, effect.request, outcome)
            case Commit():
                self.commit(effect)
            case Send():
                for receiver in self.network.places_of(effect.to):
                    self.network.send(self.index, receiver, effect.message)
            case Broadcast():
                for receiver in range(len(self.network.machines)):
                    if receiver != self.index:
                        self.network.send(self.index, receiver, effect.message)
            case SetTimer():
                self.timers[effect.timer] = effect
                self.network.set_timer(self, effect)
            case CancelTimer():
                self.timers.pop(effect.timer, None)
            case Fetch():
                self.network.fetch(self.index, effect)
            case ReportEvidence():
                self.evidence.append(effect)
            case Halt():
                self.halted = True
        return None

    def build(self, order: Build) -> Block:
        payload = EMPTY_PAYLOAD if order.empty else b"%d transactions in round %d" % (self.transactions, order.round)
        root = next_root(self.roots[order.parent.id()], payload)
        digest = self.network.maker.validators.digest()
        header = Header(
            version=HEADER_VERSION,
            chain_id=CHAIN_ID,
            epoch=order.epoch,
            height=order.parent.height + 1,
            round=order.round,
            time_ms=order.time_ms,
            proposer=order.proposer,
            parent_id=order.parent.id(),
            qc_digest=order.qc.digest(),
            tc_digest=EMPTY_DIGEST if order.tc is None else order.tc.digest(),
            payload_digest=payload_digest(payload),
            state_root=root,
            receipts_root=Hash(bytes(32)),
            validators_digest=digest,
            next_validators_digest=digest,
            failed_proposers=order.failed_proposers,
        )
        self.roots[header.id()] = root
        return Block(header=header, payload=payload, qc=order.qc, tc=order.tc)

    def execute(self, block: Block) -> str | None:
        root = next_root(self.roots[block.header.parent_id], block.payload)
        self.roots[block.header.id()] = root
        return None if root == block.header.state_root else "the state root differs"

    def commit(self, effect: Commit) -> None:
        self.verifier.check_proof(effect.proof)
        for block in effect.blocks:
            assert block.header.parent_id == self.disk.root().id(), "commits are a chain"
            self.disk.committed.append(block)
            self.network.check_agreement(block)
            if block.header.payload_digest != EMPTY_PAYLOAD_DIGEST:
                self.transactions = max(0, self.transactions - 1)
        self.disk.proof = effect.proof

    def has_pending(self) -> bool:
        """Whether there are more transactions than stand in the uncommitted blocks."""
        waiting = [block for block in self.disk.uncommitted() if block.header.payload_digest != EMPTY_PAYLOAD_DIGEST]
        return self.transactions > len(waiting)


class Network:
    """The machines, the clock and what is on its way."""

    def __init__(self, validators: ValidatorSet | None = None, *, copies: int = 1, **config: int) -> None:
        self.maker = Maker(validators or make_set(1, 1, 1, 1))
        settings = {"min_block_interval_ms": 0, **config}
        self.config = ConsensusConfig(chain_id=CHAIN_ID, empty_payload_digest=EMPTY_PAYLOAD_DIGEST, **settings)
        self.now_ms = GENESIS_MS + 1_000
        self.work_ms = 0
        """How much work each block is."""
        self.filter: Filter = lambda sender, receiver, message: LATENCY_MS
        self.signed: list[tuple[int, object, Signature]] = []
        self.sent: list[tuple[int, int, ConsensusMessage]] = []
        self.chain: list[BlockId] = []
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._sequence = 0
        self.machines: list[Machine] = []
        for index in range(len(self.maker.validators.validators) * copies):
            safety = self.maker.initial_safety(self.member_of(index))
            self.machines.append(Machine(self, index, Disk(safety, self.maker.genesis)))
        self.prepare()
        for machine in self.machines:
            machine.step(Started(self.now_ms))

    def prepare(self) -> None:
        """For networks with other machines: called before anything starts."""

    def member_of(self, place: int) -> int:
        """The validator that the machine at a place is (a copy of)."""
        return place % len(self.maker.validators.validators)

    def places_of(self, validator: ValidatorId) -> tuple[int, ...]:
        """The machines of a validator."""
        member = self.index_of(validator)
        return tuple(place for place in range(len(self.machines)) if self.member_of(place) == member)

    def index_of(self, validator: ValidatorId) -> int:
        return [member.id for member in self.maker.validators.validators].index(validator)

    def submit(self, transactions: int = 1, *, to: tuple[int, ...] | None = None) -> None:
        """Give every machine (or those of `to`) so many blocks' worth of transactions."""
        for index in range(len(self.machines)) if to is None else to:
            machine = self.machines[index]
            machine.transactions += transactions
            machine.pending = machine.has_pending()
            machine.step(PendingWorkChanged(self.now_ms, machine.pending))

    def at(self, time_ms: int, action: Callable[[], None]) -> None:
        self._sequence += 1
        heapq.heappush(self._heap, (time_ms, self._sequence, action))

    def send(self, sender: int, receiver: int, message: ConsensusMessage) -> None:
        self.sent.append((sender, receiver, message))
        delay_ms = self.filter(sender, receiver, message)
        if delay_ms is not None:
            self.at(self.now_ms + delay_ms, lambda: self._deliver(sender, receiver, message))
            if isinstance(message, TimeoutMessage):
                # A timeout gossips the pending transactions again.
                wanted = self.machines[sender].transactions
                self.at(self.now_ms + delay_ms, lambda: self._gossip(receiver, wanted))

    def _gossip(self, receiver: int, transactions: int) -> None:
        missing = transactions - self.machines[receiver].transactions
        if self.machines[receiver].alive and missing > 0:
            self.submit(missing, to=(receiver,))

    def _deliver(self, sender: int, receiver: int, message: ConsensusMessage) -> None:
        machine = self.machines[receiver]
        if machine.alive:
            event = machine.verifier.received(
                message, sender=self.maker.validators.validators[self.member_of(sender)].id, now_ms=self.now_ms
            )
            machine.step(event)

    def set_timer(self, machine: Machine, effect: SetTimer) -> None:
        def fire() -> None:
            if self.machines[machine.index] is machine and machine.timers.get(effect.timer) is effect:
                del machine.timers[effect.timer]
                machine.step(TimerFired(self.now_ms, effect.timer, effect.round))

        self.at(effect.at_ms, fire)

    def fetch(self, index: int, effect: Fetch) -> None:
        """Answer from the disk of the first live holder that has the whole path."""

        def answer() -> None:
            machine = self.machines[index]
            for place in [place for holder in effect.holders for place in self.places_of(holder)]:
                other = self.machines[place]
                stored = {**{block.header.id(): block for block in other.disk.committed}, **other.disk.blocks}
                path: list[Block] = []
                block = stored.get(effect.block_id) if other.alive else None
                while block is not None and block.header.height > machine.core.committed_height:
                    path.insert(0, block)
                    block = stored.get(block.header.parent_id)
                if path:
                    machine.verifier.check_fetched(path, tip=effect.block_id)
                    machine.step(BlocksFetched(self.now_ms, tuple(path), None))
                    return

        self.at(self.now_ms + LATENCY_MS, answer)

    def run(self, duration_ms: int, *, until: Callable[[], bool] = lambda: False) -> None:
        """Let time pass."""
        end_ms = self.now_ms + duration_ms
        while self._heap and self._heap[0][0] <= end_ms and not until():
            self.now_ms, _, action = heapq.heappop(self._heap)
            action()
        if not until():
            self.now_ms = end_ms

    def crash(self, index: int) -> None:
        """End the process; its disk stays."""
        self.machines[index].alive = False

    def restart(self, index: int) -> None:
        """Start a new process on the disk."""
        old = self.machines[index]
        old.alive = False
        machine = Machine(self, index, old.disk)
        machine.transactions = old.transactions
        self.machines[index] = machine
        machine.step(Started(self.now_ms))

    def check_agreement(self, block: Block) -> None:
        height = block.header.height
        if height == len(self.chain) + 1:
            self.chain.append(block.header.id())
        assert self.chain[height - 1] == block.header.id(), f"two blocks are final at height {height}"

    def heights(self) -> list[int]:
        return [len(machine.disk.committed) for machine in self.machines]
