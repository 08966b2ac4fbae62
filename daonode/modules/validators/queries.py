"""What can be asked about validators."""

from collections.abc import Mapping

from daonode.ledger.module import Query, QueryContext
from daonode.ledger.typed import answers
from daonode.modules.validators.keeper import ValidatorsKeeper
from daonode.modules.validators.types import Moniker, NetworkAddress, Power, ProposalCount, ValidatorRecord
from daonode.primitives.codec import U64, Record
from daonode.primitives.ids import Address, PublicKey, ValidatorId


class ValidatorsArguments(Record, frozen=True):
    """Nothing."""


class ValidatorArguments(Record, frozen=True):
    """Which validator."""

    validator: ValidatorId


class ValidatorResult(Record, frozen=True):
    """One validator, how often it proposed a block at its turn, and how often it failed to."""

    id: ValidatorId
    moniker: Moniker
    public_key: PublicKey
    power: Power
    payout_account: Address
    node_key: PublicKey | None
    address: NetworkAddress
    proposed: U64
    failed: U64


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
            "validator": answers(ValidatorArguments, ValidatorResult, self.validator),
            "validators": answers(ValidatorsArguments, ValidatorsResult, self.validators),
        }

    def validator(self, context: QueryContext, arguments: ValidatorArguments) -> ValidatorResult:
        """One validator."""
        record = self._keeper.validator(context.state, arguments.validator)
        counts = self._keeper.proposal_counts(context.state)
        return _result(next(count for count in counts if count.validator == arguments.validator), record)

    def validators(self, context: QueryContext, _: ValidatorsArguments) -> ValidatorsResult:
        """All validators."""
        pairs = zip(self._keeper.proposal_counts(context.state), self._keeper.validators(context.state), strict=True)
        items = tuple(_result(count, record) for count, (_, record) in pairs)
        return ValidatorsResult(items=items, total_power=sum(item.power for item in items))


def _result(count: ProposalCount, record: ValidatorRecord) -> ValidatorResult:
    return ValidatorResult(
        id=count.validator,
        moniker=record.moniker,
        public_key=record.public_key,
        power=record.power,
        payout_account=record.payout_account,
        node_key=record.node_key,
        address=record.address,
        proposed=count.proposed,
        failed=count.failed,
    )
