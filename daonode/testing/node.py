"""One replica of a run with its disk and signer: it runs effects in order, and may crash between any two of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import ClassVar, Protocol, assert_never

from daonode.consensus.effects import ReportEvidence
from daonode.consensus.epochs import EpochChange
from daonode.consensus.safety import SafetyState
from daonode.consensus.verification import Verifier
from daonode.primitives.ids import PublicKey, ValidatorId
from daonode.replica.archive import Archive
from daonode.replica.committing import KEPT_VERSIONS
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
    PeerConnected,
    PeerId,
    Signed,
    SignRefused,
    Started,
    Submission,
    Ticket,
    TransactionsSubmitted,
)
from daonode.replica.intake import Intake
from daonode.replica.jobs import Job, do
from daonode.replica.joining import Joining, Outcome
from daonode.replica.layout import TIP_KEY
from daonode.replica.messages import Message
from daonode.replica.replica import Replica
from daonode.replica.snapshot_archive import SnapshotArchive
from daonode.replica.snapshot_making import make_snapshot
from daonode.signer.errors import SafetyStateOutdated
from daonode.signer.remembering import check_remembered
from daonode.signer.signing import LocalSigner, Refusal, SignFunction
from daonode.testing.disk import Batch, Disk, DiskTorn
from daonode.testing.world import World

CHUNK_BYTES = 256
"""So small that the state of a run has several chunks."""


class Crash(Exception):
    """The process of a node ends between two effects."""


class Surroundings(Protocol):
    """What a node needs of the run that it is part of."""

    @property
    def now_ms(self) -> int: ...
    @property
    def is_calm(self) -> bool: ...
    def send(self, sender: int, receiver: int, message: Message) -> None: ...
    def after(self, delay_ms: int, action: Callable[[], None]) -> None: ...
    def answer(self, node: int, action: Callable[[], None], *, after_ms: int) -> None: ...
    def draw_job_ms(self) -> int: ...
    def note(self, node: int | None, text: str) -> None: ...
    def on_persist(self, node: int, store: Store, batch: Batch) -> None: ...
    def on_safety(self, node: int, safety: SafetyState) -> None: ...
    def on_sent(self, node: int, message: Message) -> None: ...
    def on_admitted(self, node: int, transaction: bytes) -> None: ...
    def on_committed(self, node: int, effect: Committed) -> None: ...
    def on_evidence(self, node: int, evidence: ReportEvidence) -> None: ...
    def on_halt(self, node: int, reason: str) -> None: ...
    def on_refused_start(self, node: int, error: DiskTorn | SafetyStateOutdated) -> None: ...


@dataclass(slots=True)
class Node:
    """A validator. `incarnation` counts its starts; what was queued for an earlier one is dropped."""

    is_byzantine: ClassVar[bool] = False

    index: int
    world: World
    around: Surroundings
    disk: Disk
    drift_ms: int = 0
    step_ms: int = 0
    """By how much its clock has been set wrongly, besides its drift."""
    incarnation: int = 0
    is_up: bool = False
    effects_until_crash: int | None = None
    torn_percent: int | None = None
    """How much of the next batch reaches the disk before the power fails; None while it does not fail."""
    lost_batches: int = 0
    snapshot_interval: int | None = None
    kept_versions: int = KEPT_VERSIONS
    submitted: bytes = b""
    """The transaction that a client has handed over last."""
    joining: Joining | None = None
    """What begins with a snapshot, while this node has no chain."""
    joined: int = 0
    """How often it has done so."""
    timers: dict[str, int] = field(default_factory=dict)
    replica: Replica = field(init=False)
    intake: Intake = field(init=False)
    signer: LocalSigner = field(init=False)

    @property
    def own(self) -> ValidatorId:
        """The validator that this node is."""
        return self.world.validators[self.index]

    @property
    def keys(self) -> dict[PublicKey, SignFunction]:
        """The consensus keys of its signer."""
        secrets = (self.world.secrets[self.index], self.world.spare_secrets[self.index])
        return {secret.public_key: secret.sign for secret in secrets}

    @property
    def epoch(self) -> int:
        """The epoch that it is in."""
        return self.replica.core.validators.epoch

    @property
    def member(self) -> int:
        """Its place in the set of that epoch."""
        own, members = self.replica.own_validator, self.replica.core.validators.validators
        return next(place for place, each in enumerate(members) if each.id == own)

    @property
    def archive(self) -> Archive:
        """What is on its disk."""
        return Archive(self.disk.stores[Store.BLOCKS], self.disk.stores[Store.STATE])

    @property
    def height(self) -> int:
        """What it has committed; nothing while it has no chain."""
        return self.replica.core.committed_height if self.joining is None else 0

    @property
    def clock_ms(self) -> int:
        """What this node believes the time to be."""
        return self.around.now_ms + self.offset_ms

    @property
    def offset_ms(self) -> int:
        """By how much that is wrong."""
        return self.drift_ms + self.step_ms

    def start(self) -> None:
        """Start, or start again, from what is on the disk, unless that cannot be trusted."""
        try:
            self._check_disk()
        except (DiskTorn, SafetyStateOutdated) as error:
            self.around.note(self.index, f"does not start: {error}")
            self.around.on_refused_start(self.index, error)
            return
        chain = self.world.chains[self.index]
        archive = self.archive
        verifier = chain.make_verifier(self.world.check_signature)
        self.incarnation += 1
        self.is_up = True
        self.timers.clear()
        self.signer = LocalSigner(
            safety=self.disk.safety,
            keys=self.keys,
            persist=self._persist_safety,
            check_signature=self.world.check_signature,
        )
        self.intake = chain.make_intake(archive, verifier)
        if self.disk.stores[Store.STATE].get(TIP_KEY) is None:
            self.joining = chain.make_joining(
                state=self.disk.stores[Store.STATE], snapshots=self.disk.stores[Store.SNAPSHOTS], verifier=verifier
            )
            self.around.note(self.index, "starts without a chain")
            self.step(Started(self.clock_ms))
        else:
            self.joining = None
            self._start_replica(verifier)

    def _check_disk(self) -> None:
        """What the product does before it builds on what is there (`daonode.node.node`)."""
        self.disk.open()
        if self.disk.stores[Store.STATE].get(TIP_KEY) is not None:
            check_remembered(self.disk.safety, self.archive)

    def _start_replica(self, verifier: Verifier) -> None:
        archive = self.archive
        self.replica = self.world.chains[self.index].make_replica(
            keys=tuple(self.keys),
            peers=peer_names(self.world),
            archive=archive,
            safety=self.disk.safety,
            verifier=verifier,
            snapshots=SnapshotArchive(self.disk.stores[Store.SNAPSHOTS]),
            snapshot_interval=self.snapshot_interval,
            kept_versions=self.kept_versions,
        )
        self.around.note(self.index, f"starts at height {archive.tip().height}")
        self.step(Started(self.clock_ms))

    def crash(self, random: Random) -> None:
        """End at once: what was not synced may be gone."""
        self.is_up = False
        self.effects_until_crash = None
        self.torn_percent = None
        self.timers.clear()
        lost = self.disk.crash(random)
        self.lost_batches += lost
        self.around.note(self.index, f"crashes, {lost} batches lost")

    def step(self, event: Event) -> None:
        """Step the replica and run its effects.

        Raises:
            Crash: the time has come.
        """
        for effect in self.replica.step(event) if self.joining is None else self.joining.step(event):
            self._count_down()
            self.carry_out(effect)
        if self.joining is not None and self.joining.outcome is not None:
            self._end_joining(self.joining)

    def _end_joining(self, joining: Joining) -> None:
        """Go on as a replica, with a snapshot or without, and with whoever is connected."""
        chain = self.world.chains[self.index]
        self.joining = None
        self.timers.clear()
        if joining.outcome is Outcome.JOINED:
            self.joined += 1
        else:
            self.disk.stores[Store.STATE].write(chain.genesis_writes(), sync=True)
        verifier = chain.make_verifier(self.world.check_signature)
        self.intake = chain.make_intake(self.archive, verifier)
        self._start_replica(verifier)
        for peer in joining.peers:
            self.step(PeerConnected(self.clock_ms, peer))

    def submit(self, raw: bytes) -> None:
        """A client hands a transaction to this node."""
        transaction = self.intake.check_transaction(raw, now_ms=self.clock_ms)
        self.submitted = raw
        self.step(TransactionsSubmitted(self.clock_ms, (Submission(transaction, Ticket(0)),)))

    def _count_down(self) -> None:
        if self.effects_until_crash is not None:
            self.effects_until_crash -= 1
            if self.effects_until_crash < 0:
                raise Crash

    def _persist_safety(self, safety: SafetyState) -> None:
        self.disk.safety = safety
        self.around.on_safety(self.index, safety)

    def carry_out(self, effect: Effect) -> None:
        """Run one effect; Byzantine validators do something else here."""
        self.carry_out_honestly(effect)

    def carry_out_honestly(self, effect: Effect) -> None:
        """Run one effect as a driver must."""
        match effect:
            case Persist():
                if self.torn_percent is not None:
                    self.disk.stores[effect.store].tear(effect.writes, kept_percent=self.torn_percent)
                    raise Crash
                self.disk.stores[effect.store].write(effect.writes, sync=effect.sync)
                self.around.on_persist(self.index, effect.store, effect.writes)
            case Sign():
                self._sign(effect)
            case BeginJob():
                self._do(effect.job)
            case EnterEpoch():
                self._enter_epoch(effect.change)
            case Send():
                self._send(int(effect.peer), effect.message)
                self.around.on_sent(self.index, effect.message)
            case Broadcast():
                for receiver in range(len(self.world.validators)):
                    if receiver != self.index:
                        self._send(receiver, effect.message)
                self.around.on_sent(self.index, effect.message)
            case SetTimer():
                self.timers[effect.timer] = effect.at_ms
            case CancelTimer():
                self.timers.pop(effect.timer, None)
            case Committed():
                self.around.on_committed(self.index, effect)
            case TakeSnapshot():
                self._take_snapshot()
            case Halt():
                self.around.on_halt(self.index, effect.reason)
            case PeerFault():
                self.around.note(self.index, f"finds fault with n{effect.peer}: {effect.reason}")
            case ReportEvidence():
                self.around.on_evidence(self.index, effect)
            case TransactionAdmitted():
                self.around.on_admitted(self.index, self.submitted)
            case TransactionRefused():
                pass
            case _:
                assert_never(effect)

    def _take_snapshot(self) -> None:
        """Make the snapshot at once: here the background has no time of its own."""
        snapshots = self.disk.stores[Store.SNAPSHOTS]
        for writes in make_snapshot(self.archive, snapshots, chunk_bytes=CHUNK_BYTES):
            snapshots.write(writes, sync=False)

    def _send(self, receiver: int, message: Message) -> None:
        self.around.send(self.index, receiver, message)

    def _sign(self, effect: Sign) -> None:
        """Judge, persist, sign; a crash between any two of them loses the signature and nothing else."""
        prepared = self.signer.prepare(effect.request)
        if isinstance(prepared, Refusal):
            self._answer(SignRefused(self.clock_ms, effect.request, prepared.reason))
            return
        self._count_down()
        signature = self.signer.confirm(prepared)
        self._count_down()
        self._answer(Signed(self.clock_ms, effect.request, signature))

    def _enter_epoch(self, change: EpochChange) -> None:
        refusal = self.signer.enter_epoch(change)
        if refusal is not None:
            self.around.on_halt(self.index, f"its signer refuses epoch {change.validators.epoch}: {refusal.reason}")

    def _answer(self, event: Signed | SignRefused) -> None:
        self._later(lambda: self.step(event))

    def _do(self, job: Job) -> None:
        """Do a job at the end of the time that it takes: what has happened meanwhile is what a thread might read."""
        self._later(lambda: self.step(JobEnded(self.clock_ms, job, do(job))), after_ms=self.around.draw_job_ms())

    def _later(self, action: Callable[[], None], *, after_ms: int = 0) -> None:
        """Act unless it has crashed by then."""
        incarnation = self.incarnation

        def arrive() -> None:
            if self.is_up and self.incarnation == incarnation:
                action()

        self.around.answer(self.index, arrive, after_ms=after_ms)


def peer_names(world: World) -> dict[ValidatorId, PeerId]:
    """Peers are named by their index."""
    return {validator: PeerId(str(index)) for index, validator in enumerate(world.validators)}
