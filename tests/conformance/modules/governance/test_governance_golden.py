"""The bytes of everything that governance sends, reports and stores, and where it stores it."""

from pathlib import Path

from msgspec.structs import replace

from daonode.ledger.failures import Failure
from daonode.ledger.history import Checkpoint, History
from daonode.ledger.transactions import Call
from daonode.modules.accounts.module import AccountsModule
from daonode.modules.governance import events, keys, messages
from daonode.modules.governance.module import GovernanceModule
from daonode.modules.governance.params import DEFAULT_PARAMS
from daonode.modules.governance.types import (
    Ballot,
    Counter,
    Curve,
    DelegateSince,
    Delegations,
    DepositPart,
    DepositTotals,
    Execution,
    Proposal,
    ProposalActions,
    ProposalId,
    ProposalIdentity,
    ProposalNumber,
    ProposalReference,
    ReceivedPower,
    Settlement,
    SpendCap,
    Tally,
    Track,
    TrackDelegation,
    TrackId,
    proposal_id,
    text_hash,
)
from daonode.modules.identity.module import IdentityModule
from daonode.primitives.ids import Address, AssetId, ChainId, Hash
from daonode.primitives.units import Amount, Bps, DurationMs, TimeMs
from tests.conformance.modules.golden import check_golden, encodings, missing_examples

HERE = Path(__file__).parent
ALICE, BOB = Address(bytes(range(32))), Address(bytes(range(32, 64)))
FAILURE = Failure(code=4_004, reason="spend_cap_exceeded")
ID = ProposalId(bytes(range(64, 96)))
NUMBER = ProposalNumber(7)
TRACK_ID = TrackId(300)
NOW = TimeMs(1_700_000_000_000)
ACTION = Call(type="treasury.ApproveSpend", body=b"\x90")
CAPS = (SpendCap(asset=AssetId("dao"), amount=Amount(2**64 - 1)),)
IDENTITY = ProposalIdentity(chain_id=ChainId("daonode:golden"), sender=ALICE, lane=3, sequence=70_000, message_index=1)
TRACK = Track(
    id=TRACK_ID,
    name="treasury",
    origin="treasury",
    criticality=2,
    weight_fn="token",
    electorate="all",
    max_deciding=10,
    submission_deposit=Amount(100),
    decision_deposit=Amount(1_000),
    prepare=DurationMs(0),
    decision=DurationMs(86_400_000),
    confirm=DurationMs(3_600_000),
    enactment=DurationMs(7_200_000),
    grace=DurationMs(604_800_000),
    approval=Curve(kind="linear", start=Bps(10_000), end=Bps(5_000)),
    support=Curve(kind="constant", start=Bps(100), end=Bps(100)),
    quorum=Bps(2_000),
    spend_caps=CAPS,
)
PROPOSAL = Proposal(
    id=ID,
    number=NUMBER,
    proposer=ALICE,
    track=TRACK,
    kind="standard",
    title="Pay Bob",
    text_hash=Hash(bytes(32)),
    enactment=DurationMs(7_200_000),
    snapshot_height=41,
    electorate_power=10**12,
    phase="prepare",
    deposit=Amount(1_000),
    submitted_at=NOW,
    due=NOW,
)
PAST = History((Checkpoint(height=1, value=255), Checkpoint(height=70_000, value=2**64 - 1)))

