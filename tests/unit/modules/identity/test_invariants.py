"""Each invariant finds the damage that it is there to find."""

from collections.abc import Callable

import pytest

from daonode.ledger.history import Checkpoint, History
from daonode.ledger.overlay import Overlay
from daonode.modules.identity.genesis import GenesisMember, IdentityGenesis
from daonode.modules.identity.keys import MEMBER_AT_INDEX, MEMBERS, MEMBERSHIP, REGISTRARS
from daonode.modules.identity.module import IdentityModule
from daonode.modules.identity.params import MAX_REGISTRARS
from daonode.modules.identity.types import Member, MemberAtIndex, Membership, Registrar
from daonode.primitives.units import TimeMs
from tests.unit.modules.chain import Chain, address

ANN, BEN = address("ann"), address("ben")


def past(*pairs: tuple[int, int]) -> History:
    return History(tuple(Checkpoint(height=height, value=value) for height, value in pairs))


def ann(membership: History, index: int = 0) -> Member:
    return Member(
        name="Ann", role="", about="", index=index, registrar=None, registered_at=TimeMs(0), membership=membership
    )


def too_many_registrars(state: Overlay) -> None:
    for number in range(MAX_REGISTRARS + 1):
        REGISTRARS.set(state, address(f"clerk {number}"), Registrar(active=False))


@pytest.mark.parametrize(
    ("name", "damage", "complaint"),
    [
        ("count", lambda state: MEMBERS.delete(state, ANN), "1 members, the count is 2"),
        (
            "count",
            lambda state: MEMBERS.set(state, ANN, ann(past((1, 1)))),
            "1 members at height 0, the count was 2",
        ),
        (
            "indices",
            lambda state: MEMBERSHIP.set(state, None, Membership(next_index=3, count=past((0, 2)))),
            "2 indices, 3 were given",
        ),
        ("indices", lambda state: MEMBERS.delete(state, ANN), "1 members for 2 indices"),
        (
            "indices",
            lambda state: MEMBER_AT_INDEX.set(state, 0, MemberAtIndex(account=BEN)),
            "index 0 is that of",
        ),
        ("histories", lambda state: MEMBERS.set(state, ANN, ann(past((0, 2)))), "a membership of [2]"),
        ("histories", lambda state: MEMBERS.set(state, ANN, ann(past((0, 1), (1, 1)))), "a membership of [1, 1]"),
        (
            "histories",
            lambda state: MEMBERSHIP.set(state, None, Membership(next_index=2, count=past((1, 1), (0, 2)))),
            "the count has 2 checkpoints",
        ),
        ("registrars", too_many_registrars, "65 registrars, expected at most 64"),
    ],
)
def test_an_invariant_names_the_damage(name: str, damage: Callable[[Overlay], None], complaint: str) -> None:
    section = IdentityGenesis(members=(GenesisMember(ANN, "Ann"), GenesisMember(BEN, "Ben")))
    chain = Chain([IdentityModule()]).genesis({"identity": section})
    chain.hold(0)
    assert not chain.broken_invariants()
    damage(chain.overlay)
    assert complaint in chain.broken_invariants()[f"identity.{name}"]
