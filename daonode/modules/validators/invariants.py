"""What is true of this module's state after every block."""

from collections.abc import Mapping

from daonode.ledger.module import Invariant
from daonode.ledger.state import StateReader
from daonode.modules.validators.keys import EPOCH, PROPOSAL_COUNTS, SETS, VALIDATORS
from daonode.modules.validators.params import MAX_VALIDATORS
from daonode.primitives.addresses import encode_validator
from daonode.primitives.ids import PublicKey, ValidatorId


def by_name() -> Mapping[str, Invariant]:
    """Return each invariant under its name."""
    return {
        "size": there_are_as_many_validators_as_allowed,
        "keys": no_two_validators_share_a_key,
        "counts": every_validator_is_counted,
        "set": the_present_set_can_decide,
    }


def there_are_as_many_validators_as_allowed(state: StateReader) -> str | None:
    """At least one validator, at most `MAX_VALIDATORS`."""
    count = sum(1 for _ in VALIDATORS.iterate(state))
    return None if 1 <= count <= MAX_VALIDATORS else f"{count} validators, expected 1 to {MAX_VALIDATORS}"


def no_two_validators_share_a_key(state: StateReader) -> str | None:
    """A consensus key belongs to one validator."""
    owners: dict[PublicKey, ValidatorId] = {}
    for validator, record in VALIDATORS.iterate(state):
        if record.public_key in owners:
            other = owners[record.public_key]
            return f"{encode_validator(validator)} and {encode_validator(other)} have one consensus key"
        owners[record.public_key] = validator
    return None


def the_present_set_can_decide(state: StateReader) -> str | None:
    """The set of the present epoch is known and has members, ascending by id; so is the next one once it is chosen."""
    epoch = EPOCH.require(state, None)
    numbers = (epoch.number,) if epoch.ends_at is None else (epoch.number, epoch.number + 1)
    for number in numbers:
        found = SETS.get(state, number)
        if found is None or not found.validators:
            return f"the set of epoch {number} is missing"
        ids = [member.id for member in found.validators]
        if ids != sorted(ids) or len(ids) > MAX_VALIDATORS:
            return f"the set of epoch {number} is out of order, or too large"
    return None


def every_validator_is_counted(state: StateReader) -> str | None:
    """The counts are of the validators, in their order."""
    counted = [count.validator for count in PROPOSAL_COUNTS.require(state, None).counts]
    validators = [validator for validator, _ in VALIDATORS.iterate(state)]
    return None if counted == validators else f"{len(counted)} counts for {len(validators)} validators"
