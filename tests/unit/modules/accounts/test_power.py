"""The voting power of balances: at past heights, in totals, and as others are told of it."""

import pytest

from daonode.ledger.origins import module_address
from daonode.modules.accounts.events import AccountMarkedCustodial
from daonode.modules.accounts.messages import Burn, Transfer
from daonode.modules.accounts.module import AccountsModule
from daonode.primitives.ids import Address, AssetId
from daonode.primitives.units import Amount
from tests.unit.modules.accounts.setup import (
    ALICE,
    BOB,
    CAROL,
    DAO,
    GOLD,
    PAYOUT,
    USD,
    Payouts,
    Watcher,
    genesis,
    start,
)
from tests.unit.modules.chain import Chain, address, key

TREASURY = module_address("treasury")
VAULT = address("vault")


@pytest.fixture
def module() -> AccountsModule:
    module = AccountsModule()
    module.bind_payouts(Payouts())
    return module


@pytest.fixture
def chain(module: AccountsModule) -> Chain:
    return start(module)


def power(module: AccountsModule, chain: Chain, account: Address, asset: AssetId, height: int) -> int:
    return module.keeper.power_source(asset).power_at(chain.overlay, account=account, height=height)


def total(module: AccountsModule, chain: Chain, asset: AssetId, height: int) -> int:
    return module.keeper.power_source(asset).total_power_at(chain.overlay, height=height)


@pytest.mark.parametrize(("asset", "before", "given"), [(DAO, 1_000, 300), (GOLD, 10, 3)])
def test_power_at_a_live_snapshot_is_what_was_held_at_the_end_of_it(
    module: AccountsModule, chain: Chain, asset: AssetId, before: int, given: int
) -> None:
    chain.hold(0)
    for _ in range(3):
        chain.send(ALICE, Transfer(destination=CAROL, asset=asset, amount=Amount(given)))
        chain.next_block()
    assert power(module, chain, ALICE, asset, 0) == before
    assert power(module, chain, CAROL, asset, 0) == 0
    assert power(module, chain, ALICE, asset, chain.height - 1) == before - 3 * given
    assert total(module, chain, asset, 0) == total(module, chain, asset, chain.height)
    assert not chain.broken_invariants()


def test_a_change_in_the_block_of_a_snapshot_is_not_seen_by_it(module: AccountsModule, chain: Chain) -> None:
    chain.next_block()
    chain.send(ALICE, Transfer(destination=CAROL, asset=DAO, amount=Amount(300)))
    chain.hold(chain.height - 1)
    assert power(module, chain, ALICE, DAO, chain.height - 1) == 1_000


def test_an_asset_without_votes_gives_no_power(module: AccountsModule, chain: Chain) -> None:
    assert power(module, chain, ALICE, USD, 0) == 0
    assert total(module, chain, USD, 0) == 0
    silent = start(AccountsModule(), genesis(native_votes=False))
    assert power(module, silent, ALICE, DAO, 0) == 0
    assert total(module, silent, DAO, 0) == 0


def test_observers_are_told_of_every_change_of_power(module: AccountsModule, chain: Chain) -> None:
    watcher = Watcher()
    module.keeper.subscribe(watcher)
    chain.send(ALICE, Transfer(destination=BOB, asset=DAO, amount=Amount(5)))
    chain.send(ALICE, Transfer(destination=BOB, asset=USD, amount=Amount(5)))
    chain.send(BOB, Burn(asset=GOLD, amount=Amount(1)))
    assert watcher.changes == [
        ("token:dao", ALICE, 1_000, 995),
        ("token:dao", BOB, 200, 205),
        ("token:gold", BOB, 5, 4),
    ]
    assert module.keeper.power_source(GOLD).name == "token:gold"


def test_observers_are_told_of_fees(module: AccountsModule, chain: Chain) -> None:
    watcher = Watcher()
    module.keeper.subscribe(watcher)
    chain.transact(module, ALICE, signers=(key("alice"),), charged=100, fee=40)
    chain.next_block()
    assert watcher.changes == [
        ("token:dao", ALICE, 1_000, 900),
        ("token:dao", ALICE, 900, 960),
        ("token:dao", PAYOUT, 0, 10),
        ("token:dao", TREASURY, 0, 30),
    ]


def test_custodial_holdings_neither_vote_nor_count(module: AccountsModule, chain: Chain) -> None:
    watcher = Watcher()
    module.keeper.subscribe(watcher)
    chain.send(ALICE, Transfer(destination=VAULT, asset=DAO, amount=Amount(100)))
    chain.send(ALICE, Transfer(destination=VAULT, asset=GOLD, amount=Amount(4)))
    watcher.changes.clear()
    context = chain.context(VAULT)
    module.keeper.mark_custodial(context, VAULT)
    assert watcher.changes == [("token:dao", VAULT, 100, 0), ("token:gold", VAULT, 4, 0)]
    assert power(module, chain, VAULT, DAO, chain.height) == power(module, chain, VAULT, GOLD, chain.height) == 0
    assert total(module, chain, DAO, chain.height) == 1_100
    assert total(module, chain, GOLD, chain.height) == 11
    assert not chain.broken_invariants()
    chain.send(VAULT, Transfer(destination=BOB, asset=DAO, amount=Amount(60)))
    assert total(module, chain, DAO, chain.height) == 1_160
    assert not chain.broken_invariants()


def test_marking_twice_changes_nothing(module: AccountsModule, chain: Chain) -> None:
    first, second = (chain.session(VAULT) for _ in range(2))
    module.keeper.mark_custodial(first.context(caller=VAULT, index=0), VAULT)
    assert chain.take_events(first) == (AccountMarkedCustodial(account=VAULT),)
    module.keeper.mark_custodial(second.context(caller=VAULT, index=0), VAULT)
    assert chain.take_events(second) == ()


def test_fees_count_in_the_total_until_the_treasury_has_them(module: AccountsModule, chain: Chain) -> None:
    module.keeper.mark_custodial(chain.context(TREASURY), TREASURY)
    chain.transact(module, ALICE, signers=(key("alice"),), charged=100, fee=40)
    chain.next_block()
    assert total(module, chain, DAO, chain.height - 1) == 1_170
    assert not chain.broken_invariants()
