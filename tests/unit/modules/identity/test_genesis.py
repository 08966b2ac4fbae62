"""The identity section: what it makes, what it refuses, and what an export recreates."""

import pytest

from daonode.ledger.history import Checkpoint
from daonode.modules.identity.genesis import GenesisMember, GenesisRegistrar, IdentityGenesis
from daonode.modules.identity.messages import LeaveMember, RegisterMember
from daonode.modules.identity.module import IdentityModule
from daonode.modules.identity.params import MAX_REGISTRARS
from tests.unit.modules.chain import Chain, address

CLERK, ANN, BEN = address("clerk"), address("ann"), address("ben")


def start(section: IdentityGenesis) -> Chain:
    return Chain([IdentityModule()]).genesis({"identity": section})


def test_an_export_recreates_the_state_to_the_byte() -> None:
    chain = start(IdentityGenesis(registrars=(GenesisRegistrar(CLERK),), members=(GenesisMember(ANN, "Ann"),)))
    chain.send(CLERK, RegisterMember(account=BEN, name="Ben"))
    chain.hold(0)
    chain.next_block()
    chain.send(ANN, LeaveMember())
    section = chain.modules[0].export_genesis(chain.overlay)
    assert isinstance(section, IdentityGenesis)
    expected = {key: value for key, value in chain.state().items() if key.startswith(b"identity")}
    assert start(section).state() == expected


@pytest.mark.parametrize(
    ("section", "complaint"),
    [
        (
            IdentityGenesis(members=(GenesisMember(ANN, "Ann"), GenesisMember(BEN, "Ben"), GenesisMember(ANN, "Ann"))),
            r"^\.members\[2\]\.account: the same as that of \.members\[0\]$",
        ),
        (
            IdentityGenesis(registrars=(GenesisRegistrar(CLERK),) * 2),
            r"^\.registrars\[1\]\.account: the same as that of \.registrars\[0\]$",
        ),
        (
            IdentityGenesis(
                registrars=tuple(GenesisRegistrar(address(f"clerk {each}")) for each in range(MAX_REGISTRARS + 1))
            ),
            r"^\.registrars: expected at most 64, got 65$",
        ),
        (
            IdentityGenesis(members=(GenesisMember(ANN, "Ann\t"),)),
            r"^\.members\[0\]\.name: character 4 is U\+0009; leave out",
        ),
        (
            IdentityGenesis(members=(GenesisMember(ANN, "Ann", membership=(Checkpoint(3, 1), Checkpoint(5, 0))),)),
            r"^\.members\[0\]\.membership: expected ascending checkpoints that end with 1$",
        ),
        (
            IdentityGenesis(members=(GenesisMember(ANN, "Ann"),), member_count=(Checkpoint(3, 2),)),
            r"^\.member_count: expected ascending checkpoints that end with 1$",
        ),
    ],
)
def test_a_section_that_breaks_a_rule_is_refused_with_its_path(section: IdentityGenesis, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        start(section)
