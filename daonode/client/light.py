"""Verifies what a node answers against the genesis document alone; the node is trusted for nothing.

`TrustedChain` holds the validator sets that follow from the document: the first, and from each epoch's end, which a
quorum of its set made final, the next. A header is accepted where a quorum of its epoch's set made it final, a receipt
and a state value where they stand under a root of an accepted header. Every error says what did not match.
`verify_transaction` and `verify_value` also do the asking.

A receipt's error text is not committed to; its code and events are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from daonode.client.errors import FinalityNotProven, ReceiptNotProven, StateNotProven
from daonode.client.rpc import RpcClient
from daonode.consensus.certificates import genesis_certificate
from daonode.consensus.epochs import EpochChange, check_epoch_change, check_final
from daonode.consensus.errors import PeerError
from daonode.consensus.types import CommitProof, Header, ValidatorSet
from daonode.consensus.verification import Verifier
from daonode.genesis.document import GenesisDocument
from daonode.genesis.initial import make_initial_state
from daonode.ledger import receipts
from daonode.ledger.block import Receipt
from daonode.primitives.codec import DecodeError, decode
from daonode.primitives.ids import ChainId, Hash, TxId
from daonode.primitives.merkle import InclusionProof
from daonode.primitives.state_proof import StateProof, verify_state_proof

MAX_EPOCHS: Final = 4_096
"""Epochs whose sets are kept; with one more the oldest is forgotten, and its blocks are not verified any more."""


@dataclass(frozen=True, slots=True)
class VerifiedReceipt:
    """A receipt that is proven to be that of a transaction of the committed block with this header."""

    header: Header
    receipt: Receipt
    index: int


@dataclass(frozen=True, slots=True)
class VerifiedValue:
    """A state key's value, None for none, proven for the state after the committed block with this header."""

    header: Header
    key: bytes
    value: bytes | None


