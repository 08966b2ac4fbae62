"""A chain of one or more validators with one funded account, and transfers on it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from daonode.client.transactions import make_body, sign_body
from daonode.client.wallet import Wallet
from daonode.genesis.builder import NATIVE_UNIT, ChainPlan, Periods, build_document
from daonode.genesis.document import ChainDescription
from daonode.ledger.checking import CheckedTransaction, decode_transaction
from daonode.ledger.transactions import Call
from daonode.modules.accounts.messages import Transfer
from daonode.modules.validators.genesis import GenesisValidator
from daonode.modules.validators.params import Params
from daonode.primitives.codec import encode
from daonode.primitives.ids import AssetId, ChainId, ValidatorId
from daonode.primitives.signatures import public_key_of
from daonode.primitives.units import Amount, DurationMs, TimeMs
from daonode.replica.bootstrap import NewChain, make_chain

CHAIN_ID = ChainId("daonode:driver-test")
START_MS = 1_700_000_000_000
AGES_MS = 10**14
ALICE = Wallet.from_seed(b"alice".ljust(32))


@dataclass(frozen=True, slots=True)
class TestChain:
    """A chain, and the consensus seeds of its validators by id."""

    __test__ = False

    chain: NewChain
    seeds: dict[ValidatorId, bytes]


@cache
def make_test_chain(validators: int) -> TestChain:
    seeds = [bytes([index + 1]) * 32 for index in range(validators)]
    plan = ChainPlan(
        chain=ChainDescription(chain_id=CHAIN_ID, genesis_time=TimeMs(START_MS)),
        validators=tuple(
            GenesisValidator(public_key=public_key_of(seed), power=1, payout_account=ALICE.address, moniker=f"v{index}")
            for index, seed in enumerate(seeds)
        ),
        # Their clocks are those of the day, and the chain is old.
        validators_params=Params(epoch_duration=DurationMs(AGES_MS), unbond_delay=DurationMs(3 * AGES_MS)),
        balances={ALICE.address: Amount(1_000_000 * NATIVE_UNIT)},
        periods=Periods.short(voting=DurationMs(6_000), timelock=DurationMs(1_000)),
    )
    chain = make_chain(build_document(plan))
    by_key = {public_key_of(seed): seed for seed in seeds}
    return TestChain(chain, {each.id: by_key[each.public_key] for each in chain.validators.validators})


def raw_transfer(sequence: int, *, now_ms: int = START_MS) -> bytes:
    """A transfer from Alice to herself."""
    message = Transfer(destination=ALICE.address, asset=AssetId("dao"), amount=Amount(1))
    body = make_body(
        [Call(type="accounts.Transfer", body=encode(message))],
        chain_id=CHAIN_ID,
        sender=ALICE.address,
        sequence=sequence,
        expires_at_ms=now_ms + 60_000,
        gas_limit=200_000,
        max_fee=NATIVE_UNIT,
    )
    return sign_body(body, [ALICE]).raw


def transfer(sequence: int) -> CheckedTransaction:
    return decode_transaction(raw_transfer(sequence))
