"""The oracle: watches a run and raises `InvariantBroken` as soon as an invariant does not hold (docs/consensus.md).

It restates the invariants from what is seen from outside: messages sent, states persisted, blocks committed. It shares
no code with what it judges: quorums, hashes, signatures, ancestry and evidence are its own (`electorate.py`,
`certified.py`, `promises.py`); only I5 needs the ledger, a fresh one, to execute the committed chain again
(`reexecution.py`). What a Byzantine validator sends is believed in nothing but the certificates it carries.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from daonode.consensus.messages import (
    CommitVoteMessage,
    ProposalMessage,
    SyncInfo,
    SyncMessage,
    TimeoutMessage,
    VoteMessage,
)
from daonode.consensus.safety import SafetyState
from daonode.consensus.types import (
    Block,
    CommitCertificate,
    Header,
    QuorumCertificate,
    TimeoutCertificate,
)
from daonode.modules.validators.keys import CONVICTIONS
from daonode.replica.archive import Archive
from daonode.replica.effects import Store
from daonode.replica.layout import CommittedBlock, EpochRecord
from daonode.replica.messages import BlockResponse, Message
from daonode.testing import electorate
from daonode.testing.block_times import BlockTimes
from daonode.testing.broken import (
    AGREEMENT,
    CERTIFICATES,
    DURABLE,
    MONOTONE,
    NO_HALT,
    NOT_SLASHABLE,
    PROGRESS,
    InvariantBroken,
)
from daonode.testing.committed import CommittedChain, require_sound
from daonode.testing.disk import Batch, Disk
from daonode.testing.electorate import Electorate, Said, header_id, set_digest
from daonode.testing.inclusion import Inclusion
from daonode.testing.promises import Promises
from daonode.testing.reexecution import execute_again
from daonode.testing.snapshots import SnapshotJudge, joins_here
from daonode.testing.windows import Window
from daonode.testing.world import World

MAX_ROUNDS_TO_PROGRESS = 10
"""Rounds within which everyone commits anew once all faults have ended (I9)."""

BLOCK_PREFIX = b"b"
COMMITTED_PREFIX = b"h"
EPOCH_PREFIX = b"e"
HEIGHT_BYTES = 8


class Oracle:
    """Judges one run. `byzantine` are the validators, by index, that may say anything."""

    def __init__(self, world: World, *, byzantine: tuple[int, ...] = (), max_job_ms: int = 0) -> None:
        self._world = world
        self._byzantine = byzantine
        self._electorate = Electorate(world)
        self._chain = CommittedChain(world, self._electorate, byzantine=byzantine)
        self._promises = [
            Promises(index, world.chain.initial_safety(secret.public_key)) for index, secret in enumerate(world.secrets)
        ]
        self._snapshots = SnapshotJudge(world)
        self._times = BlockTimes(max_drift_ms=world.chain.document.chain.consensus.max_drift)
        self._inclusion = Inclusion(world, byzantine=byzantine, max_job_ms=max_job_ms)
        self._calm: tuple[int, int] | None = None

    @property
    def epochs(self) -> int:
        """How many epochs are over."""
        return len(self._chain.certified) - 1

    @property
    def changed_sets(self) -> int:
        """How many of them were followed by one with another set."""
        return self._chain.changed_sets

    # What is seen.

    def on_sent(self, clock_ms: int, node: int, message: Message, disk: Disk) -> None:
        """An honest node sends a message by its clock; it may be lost. What it promises must be on its disk."""
        safety = disk.safety
        match message:
            case ProposalMessage():
                header = message.block.header
                block_id = header_id(header)
                said = electorate.propose(header.round, block_id, epoch=header.epoch)
                self._times.add(block_id, header)
                self._learn_block(message.block)
                self._hear(node, said, message.signature)
                self._require_block(node, said, disk)
                self._require_remembered(node, said, safety, safety.last_proposed_round)
                self._believe_sync(message.sync, node, header.epoch)
            case VoteMessage():
                said = electorate.vote(message.round, message.block_id, message.qc_round, epoch=message.epoch)
                self._require_own(node, message.voter, message.epoch)
                self._hear(node, said, message.signature)
                self._times.judge_vote(node, said, clock_ms=clock_ms)
                self._require_block(node, said, disk)
                self._require_remembered(node, said, safety, safety.last_voted_round)
                self._believe_sync(message.sync, node, message.epoch)
            case CommitVoteMessage():
                said = electorate.commit(message.round, message.block_id, epoch=message.epoch)
                last = safety.last_commit_vote
                self._require_own(node, message.voter, message.epoch)
                self._hear(node, said, message.signature)
                self._require_remembered(node, said, safety, -1 if last is None else last.statement.round)
                self._believe_sync(message.sync, node, message.epoch)
            case TimeoutMessage():
                said = electorate.timeout(message.round, message.high_qc.round, epoch=message.epoch)
                self._require_own(node, message.voter, message.epoch)
                self._hear(node, said, message.signature)
                self._require_remembered(node, said, safety, safety.highest_timeout_round)
                self._believe_qc(message.high_qc, node, message.epoch)
                self._believe_sync(message.sync, node, message.epoch)
            case SyncMessage():
                self._believe_sync(message.sync, node, message.sync.high_qc.epoch)
            case BlockResponse():
                for block in message.blocks:
                    self._learn_block(block)
            case _:
                pass

    def on_byzantine_sent(self, message: Message) -> None:
        """A Byzantine node sends a message: its blocks are learnt, and nothing else."""
        if isinstance(message, ProposalMessage):
            self._times.add(header_id(message.block.header), message.block.header)
            self._learn_block(message.block)
        elif isinstance(message, BlockResponse):
            for block in message.blocks:
                self._learn_block(block)

    def on_safety(self, _now_ms: int, node: int, safety: SafetyState) -> None:
        """A signer has made its state durable; the statements in it are signed."""
        epoch = safety.epoch
        if epoch > self._promises[node].epoch:
            self._judge_new_epoch(node, safety)
        self._promises[node].persist(safety)
        if not self._electorate.knows(epoch):
            return
        self._believe_qc(safety.high_qc, node, epoch)
        if safety.highest_tc is not None:
            self._believe_tc(safety.highest_tc, node, epoch)
        if (proposal := safety.last_proposal) is not None:
            said = electorate.propose(proposal.statement.round, proposal.statement.block_id, epoch=epoch)
            self._hear(node, said, proposal.signature)
        if (last_vote := safety.last_vote) is not None:
            stated = last_vote.statement
            said = electorate.vote(stated.round, stated.block_id, stated.qc_round, epoch=epoch)
            self._hear(node, said, last_vote.signature)
        if (last_commit := safety.last_commit_vote) is not None:
            said = electorate.commit(last_commit.statement.round, last_commit.statement.block_id, epoch=epoch)
            self._hear(node, said, last_commit.signature)
        if (last_timeout := safety.last_timeout) is not None:
            said = electorate.timeout(last_timeout.statement.round, last_timeout.statement.high_qc_round, epoch=epoch)
            self._hear(node, said, last_timeout.signature)

    def on_given(self, now_ms: int, nodes: Iterable[int], transactions: Iterable[bytes]) -> None:
        """Honest nodes have been given transactions, by a peer or a client."""
        self._inclusion.on_given(nodes, transactions, now_ms=now_ms)

    def on_persist(self, now_ms: int, node: int, store: Store, batch: Batch) -> None:
        """A node has written a batch: blocks are learnt, commits are judged with their proofs."""
        self._snapshots.on_persist(node, store, batch)
        is_joining = store is Store.STATE and joins_here(batch)
        for key, value in batch:
            if value is None:
                continue
            if store is Store.STATE and key.startswith(EPOCH_PREFIX):
                self._chain.judge_epoch(node, msgspec.msgpack.decode(value, type=EpochRecord))
            if store is Store.BLOCKS and key.startswith(BLOCK_PREFIX):
                block = msgspec.msgpack.decode(value, type=Block)
                self._learn_block(block)
                self._inclusion.on_block(block, now_ms=now_ms)
            elif store is Store.STATE and key.startswith(COMMITTED_PREFIX) and len(key) == 1 + HEIGHT_BYTES:
                committed = msgspec.msgpack.decode(value, type=CommittedBlock)
                if is_joining:
                    self._chain.judge_joined(node, committed)
                elif self._chain.judge_commit(node, committed):
                    self._inclusion.on_committed(committed.block_id)

    def on_disk_lost(self, node: int) -> None:
        """A node has lost its blocks and its state; its signer's state is apart, and is not."""
        self._chain.on_disk_lost(node)
        self._snapshots.on_disk_lost(node)

    def on_committed(self, _now_ms: int, node: int, header: Header, disk: Disk) -> None:
        """A node says that a block is committed: its batch must be durable."""
        data = disk.stores[Store.STATE].get_durable(COMMITTED_PREFIX + header.height.to_bytes(HEIGHT_BYTES, "big"))
        if data is None or self._chain.id_at(header.height) != header_id(header):
            raise InvariantBroken(DURABLE, f"node {node} reports height {header.height} before it is durable")

    def on_halt(self, _now_ms: int, node: int, reason: str) -> None:
        """An honest node stops for good: a quorum has certified what its own execution denies."""
        raise InvariantBroken(NO_HALT, f"node {node}: {reason}")

    def on_evidence(self, node: int, offender: int) -> None:
        """An honest node convicts another validator."""
        if offender not in self._byzantine:
            raise InvariantBroken(NOT_SLASHABLE, f"node {node} has evidence against {offender}, which is honest")

    def on_restart(self, _now_ms: int, node: int, safety: SafetyState) -> None:
        """A node starts again with what its disk holds."""
        self._promises[node].restart(safety)
        self._inclusion.on_restart(node)

    def on_calm(self, now_ms: int, rounds: Sequence[int]) -> None:
        """All faults have ended; the nodes are in these rounds."""
        self._calm = max(rounds), self._chain.highest_tip
        self._inclusion.on_calm(now_ms=now_ms)

    # What must have come of it.

    def judge_progress(self, round_: int) -> None:
        """A node is in a round: once all is calm, commits go on within `MAX_ROUNDS_TO_PROGRESS` rounds (I9)."""
        if self._calm is None:
            return
        calm_round, height = self._calm
        if self._chain.highest_tip > height:
            # Who lags behind may be in an older round than whoever spoke before.
            self._calm = max(calm_round, round_), self._chain.highest_tip
        elif round_ > calm_round + MAX_ROUNDS_TO_PROGRESS:
            raise InvariantBroken(
                PROGRESS, f"no commit in rounds {calm_round} to {round_} although nothing has failed since"
            )

    def finish(self, archives: Sequence[Archive]) -> None:
        """The run is over: the honest nodes agree, and what they committed executes to what is stored (I5, I7, I8).

        What they were given and could be committed has been (I11).
        """
        heights = [archive.tip().height for archive in archives]
        if len({*heights}) > 1:
            raise InvariantBroken(AGREEMENT, f"at the end the nodes have committed to heights {heights}")
        execute_again(self._world, archives)
        self._judge_convictions(archives[0])
        self._inclusion.finish()

    def judge_windows(self, disks: Mapping[int, Disk], kept_versions: Mapping[int, int]) -> int:
        """Judge the nodes that prune by one that does not (I10); how many heights they can prove no more.

        `disks` are those of the honest nodes; `kept_versions` says of those that prune how many heights they keep.
        """
        archive = next(disk for node, disk in disks.items() if node not in kept_versions)
        pruned = 0
        for node, kept in kept_versions.items():
            if node in disks:
                last = self._chain.tip_of(node).height
                window = Window(node, disks[node], archive, first=max(0, last - kept), last=last)
                window.judge(self._chain.judge_proof)
                pruned += window.count_pruned()
        return pruned

    # Leaves.

    def _judge_convictions(self, archive: Archive) -> None:
        """Whom the chain has punished for signing twice is Byzantine (I6)."""
        for (_, validator), _conviction in CONVICTIONS.iterate(archive.state_at_tip()):
            offender = self._world.validators.index(validator)
            if offender not in self._byzantine:
                raise InvariantBroken(NOT_SLASHABLE, f"the chain has convicted {offender}, which is honest")

    def _learn_block(self, block: Block) -> None:
        certified = self._chain.certified.get(block.header.epoch)
        if certified is not None:
            certified.add_block(block.header)

    def _require_own(self, node: int, voter: int, epoch: int) -> None:
        if self._electorate.node_at(epoch, voter) != node:
            raise InvariantBroken(CERTIFICATES, f"node {node} speaks as validator {voter} of epoch {epoch}")

    def _hear(self, node: int, said: Said, signature: bytes) -> None:
        """An honest validator's signature over a statement exists."""
        if not self._promises[node].add(said):
            return
        if not self._electorate.has_signed(node, said, signature):
            raise InvariantBroken(CERTIFICATES, f"node {node} gives a wrong signature for {said}")
        certified = self._chain.certified[said.epoch]
        if said.kind == "vote":
            assert said.block_id is not None, "a vote names a block"
            assert said.qc_round is not None, "a vote names its QC's round"
            certified.add_vote(node, round_=said.round, block_id=said.block_id, qc_round=said.qc_round)
        elif said.kind == "commit":
            assert said.block_id is not None, "a commit vote names a block"
            certified.add_commit_vote(node, round_=said.round, block_id=said.block_id)

    def _require_block(self, node: int, said: Said, disk: Disk) -> None:
        assert said.block_id is not None, "only statements about blocks need them"
        data = disk.stores[Store.BLOCKS].get_durable(BLOCK_PREFIX + said.block_id)
        if data is None:
            raise InvariantBroken(DURABLE, f"node {node} sends {said}, and its block is not durable")

    def _require_remembered(self, node: int, said: Said, safety: SafetyState, remembered_round: int) -> None:
        if (safety.epoch, remembered_round) < (said.epoch, said.round):
            raise InvariantBroken(DURABLE, f"node {node} sends {said}; its signer's disk knows {remembered_round}")

    def _believe_sync(self, sync: SyncInfo, node: int, epoch: int) -> None:
        self._believe_qc(sync.high_qc, node, epoch)
        if sync.tc is not None:
            self._believe_tc(sync.tc, node, epoch)
        if sync.commit is not None:
            self._believe_commit(sync.commit, node, epoch)

    def _believe_qc(self, qc: QuorumCertificate, node: int, epoch: int) -> None:
        require_sound(self._electorate.fault_of_qc(qc, epoch), f"node {node} holds a QC of round {qc.round}")
        self._chain.certified[epoch].add_qc(qc.round, qc.block_id)

    def _believe_tc(self, tc: TimeoutCertificate, node: int, epoch: int) -> None:
        require_sound(self._electorate.fault_of_tc(tc, epoch), f"node {node} holds a TC of round {tc.round}")
        self._believe_qc(tc.high_qc, node, epoch)

    def _believe_commit(self, certificate: CommitCertificate, node: int, epoch: int) -> None:
        fault = self._electorate.fault_of_commit(certificate, epoch)
        require_sound(fault, f"node {node} holds a commit certificate of round {certificate.round}")
        self._chain.certified[epoch].add_commit(certificate.round, certificate.block_id)

    def _judge_new_epoch(self, node: int, safety: SafetyState) -> None:
        """A signer begins anew only once the epoch before can be over, and with the set that its last block binds."""
        before = self._chain.certified.get(safety.epoch - 1)
        if before is None or not before.can_be_over:
            raise InvariantBroken(MONOTONE, f"the signer of node {node} enters epoch {safety.epoch} without a reason")
        known = self._chain.set_digest_of(safety.epoch)
        if known is not None and known != set_digest(safety.validators):
            raise InvariantBroken(CERTIFICATES, f"the signer of node {node} has another set of epoch {safety.epoch}")
