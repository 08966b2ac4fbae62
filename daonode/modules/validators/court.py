"""Judges evidence: two statements that one validator has signed and no honest one signs together.

It comes in a transaction, or in the payload of a block, where a leader puts what nodes have seen and told each other.
Either way it counts once for each validator and epoch, and as long as the set of that epoch is kept.
"""

from __future__ import annotations

from daonode.consensus.evidence import Evidence, is_conflict
from daonode.consensus.statements import signing_bytes
from daonode.consensus.verification import SignatureCheck
from daonode.ledger.context import Context
from daonode.ledger.errors import TransactionError
from daonode.ledger.gas import SIGNATURE_GAS
from daonode.ledger.state import StateReader
from daonode.modules.validators.errors import AlreadyConvicted, EvidenceExpired, InvalidEvidence
from daonode.modules.validators.keeper import ValidatorsKeeper
from daonode.primitives.addresses import encode_validator
from daonode.primitives.codec import DecodeError, decode
from daonode.primitives.ids import Address, ChainId
from daonode.primitives.signatures import verify


class Court:
    """Judges by the committed sets. `check_signature` is another than Ed25519 on a test bench only."""

    def __init__(self, keeper: ValidatorsKeeper, check_signature: SignatureCheck = verify) -> None:
        self._keeper = keeper
        self.check_signature = check_signature

    def check_is_punishable(self, state: StateReader, evidence: Evidence) -> None:
        """Check that its offence still counts and has not been punished; says nothing of whether it was committed.

        Raises:
            EvidenceExpired: the set of its epoch is not kept any more, or not known yet.
            AlreadyConvicted: once is enough.
        """
        epoch, validator = evidence.offence
        if self._keeper.set_of(state, epoch) is None:
            raise EvidenceExpired(epoch=epoch)
        if self._keeper.is_convicted(state, validator, epoch=epoch):
            raise AlreadyConvicted(validator=validator, epoch=epoch)

    def check(self, state: StateReader, evidence: Evidence, *, chain_id: ChainId) -> None:
        """Check that evidence convicts whom it accuses.

        Raises:
            EvidenceExpired, AlreadyConvicted: as `check_is_punishable` does.
            InvalidEvidence: it convicts nobody.
        """
        first, second = evidence.first.statement, evidence.second.statement
        epoch, validator = evidence.offence
        if {first.chain_id, second.chain_id} != {chain_id} or second.epoch != epoch:
            raise InvalidEvidence("the statements are not both of this chain and of one epoch")
        if not is_conflict(first, second):
            raise InvalidEvidence(
                "an honest validator may sign both statements", hint="see docs/consensus.md, Evidence"
            )
        self.check_is_punishable(state, evidence)
        members = self._keeper.set_of(state, epoch) or ()
        member = next((each for each in members if each.id == validator), None)
        if member is None:
            raise InvalidEvidence(f"{encode_validator(validator)} is no validator of epoch {epoch}")
        for signed in (evidence.first, evidence.second):
            if not self.check_signature(member.public_key, signing_bytes(signed.statement), signed.signature):
                raise InvalidEvidence(f"a signature is not that of {encode_validator(validator)}")

    def convict(self, context: Context, evidence: Evidence, *, reporter: Address) -> None:
        """Punish whom evidence convicts, or raise what `check` does."""
        context.gas.charge(2 * SIGNATURE_GAS)
        self.check(context.state, evidence, chain_id=context.block.chain_id)
        epoch, validator = evidence.offence
        self._keeper.convict(context, validator, epoch=epoch, reporter=reporter)

    def judge_block(self, context: Context) -> None:
        """Judge what a block carries; the reporter is who made it. What convicts nobody changes nothing."""
        reporter = self._keeper.payout_account(context.state, context.block.proposer) or context.sender
        for data in context.block.evidence:
            try:
                with context.atomic():
                    self.convict(context, decode(data, Evidence), reporter=reporter)
            except (DecodeError, TransactionError):
                # A leader may put anything there; the block stands, and whoever is accused is left alone.
                continue
