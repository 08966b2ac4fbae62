"""What moves balances, and what refuses to."""

import pytest

from daonode.ledger.errors import Unauthorised
from daonode.ledger.origins import origin_address
from daonode.modules.accounts.errors import (
    AmountIsZero,
    AssetExists,
    InsufficientBalance,
    SupplyExceeded,
    UnknownAsset,
)
from daonode.modules.accounts.events import AssetIssued, Burned, Minted, Transferred
from daonode.modules.accounts.messages import Burn, IssueAsset, Mint, Transfer
from daonode.modules.accounts.module import AccountsModule
from daonode.primitives.ids import AssetId
from daonode.primitives.units import U64_MAX, Amount
from tests.unit.modules.accounts.setup import ALICE, BOB, CAROL, DAO, GOLD, USD, start
from tests.unit.modules.chain import Chain, address

ROOT = origin_address("root")


@pytest.fixture
def module() -> AccountsModule:
    return AccountsModule()


@pytest.fixture
def chain(module: AccountsModule) -> Chain:
    return start(module)


def held(module: AccountsModule, chain: Chain) -> dict[str, int]:
    people = {"alice": ALICE, "bob": BOB, "carol": CAROL}
    return {name: module.keeper.balance(chain.overlay, account=each, asset=DAO) for name, each in people.items()}


def test_a_transfer_moves_the_amount_and_reports_it(module: AccountsModule, chain: Chain) -> None:
    events = chain.send(ALICE, Transfer(destination=CAROL, asset=DAO, amount=Amount(300)))
    assert held(module, chain) == {"alice": 700, "bob": 200, "carol": 300}
    assert events == (Transferred(source=ALICE, destination=CAROL, asset=DAO, amount=Amount(300)),)
    assert not chain.broken_invariants()


def test_a_transfer_to_oneself_changes_nothing(module: AccountsModule, chain: Chain) -> None:
    before = chain.state()
    chain.send(ALICE, Transfer(destination=ALICE, asset=DAO, amount=Amount(1_000)))
    assert held(module, chain)["alice"] == 1_000
    assert chain.state() == before


@pytest.mark.parametrize("asset", [DAO, GOLD, USD])
def test_nobody_gives_more_than_it_holds(chain: Chain, asset: AssetId) -> None:
    before = chain.state()
    with pytest.raises(InsufficientBalance, match=r"holds \d+ \w+, this needs 5000"):
        chain.send(ALICE, Transfer(destination=BOB, asset=asset, amount=Amount(5_000)))
    assert chain.state() == before


def test_a_transfer_of_nothing_is_refused(chain: Chain) -> None:
    with pytest.raises(AmountIsZero):
        chain.send(ALICE, Transfer(destination=BOB, asset=DAO, amount=Amount(0)))


def test_a_transfer_of_an_unknown_asset_is_refused(chain: Chain) -> None:
    with pytest.raises(UnknownAsset, match="'silver'"):
        chain.send(ALICE, Transfer(destination=BOB, asset=AssetId("silver"), amount=Amount(1)))


def test_an_account_that_gave_everything_away_keeps_no_balance_record(module: AccountsModule, chain: Chain) -> None:
    chain.send(ALICE, Transfer(destination=CAROL, asset=USD, amount=Amount(500)))
    assert list(module.keeper.balances(chain.overlay, ALICE)) == [(DAO, 1_000), (GOLD, 10)]
    assert list(module.keeper.balances(chain.overlay, CAROL)) == [(USD, 500)]
    assert not chain.broken_invariants()


def test_burning_lowers_the_supply(module: AccountsModule, chain: Chain) -> None:
    events = chain.send(BOB, Burn(asset=DAO, amount=Amount(50)))
    assert module.keeper.asset(chain.overlay, DAO).supply == 1_150
    assert events == (Burned(account=BOB, asset=DAO, amount=Amount(50)),)
    assert not chain.broken_invariants()


def test_the_root_origin_issues_an_asset_and_mints_it(module: AccountsModule, chain: Chain) -> None:
    rice = AssetId("rice")
    assert chain.send(ROOT, IssueAsset(asset=rice, decimals=3, votes=True)) == (
        AssetIssued(asset=rice, decimals=3, votes=True),
    )
    assert chain.send(ROOT, Mint(destination=CAROL, asset=rice, amount=Amount(9))) == (
        Minted(destination=CAROL, asset=rice, amount=Amount(9)),
    )
    assert module.keeper.balance(chain.overlay, account=CAROL, asset=rice) == 9
    assert module.keeper.power_source(rice).total_power_at(chain.overlay, height=chain.height) == 9
    assert not chain.broken_invariants()


def test_nobody_else_issues_or_mints(chain: Chain) -> None:
    for caller in (ALICE, origin_address("treasurer"), address("root")):
        with pytest.raises(Unauthorised, match="only the root origin"):
            chain.send(caller, Mint(destination=caller, asset=DAO, amount=Amount(1)))
        with pytest.raises(Unauthorised, match="only the root origin"):
            chain.send(caller, IssueAsset(asset=AssetId("rice"), decimals=3, votes=False))


def test_an_asset_is_issued_once(chain: Chain) -> None:
    with pytest.raises(AssetExists):
        chain.send(ROOT, IssueAsset(asset=GOLD, decimals=3, votes=False))


def test_a_supply_never_exceeds_64_bits(chain: Chain) -> None:
    chain.send(ROOT, Mint(destination=CAROL, asset=DAO, amount=Amount(U64_MAX - 1_200)))
    with pytest.raises(SupplyExceeded, match="is above 18446744073709551615") as caught:
        chain.send(ROOT, Mint(destination=ALICE, asset=DAO, amount=Amount(1)))
    assert caught.value.hint == "mint at most 0"
    assert not chain.broken_invariants()
