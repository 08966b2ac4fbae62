"""What a proposal needs to be taken, and what becomes of deposits until it is decided."""

import pytest
from msgspec.structs import replace

from daonode.ledger.errors import InvalidEncoding
from daonode.ledger.snapshots import MAX_LIVE_SNAPSHOTS, live
from daonode.modules.accounts.errors import InsufficientBalance
from daonode.modules.accounts.messages import Transfer
from daonode.modules.governance.errors import (
    AlreadyProposing,
    DepositNotTaken,
    DepositTooLow,
    InvalidProposal,
    InvalidText,
    NotCancellable,
    NotProposer,
    UnknownProposal,
    UnknownTrack,
)
from daonode.modules.governance.genesis import GovernanceGenesis
from daonode.modules.governance.messages import CancelProposal, Deposit, SubmitProposal
from daonode.modules.governance.params import DEFAULT_PARAMS
from daonode.modules.governance.queries import NoArguments, TracksResult
from daonode.modules.governance.types import (
    MAX_ACTIONS,
    MAX_DEPOSITORS,
    ProposalId,
    ProposalIdentity,
    Track,
    TrackId,
    proposal_id,
    text_hash,
)
from daonode.primitives.units import Amount, DurationMs
from tests.unit.modules.chain import CHAIN_ID, address
from tests.unit.modules.governance.dao import (
    ALICE,
    BALANCES,
    BOB,
    CAROL,
    DAO,
    DAVE,
    MEMBERS,
    TOKENS,
    TRACKS,
    Dao,
    make_dao,
    sections,
)

MESSAGE = SubmitProposal(track=TOKENS.id, kind="standard", title="Pay", body="Because.", actions=(), deposit=Amount(50))


@pytest.fixture
def dao() -> Dao:
    return make_dao()


def deposits_due(dao: Dao, track: Track) -> tuple[int, int]:
    answer = dao.chain.ask(dao.governance, "tracks", NoArguments())
    assert isinstance(answer, TracksResult)
    due = next(each for each in answer.deposits if each.track == track.id)
    return due.submission, due.decision


def test_a_proposal_takes_its_snapshot_before_the_block_that_it_is_submitted_in(dao: Dao) -> None:
    dao.next_block()
    dao.send(ALICE, Transfer(destination=BOB, asset=DAO, amount=Amount(500)))
    shown = dao.show(dao.submit())
    assert shown.snapshot_height == dao.chain.height - 1
    assert shown.tally.electorate == sum(BALANCES.values())


def test_its_text_is_bound_by_its_hash(dao: Dao) -> None:
    assert dao.show(dao.submit(title="Pay")).text_hash == text_hash(title="Pay", body="Because.")


def test_its_id_is_the_hash_of_chain_sender_lane_sequence_and_message(dao: Dao) -> None:
    proposal = dao.submit(proposer=BOB)
    identity = ProposalIdentity(chain_id=CHAIN_ID, sender=BOB, lane=0, sequence=dao.sequence, message_index=0)
    assert proposal == proposal_id(identity)


def test_a_copy_of_a_proposal_by_another_account_neither_blocks_nor_cancels_it(dao: Dao) -> None:
    original, copy = dao.submit(proposer=ALICE), dao.submit(proposer=BOB)
    assert original != copy
    dao.send(BOB, CancelProposal(proposal=copy))
    with pytest.raises(NotProposer, match="to cancel"):
        dao.send(BOB, CancelProposal(proposal=original))
    assert (dao.status(original), dao.status(copy)) == ("prepare", "cancelled")


def test_proposals_are_numbered_in_order(dao: Dao) -> None:
    assert [dao.show(dao.submit(proposer=who)).number for who in (ALICE, BOB, CAROL)] == [1, 2, 3]


def test_a_full_deposit_begins_preparation_and_then_the_decision(dao: Dao) -> None:
    proposal = dao.submit(deposit=50)
    assert dao.status(proposal) == "prepare"
    dao.next_block(after_ms=TOKENS.prepare - 1)
    assert dao.status(proposal) == "prepare"
    dao.next_block(after_ms=1)
    assert dao.status(proposal) == "deciding"


