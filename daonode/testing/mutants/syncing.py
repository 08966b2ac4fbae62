"""What is checked of blocks that a peer serves, and what is taken of certificates, with one condition removed."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from daonode.consensus import safety, verification
from daonode.consensus.safety import SafetyState
from daonode.consensus.types import Block, QuorumCertificate, TimeoutCertificate
from daonode.consensus.verification import Verifier
from daonode.primitives.ids import BlockId
from daonode.replica import block_sync
from daonode.testing.mutants.mutant import Mutant, patched, replacing

_check_fetched = Verifier.check_fetched
_observe_certificates = safety.observe_certificates


def _always(*_: object) -> bool:
    return True


def _unchecked(*_: object, **__: object) -> None:
    return None


def _check_contents_alone(self: Verifier, blocks: Sequence[Block], *, tip: BlockId) -> None:
    """Each block is what its own header says, whatever stands before it."""
    for block in blocks:
        _check_fetched(self, (block,), tip=block.header.id())


def _check_ids_and_certificates(self: Verifier, blocks: Sequence[Block], *, tip: BlockId) -> None:
    """Whatever the payload is, its digest is taken to be the one in the header."""
    digests = {block.payload: block.header.payload_digest for block in blocks}
    with patched(verification, "payload_digest", digests.__getitem__):
        _check_fetched(self, blocks, tip=tip)


def _check_fetched_unbound(self: Verifier, blocks: Sequence[Block], *, tip: BlockId) -> None:
    with patched(Verifier, "_check_binding", _unchecked):
        _check_fetched(self, blocks, tip=tip)


def _without_highest_tc(state: SafetyState, qc: QuorumCertificate, tc: TimeoutCertificate | None) -> SafetyState:
    return replace(_observe_certificates(state, qc, tc), highest_tc=state.highest_tc)


def _without_high_qc(state: SafetyState, qc: QuorumCertificate, tc: TimeoutCertificate | None) -> SafetyState:
    return replace(_observe_certificates(state, qc, tc), high_qc=state.high_qc)


MUTANTS = (
    Mutant(
        "sync-uncertified",
        "blocks without a proof lead to the block that a certificate tells of",
        ("range-liar",),
        replacing(block_sync, "leads_to_tip", _always),
    ),
    Mutant(
        "sync-any-proof",
        "the proof of a range is valid, and over its last block",
        ("range-liar",),
        replacing(block_sync, "check_final", _unchecked),
    ),
    Mutant(
        "sync-out-of-order",
        "each block of a range is the parent of the next",
        ("range-liar",),
        replacing(Verifier, "check_fetched", _check_contents_alone),
    ),
    Mutant(
        "sync-any-payload",
        "a block that is fetched has the payload that its header binds",
        ("range-liar",),
        replacing(Verifier, "check_fetched", _check_ids_and_certificates),
    ),
    Mutant(
        "sync-any-certificate",
        "a block that is fetched has the certificates that its header binds",
        ("range-liar",),
        replacing(Verifier, "check_fetched", _check_fetched_unbound),
    ),
    Mutant(
        "forget-highest-tc",
        "the safety state keeps highest_tc",
        ("faults", "unfair"),
        replacing(safety, "observe_certificates", _without_highest_tc),
    ),
    Mutant(
        "forget-high-qc",
        "the safety state keeps high_qc",
        ("faults", "unfair"),
        replacing(safety, "observe_certificates", _without_high_qc),
    ),
)
