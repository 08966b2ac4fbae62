"""Who may act for an account."""

import pytest

from daonode.ledger.errors import Unauthorised
from daonode.ledger.origins import module_address, origin_address
from daonode.modules.accounts.errors import AccountExists, InvalidPolicy, NoPolicy
from daonode.modules.accounts.events import AccountCreated, PolicySet
from daonode.modules.accounts.messages import CreateAccount, SetPolicy
from daonode.modules.accounts.module import AccountsModule
from daonode.modules.accounts.policies import account_id, check_policy, threshold_policy
from daonode.modules.accounts.types import (
    MAX_ACCOUNT_MEMBERS,
    MAX_POLICY_MEMBERS,
    AccountMember,
    KeyMember,
    KeyPolicy,
    ThresholdPolicy,
)
from daonode.primitives.ids import Address
from tests.unit.modules.accounts.setup import ALICE, BOB, CAROL, person, start
from tests.unit.modules.chain import Chain, key


@pytest.fixture
def module() -> AccountsModule:
    return AccountsModule()


@pytest.fixture
def chain(module: AccountsModule) -> Chain:
    return start(module)


def keys(*names: str) -> tuple[KeyMember, ...]:
    return tuple(KeyMember(key(name)) for name in names)


def authorised(module: AccountsModule, chain: Chain, account: Address, *names: str) -> bool:
    return module.keeper.authorised(chain.overlay, account, tuple(sorted(key(name) for name in names)))


def create(chain: Chain, policy: ThresholdPolicy) -> Address:
    chain.send(BOB, CreateAccount(policy))
    return account_id(policy)


def test_a_single_key_account_needs_no_creation(module: AccountsModule, chain: Chain) -> None:
    assert authorised(module, chain, person("dora"), "dora")
    assert not authorised(module, chain, person("dora"), "alice")
    assert not authorised(module, chain, person("dora"))


def test_a_first_transaction_reveals_the_key(module: AccountsModule, chain: Chain) -> None:
    assert module.keeper.policy(chain.overlay, ALICE) is None
    chain.transact(module, ALICE, signers=(key("alice"),))
    assert module.keeper.policy(chain.overlay, ALICE) == KeyPolicy(key("alice"))


def test_a_strangers_signature_makes_a_transaction_invalid(module: AccountsModule, chain: Chain) -> None:
    signers = tuple(sorted((key("alice"), key("mallory"))))
    with pytest.raises(Unauthorised, match="do not satisfy the policy"):
        chain.transact(module, ALICE, signers=signers)


def test_anyone_registers_a_multisig(module: AccountsModule, chain: Chain) -> None:
    policy = threshold_policy(2, *keys("alice", "bob", "carol"))
    assert chain.send(BOB, CreateAccount(policy)) == (AccountCreated(account=account_id(policy), policy=policy),)
    account = account_id(policy)
    assert authorised(module, chain, account, "alice", "carol")
    assert authorised(module, chain, account, "alice", "bob", "carol")
    assert not authorised(module, chain, account, "alice")
    assert not authorised(module, chain, account, "alice", "carol", "mallory")
    assert not chain.broken_invariants()


def test_a_multisig_that_was_not_registered_cannot_act(module: AccountsModule, chain: Chain) -> None:
    account = account_id(threshold_policy(1, *keys("alice", "bob")))
    assert not authorised(module, chain, account, "alice")
    with pytest.raises(Unauthorised):
        chain.transact(module, account, signers=(key("alice"),))


def test_weights_are_summed_against_the_threshold(module: AccountsModule, chain: Chain) -> None:
    policy = threshold_policy(3, KeyMember(key("alice"), weight=2), *keys("bob", "carol"))
    account = create(chain, policy)
    assert authorised(module, chain, account, "alice", "bob")
    assert not authorised(module, chain, account, "bob", "carol")


def test_an_account_as_member_counts_when_its_own_policy_is_satisfied(module: AccountsModule, chain: Chain) -> None:
    board = create(chain, threshold_policy(2, *keys("carol", "dora")))
    outer = create(
        chain, threshold_policy(2, KeyMember(key("alice")), AccountMember(board), AccountMember(person("eve")))
    )
    assert authorised(module, chain, outer, "alice", "carol", "dora")
    assert authorised(module, chain, outer, "alice", "eve")
    assert authorised(module, chain, outer, "carol", "dora", "eve")
    assert not authorised(module, chain, outer, "alice", "carol")


