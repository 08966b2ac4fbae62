"""Contexts over an empty state, for tests of what a handler is given."""

from daonode.ledger.block import BlockInfo
from daonode.ledger.gas import BLOCK_WORK_GAS, GasMeter
from daonode.ledger.overlay import Overlay
from daonode.ledger.registry import Registry
from daonode.ledger.session import NO_TRANSACTION, Session, SessionContext
from daonode.ledger.state import EMPTY_STATE
from tests.unit.ledger.counter_chain import ALICE, CHAIN, GENESIS_MS, PROPOSER, CounterModule


def make_session(*, gas_limit: int = BLOCK_WORK_GAS) -> Session:
    """A transaction of Alice in block 1 of the counter chain."""
    return Session(
        registry=Registry([CounterModule()]),
        overlay=Overlay(EMPTY_STATE),
        block=BlockInfo(CHAIN, height=1, time_ms=GENESIS_MS, proposer=PROPOSER),
        gas=GasMeter(gas_limit),
        tx_id=NO_TRANSACTION,
        sender=ALICE.address,
        lane=0,
        sequence=0,
        next_call_number=16,
    )


def make_context(*, gas_limit: int = BLOCK_WORK_GAS) -> SessionContext:
    """Alice's context in it."""
    return make_session(gas_limit=gas_limit).context(caller=ALICE.address, index=0)
