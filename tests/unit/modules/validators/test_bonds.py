"""What validators put up: what it weighs, when it comes back, and how much of it is burnt."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from daonode.ledger.errors import Unauthorised
from daonode.ledger.origins import ROOT_ADDRESS
from daonode.modules.accounts.errors import AmountIsZero, InsufficientBalance
from daonode.modules.accounts.messages import Transfer
from daonode.modules.accounts.module import AccountsModule
from daonode.modules.validators.bonds import HOLDER
from daonode.modules.validators.errors import BondTooSmall, TooManyReturns, UnknownValidator, ValidatorGone
from daonode.modules.validators.events import BondReturned, BondSlashed
from daonode.modules.validators.genesis import GenesisValidator, ValidatorsGenesis
from daonode.modules.validators.messages import Bond, Remove, SetWeight, Unbond
from daonode.modules.validators.module import ValidatorsModule
from daonode.modules.validators.params import MAX_RETURNS, Params
from daonode.modules.validators.queries import ValidatorArguments, ValidatorResult
from daonode.modules.validators.types import BondRecord, Return
from daonode.primitives.ids import Address
from daonode.primitives.units import Amount, Bps, DurationMs, TimeMs
from tests.unit.modules.accounts.setup import ALICE, DAO
from tests.unit.modules.accounts.setup import genesis as accounts_genesis
from tests.unit.modules.chain import Chain
from tests.unit.modules.validators.setup import (
    EPOCH_BLOCKS,
    IDS,
    KEYS,
    PARAMS,
    Dao,
    begin,
    evidence,
    names,
    payout,
    vote,
)

DELAY = 60_000
BONDED = replace(
    PARAMS,
    epoch_duration=DurationMs(10_000),
    unbond_delay=DurationMs(DELAY),
    slashed_share=Bps(2_500),
)
SOONER, LATER = (Return(due=TimeMs(due), account=ALICE, amount=Amount(1)) for due in (10**13, 10**14))
BY_BOND = replace(BONDED, bond_unit=Amount(100))


def dao_of(*members: str, params: Params = BONDED) -> Dao:
    """A DAO whose validators' payout accounts have 300 base units each."""
    dao = begin(*members, params=params)
    for name in members:
        dao.chain.send(ALICE, Transfer(destination=payout(name), asset=DAO, amount=Amount(300)))
    return dao


def bond(dao: Dao, name: str, amount: int) -> None:
    dao.chain.send(payout(name), Bond(validator=IDS[name], amount=Amount(amount)))


def unbond(dao: Dao, name: str, amount: int) -> None:
    dao.chain.send(payout(name), Unbond(validator=IDS[name], amount=Amount(amount)))


def has(dao: Dao, account: Address) -> int:
    return dao.accounts.keeper.balance(dao.chain.overlay, account=account, asset=DAO)


def shown(dao: Dao, name: str) -> ValidatorResult:
    answer = dao.chain.ask(dao.module, "validator", ValidatorArguments(validator=IDS[name]))
    assert isinstance(answer, ValidatorResult)
    return answer


def wait(dao: Dao, duration_ms: int) -> None:
    dao.chain.next_block(after_ms=duration_ms)
    dao.chain.meet_deadlines()
    assert not dao.chain.failed_deadlines
    assert not dao.chain.broken_invariants()


def test_a_bond_leaves_the_payout_account_and_comes_back_after_the_delay() -> None:
    dao = dao_of("north", "east")
    bond(dao, "north", 100)
    bond(dao, "north", 100)
    assert (has(dao, payout("north")), has(dao, HOLDER), shown(dao, "north").bonded) == (100, 200, 200)
    unbond(dao, "north", 150)
    due = TimeMs(dao.chain.time_ms + DELAY)
    part = Return(due=due, account=payout("north"), amount=Amount(150))
    assert (shown(dao, "north").bonded, shown(dao, "north").returns) == (50, (part,))
    wait(dao, DELAY - 1)
    assert has(dao, payout("north")) == 100
    wait(dao, 1)
    assert (has(dao, payout("north")), has(dao, HOLDER), shown(dao, "north").returns) == (250, 50, ())
    assert BondReturned(validator=IDS["north"], account=payout("north"), amount=Amount(150)) in dao.chain.events


def test_parts_that_are_due_at_once_are_all_paid() -> None:
    dao = dao_of("north")
    bond(dao, "north", 300)
    for _ in range(3):
        unbond(dao, "north", 100)
    wait(dao, DELAY)
    assert has(dao, payout("north")) == 300


def test_only_so_many_parts_are_on_their_way_and_who_is_removed_gets_the_rest_too() -> None:
    dao = dao_of("north", "east")
    bond(dao, "east", 300)
    for _ in range(MAX_RETURNS):
        unbond(dao, "east", 1)
    with pytest.raises(TooManyReturns, match="8 parts of the bond"):
        unbond(dao, "east", 1)
    dao.chain.send(ROOT_ADDRESS, Remove(validator=IDS["east"]))
    for message in (Bond, Unbond):
        with pytest.raises(ValidatorGone):
            dao.chain.send(payout("east"), message(validator=IDS["east"], amount=Amount(1)))
    dao.next_epoch()
    assert names(dao) == {"north"}
    assert shown(dao, "east").bonded == 0, "it is known as long as it has something to lose"
    wait(dao, DELAY)
    assert has(dao, payout("east")) == 300
    dao.next_epoch()
    with pytest.raises(UnknownValidator):
        shown(dao, "east")


