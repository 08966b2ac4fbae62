"""One story of a DAO, told by its rows."""

from daonode.modules.governance.messages import SubmitProposal, Vote
from daonode.modules.treasury.messages import ApproveSpend
from daonode.primitives.units import Amount
from daonode.stores.tables import PROPOSALS
from tests.unit.indexer.comparing import check_rows
from tests.unit.indexer.dao_chain import ALICE, BOB, CAROL, DAO, ERIN, MEMBERS, DaoChain
from tests.unit.indexer.following import Follower


def test_a_spend_from_proposal_to_payment() -> None:
    dao, follower = DaoChain(), Follower()
    check_rows(follower.store, dao.chain)
    pay = ApproveSpend(asset=DAO, amount=Amount(700), beneficiary=ERIN.address)
    dao.send(
        ALICE,
        SubmitProposal(
            track=MEMBERS.id, kind="standard", title="Pay Erin", body="For *her* work.",
            actions=(dao.call(pay),), deposit=Amount(100),
        ),
    )  # fmt: skip
    follower.follow(dao.chain)
    check_rows(follower.store, dao.chain)
    (row,) = follower.store.page(PROPOSALS, order=("number",))
    assert (row.status, row.body, row.track_name) == ("deciding", "For *her* work.", "members")
    for voter in (ALICE, BOB, CAROL):
        dao.send(voter, Vote(proposal=row.id, choice="yes", reason="good"))
        follower.follow(dao.chain)
        check_rows(follower.store, dao.chain)
    for _ in range(14):
        dao.commit()
        follower.follow(dao.chain)
        check_rows(follower.store, dao.chain)
    (row,) = follower.store.page(PROPOSALS, order=("number",))
    assert row.status == "executed"
