"""Four real replicas on virtual time, with real signatures, in-memory databases and a network that can be cut."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import assert_never

from daonode.consensus.effects import ReportEvidence
from daonode.consensus.types import Header
from daonode.consensus.verification import Verifier
from daonode.genesis.builder import ChainPlan, Periods, build_document
from daonode.genesis.document import ChainDescription, ConsensusParams
from daonode.ledger.transactions import Call, Transaction, TxBody, TxSignature, tx_id
from daonode.modules.accounts.messages import Transfer
from daonode.modules.accounts.policies import account_id
from daonode.modules.accounts.types import KeyPolicy
from daonode.modules.validators.genesis import GenesisValidator
from daonode.modules.validators.params import Params
from daonode.primitives.codec import Record, encode
from daonode.primitives.ids import Address, AssetId, ChainId, ValidatorId
from daonode.primitives.signatures import public_key_of, sign
from daonode.primitives.units import Amount, DurationMs, TimeMs
from daonode.replica.archive import Archive
from daonode.replica.bootstrap import NewChain, make_chain
from daonode.replica.effects import (
    BeginJob,
    Broadcast,
    CancelTimer,
    Committed,
    Effect,
    EnterEpoch,
    Halt,
    PeerFault,
    Persist,
    Send,
    SetTimer,
    Sign,
    Store,
    TakeSnapshot,
    TransactionAdmitted,
    TransactionRefused,
)
from daonode.replica.events import (
    Event,
    JobEnded,
    MessageReceived,
    PeerConnected,
    PeerId,
    Signed,
    SignRefused,
    Started,
    Submission,
    Ticket,
    TimerFired,
    TransactionsSubmitted,
)
from daonode.replica.jobs import Job, do
from daonode.replica.messages import Message, lane_of
from daonode.replica.replica import Replica
from daonode.replica.snapshot_archive import SnapshotArchive
from daonode.replica.snapshot_making import make_snapshot
from daonode.signer.signing import LocalSigner, Refusal

CHAIN_ID = ChainId("daonode:replica-test")
START_MS = 1_000_000
DELAY_MS = 5
SENDER_SEED = bytes([9]) * 32
SENDER_KEY = public_key_of(SENDER_SEED)
SENDER = account_id(KeyPolicy(SENDER_KEY))
CHUNK_BYTES = 256
RECEIVER = Address(bytes([7]) * 32)


class Database:
    """An ordered map in memory that takes batches."""

    def __init__(self) -> None:
        self.values: dict[bytes, bytes] = {}

    def get(self, key: bytes, /) -> bytes | None:
        return self.values.get(key)

    def iterate(self, *, start: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        return iter(sorted((key, value) for key, value in self.values.items() if start <= key < end))

    def write(self, batch: tuple[tuple[bytes, bytes | None], ...]) -> None:
        for key, value in batch:
            if value is None:
                self.values.pop(key, None)
            else:
                self.values[key] = value


def make_test_chain(
    validator_count: int, *, heartbeat_ms: int | None = None, epoch_blocks: int = 10_000
) -> tuple[NewChain, dict[ValidatorId, bytes]]:
    """A chain with one funded account, and the seeds of its validators."""
    seeds = [bytes([index + 1]) * 32 for index in range(validator_count)]
    consensus = ConsensusParams(heartbeat=None if heartbeat_ms is None else DurationMs(heartbeat_ms))
    plan = ChainPlan(
        chain=ChainDescription(chain_id=CHAIN_ID, genesis_time=TimeMs(START_MS), consensus=consensus),
        validators=tuple(
            GenesisValidator(public_key=public_key_of(seed), power=1, payout_account=SENDER, moniker=f"v{index}")
            for index, seed in enumerate(seeds)
        ),
        validators_params=Params(epoch_blocks=epoch_blocks),
        balances={SENDER: Amount(10**15)},
        periods=Periods.short(voting=DurationMs(6_000), timelock=DurationMs(1_000)),
    )
    chain = make_chain(build_document(plan))
    by_key = {public_key_of(seed): seed for seed in seeds}
    return chain, {validator.id: by_key[validator.public_key] for validator in chain.validators.validators}


@dataclass(slots=True)
class Node:
    """One replica with its disk; `committed` and the other lists record what it said."""

    name: PeerId
    own: ValidatorId
    seed: bytes
    blocks: Database
    state: Database
    snapshots: Database
    signer: LocalSigner
    replica: Replica
    verifier: Verifier
    timers: dict[str, int] = field(default_factory=dict)
    committed: list[Header] = field(default_factory=list)
    refused: list[TransactionRefused] = field(default_factory=list)
    faults: list[PeerFault] = field(default_factory=list)
    is_down: bool = False

    @property
    def archive(self) -> Archive:
        return Archive(self.blocks, self.state)

    def store(self, store: Store) -> Database:
        return {Store.BLOCKS: self.blocks, Store.STATE: self.state, Store.SNAPSHOTS: self.snapshots}[store]


class Network:
    """Replicas that exchange messages after `DELAY_MS`; `run` moves the virtual time."""

    def __init__(
        self,
        validator_count: int = 4,
        *,
        heartbeat_ms: int | None = None,
        kept_versions: int = 1_024,
        snapshot_interval: int | None = None,
        epoch_blocks: int = 10_000,
    ) -> None:
        self.chain, self._seeds = make_test_chain(validator_count, heartbeat_ms=heartbeat_ms, epoch_blocks=epoch_blocks)
        self._kept_versions = kept_versions
        self._snapshot_interval = snapshot_interval
        self.now_ms = START_MS + 100
        self.dropped: tuple[type[Message], ...] = ()
        """Messages of these types are lost."""
        self.offenders: list[ValidatorId] = []
        """Whose statements the test has made."""
        self.said: dict[str, Message] = {}
        """The last message of each type."""
        self._names = {own: PeerId(f"n{index}") for index, own in enumerate(self._seeds)}
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._counter = 0
        self.nodes = [self._new_node(own) for own in self._seeds]
        self._by_name = {node.name: node for node in self.nodes}
        for node in self.nodes:
            self.step(node, Started(self.now_ms))
        self.connect_all()

    def connect_all(self) -> None:
        """Tell every pair of running nodes that they are connected."""
        for node in self.nodes:
            for other in self.nodes:
                if node is not other and not node.is_down and not other.is_down:
                    self.step(node, PeerConnected(self.now_ms, other.name))

    def stop(self, node: Node) -> None:
        """Take a node down: it neither hears nor fires timers."""
        node.is_down = True
        node.timers.clear()

    def restart(self, node: Node, *, connected: bool = True, decides: bool = True) -> None:
        """Start a node again from what is on its disk; as a full node, which only follows, unless it `decides`."""
        node.is_down = False
        safety = node.signer.safety
        node.verifier = self.chain.make_verifier()
        node.replica = self.chain.make_replica(
            keys=(public_key_of(node.seed),) if decides else (),
            peers=self._names,
            archive=node.archive,
            safety=safety,
            verifier=node.verifier,
            kept_versions=self._kept_versions,
            snapshots=SnapshotArchive(node.snapshots),
            snapshot_interval=self._snapshot_interval,
        )
        self.step(node, Started(self.now_ms))
        if connected:
            self.connect_all()

    def hear(self, node: Node, sender: Node, message: Message) -> tuple[Effect, ...]:
        """What a node says to a message that passes its checks; of its effects only jobs are carried out."""
        intake = self.chain.make_intake(node.archive, node.verifier)
        checked = intake.check_message(lane_of(message), encode(message), now_ms=self.now_ms)
        effects = node.replica.step(MessageReceived(self.now_ms, sender.name, checked.message, checked.transactions))
        said: list[Effect] = []
        while effects:
            jobs = [effect.job for effect in effects if isinstance(effect, BeginJob)]
            said += [effect for effect in effects if not isinstance(effect, BeginJob)]
            effects = tuple(chain(*(node.replica.step(JobEnded(self.now_ms, job, do(job))) for job in jobs)))
        return tuple(said)

    def run(self, duration_ms: int) -> None:
        """Let `duration_ms` of virtual time pass."""
        until_ms = self.now_ms + duration_ms
        while self._queue and self._queue[0][0] <= until_ms:
            self.now_ms, _, action = heapq.heappop(self._queue)
            action()
        self.now_ms = until_ms

    def submit(self, node: Node, raw: bytes) -> None:
        """A client hands a transaction to a node."""
        intake = self.chain.make_intake(node.archive, node.verifier)
        transaction = intake.check_transaction(raw, now_ms=self.now_ms)
        self.step(node, TransactionsSubmitted(self.now_ms, (Submission(transaction, Ticket(0)),)))

    def transfer(self, sequence: int, *, lane: int = 0, amount: int = 5, valid_ms: int = 60_000) -> bytes:
        """An encoded, signed transfer of the funded account."""
        message = Transfer(destination=RECEIVER, asset=AssetId("dao"), amount=Amount(amount))
        return self.transaction(sequence, "accounts.Transfer", message, lane=lane, valid_ms=valid_ms)

    def transaction(
        self, sequence: int, type_: str, message: Record, *, lane: int = 0, valid_ms: int = 60_000
    ) -> bytes:
        """An encoded, signed transaction of the funded account."""
        body = encode(
            TxBody(
                version=1,
                chain_id=CHAIN_ID,
                sender=SENDER,
                lane=lane,
                sequence=sequence,
                expires_at_ms=self.now_ms + valid_ms,
                gas_limit=1_000_000,
                max_fee=10**9,
                messages=(Call(type=type_, body=encode(message)),),
                memo="",
            )
        )
        signature = TxSignature(public_key=SENDER_KEY, signature=sign(SENDER_SEED, tx_id(body)))
        return encode(Transaction(body=body, signatures=(signature,)))

    def step(self, node: Node, event: Event) -> None:
        """Step one replica and carry out its effects."""
        for effect in node.replica.step(event):
            self.carry_out(node, effect)

    def _new_node(self, own: ValidatorId) -> Node:
        seed = self._seeds[own]
        blocks, state, snapshots = Database(), Database(), Database()
        state.write(self.chain.genesis_writes())
        signer = LocalSigner(
            safety=self.chain.initial_safety(public_key_of(seed)),
            keys={public_key_of(seed): lambda message: sign(seed, message)},
            persist=lambda safety: None,
        )
        verifier = self.chain.make_verifier()
        replica = self.chain.make_replica(
            keys=signer.keys,
            peers=self._names,
            archive=Archive(blocks, state),
            safety=signer.safety,
            verifier=verifier,
            kept_versions=self._kept_versions,
            snapshots=SnapshotArchive(snapshots),
            snapshot_interval=self._snapshot_interval,
        )
        return Node(self._names[own], own, seed, blocks, state, snapshots, signer, replica, verifier)

    def _later(self, at_ms: int, action: Callable[[], None]) -> None:
        self._counter += 1
        heapq.heappush(self._queue, (at_ms, self._counter, action))

    def carry_out(self, node: Node, effect: Effect) -> None:
        match effect:
            case Persist():
                node.store(effect.store).write(effect.writes)
            case Sign():
                answer = node.signer.sign(effect.request)
                event = (
                    SignRefused(self.now_ms, effect.request, answer.reason)
                    if isinstance(answer, Refusal)
                    else Signed(self.now_ms, effect.request, answer)
                )
                self._later(self.now_ms, lambda: self._step_if_up(node, event))
            case BeginJob():
                job, replica = effect.job, node.replica
                self._later(self.now_ms, lambda: self._end_job(node, replica, job))
            case Send():
                self._deliver(node, self._by_name[effect.peer], effect.message)
            case Broadcast():
                for other in self.nodes:
                    if other is not node:
                        self._deliver(node, other, effect.message)
            case SetTimer():
                timer, at_ms = effect.timer, effect.at_ms
                node.timers[timer] = at_ms
                self._later(at_ms, lambda: self._fire(node, timer, at_ms))
            case CancelTimer():
                node.timers.pop(effect.timer, None)
            case EnterEpoch():
                assert node.signer.enter_epoch(effect.change) is None
            case Committed():
                node.committed.append(effect.header)
            case TransactionRefused():
                node.refused.append(effect)
            case PeerFault():
                node.faults.append(effect)
            case TakeSnapshot():
                for writes in make_snapshot(node.archive, node.snapshots, chunk_bytes=CHUNK_BYTES):
                    node.snapshots.write(writes)
            case TransactionAdmitted():
                pass
            case ReportEvidence():
                assert effect.offender in self.offenders, "an honest validator gives no evidence"
            case Halt():
                raise AssertionError(effect)
            case _:
                assert_never(effect)

    def _end_job(self, node: Node, replica: Replica, job: Job) -> None:
        if not node.is_down and node.replica is replica:
            self.step(node, JobEnded(self.now_ms, job, do(job)))

    def _step_if_up(self, node: Node, event: Event) -> None:
        if not node.is_down:
            self.step(node, event)

    def _fire(self, node: Node, timer: str, at_ms: int) -> None:
        if node.timers.get(timer) == at_ms:
            del node.timers[timer]
            self._step_if_up(node, TimerFired(self.now_ms, timer))

    def _deliver(self, sender: Node, receiver: Node, message: Message) -> None:
        data, lane = encode(message), lane_of(message)
        self.said[type(message).__name__] = message
        if isinstance(message, self.dropped):
            return

        def arrive() -> None:
            if sender.is_down or receiver.is_down:
                return
            intake = self.chain.make_intake(receiver.archive, receiver.verifier)
            checked = intake.check_message(lane, data, now_ms=self.now_ms)
            self.step(receiver, MessageReceived(self.now_ms, sender.name, checked.message, checked.transactions))

        self._later(self.now_ms + DELAY_MS, arrive)