class TrustedChain:
    """One chain as its genesis document defines it. Making one executes the genesis block."""

    def __init__(self, document: GenesisDocument) -> None:
        """Raise `GenesisError` where the document makes no chain."""
        initial = make_initial_state(document)
        self.chain_id: ChainId = document.chain.chain_id
        self.genesis_hash: Hash = document.hash()
        self.genesis_header: Header = initial.header
        self._verifiers: dict[int, Verifier] = {}
        self._add_epoch(initial.validators, initial.header)

    @property
    def validators(self) -> ValidatorSet:
        """The set of the newest epoch that is known."""
        return self._validators

    @property
    def epoch(self) -> int:
        """The newest epoch that is known."""
        return self._validators.epoch

    def verify_finality(self, header: Header, *, proof: CommitProof | None, descendants: Sequence[Header] = ()) -> None:
        """Check that a header is committed: `proof` makes it or the last of its `descendants`, ascending, final.

        The genesis header needs no proof.

        Raises:
            FinalityNotProven: the header is of another chain or set, the descendants do not follow one another, the
                proof is for another block, or its signatures are not those of a quorum.
        """
        if header == self.genesis_header:
            return
        if proof is None:
            raise FinalityNotProven(f"block {header.height} is not the genesis block, and came without a proof")
        try:
            check_final(header, proof=proof, descendants=descendants, verifier=self._verifier_of(header))
        except PeerError as error:
            raise FinalityNotProven(f"block {header.height} is not proven to be final: {error.reason}") from error

    def follow(self, changes: Sequence[EpochChange]) -> None:
        """Go on from epoch to epoch by what proves that each is over, ascending from the newest that is known.

        Raises:
            FinalityNotProven: a change does not follow from the set before it; those before it count.
        """
        for change in changes:
            try:
                check_epoch_change(change, self._newest)
            except PeerError as error:
                raise FinalityNotProven(
                    f"the end of epoch {change.header.epoch} is not proven: {error.reason}"
                ) from error
            self._add_epoch(change.validators, change.header)

    def follow_to(self, rpc: RpcClient, epoch: int) -> None:
        """Ask for what leads to an epoch, and go on to it; one that is known asks nothing.

        Raises:
            FinalityNotProven: what the node answers proves nothing, or does not lead there.
            Unreachable, RpcError, BadAnswer: as the calls of `RpcClient`.
        """
        while self.epoch < epoch:
            before = self.epoch
            self.follow(rpc.epochs(from_epoch=before).changes)
            if self.epoch == before:
                raise FinalityNotProven(f"the node does not show that epoch {before} is over, and speaks of {epoch}")

    def verify_receipt(self, *, tx_id: TxId, encoded: bytes, inclusion: InclusionProof, header: Header) -> Receipt:
        """Return the receipt of transaction `tx_id`, proven to be one of the block of a header that is final.

        Raises:
            ReceiptNotProven: the bytes are no receipt, or that of another transaction, or not under the header's root.
        """
        try:
            receipt = decode(encoded, Receipt)
        except DecodeError as error:
            raise ReceiptNotProven(f"what came as a receipt is none: {error.reason}") from error
        if receipt.tx_id != tx_id:
            raise ReceiptNotProven(
                f"the receipt is that of transaction 0x{receipt.tx_id.hex()}, expected 0x{tx_id.hex()}"
            )
        if not receipts.verify_receipt(header.receipts_root, receipt, inclusion):
            raise ReceiptNotProven(
                f"the receipt of 0x{tx_id.hex()} is not at place {inclusion.index} of {inclusion.size} under the "
                f"receipts root 0x{header.receipts_root.hex()} of block {header.height}"
            )
        return receipt

    def verify_state(self, *, key: bytes, value: bytes | None, proof: StateProof, header: Header) -> None:
        """Check that a key has a value, or none for None, in the state after the block of a header that is final.

        Raises:
            StateNotProven: the proof does not show that under the header's root.
        """
        if not verify_state_proof(header.state_root, key, value, proof):
            claimed = "no value" if value is None else f"a value of {len(value)} bytes"
            raise StateNotProven(
                f"key 0x{key.hex()} is not proven to have {claimed} under the state root "
                f"0x{header.state_root.hex()} of block {header.height}"
            )

    def fetch_header(self, rpc: RpcClient, height: int) -> Header:
        """Ask for the header at a height with its proof, and verify it; the genesis header is known already.

        Raises:
            FinalityNotProven: it is not proven, or is that of another height.
            Unreachable, RpcError, BadAnswer: as the calls of `RpcClient`.
        """
        if height == self.genesis_header.height:
            return self.genesis_header
        certificate = rpc.certificate(height)
        if certificate.header.height != height:
            raise FinalityNotProven(f"asked for block {height}, got block {certificate.header.height}")
        self.follow_to(rpc, certificate.header.epoch)
        self.verify_finality(certificate.header, proof=certificate.proof, descendants=certificate.descendants)
        return certificate.header

    @property
    def _newest(self) -> Verifier:
        return self._verifiers[self.epoch]

    def _add_epoch(self, validators: ValidatorSet, first: Header) -> None:
        if len(self._verifiers) >= MAX_EPOCHS:
            del self._verifiers[next(iter(self._verifiers))]
        self._validators = validators
        self._verifiers[validators.epoch] = Verifier(
            chain_id=self.chain_id, validators=validators, genesis_qc=genesis_certificate(first)
        )

    def _verifier_of(self, header: Header) -> Verifier:
        """The verifier of a header's epoch; the newest, which refuses, where that is not known."""
        return self._verifiers.get(header.epoch, self._newest)

    def verify_transaction(self, rpc: RpcClient, tx_id: TxId) -> VerifiedReceipt:
        """Ask for a committed transaction's receipt and the proofs, and verify them.

        Raises:
            ProofError: something does not match.
            NotFound: no block has the transaction.
            Unreachable, RpcError, BadAnswer: as the calls of `RpcClient`.
        """
        answer = rpc.receipt_proof(tx_id)
        header = self.fetch_header(rpc, answer.height)
        receipt = self.verify_receipt(tx_id=tx_id, encoded=answer.encoded, inclusion=answer.inclusion, header=header)
        return VerifiedReceipt(header=header, receipt=receipt, index=answer.inclusion.index)

    def verify_value(self, rpc: RpcClient, key: bytes) -> VerifiedValue:
        """Ask for a state key's value at the tip and the proofs, and verify them; raises as `verify_transaction`."""
        answer = rpc.value_proof(key)
        if answer.key != key:
            raise StateNotProven(f"asked for key 0x{key.hex()}, got 0x{answer.key.hex()}")
        header = self.fetch_header(rpc, answer.height)
        self.verify_state(key=key, value=answer.value, proof=answer.proof, header=header)
        return VerifiedValue(header=header, key=key, value=answer.value)
