"""What can be asked about validators."""

from collections.abc import Mapping

from daonode.ledger.module import Query, QueryContext
from daonode.ledger.state import StateReader
from daonode.ledger.typed import answers
from daonode.modules.validators.bonds import bond_of, weight
from daonode.modules.validators.keeper import ValidatorsKeeper
from daonode.modules.validators.types import Moniker, NetworkAddress, Power, ProposalCount, Return, ValidatorRecord
from daonode.primitives.codec import U64, Record
from daonode.primitives.ids import Address, PublicKey, ValidatorId
from daonode.primitives.units import Amount, TimeMs


class ValidatorsArguments(Record, frozen=True):
    """Nothing."""


class ValidatorArguments(Record, frozen=True):
    """Which validator."""

    validator: ValidatorId


class ValidatorResult(Record, frozen=True):
    """One validator, how often it proposed a block at its turn, and how often it failed to.

    `weight` is what it would weigh in a set that is chosen now, if it is eligible.
    """

    id: ValidatorId
    moniker: Moniker
    public_key: PublicKey
    power: Power
    weight: U64
    bonded: Amount
    returns: tuple[Return, ...]
    payout_account: Address
    node_key: PublicKey | None
    address: NetworkAddress
    proposed: U64
    failed: U64
    is_willing: bool
    is_removed: bool
    jailed_until: TimeMs | None


class ConvictionResult(Record, frozen=True):
    """A validator that was shown to have signed in an epoch what no honest one signs."""

    epoch: U64
    validator: ValidatorId
    convicted_at: TimeMs
    reporter: Address


class EvidenceResult(Record, frozen=True):
    """Who was convicted, ascending by epoch, as far back as evidence counts."""

    items: tuple[ConvictionResult, ...]


class ValidatorsResult(Record, frozen=True):
    """All validators, ascending by id, and the sum of their powers."""

    items: tuple[ValidatorResult, ...]
    total_power: U64


class Queries:
    """The queries of this module."""

    def __init__(self, keeper: ValidatorsKeeper) -> None:
        self._keeper = keeper

    def by_name(self) -> Mapping[str, Query]:
        """Return each query under its name."""
        return {
            "evidence": answers(ValidatorsArguments, EvidenceResult, self.evidence),
            "validator": answers(ValidatorArguments, ValidatorResult, self.validator),
            "validators": answers(ValidatorsArguments, ValidatorsResult, self.validators),
        }

    def evidence(self, context: QueryContext, _: ValidatorsArguments) -> EvidenceResult:
        """Who was convicted."""
        items = tuple(
            ConvictionResult(epoch=epoch, validator=validator, convicted_at=each.convicted_at, reporter=each.reporter)
            for epoch, validator, each in self._keeper.convictions(context.state)
        )
        return EvidenceResult(items=items)

    def validator(self, context: QueryContext, arguments: ValidatorArguments) -> ValidatorResult:
        """One validator."""
        record = self._keeper.validator(context.state, arguments.validator)
        counts = self._keeper.proposal_counts(context.state)
        count = next(count for count in counts if count.validator == arguments.validator)
        return self._result(context.state, count, record)

    def validators(self, context: QueryContext, _: ValidatorsArguments) -> ValidatorsResult:
        """All validators."""
        pairs = zip(self._keeper.proposal_counts(context.state), self._keeper.validators(context.state), strict=True)
        items = tuple(self._result(context.state, count, record) for count, (_, record) in pairs)
        return ValidatorsResult(items=items, total_power=sum(item.power for item in items))

    def _result(self, state: StateReader, count: ProposalCount, record: ValidatorRecord) -> ValidatorResult:
        bond, params = bond_of(state, count.validator), self._keeper.params(state)
        return ValidatorResult(
            id=count.validator,
            moniker=record.moniker,
            public_key=record.public_key,
            power=record.power,
            weight=weight(params, power=record.power, bonded=bond.amount),
            bonded=bond.amount,
            returns=bond.returns,
            payout_account=record.payout_account,
            node_key=record.node_key,
            address=record.address,
            proposed=count.proposed,
            failed=count.failed,
            is_willing=record.is_willing,
            is_removed=record.is_removed,
            jailed_until=record.jailed_until,
        )