def test_a_partial_deposit_waits_until_others_complete_it(dao: Dao) -> None:
    proposal = dao.submit(deposit=10)
    assert dao.status(proposal) == "deposit"
    dao.send(BOB, Deposit(proposal=proposal, amount=Amount(15)))
    dao.send(BOB, Deposit(proposal=proposal, amount=Amount(5)))
    assert (dao.status(proposal), dao.show(proposal).deposit) == ("deposit", 30)
    dao.send(CAROL, Deposit(proposal=proposal, amount=Amount(20)))
    assert dao.status(proposal) == "prepare"
    assert dao.held(BOB) == BALANCES[BOB] - 20
    with pytest.raises(DepositNotTaken, match="is prepare"):
        dao.send(CAROL, Deposit(proposal=proposal, amount=Amount(1)))


def test_a_deposit_that_is_never_completed_goes_back_to_everyone(dao: Dao) -> None:
    proposal = dao.submit(deposit=10)
    dao.send(BOB, Deposit(proposal=proposal, amount=Amount(5)))
    dao.next_block(after_ms=7 * 86_400_000)
    assert dao.status(proposal) == "timed_out"
    assert (dao.held(ALICE), dao.held(BOB)) == (BALANCES[ALICE], BALANCES[BOB])
    assert live(dao.chain.overlay) == ()


def test_a_proposal_has_a_bounded_number_of_depositors_and_each_may_add(dao: Dao) -> None:
    proposal = dao.submit(deposit=10)
    for number in range(MAX_DEPOSITORS - 1):
        account = address(f"depositor {number}")
        dao.send(BOB, Transfer(destination=account, asset=DAO, amount=Amount(2)))
        dao.send(account, Deposit(proposal=proposal, amount=Amount(1)))
    with pytest.raises(DepositNotTaken, match=f"{MAX_DEPOSITORS} accounts"):
        dao.send(BOB, Deposit(proposal=proposal, amount=Amount(1)))
    dao.send(address("depositor 3"), Deposit(proposal=proposal, amount=Amount(1)))
    assert dao.chain.broken_invariants() == {}


def test_the_proposer_cancels_before_the_decision_and_gets_the_deposit_back(dao: Dao) -> None:
    proposal = dao.submit()
    dao.send(ALICE, CancelProposal(proposal=proposal))
    assert (dao.status(proposal), dao.held(ALICE)) == ("cancelled", BALANCES[ALICE])
    with pytest.raises(NotCancellable, match="is cancelled"):
        dao.send(ALICE, CancelProposal(proposal=proposal))


def test_cancelling_during_the_decision_burns_a_share_of_each_deposit(dao: Dao) -> None:
    dao.next_block()
    proposal = dao.submit(deposit=25)
    dao.send(BOB, Deposit(proposal=proposal, amount=Amount(25)))
    dao.next_block(after_ms=TOKENS.prepare)
    dao.send(ALICE, CancelProposal(proposal=proposal))
    # Half of each, rounded up.
    assert (dao.held(ALICE), dao.held(BOB)) == (BALANCES[ALICE] - 13, BALANCES[BOB] - 13)
    assert dao.chain.broken_invariants() == {}


def test_an_account_has_one_live_proposal_on_a_track(dao: Dao) -> None:
    first = dao.submit()
    with pytest.raises(AlreadyProposing, match=f"0x{first.hex()}"):
        dao.submit()
    dao.submit(track=MEMBERS)
    dao.submit(proposer=BOB)
    dao.send(ALICE, CancelProposal(proposal=first))
    dao.submit()
    assert dao.chain.broken_invariants() == {}


