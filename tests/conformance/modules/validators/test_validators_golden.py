"""The bytes of everything that validators sends, reports and stores."""

from pathlib import Path

from daonode.consensus.types import Validator
from daonode.modules.accounts.module import AccountsModule
from daonode.modules.validators.events import EpochBegan, NextSetChosen, ValidatorEdited
from daonode.modules.validators.genesis import validator_id
from daonode.modules.validators.keys import EPOCH, PARAMS, PROPOSAL_COUNTS, SETS, VALIDATORS
from daonode.modules.validators.messages import EditValidator
from daonode.modules.validators.module import ValidatorsModule
from daonode.modules.validators.params import Params
from daonode.modules.validators.types import EpochSet, EpochState, ProposalCount, ProposalCounts, ValidatorRecord
from daonode.primitives.ids import Address, PublicKey
from daonode.primitives.units import TimeMs
from tests.conformance.modules.golden import check_golden, encodings, missing_examples

HERE = Path(__file__).parent
KEY, NODE_KEY = PublicKey(bytes(range(32))), PublicKey(bytes(range(32, 64)))
PAYOUT = Address(bytes(range(64, 96)))
NORTH = validator_id(KEY)
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
    }
    check_golden(HERE / "keys.json", {name: key.hex() for name, key in keys.items()})


def test_a_first_key_makes_a_validator_id() -> None:
    check_golden(HERE / "validator_ids.json", {"first_key": NORTH.hex()})
