"""The only access to this module's state: the validators, and how reliably they propose."""

from collections.abc import Iterator

import msgspec

from daonode.consensus.types import Validator
from daonode.ledger.block import BlockInfo
from daonode.ledger.context import Context
from daonode.ledger.state import StateReader
from daonode.modules.validators.errors import NodeKeyTaken, UnknownValidator
from daonode.modules.validators.events import ValidatorEdited
from daonode.modules.validators.keys import PROPOSAL_COUNTS, VALIDATORS
from daonode.modules.validators.types import ProposalCount, ProposalCounts, ValidatorRecord
from daonode.primitives.ids import Address, ValidatorId


class ValidatorsKeeper:
    """The validators of the chain, for this module and for those that were given it."""

    def validator(self, state: StateReader, validator: ValidatorId) -> ValidatorRecord:
        """Return a validator, or raise `UnknownValidator`."""
        found = VALIDATORS.get(state, validator)
        if found is None:
            raise UnknownValidator(validator=validator)
        return found

    def validators(self, state: StateReader) -> Iterator[tuple[ValidatorId, ValidatorRecord]]:
        """Yield every validator, ascending by id."""
        return VALIDATORS.iterate(state)

    def consensus_validators(self, state: StateReader) -> tuple[Validator, ...]:
        """Return the validators as consensus knows them, ascending by id."""
        return tuple(
            Validator(id=validator, public_key=record.public_key, power=record.power)
            for validator, record in self.validators(state)
        )

    def payout_account(self, state: StateReader, validator: ValidatorId, /) -> Address | None:
        """Return the account that a proposer is paid on, or None where there is no such validator."""
        found = VALIDATORS.get(state, validator)
        return None if found is None else found.payout_account

    def edit(self, context: Context, validator: ValidatorId, record: ValidatorRecord) -> None:
        """Replace what a validator says of itself. Raises `NodeKeyTaken` where another one has its node key."""
        for other, existing in self.validators(context.state):
            if other != validator and record.node_key is not None and existing.node_key == record.node_key:
                raise NodeKeyTaken(validator=other)
        VALIDATORS.set(context.state, validator, record)
        context.emit(
            ValidatorEdited(
                validator=validator,
                payout_account=record.payout_account,
                moniker=record.moniker,
                node_key=record.node_key,
                address=record.address,
            )
        )

    def proposal_counts(self, state: StateReader) -> tuple[ProposalCount, ...]:
        """Return how often each validator proposed and failed to, ascending by id."""
        return PROPOSAL_COUNTS.require(state, None).counts

    def count_proposals(self, context: Context) -> None:
        """Count the block being executed for its proposer, and its failed rounds for theirs. Writes one key."""
        before = self.proposal_counts(context.state)
        after = tuple(_counted(count, context.block) for count in before)
        if after != before:
            PROPOSAL_COUNTS.set(context.state, None, ProposalCounts(counts=after))


def _counted(count: ProposalCount, block: BlockInfo) -> ProposalCount:
    proposed = count.validator == block.proposer
    failed = block.failed_proposers.count(count.validator)
    if not proposed and not failed:
        return count
    return msgspec.structs.replace(count, proposed=count.proposed + proposed, failed=count.failed + failed)