def test_what_cannot_be_bonded_or_unbonded_is_said() -> None:
    dao = dao_of("north")
    bond(dao, "north", 50)
    with pytest.raises(InsufficientBalance):
        bond(dao, "north", 251)
    with pytest.raises(AmountIsZero):
        bond(dao, "north", 0)
    for amount in (0, 51):
        with pytest.raises(BondTooSmall, match=f"has bonded 50, {amount} is asked back"):
            unbond(dao, "north", amount)
    for message in (Bond, Unbond):
        with pytest.raises(Unauthorised, match="only the payout account"):
            dao.chain.send(ALICE, message(validator=IDS["north"], amount=Amount(1)))


def test_who_equivocates_loses_a_share_of_what_is_bonded_and_of_what_is_on_its_way_back() -> None:
    dao = dao_of("north", "east")
    bond(dao, "east", 300)
    unbond(dao, "east", 99)
    supply = dao.accounts.keeper.asset(dao.chain.overlay, DAO).supply
    dao.chain.send(ALICE, evidence("east", vote(3, 1), vote(3, 2)))
    # A quarter of 201 and of 99, each rounded up.
    assert BondSlashed(validator=IDS["east"], amount=Amount(51 + 25), bonded=Amount(150)) in dao.chain.events
    assert dao.accounts.keeper.asset(dao.chain.overlay, DAO).supply == supply - 76
    wait(dao, DELAY)
    assert (has(dao, payout("east")), has(dao, HOLDER)) == (74, 150)


def test_who_has_no_bond_can_be_jailed_and_loses_nothing() -> None:
    dao = dao_of("north", "east")
    dao.chain.send(ALICE, evidence("east", vote(3, 1), vote(3, 2)))
    assert not [event for event in dao.chain.events if isinstance(event, BondSlashed)]
    dao.next_epoch()
    assert names(dao) == {"north"}


def genesis_with(*bonds: BondRecord, held: int, params: Params = BY_BOND) -> tuple[AccountsModule, ValidatorsModule]:
    """A chain whose validators begin with these bonds, and whose module's account has so much."""
    accounts = AccountsModule()
    module = ValidatorsModule(accounts=accounts)
    section = ValidatorsGenesis(
        validators=tuple(
            GenesisValidator(public_key=KEYS[name], power=5, payout_account=payout(name), moniker=name, bond=each)
            for name, each in zip(KEYS, bonds, strict=False)
        ),
        params=params,
    )
    base = accounts_genesis()
    first, *others = base.accounts
    balance = replace(first.balances[0], amount=Amount(held))
    holder = replace(first, address=HOLDER, balances=(balance,), custodial=True)
    Chain([accounts, module]).genesis(
        {"accounts": replace(base, accounts=(first, *others, holder)), "validators": section}
    )
    return accounts, module


@pytest.mark.parametrize(
    ("bonds", "held", "params", "problem"),
    [
        ((BondRecord(amount=Amount(500)),), 499, BY_BOND, "bonds sum to 500, and the account of this module has 499"),
        ((BondRecord(amount=Amount(99)),), 99, BY_BOND, "one at least is in the first set"),
        ((BondRecord(),), 1, replace(BONDED, unbond_delay=DurationMs(49_999)), "expected 50000 at least"),
        ((BondRecord(returns=(LATER, SOONER)),), 2, BONDED, "out of order"),
    ],
    ids=["not held", "too small", "paid back too soon", "out of order"],
)
def test_a_genesis_section_that_does_not_add_up_is_refused(
    bonds: tuple[BondRecord, ...], held: int, params: Params, problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        genesis_with(*bonds, held=held, params=params)


def test_where_bonds_decide_a_validator_weighs_what_it_has_bonded_and_its_power_at_most() -> None:
    dao = dao_of("north", "east", "south", params=replace(BY_BOND, bond_unit=Amount(0)))
    # The option is of the genesis: one is made here in which it is set, with the bonds that these have put up.
    bond(dao, "north", 300)
    bond(dao, "east", 199)
    bond(dao, "south", 99)
    section = dao.module.export_genesis(dao.chain.overlay)
    section = replace(section, params=BY_BOND, epoch=None)
    section = replace(section, validators=tuple(replace(each, power=2) for each in section.validators))
    assert {each.id: each.power for each in dao.module.genesis_validators(section)} == {
        IDS["north"]: 2,
        IDS["east"]: 1,
    }
    again = Dao(dao.accounts.export_genesis(dao.chain.overlay), section)
    again.chain.send(ROOT_ADDRESS, SetWeight(validator=IDS["north"], power=9))
    bond(again, "south", 1)
    unbond(again, "east", 100)
    assert (shown(again, "north").weight, shown(again, "east").weight, shown(again, "south").weight) == (3, 0, 1)
    again.next_epoch()
    assert {each.id: each.power for each in again.members.values()} == {IDS["north"]: 3, IDS["south"]: 1}


def test_an_export_recreates_bonds_and_pays_what_is_due() -> None:
    dao = dao_of("north", "east")
    bond(dao, "east", 300)
    unbond(dao, "east", 100)
    for _ in range(EPOCH_BLOCKS):
        dao.chain.next_block()
    sections = dao.accounts.export_genesis(dao.chain.overlay), dao.module.export_genesis(dao.chain.overlay)
    copy = Dao(*sections, height=dao.chain.height, time_ms=dao.chain.time_ms)
    assert not copy.chain.broken_invariants()
    wait(copy, DELAY)
    assert (has(copy, payout("east")), has(copy, HOLDER)) == (100, 200)
