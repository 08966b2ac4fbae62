"""The bytes of everything that accounts sends, reports and stores."""

from pathlib import Path

from daonode.ledger.history import Checkpoint, History
from daonode.modules.accounts import events
from daonode.modules.accounts.keys import ACCOUNTS, ASSETS, BALANCES, COLLECTED_FEES, PARAMS, TOTAL_POWER
from daonode.modules.accounts.messages import Burn, CreateAccount, IssueAsset, Mint, SetPolicy, Transfer
from daonode.modules.accounts.module import AccountsModule
from daonode.modules.accounts.params import Params
from daonode.modules.accounts.policies import account_id
from daonode.modules.accounts.types import (
    Account,
    AccountMember,
    Asset,
    Balance,
    CollectedFees,
    KeyMember,
    KeyPolicy,
    ThresholdPolicy,
    TotalPower,
)
from daonode.primitives.ids import Address, AssetId, PublicKey
from daonode.primitives.units import Amount, Bps
from tests.conformance.modules.golden import check_golden, encodings, missing_examples

HERE = Path(__file__).parent
ALICE, BOB = Address(bytes(range(32))), Address(bytes(range(32, 64)))
KEY = PublicKey(bytes(range(64, 96)))
DAO = AssetId("dao")
SINGLE = KeyPolicy(KEY)
BOARD = ThresholdPolicy(threshold=300, members=(AccountMember(ALICE, weight=299), KeyMember(KEY)))
PAST = History((Checkpoint(height=1, value=255), Checkpoint(height=70_000, value=2**64 - 1)))

RECORDS = (
    Transfer(destination=BOB, asset=DAO, amount=Amount(1_000_000)),
    CreateAccount(policy=BOARD),
    SetPolicy(policy=SINGLE),
    Burn(asset=DAO, amount=Amount(1)),
    IssueAsset(asset=AssetId("gold-2"), decimals=18, votes=True),
    Mint(destination=ALICE, asset=DAO, amount=Amount(2**64 - 1)),
    events.Transferred(source=ALICE, destination=BOB, asset=DAO, amount=Amount(127)),
    events.Burned(account=ALICE, asset=DAO, amount=Amount(128)),
    events.Minted(destination=ALICE, asset=DAO, amount=Amount(65_536)),
    events.AssetIssued(asset=AssetId("gold-2"), decimals=18, votes=True),
    events.AccountCreated(account=account_id(BOARD), policy=BOARD),
    events.PolicySet(account=ALICE, policy=SINGLE),
    events.AccountMarkedCustodial(account=BOB),
    events.FeesShared(proposer_account=ALICE, proposer_amount=Amount(25), treasury_amount=Amount(75)),
    events.FeesShared(proposer_account=None, proposer_amount=Amount(0), treasury_amount=Amount(75)),
    Account(),
    Account(policy=SINGLE, sequences=(0, 5), native=PAST),
    Account(policy=BOARD, custodial=True),
    Balance(amount=PAST),
    Asset(decimals=6, votes=True, supply=Amount(10**12)),
    TotalPower(amount=PAST),
    CollectedFees(amount=Amount(40), counted=Amount(30)),
    Params(native=DAO, native_votes=True, proposer_fee_bps=Bps(2_000)),
)


def test_every_message_event_and_record_has_its_bytes() -> None:
    assert not missing_examples(AccountsModule(), RECORDS)
    check_golden(HERE / "records.json", encodings(RECORDS))


def test_every_state_key_has_its_bytes() -> None:
    keys = {
        "accounts": ACCOUNTS.state_key(ALICE),
        "balances": BALANCES.state_key((ALICE, DAO)),
        "assets": ASSETS.state_key(DAO),
        "total_power": TOTAL_POWER.state_key(DAO),
        "collected_fees": COLLECTED_FEES.state_key(None),
        "params": PARAMS.state_key(None),
    }
    check_golden(HERE / "keys.json", {name: key.hex() for name, key in keys.items()})


def test_every_policy_makes_its_account() -> None:
    check_golden(HERE / "account_ids.json", {"single": account_id(SINGLE).hex(), "board": account_id(BOARD).hex()})