RECORDS = (
    messages.SubmitProposal(
        track=TRACK_ID, kind="standard", title="Pay Bob", body="é", actions=(ACTION,), deposit=Amount(1_000)
    ),
    messages.SubmitProposal(
        track=TRACK_ID, kind="standard", title="", body="", actions=(), deposit=Amount(0), enactment=DurationMs(1)
    ),
    messages.Deposit(proposal=ID, amount=Amount(128)),
    messages.CancelProposal(proposal=ID),
    messages.Vote(proposal=ID, choice="yes"),
    messages.Vote(proposal=ID, choice="abstain", reason="because"),
    messages.RemoveVote(proposal=ID),
    messages.Delegate(track=TRACK_ID, to=BOB),
    messages.Undelegate(track=TRACK_ID),
    messages.Execute(proposal=ID),
    events.ProposalSubmitted(
        proposal=ID,
        number=NUMBER,
        proposer=ALICE,
        track=TRACK_ID,
        kind="standard",
        title="Pay Bob",
        text_hash=Hash(bytes(32)),
        actions=1,
        snapshot_height=41,
        electorate_power=10**12,
        decision_deposit=Amount(50),
        enactment=DurationMs(172_800_000),
    ),
    events.ProposalMoved(proposal=ID, number=NUMBER, before="timelocked", after="executed", due=None, failure=None),
    events.ProposalMoved(proposal=ID, number=NUMBER, before="deposit", after="prepare", due=NOW, failure=None),
    events.ProposalMoved(
        proposal=ID, number=NUMBER, before="timelocked", after="execution_failed", due=NOW, failure=FAILURE
    ),
    events.Deposited(proposal=ID, depositor=ALICE, amount=Amount(1)),
    events.DepositRefunded(proposal=ID, depositor=ALICE, amount=Amount(1)),
    events.DepositBurned(proposal=ID, depositor=ALICE, amount=Amount(1)),
    events.VoteCast(proposal=ID, voter=BOB, choice="no", weight=2**32, reason="because"),
    events.VoteRemoved(proposal=ID, voter=BOB, choice="no", weight=2**32),
    events.DelegateWeightChanged(proposal=ID, delegate=BOB, delegator=ALICE, weight=5),
    events.DelegationSet(track=TRACK_ID, delegator=ALICE, delegate=BOB, previous=None, power=9),
    events.DelegationEnded(track=TRACK_ID, delegator=ALICE, delegate=BOB, power=9),
    DEFAULT_PARAMS,
    TRACK,
    PROPOSAL,
    replace(PROPOSAL, phase="execution_failed", failure=FAILURE),
    ProposalActions(calls=(ACTION,)),
    ProposalReference(proposal=ID),
    Counter(value=NUMBER),
    Tally(),
    Tally(yes=2**63, no=1, abstain=0, passing_since=NOW),
    Ballot(choice="yes", own=1, received=2, overridden=1),
    Ballot(choice=None, own=0, received=2, overridden=2),
    DepositPart(amount=Amount(50)),
    Settlement(burned=Bps(5_000), due=NOW),
    DepositTotals(received=100, refunded=40, burned=10),
    Delegations(
        tracks=(
            TrackDelegation(
                track=TRACK_ID,
                source="token:dao",
                past=(DelegateSince(height=5, delegate=BOB), DelegateSince(height=9, delegate=None)),
            ),
        )
    ),
    ReceivedPower(power=PAST),
    Execution(proposal=ID, track=TRACK_ID, criticality=2, caller=ALICE, spend_caps=CAPS),
    IDENTITY,
)


def module() -> GovernanceModule:
    return GovernanceModule(accounts=AccountsModule(), identity=IdentityModule())


def test_every_message_and_event_has_an_example() -> None:
    assert missing_examples(module(), RECORDS) == set()


def test_records_have_these_bytes() -> None:
    check_golden(HERE / "records.json", encodings(RECORDS))


def test_records_are_stored_under_these_keys() -> None:
    stored = {
        "PARAMS": keys.PARAMS.state_key(None),
        "TRACKS": keys.TRACKS.state_key(TRACK_ID),
        "PROPOSALS": keys.PROPOSALS.state_key(ID),
        "ACTIONS": keys.ACTIONS.state_key(ID),
        "NUMBERS": keys.NUMBERS.state_key(NUMBER),
        "LAST_NUMBER": keys.LAST_NUMBER.state_key(None),
        "TALLIES": keys.TALLIES.state_key(ID),
        "BALLOTS": keys.BALLOTS.state_key((ID, BOB)),
        "DEPOSITS": keys.DEPOSITS.state_key((ID, ALICE)),
        "DEPOSIT_TOTALS": keys.DEPOSIT_TOTALS.state_key(None),
        "DELEGATIONS": keys.DELEGATIONS.state_key(ALICE),
        "RECEIVED": keys.RECEIVED.state_key((TRACK_ID, BOB)),
        "DECIDING": keys.DECIDING.state_key(TRACK_ID),
        "QUEUE": keys.QUEUE.state_key((TRACK_ID, NUMBER)),
        "LIVE": keys.LIVE.state_key((TRACK_ID, ALICE)),
        "LIVE_COUNTS": keys.LIVE_COUNTS.state_key(TRACK_ID),
        "SETTLEMENTS": keys.SETTLEMENTS.state_key(ID),
        "EXECUTION": keys.EXECUTION.state_key(None),
    }
    check_golden(HERE / "keys.json", {name: key.hex() for name, key in stored.items()})


def test_ids_and_text_hashes_are_these() -> None:
    hashes = {"proposal_id": proposal_id(IDENTITY).hex(), "text_hash": text_hash(title="Pay Bob", body="é").hex()}
    check_golden(HERE / "hashes.json", hashes)
