"""What is true of this module's state after every block."""

from collections.abc import Mapping

from daonode.ledger.module import Invariant
from daonode.ledger.state import StateReader
from daonode.modules.validators.bonds import HOLDER
from daonode.modules.validators.expected import AccountsKeeper
from daonode.modules.validators.keys import BONDS, EPOCH, PROPOSAL_COUNTS, SETS, VALIDATORS
from daonode.modules.validators.params import MAX_VALIDATORS
from daonode.primitives.addresses import encode_validator
from daonode.primitives.ids import PublicKey, ValidatorId


def by_name(accounts: AccountsKeeper) -> Mapping[str, Invariant]:
    """Return each invariant under its name."""
    return {
        "bonds": lambda state: bonds_are_held(state, accounts),
        "size": there_are_as_many_validators_as_allowed,
        "keys": no_two_validators_share_a_key,
        "counts": every_validator_is_counted,
        "set": the_present_set_can_decide,
    }


def bonds_are_held(state: StateReader, accounts: AccountsKeeper) -> str | None:
    """Each bond is a validator's, its parts are due in their order, and this module's account has all of them."""
    total = 0
    for validator, bond in BONDS.iterate(state):
        if not VALIDATORS.has(state, validator):
            return f"there is a bond of {encode_validator(validator)}, and no such validator"
        due = [part.due for part in bond.returns]
        if due != sorted(due):
            return f"the parts of the bond of {encode_validator(validator)} are out of order"
        total += bond.total
    held = accounts.balance(state, account=HOLDER, asset=accounts.native_asset(state))
    return None if held >= total else f"bonds sum to {total}, the module's account has {held}"


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
