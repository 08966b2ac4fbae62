"""From one epoch to the next: what proves that an epoch is over, and who decides after it.

The last block of an epoch binds the set of the next one in its header. Whoever knows the set of an epoch can follow
from there to the present by one `EpochChange` an epoch: a node that was away, a signer, a light client.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from daonode.consensus.errors import Malformed, WrongEpoch
from daonode.consensus.types import CommitProof, Header, TwoChain, ValidatorSet, proof_block, proof_round
from daonode.consensus.verification import Verifier
from daonode.primitives.codec import Record

MAX_DESCENDANTS: Final = 1_024
"""How many headers may stand between a block and the proof that makes it final."""


class EpochChange(Record, frozen=True):
    """Why an epoch is over, and the set of the next one.

    `header` is that of its last block; `proof` makes it final, or the last of its `descendants`, ascending: blocks
    after the end, which commit nothing but the end. `validators` is the set that the header binds.
    """

    header: Header
    descendants: tuple[Header, ...]
    proof: CommitProof
    validators: ValidatorSet


def check_epoch_change(change: EpochChange, verifier: Verifier) -> None:
    """Check that a change follows from the set that `verifier` judges by.

    Raises:
        PeerError: the header is not final or ends no epoch, or the next set is not the one that it binds.
    """
    if change.header.epoch != verifier.epoch:
        raise WrongEpoch(expected=verifier.epoch, got=change.header.epoch)
    if not change.header.ends_epoch:
        raise Malformed(reason=f"the block at height {change.header.height} is not the last of its epoch")
    check_final(change.header, proof=change.proof, descendants=change.descendants, verifier=verifier)
    if not is_bound_set(change):
        raise Malformed(reason="the next validator set is not the one that the header binds")


def is_bound_set(change: EpochChange) -> bool:
    """Whether the set is the one whose hash stands in the header."""
    return change.validators.digest() == change.header.next_validators_digest


def check_final(header: Header, *, proof: CommitProof, descendants: Sequence[Header], verifier: Verifier) -> None:
    """Check that a block is committed: `proof` makes it, or the last of its `descendants`, ascending, final.

    Raises:
        PeerError: the proof is not valid or for another block, the descendants do not follow one another, or the block
            stands after the end of its epoch and never commits.
    """
    if len(descendants) > MAX_DESCENDANTS:
        raise Malformed(reason=f"expected at most {MAX_DESCENDANTS} descendants, got {len(descendants)}")
    verifier.check_header(header)
    if header.is_suffix:
        raise Malformed(reason=f"the block at height {header.height} stands after the end of its epoch: none commits")
    last = header
    for descendant in descendants:
        verifier.check_header(descendant)
        _check_child(descendant, parent=last)
        last = descendant
    if isinstance(proof, TwoChain):
        _check_child(proof.child, parent=last)
    verifier.check_proof(proof)
    if proof_block(proof) != last.id() or proof_round(proof) != last.round:
        raise Malformed(
            reason=f"the proof makes block 0x{proof_block(proof).hex()} of round {proof_round(proof)} final, expected "
            f"0x{last.id().hex()} of round {last.round} at height {last.height}"
        )


def _check_child(child: Header, *, parent: Header) -> None:
    if child.parent_id != parent.id():
        raise Malformed(
            reason=f"block {child.height} follows 0x{child.parent_id.hex()}, expected 0x{parent.id().hex()} of height "
            f"{parent.height}"
        )
    if child.height != parent.height + 1 or child.round <= parent.round:
        raise Malformed(
            reason=f"block {child.height} of round {child.round} cannot follow block {parent.height} of round "
            f"{parent.round}"
        )
