"""The oracle: watches a run and raises `InvariantBroken` as soon as an invariant does not hold (docs/consensus.md).

It restates the invariants from what is seen from outside: messages sent, states persisted, blocks committed. It shares
no code with what it judges: quorums, hashes, signatures, ancestry and evidence are its own (`electorate.py`,
`certified.py`, `promises.py`); only I5 needs the ledger, a fresh one, to execute the committed chain again
(`reexecution.py`). What a Byzantine validator sends is believed in nothing but the certificates it carries.
"""

from __future__ import annotations

from collections.abc import Sequence

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
    CommitProof,
    Header,
    QuorumCertificate,
    TimeoutCertificate,
    TwoChain,
)
from daonode.replica.archive import Archive
from daonode.replica.effects import Store
from daonode.replica.layout import CommittedBlock
from daonode.replica.messages import BlockResponse, Message
from daonode.testing import electorate
from daonode.testing.broken import (
    AGREEMENT,
    CERTIFICATES,
    DURABLE,
    NO_HALT,
    NOT_SLASHABLE,
    PROGRESS,
    InvariantBroken,
)
from daonode.testing.certified import Certified
from daonode.testing.disk import Batch, Disk
from daonode.testing.electorate import Electorate, Said, header_id
from daonode.testing.promises import Promises
from daonode.testing.reexecution import execute_again
from daonode.testing.world import World

MAX_ROUNDS_TO_PROGRESS = 10
"""Rounds within which everyone commits anew once all faults have ended (I9)."""

BLOCK_PREFIX = b"b"
COMMITTED_PREFIX = b"h"
HEIGHT_BYTES = 8


