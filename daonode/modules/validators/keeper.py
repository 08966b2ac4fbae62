"""The only access to this module's state: the validators, and how reliably they propose."""

from collections.abc import Iterator

from msgspec.structs import replace

from daonode.consensus.types import Validator
from daonode.ledger.block import BlockInfo
from daonode.ledger.context import Context
from daonode.ledger.state import StateReader
from daonode.modules.validators.bonds import Bonds
from daonode.modules.validators.epochs import jail
from daonode.modules.validators.errors import (
    ConsensusKeyTaken,
    NodeKeyTaken,
    TooManyValidators,
    UnknownValidator,
)
from daonode.modules.validators.events import EvidenceAccepted, ValidatorEdited
from daonode.modules.validators.keys import CONVICTIONS, PARAMS, PROPOSAL_COUNTS, SETS, VALIDATORS
from daonode.modules.validators.params import MAX_VALIDATORS, Params
from daonode.modules.validators.types import (
    Conviction,
    ProposalCount,
    ProposalCounts,
    ValidatorRecord,
    validator_id,
)
from daonode.primitives.ids import Address, PublicKey, ValidatorId
from daonode.primitives.units import TimeMs


class ValidatorsKeeper:
    """The validators of the chain, for this module and for those that were given it."""

    def __init__(self, bonds: Bonds) -> None:
        self.bonds = bonds

    def validator(self, state: StateReader, validator: ValidatorId) -> ValidatorRecord:
        """Return a validator, or raise `UnknownValidator`."""
        found = VALIDATORS.get(state, validator)
        if found is None:
            raise UnknownValidator(validator=validator)
        return found

    def validators(self, state: StateReader) -> Iterator[tuple[ValidatorId, ValidatorRecord]]:
        """Yield every validator, ascending by id."""
        return VALIDATORS.iterate(state)

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

    def approve(self, context: Context, validator: ValidatorId, record: ValidatorRecord) -> None:
        """Add a validator. Raises `ConsensusKeyTaken`, `TooManyValidators`."""
        self.check_key_is_free(context.state, record.public_key)
        if sum(1 for _ in self.validators(context.state)) >= MAX_VALIDATORS:
            raise TooManyValidators(limit=MAX_VALIDATORS)
        VALIDATORS.set(context.state, validator, record)
        counts = (*self.proposal_counts(context.state), ProposalCount(validator=validator, proposed=0, failed=0))
        ordered = tuple(sorted(counts, key=lambda count: count.validator))
        PROPOSAL_COUNTS.set(context.state, None, ProposalCounts(counts=ordered))

    def store(self, context: Context, validator: ValidatorId, record: ValidatorRecord) -> None:
        """Replace a validator's record."""
        VALIDATORS.set(context.state, validator, record)

    def check_key_is_free(self, state: StateReader, public_key: PublicKey) -> None:
        """Raise `ConsensusKeyTaken` where a validator has the key, or had it in a set that evidence counts against."""
        for validator, record in self.validators(state):
            if record.public_key == public_key or validator == validator_id(public_key):
                raise ConsensusKeyTaken(validator=validator)
        for _, known in SETS.iterate(state):
            for member in known.validators:
                if member.public_key == public_key:
                    raise ConsensusKeyTaken(validator=member.id)

    def params(self, state: StateReader) -> Params:
        """Return the parameters."""
        return PARAMS.require(state, None)

    def set_of(self, state: StateReader, epoch: int) -> tuple[Validator, ...] | None:
        """Return the validators of an epoch, or None where that is not known, or no more."""
        found = SETS.get(state, epoch)
        return None if found is None else found.validators

    def is_convicted(self, state: StateReader, validator: ValidatorId, *, epoch: int) -> bool:
        """Whether a validator was punished for what it has signed in an epoch."""
        return CONVICTIONS.has(state, (epoch, validator))

    def convict(self, context: Context, validator: ValidatorId, *, epoch: int, reporter: Address) -> None:
        """Jail a validator for what it has signed in an epoch, and burn a share of its bond.

        One that is no more is not punished further: it is in no set, and its bond was paid back.
        """
        conviction = Conviction(convicted_at=TimeMs(context.block.time_ms), reporter=reporter)
        CONVICTIONS.set(context.state, (epoch, validator), conviction)
        context.emit(EvidenceAccepted(validator=validator, epoch=epoch, reporter=reporter))
        record = VALIDATORS.get(context.state, validator)
        if record is not None:
            duration_ms = self.params(context.state).equivocation_jail
            jail(context, validator, record, reason="equivocation", duration_ms=duration_ms)
            self.bonds.slash(context, validator)

    def convictions(self, state: StateReader) -> Iterator[tuple[int, ValidatorId, Conviction]]:
        """Yield who was convicted of what epoch, ascending by epoch, as far back as evidence counts."""
        for (epoch, validator), conviction in CONVICTIONS.iterate(state):
            yield epoch, validator, conviction

    def forget_absence(self, context: Context, validator: ValidatorId) -> None:
        """Count the turns that a validator misses from now on, and none before."""
        counts = tuple(
            replace(count, missed=0, absent_since=None) if count.validator == validator else count
            for count in self.proposal_counts(context.state)
        )
        PROPOSAL_COUNTS.set(context.state, None, ProposalCounts(counts=counts))

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
    # The block's own round is later than those that failed before it.
    missed = 0 if proposed else count.missed + failed
    since = None if proposed else TimeMs(block.time_ms) if count.absent_since is None else count.absent_since
    return ProposalCount(
        validator=count.validator,
        proposed=count.proposed + proposed,
        failed=count.failed + failed,
        missed=missed,
        absent_since=since,
    )