def test_an_account_deeper_than_the_bound_counts_nothing(module: AccountsModule, chain: Chain) -> None:
    second = create(chain, threshold_policy(1, AccountMember(ALICE)))
    third = create(chain, threshold_policy(1, AccountMember(second)))
    fourth = create(chain, threshold_policy(1, AccountMember(third)))
    assert authorised(module, chain, third, "alice")
    assert not authorised(module, chain, fourth, "alice")


def test_accounts_that_name_each_other_end_in_a_refusal(module: AccountsModule, chain: Chain) -> None:
    chain.transact(module, ALICE, SetPolicy(threshold_policy(1, AccountMember(BOB))), signers=(key("alice"),))
    chain.transact(module, BOB, SetPolicy(threshold_policy(1, AccountMember(ALICE))), signers=(key("bob"),))
    assert not authorised(module, chain, ALICE, "alice")
    assert not authorised(module, chain, ALICE, "alice", "bob")


def test_a_policy_is_replaced_and_the_account_stays(module: AccountsModule, chain: Chain) -> None:
    new = threshold_policy(2, *keys("alice", "phone"))
    assert chain.transact(module, ALICE, SetPolicy(new), signers=(key("alice"),)) is None
    assert chain.events[-1] == PolicySet(account=ALICE, policy=new)
    assert not authorised(module, chain, ALICE, "alice")
    assert authorised(module, chain, ALICE, "alice", "phone")
    assert module.keeper.balance(chain.overlay, account=ALICE, asset=module.keeper.native_asset(chain.overlay)) == 1_000


def test_an_account_that_no_key_controls_cannot_be_given_a_policy(chain: Chain) -> None:
    for caller in (origin_address("root"), module_address("treasury")):
        with pytest.raises(NoPolicy):
            chain.send(caller, SetPolicy(KeyPolicy(key("mallory"))))


def test_an_account_cannot_be_its_own_member(module: AccountsModule, chain: Chain) -> None:
    policy = threshold_policy(1, KeyMember(key("alice")), AccountMember(ALICE))
    failure = chain.transact(module, ALICE, SetPolicy(policy), signers=(key("alice"),))
    assert isinstance(failure, InvalidPolicy)


def test_a_policy_is_registered_once(chain: Chain) -> None:
    policy = threshold_policy(1, *keys("alice", "bob"))
    create(chain, policy)
    with pytest.raises(AccountExists):
        chain.send(CAROL, CreateAccount(policy))


def many_keys(count: int) -> tuple[KeyMember, ...]:
    return keys(*(f"key {index}" for index in range(count)))


def many_accounts(count: int) -> tuple[AccountMember, ...]:
    return tuple(AccountMember(person(f"person {index}")) for index in range(count))


@pytest.mark.parametrize(
    ("policy", "complaint"),
    [
        (ThresholdPolicy(threshold=1, members=()), "names 1 to 32 members, this one 0"),
        (threshold_policy(1, *many_keys(MAX_POLICY_MEMBERS + 1)), "names 1 to 32 members, this one 33"),
        (threshold_policy(1, *many_accounts(MAX_ACCOUNT_MEMBERS + 1)), "at most 8 accounts, this one 9"),
        (ThresholdPolicy(1, tuple(reversed(threshold_policy(1, *many_keys(2)).members))), "member 1 does not follow"),
        (threshold_policy(1, *keys("alice", "alice")), "member 1 does not follow member 0"),
        (threshold_policy(1, KeyMember(key("alice"), weight=0)), "member 0 has weight 0"),
        (threshold_policy(0, *keys("alice")), "the threshold is 0"),
        (threshold_policy(3, *keys("alice", "bob")), "the threshold is 3"),
    ],
)
def test_a_policy_that_breaks_a_rule_is_refused_with_its_numbers(
    module: AccountsModule, chain: Chain, policy: ThresholdPolicy, complaint: str
) -> None:
    with pytest.raises(InvalidPolicy, match=complaint):
        chain.send(ALICE, CreateAccount(policy))
    failure = chain.transact(module, ALICE, SetPolicy(policy), signers=(key("alice"),))
    assert isinstance(failure, InvalidPolicy)
    assert complaint in failure.message


def test_the_largest_policy_is_allowed() -> None:
    check_policy(threshold_policy(MAX_POLICY_MEMBERS, *many_keys(24), *many_accounts(8)))
