"""What checking costs is charged to whoever sent it, and beyond its share a peer is held back."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from daonode.consensus.errors import PeerError
from daonode.node import checking
from daonode.node.checking import (
    BURST_SECONDS,
    MAX_PEERS,
    PEER_CORES,
    PLENTY_TRANSACTIONS,
    SPARE_BURST_SECONDS,
    SPARE_CORES,
    Checker,
)
from daonode.node.clock import Clock
from daonode.node.metrics import NodeMetrics
from daonode.primitives.codec import encode
from daonode.replica.events import PeerId
from daonode.replica.messages import Lane, TransactionsMessage
from tests.property.replica.test_intake import intake

ONE, TWO = PeerId("one"), PeerId("two")


class Bench:
    """A checker whose work takes as much CPU as a test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.cost_seconds = 0.0
        self.waiting = 0
        self.held: list[tuple[PeerId, Lane, float]] = []
        self._spent = 0.0
        self.checker = Checker(
            intake,
            clock=Clock(None),
            metrics=NodeMetrics(),
            hold_back=lambda peer, lane, seconds: self.held.append((peer, lane, seconds)),
            waiting=lambda: self.waiting,
        )
        monkeypatch.setattr(checking, "thread_time", self._thread_time)

    def _thread_time(self) -> float:
        self._spent += self.cost_seconds
        return self._spent

    async def junk(self, peer: PeerId, lane: Lane = Lane.CONSENSUS) -> None:
        with pytest.raises(PeerError):
            await self.checker.check_message(peer, lane, b"junk")


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(monkeypatch)


async def test_a_peer_within_its_share_is_not_held_back(bench: Bench, autojump_clock: trio.testing.MockClock) -> None:
    bench.cost_seconds = PEER_CORES / 100
    for _ in range(1_000):
        await bench.junk(ONE)
        await trio.sleep(0.01)
    assert bench.held == []


async def test_a_peer_beyond_its_share_is_held_back_on_that_lane_alone(
    bench: Bench, autojump_clock: trio.testing.MockClock
) -> None:
    bench.cost_seconds = PEER_CORES * BURST_SECONDS
    await bench.junk(ONE)
    assert bench.held == []
    await bench.junk(ONE)
    assert bench.held == [(ONE, Lane.CONSENSUS, pytest.approx(BURST_SECONDS))]
    await bench.junk(TWO)
    await bench.junk(ONE, Lane.SYNC)
    assert len(bench.held) == 1


async def test_a_bounded_number_of_shares_is_remembered(bench: Bench, autojump_clock: trio.testing.MockClock) -> None:
    for number in range(2 * MAX_PEERS):
        await bench.junk(PeerId(f"crowd {number}"))
    assert len(bench.checker._shares) == MAX_PEERS


@pytest.mark.parametrize(("waiting", "seconds"), [(PLENTY_TRANSACTIONS - 1, 0.0), (PLENTY_TRANSACTIONS, 8.0)])
async def test_with_plenty_of_transactions_clients_and_peers_share_what_can_be_spared(
    bench: Bench, autojump_clock: trio.testing.MockClock, waiting: int, seconds: float
) -> None:
    bench.waiting = waiting
    bench.cost_seconds = SPARE_CORES / 10
    began = trio.current_time()
    for _ in range(40):
        await bench.checker.check_transactions([b"no transaction"])
        await bench.checker.check_message(ONE, Lane.MEMPOOL, encode(TransactionsMessage(transactions=())))
    assert trio.current_time() - began == pytest.approx(seconds, abs=SPARE_BURST_SECONDS + 0.01)
