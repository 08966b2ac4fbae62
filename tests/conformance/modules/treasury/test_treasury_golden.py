"""The bytes of everything that the treasury sends, reports and stores, and where it stores it."""

from pathlib import Path

from msgspec.structs import replace

from daonode.ledger.failures import Failure
from daonode.modules.accounts.module import AccountsModule
from daonode.modules.governance.module import GovernanceModule
from daonode.modules.identity.module import IdentityModule
from daonode.modules.treasury import events, keys, messages
from daonode.modules.treasury.module import TreasuryModule
from daonode.modules.treasury.params import DEFAULT_PARAMS
from daonode.modules.treasury.types import (
    AssetTotals,
    Bucket,
    Committed,
    Counter,
    Outflow,
    OutflowLimit,
    OutflowRule,
    PendingLimit,
    QueuedSpend,
    QueueDue,
    Spend,
    SpendId,
)
from daonode.primitives.ids import Address, AssetId
from daonode.primitives.units import Amount, DurationMs, TimeMs
from tests.conformance.modules.golden import check_golden, encodings, missing_examples

HERE = Path(__file__).parent
DAO = AssetId("dao")
FAILURE = Failure(code=2_000, reason="insufficient_balance")
BOB = Address(bytes(range(32, 64)))
PROPOSAL = bytes(range(64, 96))
SPEND_ID = SpendId(300)
NOW = TimeMs(1_700_000_000_000)
DAY = DurationMs(86_400_000)
LIMIT = OutflowLimit(window=DAY, limit=Amount(10**9))
SPEND = Spend(
    id=SPEND_ID,
    asset=DAO,
    amount=Amount(1_000),
    beneficiary=BOB,
    proposal=PROPOSAL,
    track=2,
    criticality=1,
    status="claimable",
    approved_at=NOW,
    valid_from=None,
    expire_at=None,
)

RECORDS = (
    messages.ApproveSpend(asset=DAO, amount=Amount(1_000), beneficiary=BOB),
    messages.ApproveSpend(asset=DAO, amount=Amount(2**64 - 1), beneficiary=BOB, valid_from=NOW, expire_at=NOW),
    messages.Payout(spend=SPEND_ID),
    messages.VoidSpend(spend=SPEND_ID),
    messages.SetOutflowLimit(asset=DAO, window=DAY, limit=Amount(10**9)),
    events.SpendApproved(
        spend=SPEND_ID,
        proposal=PROPOSAL,
        track=2,
        asset=DAO,
        amount=Amount(1_000),
        beneficiary=BOB,
        valid_from=None,
        expire_at=NOW,
    ),
    events.SpendDeferred(spend=SPEND_ID, asset=DAO, amount=Amount(1_000)),
    events.SpendPaid(spend=SPEND_ID, proposal=PROPOSAL, asset=DAO, amount=Amount(1_000), beneficiary=BOB),
    events.SpendFailed(spend=SPEND_ID, failure=FAILURE),
    events.SpendExpired(spend=SPEND_ID),
    events.SpendVoided(spend=SPEND_ID, proposal=PROPOSAL),
    events.OutflowLimitSet(asset=DAO, window=DAY, limit=Amount(10**9), effective_at=NOW),
    DEFAULT_PARAMS,
    SPEND,
    replace(SPEND, status="failed", failure=FAILURE),
    OutflowRule(current=LIMIT),
    OutflowRule(current=LIMIT, pending=PendingLimit(limit=LIMIT, effective_at=NOW)),
    Outflow(buckets=(Bucket(first=TimeMs(1), last=TimeMs(2), amount=Amount(3)),)),
    Committed(amount=Amount(5)),
    AssetTotals(approved=10, paid=5, lapsed=2),
    QueuedSpend(),
    QueueDue(due=NOW),
    Counter(value=SPEND_ID),
)


def module() -> TreasuryModule:
    accounts = AccountsModule()
    return TreasuryModule(accounts=accounts, governance=GovernanceModule(accounts=accounts, identity=IdentityModule()))


def test_every_message_and_event_has_an_example() -> None:
    assert missing_examples(module(), RECORDS) == set()


def test_records_have_these_bytes() -> None:
    check_golden(HERE / "records.json", encodings(RECORDS))


def test_records_are_stored_under_these_keys() -> None:
    stored = {
        "PARAMS": keys.PARAMS.state_key(None),
        "SPENDS": keys.SPENDS.state_key(SPEND_ID),
        "LAST_SPEND": keys.LAST_SPEND.state_key(None),
        "RULES": keys.RULES.state_key("dao"),
        "OUTFLOWS": keys.OUTFLOWS.state_key("dao"),
        "COMMITTED": keys.COMMITTED.state_key((PROPOSAL, DAO)),
        "TOTALS": keys.TOTALS.state_key("dao"),
        "QUEUE": keys.QUEUE.state_key((keys.queue_of("dao"), SPEND_ID)),
        "QUEUE_DUE": keys.QUEUE_DUE.state_key("dao"),
    }
    check_golden(HERE / "keys.json", {name: key.hex() for name, key in stored.items()})
