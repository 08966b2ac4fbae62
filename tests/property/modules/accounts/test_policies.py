"""Policies of any shape against a plain reading of what they say."""

from hypothesis import given
from hypothesis import strategies as st

from daonode.modules.accounts.policies import account_id, check_policy, is_satisfied, threshold_policy
from daonode.modules.accounts.types import AccountMember, KeyMember, KeyPolicy, Policy
from daonode.primitives.codec import DecodeError, decode, encode
from daonode.primitives.ids import Address, PublicKey
from tests.unit.modules.chain import key

KEYS = tuple(sorted(key(f"key {number}") for number in range(6)))
weights = st.integers(min_value=1, max_value=5)
signers = st.lists(st.sampled_from(KEYS), unique=True, max_size=6).map(lambda keys: tuple(sorted(keys)))


@st.composite
def boards(draw: st.DrawFn) -> dict[Address, Policy]:
    """Two boards of keys, and a third of keys and both boards."""
    known: dict[Address, Policy] = {}
    nested: list[AccountMember] = []
    for level in range(3):
        chosen = draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=4, unique=True))
        members: list[KeyMember | AccountMember] = [KeyMember(each, weight=draw(weights)) for each in chosen]
        members += nested if level == 2 else []
        total = sum(member.weight for member in members)
        policy = threshold_policy(draw(st.integers(min_value=1, max_value=total)), *members)
        check_policy(policy)
        known[account_id(policy)] = policy
        if level < 2 and account_id(policy) not in [member.account for member in nested]:
            nested.append(AccountMember(account_id(policy), weight=draw(weights)))
    return known


@given(boards(), signers)
def test_a_policy_is_satisfied_exactly_when_enough_weight_signed_and_nobody_else(
    known: dict[Address, Policy], signed: tuple[PublicKey, ...]
) -> None:
    def weight_of(member: KeyMember | AccountMember) -> int:
        if isinstance(member, KeyMember):
            return member.weight if member.public_key in signed else 0
        return member.weight if satisfied(known[member.account]) else 0

    def satisfied(policy: Policy) -> bool:
        assert not isinstance(policy, KeyPolicy)
        return sum(map(weight_of, policy.members)) >= policy.threshold

    def names(policy: Policy) -> list[bytes]:
        assert not isinstance(policy, KeyPolicy)
        own = [member.public_key for member in policy.members if isinstance(member, KeyMember)]
        below = [member.account for member in policy.members if isinstance(member, AccountMember)]
        return own + [name for account in below for name in names(known[account])]

    for account, policy in known.items():
        expected = satisfied(policy) and all(each in names(policy) for each in signed)
        assert is_satisfied(account, signers=signed, policy_of=known.get) == expected


@given(boards())
def test_a_policy_reads_back_from_its_bytes(known: dict[Address, Policy]) -> None:
    for account, policy in known.items():
        again = decode(encode(policy), type(policy))
        assert again == policy
        assert account_id(again) == account


@given(st.binary(max_size=200))
def test_bytes_that_are_no_policy_are_refused(data: bytes) -> None:
    try:
        policy = decode(data, KeyPolicy)
    except DecodeError:
        return
    assert encode(policy) == data
