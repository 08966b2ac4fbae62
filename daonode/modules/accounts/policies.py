"""Policies: which shapes are sound, which account one makes, and which signers satisfy it.

Pure: registered policies are looked up through a function that the caller gives.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from daonode.modules.accounts.errors import InvalidPolicy
from daonode.modules.accounts.types import (
    MAX_ACCOUNT_MEMBERS,
    MAX_POLICY_DEPTH,
    MAX_POLICY_MEMBERS,
    AccountMember,
    KeyMember,
    KeyPolicy,
    Policy,
    PolicyMember,
    ThresholdPolicy,
)
from daonode.primitives.codec import encode
from daonode.primitives.hashing import ACCOUNT_TAG, tagged_hash
from daonode.primitives.ids import Address, PublicKey

PolicyOf = Callable[[Address], Policy | None]
"""Looks up the registered policy of an account; None where there is none."""


def account_id(policy: Policy) -> Address:
    """Return the id of the account that begins with this policy: the tagged hash of its encoding."""
    return Address(tagged_hash(ACCOUNT_TAG, encode(policy)))


def threshold_policy(threshold: int, *members: PolicyMember) -> ThresholdPolicy:
    """Return the policy of these members, in the order that `check_policy` demands."""
    return ThresholdPolicy(threshold=threshold, members=tuple(sorted(members, key=_bytes_of)))


def check_policy(policy: Policy) -> None:
    """Raise `InvalidPolicy` where a policy breaks a rule: counts, order, weights, threshold."""
    if isinstance(policy, KeyPolicy):
        return
    members = policy.members
    accounts = sum(isinstance(member, AccountMember) for member in members)
    if not 1 <= len(members) <= MAX_POLICY_MEMBERS:
        raise InvalidPolicy(f"a threshold policy names 1 to {MAX_POLICY_MEMBERS} members, this one {len(members)}")
    if accounts > MAX_ACCOUNT_MEMBERS:
        raise InvalidPolicy(f"a threshold policy names at most {MAX_ACCOUNT_MEMBERS} accounts, this one {accounts}")
    for position in range(1, len(members)):
        # One order, so that the same members always make the same account.
        if _bytes_of(members[position - 1]) >= _bytes_of(members[position]):
            raise InvalidPolicy(
                f"member {position} does not follow member {position - 1}",
                hint="order members by their 32 bytes, each once",
            )
    for position, member in enumerate(members):
        if not member.weight:
            raise InvalidPolicy(f"member {position} has weight 0", hint="give it at least 1, or leave it out")
    total = sum(member.weight for member in members)
    if not 1 <= policy.threshold <= total:
        raise InvalidPolicy(
            f"the threshold is {policy.threshold}", hint=f"ask for 1 to {total}, the sum of all weights"
        )


def is_satisfied(account: Address, *, signers: tuple[PublicKey, ...], policy_of: PolicyOf) -> bool:
    """Say whether the signers satisfy the account's policy, and each of them belongs to it.

    A signer that no policy on the way names makes the answer False, so that a stranger cannot add signatures to what a
    sender pays for. Accounts deeper than `MAX_POLICY_DEPTH` count nothing: at most 1 + 8 + 64 policies are looked up,
    whatever the policies say, cycles included.
    """
    singles = {account_id(policy): policy for policy in map(KeyPolicy, signers)}
    visit = _Visit(signed=frozenset(signers), policy_of=policy_of, singles=singles)
    return visit.satisfies_account(account, depth=1) and visit.signed <= visit.named


@dataclass(slots=True)
class _Visit:
    """One walk through the policies below an account.

    `signed` are the keys of valid signatures; `singles` are the same keys as policies, by the accounts that they make;
    `named` collects every key on the way. Sets are only asked what they contain.
    """

    signed: frozenset[PublicKey]
    policy_of: PolicyOf
    singles: dict[Address, KeyPolicy]
    named: set[PublicKey] = field(default_factory=set)

    def satisfies_account(self, account: Address, *, depth: int) -> bool:
        # One that was never registered is the account of a single key, which its signature reveals, or of nobody here.
        policy = self.policy_of(account) or self.singles.get(account)
        return policy is not None and self._satisfies(policy, depth=depth)

    def _satisfies(self, policy: Policy, *, depth: int) -> bool:
        if isinstance(policy, KeyPolicy):
            self.named.add(policy.public_key)
            return policy.public_key in self.signed
        weight = 0
        # To the last member, even past the threshold: every key that may sign has to be known.
        for member in policy.members:
            if isinstance(member, KeyMember):
                self.named.add(member.public_key)
                weight += member.weight if member.public_key in self.signed else 0
            elif depth < MAX_POLICY_DEPTH and self.satisfies_account(member.account, depth=depth + 1):
                weight += member.weight
        return weight >= policy.threshold


def _bytes_of(member: PolicyMember) -> bytes:
    return member.public_key if isinstance(member, KeyMember) else member.account
