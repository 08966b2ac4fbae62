"""Which block is missing: the one with the best proof or the high QC, when it or an ancestor is not here."""

from __future__ import annotations

from daonode.consensus.effects import Fetch
from daonode.consensus.state import CoreState
from daonode.consensus.types import CommitProof, TwoChain, proof_block, proof_round
from daonode.primitives.ids import BlockId, ValidatorId


def find_missing(state: CoreState) -> tuple[BlockId, int, tuple[int, ...]] | None:
    """The missing block, the round of the certificate that tells of it, and who signed that; None when all is here."""
    qc = state.high_qc
    if qc.round > state.tree.root.round:
        missing = state.tree.missing_ancestor(qc.block_id)
        if missing is not None:
            return missing, qc.round, qc.signers
    if state.proof is not None:
        missing = state.tree.missing_ancestor(proof_block(state.proof))
        if missing is not None:
            return missing, proof_round(state.proof), _signers(state.proof)
    return None


def fetch(state: CoreState) -> None:
    """Ask for the missing block: whenever it is another one, and again when a round has passed without an answer."""
    found = find_missing(state)
    if found is None:
        state.fetching = None
        return
    missing, round_, signers = found
    if missing != state.fetching:
        state.fetching = missing
        holders: tuple[ValidatorId, ...] = tuple(
            state.validators.validators[signer].id for signer in signers if signer != state.own_index
        )
        state.emit(Fetch(block_id=missing, round=round_, holders=holders))


def _signers(proof: CommitProof) -> tuple[int, ...]:
    return proof.qc.signers if isinstance(proof, TwoChain) else proof.signers
