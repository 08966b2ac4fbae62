"""What a transaction must show to be admitted, and where its fee goes."""

import pytest

from daonode.ledger.errors import FeeTooLow, LimitExceeded, Unauthorised, WrongSequence
from daonode.ledger.origins import module_address
from daonode.ledger.transactions import MAX_LANES
from daonode.modules.accounts.errors import InsufficientBalance
from daonode.modules.accounts.events import FeesShared
from daonode.modules.accounts.keys import ACCOUNTS
from daonode.modules.accounts.messages import Transfer
from daonode.modules.accounts.module import AccountsModule
from daonode.primitives.ids import Address, ValidatorId
from daonode.primitives.units import Amount
from tests.unit.modules.accounts.setup import ALICE, BOB, CAROL, DAO, PAYOUT, Payouts, genesis, start
from tests.unit.modules.chain import Chain, key

TREASURY = module_address("treasury")
ALICES = (key("alice"),)


@pytest.fixture
def module() -> AccountsModule:
    module = AccountsModule()
    module.bind_payouts(Payouts())
    return module


@pytest.fixture
def chain(module: AccountsModule) -> Chain:
    return start(module)


def held(module: AccountsModule, chain: Chain, account: Address) -> int:
    return module.keeper.balance(chain.overlay, account=account, asset=DAO)


def test_a_fee_is_taken_in_full_and_given_back_down_to_what_was_used(module: AccountsModule, chain: Chain) -> None:
    chain.transact(module, ALICE, signers=ALICES, charged=100, fee=40)
    assert held(module, chain, ALICE) == 960
    assert not chain.broken_invariants()


def test_a_failed_transaction_pays_and_uses_its_sequence(module: AccountsModule, chain: Chain) -> None:
    too_much = Transfer(destination=BOB, asset=DAO, amount=Amount(5_000))
    failure = chain.transact(module, ALICE, too_much, signers=ALICES, charged=100, fee=40)
    assert isinstance(failure, InsufficientBalance)
    assert held(module, chain, ALICE) == 960
    assert module.next_sequence(chain.overlay, sender=ALICE, lane=0) == 1


def test_what_is_reserved_for_the_fee_cannot_be_spent(module: AccountsModule, chain: Chain) -> None:
    everything = Transfer(destination=BOB, asset=DAO, amount=Amount(1_000))
    failure = chain.transact(module, ALICE, everything, signers=ALICES, charged=1, fee=1)
    assert isinstance(failure, InsufficientBalance)


def test_a_fee_above_the_balance_is_refused_and_changes_nothing(module: AccountsModule, chain: Chain) -> None:
    before = chain.state()
    with pytest.raises(FeeTooLow, match="holds 1000 dao, the fee is up to 1001"):
        chain.transact(module, ALICE, signers=ALICES, charged=1_001)
    assert chain.state() == before


def test_an_account_without_funds_sends_where_the_fee_is_zero(module: AccountsModule, chain: Chain) -> None:
    chain.transact(module, CAROL, signers=(key("carol"),))
    assert module.next_sequence(chain.overlay, sender=CAROL, lane=0) == 1


@pytest.mark.parametrize(("sequence", "complaint"), [(1, "used already"), (3, "an earlier one is missing")])
def test_only_the_next_sequence_of_a_lane_is_admitted(
    module: AccountsModule, chain: Chain, sequence: int, complaint: str
) -> None:
    for _ in range(2):
        chain.transact(module, ALICE, signers=ALICES)
    with pytest.raises(WrongSequence, match=complaint) as caught:
        chain.transact(module, ALICE, signers=ALICES, sequence=sequence)
    assert caught.value.hint == "the next sequence of lane 0 is 2"


def test_lanes_count_independently(module: AccountsModule, chain: Chain) -> None:
    for lane in (3, 3, MAX_LANES - 1):
        chain.transact(module, ALICE, signers=ALICES, lane=lane)
    assert [module.next_sequence(chain.overlay, sender=ALICE, lane=lane) for lane in (0, 3, 15)] == [0, 2, 1]
    assert module.keeper.account(chain.overlay, ALICE).sequences == (0, 0, 0, 2, *[0] * 11, 1)
    assert not chain.broken_invariants()


def test_a_lane_beyond_the_last_is_refused(module: AccountsModule, chain: Chain) -> None:
    with pytest.raises(LimitExceeded, match="no lane 16"):
        chain.transact(module, ALICE, signers=ALICES, lane=MAX_LANES)


def test_nobody_sends_in_the_name_of_a_module(module: AccountsModule, chain: Chain) -> None:
    with pytest.raises(Unauthorised):
        chain.transact(module, TREASURY, signers=ALICES)


def test_the_fees_of_a_block_go_to_proposer_and_treasury(module: AccountsModule, chain: Chain) -> None:
    chain.transact(module, ALICE, signers=ALICES, charged=100, fee=41)
    chain.transact(module, BOB, signers=(key("bob"),), charged=100, fee=60)
    assert not chain.broken_invariants()
    chain.next_block()
    assert (held(module, chain, PAYOUT), held(module, chain, TREASURY)) == (25, 76)
    assert chain.events[-1] == FeesShared(
        proposer_account=PAYOUT, proposer_amount=Amount(25), treasury_amount=Amount(76)
    )
    assert not chain.broken_invariants()


def test_the_fees_of_a_proposer_without_an_account_go_to_the_treasury(module: AccountsModule, chain: Chain) -> None:
    chain.proposer = ValidatorId(bytes(32))
    chain.transact(module, ALICE, signers=ALICES, charged=40, fee=40)
    chain.next_block()
    assert held(module, chain, TREASURY) == 40
    assert not chain.broken_invariants()


def test_a_block_without_fees_shares_nothing(module: AccountsModule, chain: Chain) -> None:
    chain.transact(module, ALICE, signers=ALICES)
    before = chain.state()
    chain.next_block()
    assert chain.state() == before


@pytest.mark.parametrize("native_votes", [True, False])
def test_a_transaction_writes_one_key_of_state_that_lasts(module: AccountsModule, *, native_votes: bool) -> None:
    chain = start(module, genesis(native_votes=native_votes))
    chain.hold(0)
    chain.next_block()
    before = chain.state()
    chain.transact(module, ALICE, signers=ALICES, charged=100, fee=40)
    changed = [key for key, value in chain.state().items() if before.get(key) != value]
    # The other is what the block collects, gone when it ends.
    assert len(changed) == 2
    assert ACCOUNTS.state_key(ALICE) in changed
