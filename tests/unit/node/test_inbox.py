"""The driver's queues: urgency, fairness, bounds."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from daonode.ledger.checking import CheckedTransaction
from daonode.node.inbox import (
    MAX_CONSENSUS_STREAK,
    MAX_SUBMISSIONS_A_STEP,
    MAX_WAITING_MESSAGES,
    MAX_WAITING_SUBMISSIONS,
    Inbox,
)
from daonode.replica.events import MessageReceived, PeerConnected, PeerId, Submission, Ticket
from daonode.replica.messages import BlockRequest, Lane, TransactionsMessage
from tests.unit.node.chains import transfer

REQUEST = MessageReceived(1, PeerId("peer"), BlockRequest(tip=transfer(0).id, above_height=0))
GOSSIP = MessageReceived(1, PeerId("peer"), TransactionsMessage(transactions=()))
FIRST = MessageReceived(2, PeerId("peer"), BlockRequest(tip=transfer(1).id, above_height=1))


def submission(number: int) -> Submission:
    transaction: CheckedTransaction = transfer(0)
    return Submission(transaction, Ticket(number))


async def test_timers_and_peers_come_before_messages_and_consensus_before_the_rest() -> None:
    inbox = Inbox()
    await inbox.put_message(Lane.MEMPOOL, GOSSIP)
    inbox.put_submission(submission(1))
    await inbox.put_message(Lane.SYNC, REQUEST)
    await inbox.put_message(Lane.CONSENSUS, FIRST)
    inbox.put_urgent("round.timeout")
    connected = PeerConnected(1, PeerId("peer"))
    inbox.put_urgent(connected)
    taken = [await inbox.take() for _ in range(6)]
    assert taken == ["round.timeout", connected, FIRST, REQUEST, (submission(1),), GOSSIP]


async def test_a_flood_of_consensus_messages_does_not_starve_the_other_lanes() -> None:
    inbox = Inbox()
    for _ in range(MAX_WAITING_MESSAGES):
        await inbox.put_message(Lane.CONSENSUS, FIRST)
    await inbox.put_message(Lane.SYNC, REQUEST)
    await inbox.put_message(Lane.MEMPOOL, GOSSIP)
    inbox.put_submission(submission(1))
    taken = [await inbox.take() for _ in range(3 * (MAX_CONSENSUS_STREAK + 1))]
    assert [item for item in taken if item is not FIRST] == [REQUEST, (submission(1),), GOSSIP]


async def test_clients_and_peers_transactions_take_turns() -> None:
    inbox = Inbox()
    for number in range(3 * MAX_SUBMISSIONS_A_STEP):
        inbox.put_submission(submission(number))
    await inbox.put_message(Lane.MEMPOOL, GOSSIP)
    first, second = await inbox.take(), await inbox.take()
    assert isinstance(first, tuple)
    assert len(first) == MAX_SUBMISSIONS_A_STEP
    assert second is GOSSIP


async def test_a_full_lane_holds_back_its_own_producer_alone(autojump_clock: trio.testing.MockClock) -> None:
    inbox = Inbox()
    for _ in range(MAX_WAITING_MESSAGES):
        await inbox.put_message(Lane.MEMPOOL, GOSSIP)
    with trio.move_on_after(1) as patience:
        await inbox.put_message(Lane.MEMPOOL, GOSSIP)
    assert patience.cancelled_caught
    with trio.fail_after(1):
        await inbox.put_message(Lane.CONSENSUS, FIRST)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(inbox.put_message, Lane.MEMPOOL, GOSSIP)
            assert await inbox.take() is FIRST
            assert await inbox.take() is GOSSIP
    assert inbox.lengths()["mempool"] == MAX_WAITING_MESSAGES


@pytest.mark.parametrize("taken_back", [True, False])
def test_submissions_past_the_bound_are_refused_and_drained_ones_are_gone(taken_back: bool) -> None:
    inbox = Inbox()
    assert all(inbox.put_submission(submission(number)) for number in range(MAX_WAITING_SUBMISSIONS))
    assert not inbox.put_submission(submission(0))
    if taken_back:
        assert len(inbox.drain_submissions()) == MAX_WAITING_SUBMISSIONS
        assert inbox.put_submission(submission(0))


async def test_a_full_inbox_lets_other_tasks_run() -> None:
    inbox, others = Inbox(), 0

    async def other() -> None:
        nonlocal others
        for _ in range(10):
            await trio.lowlevel.checkpoint()
            others += 1

    for number in range(10):
        inbox.put_urgent(str(number))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(other)
        for _ in range(10):
            await inbox.take()
        assert others > 0


async def test_who_rests_goes_on_once_everything_is_taken_and_carried_out(
    autojump_clock: trio.testing.MockClock,
) -> None:
    inbox = Inbox()

    async def drive() -> None:
        while True:
            await inbox.take()
            await trio.sleep(1)

    for _ in range(2):
        inbox.put_urgent("round.timeout")
    began = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(drive)
        await inbox.rest()
        assert trio.current_time() - began == pytest.approx(2)
        await inbox.rest()
        assert trio.current_time() - began == pytest.approx(2)
        inbox.put_urgent("round.timeout")
        await trio.testing.wait_all_tasks_blocked()
        await inbox.rest()
        assert trio.current_time() - began == pytest.approx(3)
        nursery.cancel_scope.cancel()


async def test_while_a_block_is_executed_transactions_are_held_and_nothing_else_is() -> None:
    inbox = Inbox()
    taken: list[object] = []

    async def take() -> None:
        taken.extend([await inbox.take() for _ in range(2)])

    async def prepare() -> None:
        await inbox.released()
        taken.append("more")

    async with trio.open_nursery() as nursery:
        with inbox.holding_transactions():
            await inbox.put_message(Lane.MEMPOOL, GOSSIP)
            inbox.put_submission(submission(1))
            await inbox.put_message(Lane.SYNC, REQUEST)
            await inbox.put_message(Lane.CONSENSUS, FIRST)
            inbox.put_urgent("round.timeout")
            assert [await inbox.take() for _ in range(3)] == ["round.timeout", FIRST, REQUEST]
            nursery.start_soon(take)
            nursery.start_soon(prepare)
            await trio.testing.wait_all_tasks_blocked()
            assert taken == []
    assert sorted(map(type, taken), key=str) == sorted((tuple, MessageReceived, str), key=str)