class Oracle:
    """Judges one run. `byzantine` are the validators, by index, that may say anything."""

    def __init__(self, world: World, *, byzantine: tuple[int, ...] = ()) -> None:
        genesis = world.chain.initial.header
        self._world = world
        self._byzantine = byzantine
        self._electorate = Electorate(world)
        self.certified = Certified(self._electorate, genesis=genesis, byzantine=byzantine)
        self._promises = [
            Promises(index, world.chain.initial_safety(secret.public_key)) for index, secret in enumerate(world.secrets)
        ]
        self._chain: dict[int, bytes] = {genesis.height: header_id(genesis)}
        self._tips = [genesis.height] * len(world.secrets)
        self._calm: tuple[int, int] | None = None

    # What is seen.

    def on_sent(self, _now_ms: int, node: int, message: Message, disk: Disk) -> None:
        """An honest node sends a message; it may be lost. What it promises must be on the sender's disk."""
        match message:
            case ProposalMessage():
                header = message.block.header
                said = electorate.propose(header.round, header_id(header))
                self._learn_block(message.block)
                self._hear(node, said, message.signature)
                self._require_block(node, said, disk)
                self._require_remembered(node, said, disk.safety.last_proposed_round)
            case VoteMessage():
                said = electorate.vote(message.round, message.block_id, message.qc_round)
                self._require_own(node, message.voter)
                self._hear(node, said, message.signature)
                self._require_block(node, said, disk)
                self._require_remembered(node, said, disk.safety.last_voted_round)
            case CommitVoteMessage():
                said = electorate.commit(message.round, message.block_id)
                last = disk.safety.last_commit_vote
                self._require_own(node, message.voter)
                self._hear(node, said, message.signature)
                self._require_remembered(node, said, -1 if last is None else last.statement.round)
            case TimeoutMessage():
                said = electorate.timeout(message.round, message.high_qc.round)
                self._require_own(node, message.voter)
                self._hear(node, said, message.signature)
                self._require_remembered(node, said, disk.safety.highest_timeout_round)
                self._believe_qc(message.high_qc, node)
            case BlockResponse():
                for block in message.blocks:
                    self._learn_block(block)
            case _:
                pass
        if isinstance(message, ProposalMessage | VoteMessage | CommitVoteMessage | TimeoutMessage | SyncMessage):
            self._believe_sync(message.sync, node)

    def on_byzantine_sent(self, message: Message) -> None:
        """A Byzantine node sends a message: its blocks are learnt, and nothing else."""
        if isinstance(message, ProposalMessage):
            self.certified.add_block(message.block.header)
        elif isinstance(message, BlockResponse):
            for block in message.blocks:
                self.certified.add_block(block.header)

    def on_safety(self, _now_ms: int, node: int, safety: SafetyState) -> None:
        """A signer has made its state durable; the statements in it are signed."""
        self._promises[node].persist(safety)
        self._believe_qc(safety.high_qc, node)
        if safety.highest_tc is not None:
            self._believe_tc(safety.highest_tc, node)
        if (proposal := safety.last_proposal) is not None:
            said = electorate.propose(proposal.statement.round, proposal.statement.block_id)
            self._hear(node, said, proposal.signature)
        if (last_vote := safety.last_vote) is not None:
            stated = last_vote.statement
            self._hear(node, electorate.vote(stated.round, stated.block_id, stated.qc_round), last_vote.signature)
        if (last_commit := safety.last_commit_vote) is not None:
            said = electorate.commit(last_commit.statement.round, last_commit.statement.block_id)
            self._hear(node, said, last_commit.signature)
        if (last_timeout := safety.last_timeout) is not None:
            said = electorate.timeout(last_timeout.statement.round, last_timeout.statement.high_qc_round)
            self._hear(node, said, last_timeout.signature)

    def on_persist(self, _now_ms: int, node: int, store: Store, batch: Batch) -> None:
        """A node has written a batch: blocks are learnt, commits are judged with their proofs."""
        for key, value in batch:
            if value is None:
                continue
            if store is Store.BLOCKS and key.startswith(BLOCK_PREFIX):
                self._learn_block(msgspec.msgpack.decode(value, type=Block))
            elif store is Store.STATE and key.startswith(COMMITTED_PREFIX) and len(key) == 1 + HEIGHT_BYTES:
                self._judge_commit(node, msgspec.msgpack.decode(value, type=CommittedBlock))

    def on_committed(self, _now_ms: int, node: int, header: Header, disk: Disk) -> None:
        """A node says that a block is committed: its batch must be durable."""
        data = disk.stores[Store.STATE].get_durable(COMMITTED_PREFIX + header.height.to_bytes(HEIGHT_BYTES, "big"))
        if data is None or self._chain.get(header.height) != header_id(header):
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

    def on_calm(self, _now_ms: int, rounds: Sequence[int]) -> None:
        """All faults have ended; the nodes are in these rounds."""
        self._calm = max(rounds), max(self._tips)

    # What must have come of it.

    def judge_progress(self, round_: int) -> None:
        """A node is in a round: once all is calm, commits go on within `MAX_ROUNDS_TO_PROGRESS` rounds (I9)."""
        if self._calm is None:
            return
        calm_round, height = self._calm
        if max(self._tips) > height:
            self._calm = round_, max(self._tips)
        elif round_ > calm_round + MAX_ROUNDS_TO_PROGRESS:
            raise InvariantBroken(
                PROGRESS, f"no commit in rounds {calm_round} to {round_} although nothing has failed since"
            )

    def finish(self, archives: Sequence[Archive]) -> None:
        """The run is over: the honest nodes agree, and what they committed executes to what is stored (I5, I7, I8)."""
        heights = [archive.tip().height for archive in archives]
        if len({*heights}) > 1:
            raise InvariantBroken(AGREEMENT, f"at the end the nodes have committed to heights {heights}")
        execute_again(self._world, archives)

    # Leaves.

    def _learn_block(self, block: Block) -> None:
        self.certified.add_block(block.header)

    def _require_own(self, node: int, voter: int) -> None:
        if node != voter:
            raise InvariantBroken(CERTIFICATES, f"node {node} speaks as validator {voter}")

    def _hear(self, node: int, said: Said, signature: bytes) -> None:
        """An honest validator's signature over a statement exists."""
        if not self._promises[node].add(said):
            return
        if not self._electorate.has_signed(node, said, signature):
            raise InvariantBroken(CERTIFICATES, f"node {node} gives a wrong signature for {said}")
        if said.kind == "vote":
            assert said.block_id is not None, "a vote names a block"
            assert said.qc_round is not None, "a vote names its QC's round"
            self.certified.add_vote(node, round_=said.round, block_id=said.block_id, qc_round=said.qc_round)
        elif said.kind == "commit":
            assert said.block_id is not None, "a commit vote names a block"
            self.certified.add_commit_vote(node, round_=said.round, block_id=said.block_id)

    def _require_block(self, node: int, said: Said, disk: Disk) -> None:
        assert said.block_id is not None, "only statements about blocks need them"
        data = disk.stores[Store.BLOCKS].get_durable(BLOCK_PREFIX + said.block_id)
        if data is None:
            raise InvariantBroken(DURABLE, f"node {node} sends {said}, and its block is not durable")

    def _require_remembered(self, node: int, said: Said, remembered_round: int) -> None:
        if remembered_round < said.round:
            raise InvariantBroken(DURABLE, f"node {node} sends {said}; its signer's disk knows {remembered_round}")

    def _believe_sync(self, sync: SyncInfo, node: int) -> None:
        self._believe_qc(sync.high_qc, node)
        if sync.tc is not None:
            self._believe_tc(sync.tc, node)
        if sync.commit is not None:
            self._believe_commit(sync.commit, node)

    def _believe_qc(self, qc: QuorumCertificate, node: int) -> None:
        self._require_sound(self._electorate.fault_of_qc(qc), f"node {node} holds a QC of round {qc.round}")
        self.certified.add_qc(qc.round, qc.block_id)

    def _believe_tc(self, tc: TimeoutCertificate, node: int) -> None:
        self._require_sound(self._electorate.fault_of_tc(tc), f"node {node} holds a TC of round {tc.round}")
        self._believe_qc(tc.high_qc, node)

    def _believe_commit(self, certificate: CommitCertificate, node: int) -> None:
        fault = self._electorate.fault_of_commit(certificate)
        self._require_sound(fault, f"node {node} holds a commit certificate of round {certificate.round}")
        self.certified.add_commit(certificate.round, certificate.block_id)

    def _require_sound(self, fault: str | None, what: str) -> None:
        if fault is not None:
            raise InvariantBroken(CERTIFICATES, f"{what}: {fault}")

    def _judge_commit(self, node: int, committed: CommittedBlock) -> None:
        """I1, height by height and node by node."""
        header, block_id = committed.header, header_id(committed.header)
        height = header.height
        if committed.block_id != block_id or height != self._tips[node] + 1:
            text = f"node {node} commits height {height} as {block_id.hex()[:8]} on {self._tips[node]}"
            raise InvariantBroken(AGREEMENT, text)
        known = self._chain.setdefault(height, block_id)
        if known != block_id or header.parent_id != self._chain[height - 1]:
            text = f"height {height}: node {node} commits {block_id.hex()[:8]}, another {known.hex()[:8]}"
            raise InvariantBroken(AGREEMENT, text)
        self._tips[node] = height
        self.certified.add_block(header)
        if committed.proof is not None:
            self._judge_proof(node, header, committed.proof)

    def _judge_proof(self, node: int, header: Header, proof: CommitProof) -> None:
        what = f"node {node} commits height {header.height} by a proof"
        block_id = header_id(header)
        if isinstance(proof, TwoChain):
            self._require_sound(self._electorate.fault_of_two_chain(proof, header), what)
            self.certified.add_block(proof.child)
            self.certified.add_qc(proof.qc.round, proof.qc.block_id)
        elif (proof.round, proof.block_id) != (header.round, block_id):
            self._require_sound(f"it is for round {proof.round}, {proof.block_id.hex()[:8]}", what)
        else:
            self._require_sound(self._electorate.fault_of_commit(proof), what)
        self.certified.add_commit(header.round, block_id)
