"""The bytes of everything that validators sends, reports and stores."""

from pathlib import Path

from daonode.consensus.evidence import SignedStatement
from daonode.consensus.statements import Commit, Timeout
from daonode.consensus.types import Validator
from daonode.modules.accounts.module import AccountsModule
from daonode.modules.validators.events import (
    Bonded,
    BondReturned,
    BondSlashed,
    CandidateStood,
    ConsensusKeyRotated,
    EpochBegan,
    EvidenceAccepted,
    NextSetChosen,
    UnbondingBegan,
    ValidatorApproved,
    ValidatorEdited,
    ValidatorJailed,
    ValidatorLeft,
    ValidatorRemoved,
    ValidatorUnjailed,
    WeightSet,
)
from daonode.modules.validators.keys import BONDS, CONVICTIONS, EPOCH, PARAMS, PROPOSAL_COUNTS, SETS, VALIDATORS
from daonode.modules.validators.messages import (
    Approve,
    Bond,
    Candidate,
    EditValidator,
    Leave,
    Remove,
    ReportEvidence,
    RotateConsensusKey,
    SetWeight,
    Unbond,
    Unjail,
)
from daonode.modules.validators.module import ValidatorsModule
from daonode.modules.validators.params import Params
from daonode.modules.validators.types import (
    BondRecord,
    Conviction,
    EpochSet,
    EpochState,
    ProposalCount,
    ProposalCounts,
    Return,
    ValidatorRecord,
    validator_id,
)
from daonode.primitives.ids import Address, BlockId, ChainId, PublicKey, Signature
from daonode.primitives.units import Amount, TimeMs
from tests.conformance.modules.golden import check_golden, encodings, missing_examples

HERE = Path(__file__).parent
KEY, NODE_KEY = PublicKey(bytes(range(32))), PublicKey(bytes(range(32, 64)))
PAYOUT = Address(bytes(range(64, 96)))
NORTH = validator_id(KEY)
CHAIN = ChainId("daonode:golden")
SIGNATURE = Signature(bytes(range(64)))
MEMBER = Validator(id=NORTH, public_key=KEY, power=300)
REACHED_AT = "/ip4/192.0.2.1/tcp/26600"

RECORDS = (
    EditValidator(validator=NORTH, payout_account=PAYOUT, moniker="north", node_key=NODE_KEY, address=REACHED_AT),
    EditValidator(validator=NORTH, payout_account=PAYOUT, moniker="north", node_key=None, address=""),
    ValidatorEdited(validator=NORTH, payout_account=PAYOUT, moniker="north", node_key=NODE_KEY, address=REACHED_AT),
    ValidatorRecord(
        public_key=KEY, power=300, payout_account=PAYOUT, moniker="north", node_key=NODE_KEY, address=REACHED_AT
    ),
    ValidatorRecord(public_key=KEY, power=1, payout_account=PAYOUT, moniker="north", node_key=None, address=""),
    ProposalCounts(counts=(ProposalCount(validator=NORTH, proposed=70_000, failed=3),)),
    Params(),
    EpochState(number=3, start_height=300, started_at=TimeMs(10**12), ends_at=None, wake_at=TimeMs(2 * 10**12)),
    EpochState(number=3, start_height=300, started_at=TimeMs(10**12), ends_at=400, wake_at=TimeMs(2 * 10**12)),
    EpochSet(validators=(MEMBER,), ended_at=None),
    EpochSet(validators=(MEMBER,), ended_at=TimeMs(10**12)),
    NextSetChosen(epoch=4, validators=(MEMBER,), begins_after=400),
    EpochBegan(epoch=4, validators=(MEMBER,)),
    Approve(public_key=KEY, power=3, payout_account=PAYOUT, moniker="north"),
    Remove(validator=NORTH),
    SetWeight(validator=NORTH, power=5),
    Candidate(validator=NORTH, node_key=NODE_KEY, address=REACHED_AT),
    Leave(validator=NORTH),
    RotateConsensusKey(validator=NORTH, public_key=NODE_KEY),
    Unjail(validator=NORTH),
    ReportEvidence(
        validator=NORTH,
        first=SignedStatement(
            statement=Commit(chain_id=CHAIN, epoch=3, round=7, block_id=BlockId(bytes(32))), signature=SIGNATURE
        ),
        second=SignedStatement(
            statement=Timeout(chain_id=CHAIN, epoch=3, round=7, high_qc_round=6), signature=SIGNATURE
        ),
    ),
    ValidatorApproved(validator=NORTH, public_key=KEY, power=3, payout_account=PAYOUT, moniker="north"),
    ValidatorRemoved(validator=NORTH),
    WeightSet(validator=NORTH, power=5),
    CandidateStood(validator=NORTH),
    ValidatorLeft(validator=NORTH),
    ConsensusKeyRotated(validator=NORTH, public_key=NODE_KEY),
    ValidatorJailed(validator=NORTH, reason="equivocation", until=TimeMs(10**12)),
    ValidatorUnjailed(validator=NORTH),
    EvidenceAccepted(validator=NORTH, epoch=3, reporter=PAYOUT),
    Conviction(convicted_at=TimeMs(10**12), reporter=PAYOUT),
    Bond(validator=NORTH, amount=Amount(70_000)),
    Unbond(validator=NORTH, amount=Amount(5)),
    BondRecord(amount=Amount(70_000)),
    BondRecord(returns=(Return(due=TimeMs(10**12), account=PAYOUT, amount=Amount(5)),)),
    Bonded(validator=NORTH, amount=Amount(5), bonded=Amount(70_005)),
    UnbondingBegan(validator=NORTH, account=PAYOUT, amount=Amount(5), bonded=Amount(70_000), due=TimeMs(10**12)),
    BondReturned(validator=NORTH, account=PAYOUT, amount=Amount(5)),
    BondSlashed(validator=NORTH, amount=Amount(3_500), bonded=Amount(66_500)),
)


def test_every_message_event_and_record_has_its_bytes() -> None:
    assert not missing_examples(ValidatorsModule(accounts=AccountsModule()), RECORDS)
    check_golden(HERE / "records.json", encodings(RECORDS))


def test_every_state_key_has_its_bytes() -> None:
    keys = {
        "validators": VALIDATORS.state_key(NORTH),
        "proposal_counts": PROPOSAL_COUNTS.state_key(None),
        "params": PARAMS.state_key(None),
        "epoch": EPOCH.state_key(None),
        "set": SETS.state_key(3),
        "conviction": CONVICTIONS.state_key((3, NORTH)),
        "bond": BONDS.state_key(NORTH),
    }
    check_golden(HERE / "keys.json", {name: key.hex() for name, key in keys.items()})


def test_a_first_key_makes_a_validator_id() -> None:
    check_golden(HERE / "validator_ids.json", {"first_key": NORTH.hex()})