def test_deposits_rise_with_live_proposals_and_fall_back_when_these_end(dao: Dao) -> None:
    free = DEFAULT_PARAMS.free_proposals
    waiting = [
        dao.submit(proposer=dao.newcomer(f"proposer {number}", amount=50), deposit=10) for number in range(free + 1)
    ]
    assert deposits_due(dao, TOKENS) == (20, 100)
    assert deposits_due(dao, MEMBERS) == (10, 50)
    with pytest.raises(DepositTooLow, match="at least 20 now"):
        dao.submit(deposit=19)
    proposal = dao.submit(deposit=50)
    # What was due at submission is due to the end, whatever the others do.
    assert (dao.status(proposal), dao.show(proposal).decision_deposit) == ("deposit", 100)
    dao.send(address("proposer 0"), CancelProposal(proposal=waiting[0]))
    dao.send(address("proposer 1"), CancelProposal(proposal=waiting[1]))
    assert deposits_due(dao, TOKENS) == (10, 50)
    assert dao.show(proposal).decision_deposit == 100
    dao.send(BOB, Deposit(proposal=proposal, amount=Amount(50)))
    assert dao.status(proposal) == "prepare"


def test_nobody_cancels_what_was_decided(dao: Dao) -> None:
    proposal = dao.open_poll()
    dao.vote(proposal, "yes", CAROL)
    dao.next_block(after_ms=TOKENS.decision)
    with pytest.raises(NotCancellable, match="is timelocked"):
        dao.send(ALICE, CancelProposal(proposal=proposal))


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"track": TrackId(9)}, UnknownTrack, "no track 9"),
        ({"title": " "}, InvalidProposal, "title is empty"),
        ({"title": "Pay\x1b[2J"}, InvalidText, r"U\+001B at position 3"),
        ({"title": "Pay \u202eboB"}, InvalidText, r"U\+202E at position 4"),
        ({"title": "é" * 129}, InvalidText, "title: 258 bytes"),
        ({"body": "x" * 16_384}, InvalidText, "16387 bytes"),
        ({"deposit": Amount(9)}, DepositTooLow, "at least 10"),
        ({"enactment": DurationMs(29_999)}, InvalidProposal, "from 30s to 366d"),
    ],
)
def test_a_proposal_that_its_track_does_not_take_is_refused(
    dao: Dao, change: dict[str, object], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        dao.send(ALICE, replace(MESSAGE, **change))
    assert dao.held(ALICE) == BALANCES[ALICE]


def test_too_many_actions_are_refused(dao: Dao) -> None:
    action = dao.call(Transfer(destination=BOB, asset=DAO, amount=Amount(1)))
    with pytest.raises(InvalidEncoding, match="length <= 16"):
        dao.send(ALICE, replace(MESSAGE, actions=(action,) * (MAX_ACTIONS + 1)))


def test_a_deposit_that_the_proposer_does_not_have_is_refused(dao: Dao) -> None:
    with pytest.raises(InsufficientBalance):
        dao.send(ALICE, replace(MESSAGE, deposit=Amount(5_000)))


def test_when_no_more_snapshots_can_be_held_a_proposal_shares_the_latest() -> None:
    genesis = sections()
    genesis["governance"] = GovernanceGenesis(tracks=TRACKS, params=replace(DEFAULT_PARAMS, deposit_rise=0))
    dao = make_dao(genesis)
    for number in range(MAX_LIVE_SNAPSHOTS):
        dao.next_block(after_ms=1)
        proposer = dao.newcomer(f"proposer {number}", amount=10, source=CAROL)
        latest = dao.show(dao.submit(proposer=proposer, deposit=10)).snapshot_height
    dao.next_block(after_ms=1)
    dao.send(DAVE, Transfer(destination=BOB, asset=DAO, amount=Amount(4_000)))
    dao.next_block(after_ms=1)
    proposal = dao.submit()
    assert dao.show(proposal).snapshot_height == latest
    dao.next_block(after_ms=TOKENS.prepare)
    dao.vote(proposal, "yes", DAVE)
    assert dao.show(proposal).tally.yes == BALANCES[DAVE]
    assert dao.chain.broken_invariants() == {}


def test_a_message_about_no_proposal_is_refused(dao: Dao) -> None:
    with pytest.raises(UnknownProposal, match="0x00"):
        dao.send(ALICE, CancelProposal(proposal=ProposalId(bytes(32))))
