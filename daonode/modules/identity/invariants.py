"""What is true of this module's state after every transaction."""

from collections.abc import Mapping

from daonode.ledger.history import History, is_well_formed, latest, value_at
from daonode.ledger.module import Invariant
from daonode.ledger.snapshots import MAX_LIVE_SNAPSHOTS, live
from daonode.ledger.state import StateReader
from daonode.modules.identity.keys import MEMBER_AT_INDEX, MEMBERS, MEMBERSHIP, REGISTRARS
from daonode.modules.identity.params import MAX_REGISTRARS
from daonode.primitives.addresses import encode_account


def by_name() -> Mapping[str, Invariant]:
    """Return each invariant under its name."""
    return {
        "count": the_count_is_that_of_the_members,
        "indices": every_index_has_its_member,
        "histories": memberships_are_ordered_and_bounded,
        "registrars": there_are_as_many_registrars_as_allowed,
    }


def the_count_is_that_of_the_members(state: StateReader) -> str | None:
    """The count is the sum of all memberships, now and at every live snapshot."""
    count = MEMBERSHIP.require(state, None).count
    memberships = [member.membership for _, member in MEMBERS.iterate(state)]
    now = sum(latest(membership) for membership in memberships)
    if now != latest(count):
        return f"{now} members, the count is {latest(count)}"
    for height in live(state):
        then = sum(value_at(membership, height) for membership in memberships)
        if then != value_at(count, height):
            return f"{then} members at height {height}, the count was {value_at(count, height)}"
    return None


def every_index_has_its_member(state: StateReader) -> str | None:
    """Indices run from 0 without a gap, and each belongs to the member that has it."""
    next_index = MEMBERSHIP.require(state, None).next_index
    indices = {index: at_index.account for index, at_index in MEMBER_AT_INDEX.iterate(state)}
    if list(indices) != list(range(next_index)):
        return f"{len(indices)} indices, {next_index} were given"
    members = dict(MEMBERS.iterate(state))
    if len(members) != next_index:
        return f"{len(members)} members for {next_index} indices"
    for index, account in indices.items():
        member = members.get(account)
        if member is None or member.index != index:
            return f"index {index} is that of {encode_account(account)}, which has another"
    return None


def memberships_are_ordered_and_bounded(state: StateReader) -> str | None:
    """Each membership is 0 or 1 in turn, its past in order and within its bound."""
    for account, member in MEMBERS.iterate(state):
        values = [checkpoint.value for checkpoint in member.membership.checkpoints]
        if not _is_sound(member.membership) or any(value > 1 for value in values):
            return f"{encode_account(account)}: a membership of {values}"
    count = MEMBERSHIP.require(state, None).count
    return None if _is_sound(count) else f"the count has {len(count.checkpoints)} checkpoints, or they are out of order"


def there_are_as_many_registrars_as_allowed(state: StateReader) -> str | None:
    """At most `MAX_REGISTRARS`."""
    count = sum(1 for _ in REGISTRARS.iterate(state))
    return None if count <= MAX_REGISTRARS else f"{count} registrars, expected at most {MAX_REGISTRARS}"


def _is_sound(history: History) -> bool:
    return is_well_formed(history) and len(history.checkpoints) <= MAX_LIVE_SNAPSHOTS + 2
