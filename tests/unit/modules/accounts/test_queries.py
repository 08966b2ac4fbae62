"""What clients are told about accounts and assets."""

import pytest

from daonode.ledger.errors import NotFound
from daonode.modules.accounts.messages import Burn
from daonode.modules.accounts.module import AccountsModule
from daonode.modules.accounts.queries import (
    AccountArguments,
    AccountResult,
    AssetAmount,
    AssetResult,
    AssetsArguments,
    AssetsResult,
    BalanceArguments,
    BalanceResult,
    SupplyArguments,
)
from daonode.modules.accounts.types import KeyPolicy
from daonode.primitives.ids import AssetId
from daonode.primitives.json_form import from_json, to_json
from daonode.primitives.units import Amount
from tests.unit.modules.accounts.setup import ALICE, CAROL, DAO, GOLD, USD, start
from tests.unit.modules.chain import Chain, key


@pytest.fixture
def module() -> AccountsModule:
    return AccountsModule()


@pytest.fixture
def chain(module: AccountsModule) -> Chain:
    return start(module)


def test_a_balance_is_that_of_the_native_asset_unless_another_is_named(module: AccountsModule, chain: Chain) -> None:
    native = chain.ask(module, "balance", BalanceArguments(ALICE))
    assert native == BalanceResult(account=ALICE, asset=DAO, amount=Amount(1_000), decimals=6)
    dollars = chain.ask(module, "balance", BalanceArguments(ALICE, USD))
    assert dollars == BalanceResult(account=ALICE, asset=USD, amount=Amount(500), decimals=2)


def test_an_account_is_shown_with_all_that_it_holds(module: AccountsModule, chain: Chain) -> None:
    chain.transact(module, ALICE, signers=(key("alice"),), lane=1)
    assert chain.ask(module, "account", AccountArguments(ALICE)) == AccountResult(
        account=ALICE,
        policy=KeyPolicy(key("alice")),
        custodial=False,
        sequences=(0, 1),
        balances=(AssetAmount(DAO, Amount(1_000)), AssetAmount(GOLD, Amount(10)), AssetAmount(USD, Amount(500))),
    )


def test_an_address_that_never_appeared_holds_nothing(module: AccountsModule, chain: Chain) -> None:
    answer = chain.ask(module, "account", AccountArguments(CAROL))
    assert answer == AccountResult(account=CAROL, policy=None, custodial=False, sequences=(), balances=())


def test_an_unknown_asset_is_not_found(module: AccountsModule, chain: Chain) -> None:
    for name, arguments in (
        ("balance", BalanceArguments(ALICE, AssetId("silver"))),
        ("supply", SupplyArguments(AssetId("silver"))),
    ):
        with pytest.raises(NotFound, match="no asset 'silver'"):
            chain.ask(module, name, arguments)


def test_assets_are_listed_with_supply_and_voting_power(module: AccountsModule, chain: Chain) -> None:
    chain.send(ALICE, Burn(asset=GOLD, amount=Amount(2)))
    answer = chain.ask(module, "assets", AssetsArguments())
    assert isinstance(answer, AssetsResult)
    assert [(item.asset, item.native, item.supply, item.voting_power) for item in answer.items] == [
        (DAO, True, 1_200, 1_200),
        (GOLD, False, 13, 13),
        (USD, False, 500, 0),
    ]
    gold = chain.ask(module, "supply", SupplyArguments(GOLD))
    assert isinstance(gold, AssetResult)
    assert gold in answer.items


def test_every_query_has_a_json_form_that_reads_back(module: AccountsModule, chain: Chain) -> None:
    for name, arguments in (
        ("account", AccountArguments(ALICE)),
        ("assets", AssetsArguments()),
        ("balance", BalanceArguments(ALICE, USD)),
        ("supply", SupplyArguments()),
    ):
        assert from_json(to_json(arguments), type(arguments)) == arguments
        answer = chain.ask(module, name, arguments)
        assert from_json(to_json(answer), type(answer)) == answer
