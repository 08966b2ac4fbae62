"""The accounts section: what it makes, what it refuses, and what an export recreates."""

import msgspec
import pytest

from daonode.ledger.history import Checkpoint
from daonode.modules.accounts.genesis import AccountsGenesis, GenesisAccount, GenesisAsset, GenesisBalance
from daonode.modules.accounts.messages import Burn, SetPolicy, Transfer
from daonode.modules.accounts.module import AccountsModule
from daonode.modules.accounts.policies import threshold_policy
from daonode.modules.accounts.types import KeyMember, KeyPolicy, ThresholdPolicy
from daonode.primitives.ids import Address, AssetId
from daonode.primitives.json_form import from_json, to_json
from daonode.primitives.units import U64_MAX, Amount
from tests.unit.modules.accounts.setup import ALICE, BOB, CAROL, DAO, GOLD, USD, balances, genesis, person, start
from tests.unit.modules.chain import address, key


def test_an_export_recreates_the_state_to_the_byte() -> None:
    module = AccountsModule()
    chain = start(module)
    vault = address("vault")
    chain.hold(0)
    chain.next_block()
    chain.send(ALICE, Transfer(destination=CAROL, asset=GOLD, amount=Amount(10)))
    chain.send(ALICE, Transfer(destination=vault, asset=USD, amount=Amount(10)))
    chain.send(BOB, Transfer(destination=vault, asset=DAO, amount=Amount(200)))
    chain.send(BOB, Burn(asset=GOLD, amount=Amount(1)))
    module.keeper.mark_custodial(chain.context(vault), vault)
    policy = SetPolicy(threshold_policy(1, KeyMember(key("alice")), KeyMember(key("phone"))))
    chain.transact(module, ALICE, policy, signers=(key("alice"),), lane=3, charged=10, fee=7)
    chain.next_block()
    section = module.export_genesis(chain.overlay)
    expected = {key: value for key, value in chain.state().items() if key.startswith(b"accounts")}
    assert start(AccountsModule(), section).state() == expected
    assert from_json(to_json(section), AccountsGenesis) == section


def test_supply_and_power_follow_from_the_balances() -> None:
    module = AccountsModule()
    chain = start(module)
    assert module.keeper.asset(chain.overlay, DAO).supply == 1_200
    assert module.keeper.power_source(GOLD).total_power_at(chain.overlay, height=0) == 15
    assert module.keeper.power_source(USD).total_power_at(chain.overlay, height=0) == 0
    assert not chain.broken_invariants()


def test_an_account_begins_with_a_policy_where_one_is_given() -> None:
    module = AccountsModule()
    account = GenesisAccount(address=CAROL, policy=KeyPolicy(key("carol")))
    chain = start(module, with_accounts(account))
    assert module.keeper.policy(chain.overlay, CAROL) == KeyPolicy(key("carol"))


def with_accounts(*accounts: GenesisAccount) -> AccountsGenesis:
    return msgspec.structs.replace(genesis(), accounts=accounts)


def holder(name: str, **amounts: int) -> GenesisAccount:
    return GenesisAccount(address=person(name), balances=balances(**amounts))


def with_past(*past: Checkpoint, asset: AssetId = DAO, account: Address = ALICE) -> AccountsGenesis:
    balance = GenesisBalance(asset=asset, amount=Amount(7), history=past)
    return with_accounts(GenesisAccount(address=account, balances=(balance,)))


@pytest.mark.parametrize(
    ("section", "complaint"),
    [
        (AccountsGenesis(assets=()), r"^\.assets: expected exactly one with native true, got 0$"),
        (
            AccountsGenesis(assets=tuple(GenesisAsset(id=AssetId(name), decimals=0, native=True) for name in "ab")),
            r"^\.assets: expected exactly one with native true, got 2$",
        ),
        (
            AccountsGenesis(assets=(GenesisAsset(id=DAO, decimals=0, native=True), GenesisAsset(id=DAO, decimals=0))),
            r"^\.assets\[1\]\.id: the same as \.assets\[0\]\.id$",
        ),
        (
            with_accounts(holder("a"), holder("b"), holder("a")),
            r"^\.accounts\[2\]\.address: the same as \.accounts\[0\]\.address$",
        ),
        (
            with_accounts(GenesisAccount(address=ALICE, balances=balances(dao=1) + balances(dao=2))),
            r"^\.accounts\[0\]\.balances\[1\]\.asset: the same as \.accounts\[0\]\.balances\[0\]\.asset$",
        ),
        (
            with_accounts(holder("a", silver=1)),
            r"^\.accounts\[0\]\.balances\[0\]\.asset: 'silver' is none of the assets: dao, gold, usd$",
        ),
        (
            with_accounts(holder("a", dao=U64_MAX), holder("b", dao=1)),
            r"^\.assets\[0\]: the balances sum to 18446744073709551616, expected at most 18446744073709551615$",
        ),
        (
            with_accounts(GenesisAccount(address=ALICE, policy=ThresholdPolicy(threshold=1, members=()))),
            r"^\.accounts\[0\]\.policy: a threshold policy names 1 to 32 members, this one 0$",
        ),
        (
            with_accounts(GenesisAccount(address=ALICE, sequences=(3, 0))),
            r"^\.accounts\[0\]\.sequences: expected at most 16, the last not 0, got \(3, 0\)$",
        ),
        (
            with_past(Checkpoint(4, 7), Checkpoint(4, 8)),
            r"^\.accounts\[0\]\.balances\[0\]\.history: expected ascending",
        ),
        (with_past(Checkpoint(4, 8)), r"history: expected ascending checkpoints that end with 7"),
        (with_past(Checkpoint(4, 7), asset=USD), r"history: .* of an asset that votes"),
    ],
)
def test_a_section_that_breaks_a_rule_is_refused_with_its_path(section: AccountsGenesis, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        start(AccountsModule(), section)
