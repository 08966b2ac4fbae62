"""Bonds: native money that validators put up, held in this module's account until it is paid back or burnt.

What is unbonded is paid back `unbond_delay` later and can be burnt until then: nobody escapes a punishment by leaving
first. What is on its way back is no part of the bond: it gives no weight.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from daonode.ledger.context import Context
from daonode.ledger.origins import module_address
from daonode.ledger.state import StateReader
from daonode.modules.validators.errors import BondTooSmall, TooManyReturns
from daonode.modules.validators.events import Bonded, BondReturned, BondSlashed, UnbondingBegan
from daonode.modules.validators.expected import AccountsKeeper
from daonode.modules.validators.keys import BONDS, NAME, PARAMS, VALIDATOR_KEY
from daonode.modules.validators.params import MAX_RETURNS, Params
from daonode.modules.validators.types import BondRecord, Return
from daonode.primitives.ids import Address, ValidatorId
from daonode.primitives.units import BPS_MAX, Amount, TimeMs, ceil_div

HOLDER: Final = module_address(NAME)
"""The account that holds all bonds; it neither votes nor counts."""
RETURN_PREFIX: Final = b"return"
"""Before a validator's id: the item of the deadline at which a part of its bond is paid back."""
NO_BOND: Final = BondRecord()


def bond_of(state: StateReader, validator: ValidatorId) -> BondRecord:
    """What a validator has put up, and what is on its way back to it."""
    return BONDS.get(state, validator) or NO_BOND


def weight(params: Params, *, power: int, bonded: int) -> int:
    """What a validator weighs in the next set; 0: it is in none."""
    return min(bonded // params.bond_unit, power) if params.bond_unit else power


class Bonds:
    """Moves bonds. The account of this module has what is bonded and what is on its way back, at least."""

    def __init__(self, accounts: AccountsKeeper) -> None:
        self._accounts = accounts

    def bond(self, context: Context, validator: ValidatorId, *, source: Address, amount: Amount) -> None:
        """Take money of an account as a part of a validator's bond. Raises what a transfer does."""
        asset = self._accounts.native_asset(context.state)
        self._accounts.transfer(context, source=source, destination=HOLDER, asset=asset, amount=amount)
        bond = bond_of(context.state, validator)
        bonded = Amount(bond.amount + amount)
        BONDS.set(context.state, validator, replace(bond, amount=bonded))
        context.emit(Bonded(validator=validator, amount=amount, bonded=bonded))

    def unbond(self, context: Context, validator: ValidatorId, *, account: Address, amount: Amount) -> None:
        """Begin to give a part of a bond back.

        Raises:
            BondTooSmall: that much is not bonded, or it is nothing.
            TooManyReturns: `MAX_RETURNS` parts are on their way already.
        """
        bond = bond_of(context.state, validator)
        if not 1 <= amount <= bond.amount:
            raise BondTooSmall(validator=validator, bonded=bond.amount, asked=amount)
        if len(bond.returns) >= MAX_RETURNS:
            raise TooManyReturns(validator=validator, limit=MAX_RETURNS)
        self._begin_return(context, validator, bond, account=account, amount=amount)

    def unbond_all(self, context: Context, validator: ValidatorId, *, account: Address) -> None:
        """Begin to give back whatever is left of the bond of a validator that was removed, and bonds no more."""
        bond = bond_of(context.state, validator)
        if bond.amount:
            self._begin_return(context, validator, bond, account=account, amount=bond.amount)

    def pay_back(self, context: Context, item: bytes) -> None:
        """Pay the first part that is due to the validator that a deadline names; one a step: each costs a transfer."""
        validator = VALIDATOR_KEY.decode(item.removeprefix(RETURN_PREFIX))
        bond, now_ms = bond_of(context.state, validator), context.block.time_ms
        if not bond.returns or bond.returns[0].due > now_ms:
            return
        part, *later = bond.returns
        self._store(context, validator, replace(bond, returns=tuple(later)))
        if part.amount:
            asset = self._accounts.native_asset(context.state)
            self._accounts.transfer(context, source=HOLDER, destination=part.account, asset=asset, amount=part.amount)
        context.emit(BondReturned(validator=validator, account=part.account, amount=part.amount))
        if later and later[0].due <= now_ms:
            context.schedule(now_ms, NAME, item)

    def slash(self, context: Context, validator: ValidatorId) -> None:
        """Burn `slashed_share` of what is bonded and of each part on its way back, each rounded up."""
        share = PARAMS.require(context.state, None).slashed_share
        bond = bond_of(context.state, validator)
        kept = BondRecord(
            amount=_without(bond.amount, share),
            returns=tuple(replace(part, amount=_without(part.amount, share)) for part in bond.returns),
        )
        burnt = Amount(bond.total - kept.total)
        if not burnt:
            return
        asset = self._accounts.native_asset(context.state)
        self._accounts.burn(context, account=HOLDER, asset=asset, amount=burnt)
        self._store(context, validator, kept)
        context.emit(BondSlashed(validator=validator, amount=burnt, bonded=kept.amount))

    def _begin_return(
        self, context: Context, validator: ValidatorId, bond: BondRecord, *, account: Address, amount: Amount
    ) -> None:
        due = TimeMs(context.block.time_ms + PARAMS.require(context.state, None).unbond_delay)
        left = Amount(bond.amount - amount)
        part = Return(due=due, account=account, amount=amount)
        BONDS.set(context.state, validator, BondRecord(amount=left, returns=(*bond.returns, part)))
        context.schedule(due, NAME, return_item(validator))
        context.emit(UnbondingBegan(validator=validator, account=account, amount=amount, bonded=left, due=due))

    def _store(self, context: Context, validator: ValidatorId, bond: BondRecord) -> None:
        if bond == NO_BOND:
            BONDS.delete(context.state, validator)
        else:
            BONDS.set(context.state, validator, bond)


def return_item(validator: ValidatorId) -> bytes:
    """The deadline's item at which a part of a validator's bond is paid back."""
    return RETURN_PREFIX + VALIDATOR_KEY.encode(validator)


def _without(amount: int, share: int) -> Amount:
    return Amount(amount - ceil_div(amount * share, BPS_MAX))
