"""What the stores and safety states of stopped nodes say together: one chain, and nobody who signed twice.

Reads files alone and shares no judgement with the nodes: it collects every statement that a certificate, a block or a
safety state proves that a validator signed, and compares them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

from daonode.consensus.safety import SafetyState
from daonode.consensus.types import Block, CommitCertificate, QuorumCertificate, TwoChain, Validator
from daonode.genesis.document import load_document
from daonode.node.home import Home
from daonode.node.storage import open_stores
from daonode.primitives.codec import decode
from daonode.primitives.ids import BlockId, ChainId, PublicKey, ValidatorId
from daonode.replica.archive import Archive
from daonode.replica.bootstrap import NewChain, make_chain
from daonode.replica.layout import BLOCK_PREFIX
from daonode.signer.file_signer import read_safety_state
from tests.faults.load import Reported
from tests.faults.network import Network


@dataclass(frozen=True, slots=True)
class Signed:
    """One validator's statement of one kind in one round of an epoch: no two may name different blocks."""

    kind: str
    epoch: int
    round: int
    signer: PublicKey


def stopped_chain(network: Network) -> NewChain:
    """The chain of a network's genesis document."""
    return make_chain(load_document(network.nodes[0].node.home.genesis.read_bytes()))


@contextmanager
def archive_of(home: Home, chain_id: ChainId) -> Iterator[Archive]:
    """The store of a stopped node."""
    stores = open_stores(home.path, chain_id=chain_id)
    try:
        yield Archive(stores.blocks, stores.state)
    finally:
        stores.close()


def check_history(network: Network, reported: tuple[Reported, ...]) -> int:
    """Check the stores of stopped nodes against each other and what clients were told; returns the common height."""
    chain = stopped_chain(network)
    signed: dict[Signed, BlockId] = {}
    block_at: dict[int, BlockId] = {}
    heights: list[int] = []
    for node in network.nodes:
        with archive_of(node.node.home, chain.document.chain.chain_id) as archive:
            heights.append(archive.tip().height)
            _check_blocks(archive, block_at, name=node.node.name)
            _check_reported(archive, reported, name=node.node.name)
            safety = read_safety_state(node.node.home.safety_state)
            for statement, block_id in _statements(archive, own=node.validator):
                assert signed.setdefault(statement, block_id) == block_id, f"{statement} names two blocks"
        for statement, block_id in _remembered(safety):
            assert signed.setdefault(statement, block_id) == block_id, f"{statement} names two blocks"
    return min(heights)


def count_set_changes(network: Network) -> int:
    """How often an epoch of a stopped network began with another validator set than the one before it had."""
    chain_id = stopped_chain(network).document.chain.chain_id
    with archive_of(network.nodes[0].node.home, chain_id) as archive:
        last = archive.current_epoch().validators.epoch
        sets = [_members(archive, epoch) for epoch in range(last + 1)]
    return sum(before != after for before, after in pairwise(sets))


def _check_blocks(archive: Archive, block_at: dict[int, BlockId], *, name: str) -> None:
    for height in range(archive.tip().height + 1):
        committed = archive.committed(height)
        assert committed is not None, f"{name} has no block at height {height}, below its tip"
        known = block_at.setdefault(height, committed.block_id)
        assert known == committed.block_id, f"{name} has another block at height {height} than the others"


def _check_reported(archive: Archive, reported: tuple[Reported, ...], *, name: str) -> None:
    tip = archive.tip().height
    for each in reported:
        if each.height > tip:
            continue
        place = archive.place(each.tx_id)
        assert place is not None, f"{name} lost transaction {each.tx_id.hex()}, reported at height {each.height}"
        assert place.height == each.height
        committed = archive.committed(each.height)
        assert committed is not None
        assert committed.block_id == each.block_id


def _statements(archive: Archive, *, own: ValidatorId) -> Iterator[tuple[Signed, BlockId]]:
    for _, data in archive.blocks.iterate(start=BLOCK_PREFIX, end=bytes([BLOCK_PREFIX[0] + 1])):
        block = decode(data, Block)
        header = block.header
        keys = {validator.id: validator.public_key for validator in _members(archive, header.epoch)}
        # A block is durable before its proposal is signed: only what came from another proves a signature.
        if header.proposer != own:
            yield Signed("propose", header.epoch, header.round, keys[header.proposer]), header.id()
        yield from _votes(archive, block.qc)
    for height in range(1, archive.tip().height + 1):
        committed = archive.committed(height)
        assert committed is not None
        match committed.proof:
            case CommitCertificate() as certificate:
                members = _members(archive, certificate.epoch)
                for signer in certificate.signers:
                    key = members[signer].public_key
                    yield Signed("commit", certificate.epoch, certificate.round, key), certificate.block_id
            case TwoChain() as chain:
                yield from _votes(archive, chain.qc)
            case None:
                pass


def _votes(archive: Archive, qc: QuorumCertificate) -> Iterator[tuple[Signed, BlockId]]:
    members = _members(archive, qc.epoch)
    for signer in qc.signers:
        yield Signed("vote", qc.epoch, qc.round, members[signer].public_key), qc.block_id


def _members(archive: Archive, epoch: int) -> tuple[Validator, ...]:
    """Who decides in an epoch; a block is durable only where its epoch is known."""
    record = archive.epoch(epoch)
    assert record is not None, f"the store has a block of epoch {epoch}, which it does not know"
    return record.validators.validators


def _remembered(safety: SafetyState) -> Iterator[tuple[Signed, BlockId]]:
    remembered = {"propose": safety.last_proposal, "vote": safety.last_vote, "commit": safety.last_commit_vote}
    for kind, last in remembered.items():
        if last is not None:
            said = last.statement
            yield Signed(kind, said.epoch, said.round, safety.public_key), said.block_id
