"""Accounts against a model that keeps every balance of every height, whatever the order of what happens."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from daonode.ledger.context import Context
from daonode.ledger.errors import FeeTooLow, TransactionError
from daonode.ledger.origins import module_address, origin_address
from daonode.ledger.snapshots import live
from daonode.modules.accounts.errors import InsufficientBalance
from daonode.modules.accounts.messages import Burn, Mint, Transfer
from daonode.modules.accounts.module import AccountsModule
from daonode.primitives.ids import Address, AssetId
from daonode.primitives.units import Amount
from tests.unit.modules.accounts.setup import ALICE, BOB, CAROL, DAO, GOLD, PAYOUT, USD, Payouts, genesis
from tests.unit.modules.chain import Chain, key

TREASURY = module_address("treasury")
ROOT = origin_address("root")
KEYS = {ALICE: key("alice"), BOB: key("bob"), CAROL: key("carol")}
VOTING = (DAO, GOLD)
Holdings = dict[tuple[Address, AssetId], int]

people = st.sampled_from(tuple(KEYS))
places = st.sampled_from((ALICE, BOB, CAROL, TREASURY, PAYOUT))
assets = st.sampled_from((DAO, GOLD, USD))
amounts = st.integers(min_value=1, max_value=400)


class AccountsMachine(RuleBasedStateMachine):
    """The model: `held` now, `past` at the end of each height, and what the observer was told adds up to."""

    def __init__(self) -> None:
        super().__init__()
        self.module = AccountsModule()
        self.module.bind_payouts(Payouts())
        self.module.keeper.subscribe(self)
        self.told: Holdings = {}
        self.custodial: list[Address] = []
        self.collected = 0

    @initialize()
    def begin(self) -> None:
        self.chain = Chain([self.module]).genesis({"accounts": genesis()})
        self.held: Holdings = {
            (account.address, balance.asset): balance.amount
            for account in genesis().accounts
            for balance in account.balances
        }
        self.told = {held: amount for held, amount in self.held.items() if held[1] in VOTING}
        self.past: dict[int, Holdings] = {0: self.counted()}

    def on_power_changed(self, context: Context, /, *, source: str, account: Address, before: int, after: int) -> None:
        held = (account, AssetId(source.removeprefix("token:")))
        assert self.told.get(held, 0) == before != after
        self.told[held] = after

    def counted(self) -> Holdings:
        return {
            (account, asset): amount
            for (account, asset), amount in self.held.items()
            if asset in VOTING and account not in self.custodial and amount
        }

    def move(self, account: Address, asset: AssetId, by: int) -> None:
        self.held[account, asset] = self.held.get((account, asset), 0) + by

    @rule(source=people, destination=places, asset=assets, amount=amounts)
    def transfer(self, source: Address, destination: Address, asset: AssetId, amount: int) -> None:
        message = Transfer(destination=destination, asset=asset, amount=Amount(amount))
        if amount > self.held.get((source, asset), 0):
            with pytest.raises(InsufficientBalance):
                self.chain.send(source, message)
            return
        self.chain.send(source, message)
        self.move(source, asset, -amount)
        self.move(destination, asset, amount)

    @rule(account=people, asset=assets, amount=amounts)
    def burn(self, account: Address, asset: AssetId, amount: int) -> None:
        if amount > self.held.get((account, asset), 0):
            with pytest.raises(InsufficientBalance):
                self.chain.send(account, Burn(asset=asset, amount=Amount(amount)))
            return
        self.chain.send(account, Burn(asset=asset, amount=Amount(amount)))
        self.move(account, asset, -amount)

    @rule(destination=places, asset=assets, amount=amounts)
    def mint(self, destination: Address, asset: AssetId, amount: int) -> None:
        self.chain.send(ROOT, Mint(destination=destination, asset=asset, amount=Amount(amount)))
        self.move(destination, asset, amount)

    @rule(sender=people, destination=places, lane=st.integers(0, 15), charged=amounts, unused=amounts, amount=amounts)
    def transact(
        self, *, sender: Address, destination: Address, lane: int, charged: int, unused: int, amount: int
    ) -> None:
        fee = max(0, charged - unused)
        message = Transfer(destination=destination, asset=DAO, amount=Amount(amount))
        expected = self.module.next_sequence(self.chain.overlay, sender=sender, lane=lane)

        def send() -> TransactionError | None:
            signers = (KEYS[sender],)
            return self.chain.transact(
                self.module, sender, message, signers=signers, lane=lane, charged=charged, fee=fee
            )

        if charged > self.held.get((sender, DAO), 0):
            with pytest.raises(FeeTooLow):
                send()
            return
        failure = send()
        assert (failure is None) == (amount <= self.held[sender, DAO] - charged)
        if failure is None:
            self.move(sender, DAO, -amount)
            self.move(destination, DAO, amount)
        self.move(sender, DAO, -fee)
        self.collected += fee
        assert self.module.next_sequence(self.chain.overlay, sender=sender, lane=lane) == expected + 1

    @rule(account=st.sampled_from((TREASURY, PAYOUT)))
    def mark_custodial(self, account: Address) -> None:
        self.module.keeper.mark_custodial(self.chain.context(account), account)
        if account not in self.custodial:
            self.custodial.append(account)

    @rule()
    def next_block(self) -> None:
        share = self.collected * 2_500 // 10_000
        self.move(PAYOUT, DAO, share)
        self.move(TREASURY, DAO, self.collected - share)
        self.collected = 0
        self.past[self.chain.height] = self.counted()
        self.chain.next_block()

    @rule()
    def hold_a_snapshot(self) -> None:
        self.chain.hold(self.chain.height - 1)

    @rule(choice=st.integers(0, 10))
    def release_a_snapshot(self, choice: int) -> None:
        held = live(self.chain.overlay)
        if held:
            self.chain.release(held[choice % len(held)])

    @invariant()
    def nothing_is_broken(self) -> None:
        assert not self.chain.broken_invariants()

    @invariant()
    def balances_are_those_of_the_model(self) -> None:
        for (account, asset), amount in self.held.items():
            assert self.module.keeper.balance(self.chain.overlay, account=account, asset=asset) == amount

    @invariant()
    def the_observer_knows_all_power(self) -> None:
        assert {held: amount for held, amount in self.told.items() if amount} == self.counted()

    @invariant()
    def power_at_every_live_snapshot_is_what_counted_then(self) -> None:
        state = self.chain.overlay
        for height in (*live(state), self.chain.height - 1):
            for asset in VOTING:
                source = self.module.keeper.power_source(asset)
                then = {account: amount for (account, held), amount in self.past[height].items() if held == asset}
                assert source.total_power_at(state, height=height) == sum(then.values())
                for account in (*KEYS, TREASURY, PAYOUT):
                    expected = 0 if account in self.custodial else then.get(account, 0)
                    assert source.power_at(state, account=account, height=height) == expected


AccountsMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=30)
TestAccounts = AccountsMachine.TestCase
