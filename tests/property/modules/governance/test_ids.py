"""Proposal ids: whoever sends otherwise, elsewhere or again, proposes something else."""

from hypothesis import given
from hypothesis import strategies as st

from daonode.modules.governance.types import ProposalIdentity, proposal_id
from daonode.primitives.ids import Address, ChainId

identities = st.builds(
    ProposalIdentity,
    chain_id=st.sampled_from(("daonode:a", "daonode:b")).map(ChainId),
    sender=st.sampled_from((bytes(32), bytes(31) + b"\x01")).map(Address),
    lane=st.integers(0, 15),
    sequence=st.integers(0, 2**64 - 1) | st.integers(0, 3),
    message_index=st.integers(0, 3),
)


@given(identities, identities)
def test_two_proposals_have_one_id_only_if_they_are_one_message(
    first: ProposalIdentity, second: ProposalIdentity
) -> None:
    assert (proposal_id(first) == proposal_id(second)) == (first == second)
