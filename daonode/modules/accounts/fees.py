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
from daonode.modules.accounts.policies import is_satisfied
from daonode.modules.accounts.types import Account, CollectedFees, KeyPolicy, Policy
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

    def check(
        self,
        state: StateReader,
        *,
        sender: Address,
        signers: tuple[PublicKey, ...],
        lane: int,
        sequence: int,
        fee: int,
    ) -> Account:
        """Check sender, sequence and balance, and return the sender's account.

        Raises `LimitExceeded` (no such lane), `WrongSequence`, `Unauthorised` or `FeeTooLow`.
        """
        keeper = self._keeper
        account = keeper.account(state, sender)
        self._check_sequence(account, lane=lane, sequence=sequence)

        def policy_of(address: Address) -> Policy | None:
            return account.policy if address == sender else keeper.policy(state, address)

        if not is_satisfied(sender, signers=signers, policy_of=policy_of):
            raise Unauthorised(
                f"the {len(signers)} valid signatures do not satisfy the policy of {encode_account(sender)}",
                hint="sign with the keys of the account's policy and with no other",
            )
        held = latest(account.native)
        if held < fee:
            raise FeeTooLow(
                f"{encode_account(sender)} holds {held} {keeper.params(state).native}, the fee is up to {fee}",
                hint="lower max_fee or fund the account",
            )
        return account

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
        """Check as `check` does, raising what it raises; then use the sequence and take the fee."""
        keeper, state = self._keeper, context.state
        account = self.check(state, sender=sender, signers=signers, lane=lane, sequence=sequence, fee=fee)
        admitted = msgspec.structs.replace(
            account,
            # Only a single key satisfies an account without a policy, and it alone may sign: it is revealed now.
            policy=account.policy or KeyPolicy(signers[0]),
            sequences=_advanced(account.sequences, lane=lane),
        )
        amount = latest(account.native) - fee
        keeper.set_native(context, keeper.params(state), account=sender, holder=admitted, amount=amount)

    def settle(self, context: Context, *, sender: Address, charged: int, fee: int) -> None:
        """Give `charged - fee` back to the sender, and collect `fee`."""
        keeper, state = self._keeper, context.state
        account, params = keeper.account(state, sender), keeper.params(state)
        if charged > fee:
            amount = latest(account.native) + charged - fee
            keeper.set_native(context, params, account=sender, holder=account, amount=amount)
        if not fee:
            return
        counted = fee if keeper.counts(state, params, asset=params.native, account=account) else 0
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
