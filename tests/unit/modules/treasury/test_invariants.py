"""Each invariant notices the state that it forbids."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from daonode.ledger.overlay import Overlay
from daonode.modules.treasury.genesis import GenesisLimit
from daonode.modules.treasury.keys import COMMITTED, OUTFLOWS, QUEUE, QUEUE_DUE, SPENDS, TOTALS, queue_of
from daonode.modules.treasury.messages import ApproveSpend
from daonode.modules.treasury.types import AssetTotals, Bucket, Outflow, QueueDue, SpendId
from daonode.primitives.units import Amount, DurationMs, TimeMs
from tests.unit.modules.governance.dao import DAO, ERIN, GOLD, Dao, make_dao, sections

Damage = Callable[[Overlay], None]


def change_spend(number: int, **fields: object) -> Damage:
    def damage(state: Overlay) -> None:
        SPENDS.set(state, SpendId(number), replace(SPENDS.require(state, SpendId(number)), **fields))

    return damage


def forget_commitments(state: Overlay) -> None:
    for key, _ in tuple(COMMITTED.iterate(state)):
        COMMITTED.delete(state, key)


OVERLAPPING = Outflow(
    buckets=(
        Bucket(first=TimeMs(1), last=TimeMs(5), amount=Amount(1)),
        Bucket(first=TimeMs(5), last=TimeMs(6), amount=Amount(1)),
    )
)
DAMAGES: dict[str, tuple[str, Damage]] = {
    "totals that no spends make": ("commitments", lambda state: TOTALS.set(state, DAO, AssetTotals(approved=1))),
    "an end without its time": ("commitments", change_spend(2, status="voided")),
    "a spend of another amount": ("caps", change_spend(1, amount=Amount(699))),
    "spends that nothing committed": ("caps", forget_commitments),
    "a deferred spend out of the queue": ("queue", lambda state: QUEUE.delete(state, (queue_of(DAO), SpendId(2)))),
    "a try of a queue where nothing waits": (
        "queue",
        lambda state: QUEUE_DUE.set(state, GOLD, QueueDue(due=TimeMs(1))),
    ),
    "buckets that overlap": ("outflow", lambda state: OUTFLOWS.set(state, DAO, OVERLAPPING)),
}


@pytest.fixture
def spent() -> Dao:
    limit = GenesisLimit(asset=DAO, window=DurationMs(3_600_000), limit=Amount(1_000))
    dao = make_dao(sections(limits=(limit,)))
    spend = ApproveSpend(asset=DAO, amount=Amount(700), beneficiary=ERIN)
    dao.approve(spend, spend)
    return dao


@pytest.mark.parametrize("name", DAMAGES)
def test_an_invariant_notices(spent: Dao, name: str) -> None:
    assert spent.chain.broken_invariants() == {}
    invariant, damage = DAMAGES[name]
    damage(spent.chain.overlay)
    assert spent.treasury.invariants[invariant](spent.chain.overlay) is not None
