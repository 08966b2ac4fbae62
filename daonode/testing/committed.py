"""The oracle's eye on what is committed (I1): one chain, node by node, and epochs that follow each other.

What makes a block final is judged by the electorate of its epoch, and told to what has been certified in it.
"""

from __future__ import annotations

from daonode.consensus.types import Header, TwoChain
from daonode.replica.layout import CommittedBlock, EpochRecord
from daonode.testing.broken import AGREEMENT, CERTIFICATES, InvariantBroken
from daonode.testing.certified import Certified
from daonode.testing.electorate import Electorate, closes_epoch, header_id, is_after_end, set_digest
from daonode.testing.world import World


class CommittedChain:
    """What the honest nodes have committed. `certified` is what is, or can be, certified, by epoch."""

    def __init__(self, world: World, electorate: Electorate, *, byzantine: tuple[int, ...]) -> None:
        genesis = world.chain.initial.header
        self._electorate = electorate
        self._byzantine = byzantine
        self._genesis = genesis
        self._ids: dict[int, bytes] = {genesis.height: header_id(genesis)}
        """By height."""
        self._tips = [genesis] * len(world.secrets)
        self._set_digests: dict[int, bytes] = {genesis.epoch: set_digest(world.chain.validators)}
        self._newest_members = world.chain.validators.validators
        self.certified: dict[int, Certified] = {}
        self.changed_sets = 0
        """How many epochs began with another set than the one before."""
        self._add_epoch(world.chain.validators.epoch, genesis)

    @property
    def highest_tip(self) -> int:
        """The highest height that any node has committed."""
        return max(tip.height for tip in self._tips)

    def tip_of(self, node: int) -> Header:
        """The header of the highest block that a node has committed."""
        return self._tips[node]

    def set_digest_of(self, epoch: int) -> bytes | None:
        """The digest of the set that an epoch has begun with, or None."""
        return self._set_digests.get(epoch)

    def id_at(self, height: int) -> bytes | None:
        """The block that is committed at a height, or None."""
        return self._ids.get(height)

    def on_disk_lost(self, node: int) -> None:
        """A node has lost its blocks and its state: it begins with the genesis block again."""
        self._tips[node] = self._genesis

    def judge_epoch(self, node: int, record: EpochRecord) -> None:
        """A node begins an epoch: on the last block of the one before, with the set that its header binds."""
        first, epoch, digest = self._tips[node], record.validators.epoch, set_digest(record.validators)
        qc = record.genesis_qc
        if epoch == 0 and digest == self._set_digests[0]:
            # Written with the genesis block, and once more by whoever begins with a snapshot.
            return
        if first.next_validators_digest != digest or epoch != first.epoch + 1:
            raise InvariantBroken(CERTIFICATES, f"node {node} begins epoch {epoch} with a set that no header binds")
        if (qc.epoch, qc.round, qc.block_id) != (epoch, first.round, header_id(first)):
            raise InvariantBroken(CERTIFICATES, f"node {node} begins epoch {epoch} with a QC of {qc.epoch}:{qc.round}")
        if epoch not in self.certified:
            self._set_digests[epoch] = digest
            self._electorate.add_epoch(record.validators, first)
            self.changed_sets += record.validators.validators != self._newest_members
            self._newest_members = record.validators.validators
            self._add_epoch(epoch, first)

    def judge_commit(self, node: int, committed: CommittedBlock) -> bool:
        """I1, height by height and node by node; whether the node is the first to commit at its height."""
        header, block_id = committed.header, header_id(committed.header)
        height, below = header.height, self._tips[node]
        if committed.block_id != block_id or height != below.height + 1:
            text = f"node {node} commits height {height} as {block_id.hex()[:8]} on {below.height}"
            raise InvariantBroken(AGREEMENT, text)
        if is_after_end(header) or header.epoch != below.epoch + closes_epoch(below):
            text = f"node {node} commits height {height} of epoch {header.epoch} after the end of {below.epoch}"
            raise InvariantBroken(AGREEMENT, text)
        is_first = height not in self._ids
        known = self._ids.setdefault(height, block_id)
        if known != block_id or header.parent_id != self._ids[height - 1]:
            text = f"height {height}: node {node} commits {block_id.hex()[:8]}, another {known.hex()[:8]}"
            raise InvariantBroken(AGREEMENT, text)
        self._tips[node] = header
        self.certified[header.epoch].add_block(header)
        if committed.proof is not None:
            self.judge_proof(node, committed)
        return is_first

    def judge_joined(self, node: int, committed: CommittedBlock) -> None:
        """A node that begins with a snapshot takes headers for committed that others have committed before."""
        header, block_id = committed.header, header_id(committed.header)
        if committed.block_id != block_id or self._ids.get(header.height) != block_id:
            text = f"node {node} joins with {block_id.hex()[:8]} at height {header.height}: nobody committed it"
            raise InvariantBroken(AGREEMENT, text)
        if header.height > self._tips[node].height:
            self._tips[node] = header

    def judge_proof(self, node: int, committed: CommittedBlock) -> None:
        """A proof is over the block, or over one after it that stands after the end of the epoch."""
        header, proof = committed.header, committed.proof
        what = f"node {node} commits height {header.height} by a proof"
        certified = self.certified[header.epoch]
        for descendant in committed.descendants:
            if descendant.parent_id != header_id(header) or not is_after_end(descendant):
                require_sound("it is over a block that does not follow the end of the epoch", what)
            header = descendant
            certified.add_block(header)
        block_id = header_id(header)
        if isinstance(proof, TwoChain):
            require_sound(self._electorate.fault_of_two_chain(proof, header), what)
            certified.add_block(proof.child)
            certified.add_qc(proof.qc.round, proof.qc.block_id)
        elif proof is not None and (proof.round, proof.block_id) != (header.round, block_id):
            require_sound(f"it is for round {proof.round}, {proof.block_id.hex()[:8]}", what)
        elif proof is not None:
            require_sound(self._electorate.fault_of_commit(proof, header.epoch), what)
        certified.add_commit(header.round, block_id)

    def _add_epoch(self, epoch: int, first: Header) -> None:
        members = [node for node in self._byzantine if self._electorate.is_member(epoch, node)]
        self.certified[epoch] = Certified(self._electorate, genesis=first, byzantine=tuple(members), epoch=epoch)


def require_sound(fault: str | None, what: str) -> None:
    """Raise what is wrong with a certificate, if anything is."""
    if fault is not None:
        raise InvariantBroken(CERTIFICATES, f"{what}: {fault}")
