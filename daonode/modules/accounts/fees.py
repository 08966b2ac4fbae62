"""What a transaction costs its sender, from the first check to the proposer's and the treasury's share.

A fee is taken in full before the messages run and given back down to what was used after them; both change the one
record of the sender. What a block collects stands in one key until the block ends, so paying the proposer and the
treasury costs the same for one transaction as for a thousand. Until then it still counts in the total voting power.
"""

import msgspec

from daonode.ledger.context import Context
from daonode.ledger.errors import FeeTooLow, LimitExceeded, Unauthorised, WrongSequence
from daonode.ledger.history import latest
from daonode.ledger.origins import module_address
from daonode.ledger.state import StateReader
from daonode.ledger.transactions import MAX_LANES
from daonode.modules.accounts.events import FeesShared
from daonode.modules.accounts.expected import PayoutAccounts
from daonode.modules.accounts.keeper import AccountsKeeper
from daonode.modules.accounts.keys import COLLECTED_FEES
from daonode.modules.accounts.policies import account_id
from daonode.modules.accounts.types import Account, CollectedFees, KeyPolicy
from daonode.primitives.addresses import encode_account
from daonode.primitives.ids import Address, PublicKey
from daonode.primitives.units import BPS_MAX, Amount

TREASURY = module_address("treasury")
"""Where the fees go that no proposer receives."""


class Fees:
    """Admits transactions and collects what they pay."""

    def __init__(self, keeper: AccountsKeeper) -> None:
        self._keeper = keeper
        self._payouts: PayoutAccounts | None = None

    def bind_payouts(self, payouts: PayoutAccounts) -> None:
        """Pay proposers where `payouts` says; without it all fees go to the treasury."""
        self._payouts = payouts

    def admit(
        self,
        context: Context,
        *,
        sender: Address,
        signers: tuple[PublicKey, ...],
        lane: int,
        sequence: int,
        fee: int,
    ) -> None:
        """Check sender, sequence and balance; then use the sequence and take the fee.

        Raises `LimitExceeded` (no such lane), `WrongSequence`, `Unauthorised` or `FeeTooLow`, and changes nothing then.
        """
        keeper, account = self._keeper, self._keeper.account(context.state, sender)
        self._check_sequence(account, lane=lane, sequence=sequence)
        if not keeper.authorised(context.state, sender, signers):
            raise Unauthorised(
                f"the {len(signers)} valid signatures do not satisfy the policy of {encode_account(sender)}",
                hint="sign with the keys of the account's policy and with no other",
            )
        asset = keeper.native_asset(context.state)
        held = latest(account.native)
        if held < fee:
            raise FeeTooLow(
                f"{encode_account(sender)} holds {held} {asset}, the fee is up to {fee}",
                hint="lower max_fee or fund the account",
            )
        counts = keeper.counts(context.state, asset=asset, account=account)
        admitted = msgspec.structs.replace(
            account,
            policy=account.policy or next(policy for policy in map(KeyPolicy, signers) if account_id(policy) == sender),
            sequences=_advanced(account.sequences, lane=lane),
            native=keeper.next_history(context, account.native, value=held - fee, counts=counts),
        )
        keeper.store(context, sender, admitted)
        if counts:
            keeper.report(context, asset=asset, account=sender, before=held, after=held - fee)

    def settle(self, context: Context, *, sender: Address, charged: int, fee: int) -> None:
        """Give `charged - fee` back to the sender, and collect `fee`."""
        keeper, state = self._keeper, context.state
        asset = keeper.native_asset(state)
        if charged > fee:
            keeper.change(context, account=sender, asset=asset, delta=charged - fee)
        if not fee:
            return
        counted = fee if keeper.counts(state, asset=asset, account=keeper.account(state, sender)) else 0
        before = COLLECTED_FEES.get(state, None) or CollectedFees(amount=Amount(0), counted=Amount(0))
        after = CollectedFees(amount=Amount(before.amount + fee), counted=Amount(before.counted + counted))
        COLLECTED_FEES.set(state, None, after)

    def share_out(self, context: Context) -> None:
        """Give what the block collected to its proposer and the treasury. Constant work."""
        keeper, state = self._keeper, context.state
        collected = COLLECTED_FEES.get(state, None)
        if collected is None:
            return
        COLLECTED_FEES.delete(state, None)
        params = keeper.params(state)
        payout = None if self._payouts is None else self._payouts.payout_account(state, context.block.proposer)
        share = 0 if payout is None else collected.amount * params.proposer_fee_bps // BPS_MAX
        counted = -collected.counted
        if payout is not None and share:
            counted += keeper.change(context, account=payout, asset=params.native, delta=share)
        if collected.amount > share:
            counted += keeper.change(context, account=TREASURY, asset=params.native, delta=collected.amount - share)
        keeper.change_total(context, asset=params.native, delta=counted)
        context.emit(
            FeesShared(
                proposer_account=payout,
                proposer_amount=Amount(share),
                treasury_amount=Amount(collected.amount - share),
            )
        )

    def next_sequence(self, state: StateReader, *, sender: Address, lane: int) -> int:
        """Return the sequence that the next transaction of this lane must have."""
        return _sequence(self._keeper.account(state, sender), lane=lane)

    @staticmethod
    def _check_sequence(account: Account, *, lane: int, sequence: int) -> None:
        if not 0 <= lane < MAX_LANES:
            raise LimitExceeded(f"there is no lane {lane}", hint=f"use a lane from 0 to {MAX_LANES - 1}")
        expected = _sequence(account, lane=lane)
        if sequence != expected:
            done = "it was used already" if sequence < expected else "an earlier one is missing"
            raise WrongSequence(
                f"sequence {sequence} in lane {lane}: {done}", hint=f"the next sequence of lane {lane} is {expected}"
            )


def _sequence(account: Account, *, lane: int) -> int:
    return account.sequences[lane] if lane < len(account.sequences) else 0


def _advanced(sequences: tuple[int, ...], *, lane: int) -> tuple[int, ...]:
    """Return the sequences with the lane's one used."""
    longer = sequences + (0,) * (lane + 1 - len(sequences))
    return (*longer[:lane], longer[lane] + 1, *longer[lane + 1 :])
