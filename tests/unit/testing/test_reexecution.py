"""What a run has stored is compared with a fresh execution of it: damage to either is found."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from daonode.ledger.block import Payload
from daonode.modules.accounts.module import AccountsModule
from daonode.primitives.codec import decode, encode
from daonode.replica.archive import Archive
from daonode.replica.effects import Store
from daonode.replica.layout import RECEIPTS_PREFIX, STATE_PREFIX, Receipts, block_key, height_key
from daonode.testing import broken
from daonode.testing.broken import InvariantBroken
from daonode.testing.mutants.mutant import patched
from daonode.testing.reexecution import execute_again
from daonode.testing.scenarios import Scenario
from daonode.testing.simulation import Simulation
from daonode.testing.trace import Trace
from daonode.testing.world import make_world


@pytest.fixture(name="run")
def finished_run() -> Simulation:
    run = Simulation(
        seed=1,
        world=make_world(4),
        scenario=Scenario("quiet", min_commits=5),
        cast={},
        faults=(),
        interference=None,
        trace=Trace(),
    )
    run.run()
    return run


def archives(run: Simulation) -> list[Archive]:
    return [node.archive for node in run.nodes]


def require_broken(run: Simulation, invariant: str) -> None:
    with pytest.raises(InvariantBroken) as caught:
        execute_again(run.world, archives(run))
    assert caught.value.invariant == invariant


def test_what_a_run_has_stored_is_what_execution_gives(run: Simulation) -> None:
    execute_again(run.world, archives(run))


def test_a_value_of_the_state_that_differs_on_one_node_is_found(run: Simulation) -> None:
    state = run.nodes[2].disk.stores[Store.STATE]
    key, value = next(state.iterate(start=STATE_PREFIX, end=STATE_PREFIX + b"\xff"))
    state.write(((key, value + b"\x00"),), sync=True)
    require_broken(run, broken.EXECUTION)


def test_receipts_that_differ_are_found(run: Simulation) -> None:
    empty = encode(Receipts(receipts=()))
    run.nodes[0].disk.stores[Store.STATE].write(((height_key(RECEIPTS_PREFIX, 1), empty),), sync=True)
    require_broken(run, broken.EXECUTION)


def test_another_payload_than_the_executed_one_is_found(run: Simulation) -> None:
    give_payload_of(run, height=2, transactions=())
    require_broken(run, broken.EXECUTION)


def test_a_transaction_that_stands_twice_is_found(run: Simulation) -> None:
    block = run.nodes[0].archive.block_at(1)
    assert block is not None
    transactions = decode(block.payload, Payload).transactions
    give_payload_of(run, height=2, transactions=transactions)
    require_broken(run, broken.ONCE)


def test_a_module_whose_invariant_does_not_hold_is_found(run: Simulation) -> None:
    with patched(AccountsModule, "invariants", {"supply": lambda _state: "one coin too many"}):
        require_broken(run, broken.SUPPLY)


def give_payload_of(run: Simulation, *, height: int, transactions: tuple[bytes, ...]) -> None:
    """Store another payload under the first node's committed block."""
    block = run.nodes[0].archive.block_at(height)
    assert block is not None
    changed = replace(block, payload=encode(Payload(transactions=transactions)))
    run.nodes[0].disk.stores[Store.BLOCKS].write(((block_key(block.header.id()), encode(changed)),), sync=True)
