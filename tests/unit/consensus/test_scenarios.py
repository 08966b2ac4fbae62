"""Whole runs of four cores: what a user of consensus sees. The single rules are in `test_safety.py`."""

from __future__ import annotations

from itertools import pairwise

import pytest

from daonode.consensus.messages import (
    CommitVoteMessage,
    ConsensusMessage,
    ProposalMessage,
    TimeoutMessage,
    VoteMessage,
)
from daonode.consensus.requests import ProposeRequest, VoteRequest
from daonode.consensus.statements import Propose
from daonode.consensus.tree import MAX_FULL_BLOCKS
from tests.unit.consensus.chains import EMPTY_PAYLOAD_DIGEST, GENESIS_MS, make_set
from tests.unit.consensus.lockstep import LATENCY_MS, Network


def lose_to_and_from(*cut: int):
    return lambda sender, receiver, message: None if sender in cut or receiver in cut else LATENCY_MS


def deliver(sender: int, receiver: int, message: ConsensusMessage) -> int | None:
    return LATENCY_MS


def test_one_transaction_is_final_everywhere_after_three_message_delays() -> None:
    network = Network()
    network.submit()
    start_ms = network.now_ms
    network.run(60_000, until=lambda: min(network.heights()) == 1)
    assert network.now_ms - start_ms == 3 * LATENCY_MS


def test_an_idle_chain_sends_nothing() -> None:
    network = Network()
    network.submit()
    network.run(5_000)
    sent = len(network.sent)
    assert network.heights() == [1, 1, 1, 1]
    network.run(600_000)
    assert len(network.sent) == sent


def test_twenty_blocks_commit_without_a_timeout_or_a_refusal() -> None:
    network = Network()
    network.submit(20)
    network.run(10_000)
    assert min(network.heights()) >= 20
    assert not any(isinstance(message, TimeoutMessage) for _, _, message in network.sent)
    assert not any(machine.refusals for machine in network.machines)


def test_blocks_keep_the_interval() -> None:
    network = Network(min_block_interval_ms=200)
    network.submit(5)
    network.run(10_000)
    times_ms = [block.header.time_ms for block in network.machines[0].disk.committed]
    assert len(times_ms) >= 5
    assert all(later - earlier >= 200 - LATENCY_MS for earlier, later in pairwise(times_ms))


@pytest.mark.parametrize(("work_ms", "interval_ms"), [(0, 50), (10, 50), (40, 120), (83, 249), (250, 250)])
def test_blocks_keep_three_times_the_work_of_their_parents_up_to_a_bound(work_ms: int, interval_ms: int) -> None:
    network = Network(min_block_interval_ms=50, timeout_base_ms=1_000)
    network.work_ms = work_ms
    network.submit(5)
    network.run(10_000)
    times_ms = [block.header.time_ms for block in network.machines[0].disk.committed]
    gaps_ms = [later - earlier for earlier, later in pairwise(times_ms)]
    assert all(interval_ms - LATENCY_MS <= gap_ms <= interval_ms + 2 * LATENCY_MS for gap_ms in gaps_ms), gaps_ms


def test_commits_go_on_with_one_of_four_silent_and_its_turns_are_dropped() -> None:
    network = Network()
    network.crash(2)
    network.submit(60)
    network.run(60_000, until=lambda: network.heights()[0] >= 60)
    chain = network.machines[0].disk.committed
    assert len(chain) == 60
    silent = network.machines[2].id
    assert sum(block.header.failed_proposers.count(silent) for block in chain[:10]) >= 1
    assert all(silent not in block.header.failed_proposers for block in chain[10:40])


def test_nothing_commits_with_two_of_four_silent_until_one_returns() -> None:
    network = Network()
    network.crash(2)
    network.crash(3)
    network.submit(3)
    network.run(120_000)
    assert network.heights() == [0, 0, 0, 0]
    network.restart(3)
    rounds = network.machines[0].core.round
    network.run(30_000, until=lambda: network.heights()[0] >= 1)
    assert network.heights()[0] >= 1
    assert network.machines[0].core.round - rounds <= 10


def test_a_validator_that_missed_everything_catches_up_from_one_message() -> None:
    network = Network()
    network.filter = lose_to_and_from(3)
    network.submit(10, to=(0, 1, 2))
    network.run(20_000)
    assert network.heights()[3] == 0
    network.filter = deliver
    network.submit(1)
    network.run(20_000)
    assert len(set(network.heights())) == 1
    assert min(network.heights()) >= 11


def test_a_validator_that_hears_no_commit_votes_learns_what_is_final_all_the_same() -> None:
    network = Network()
    network.filter = lambda sender, receiver, message: (
        None if receiver == 3 and isinstance(message, CommitVoteMessage) else LATENCY_MS
    )
    network.submit()
    network.run(200)
    assert network.heights() == [1, 1, 1, 0]
    network.run(5_000)
    assert min(network.heights()) >= 1


def test_without_commit_votes_an_empty_child_commits_by_the_two_chain() -> None:
    """B(1) <- E(2): QC(E) makes B final although nobody hears a commit vote."""
    network = Network()
    network.filter = lambda sender, receiver, message: None if isinstance(message, CommitVoteMessage) else LATENCY_MS
    network.submit()
    network.run(5_000)
    assert min(network.heights()) >= 1
    assert network.machines[0].disk.committed[0].header.payload_digest != EMPTY_PAYLOAD_DIGEST


def test_a_long_chain_without_a_commit_goes_on_with_empty_blocks_and_commits_when_it_can() -> None:
    """Nobody hears a commit vote, and every second proposal is lost: certified blocks in rounds 2, 4, 6, ..."""
    network = Network(max_timeout_ms=1_000)
    network.filter = lambda sender, receiver, message: (
        None
        if isinstance(message, CommitVoteMessage)
        or (isinstance(message, ProposalMessage) and message.block.header.round % 2)
        else LATENCY_MS
    )
    network.submit(2 * MAX_FULL_BLOCKS)
    wanted = MAX_FULL_BLOCKS + 40
    network.run(3_600_000, until=lambda: network.machines[0].core.high_qc.round >= 2 * wanted)
    assert network.heights() == [0, 0, 0, 0]
    headers = [message.block.header for _, _, message in network.sent if isinstance(message, ProposalMessage)]
    assert max(header.height for header in headers) >= wanted
    full = {header.height for header in headers if header.payload_digest != EMPTY_PAYLOAD_DIGEST}
    assert MAX_FULL_BLOCKS // 2 < len(full) <= MAX_FULL_BLOCKS
    network.filter = deliver
    network.run(60_000)
    assert len(set(network.heights())) == 1
    assert min(network.heights()) >= 2 * MAX_FULL_BLOCKS + 40
    assert not any(machine.evidence for machine in network.machines)


def test_after_a_crash_of_all_the_certified_block_commits() -> None:
    """Everyone has QC(B) and dies before any commit vote arrives; B is on every disk and is not lost."""
    network = Network()
    network.filter = lambda sender, receiver, message: (
        None if isinstance(message, CommitVoteMessage | TimeoutMessage) else LATENCY_MS
    )
    network.submit()
    network.run(300, until=lambda: all(machine.core.round == 2 for machine in network.machines))
    certified = network.machines[0].core.high_qc.block_id
    for index in range(4):
        network.crash(index)
        network.machines[index].transactions = 0
    network.filter = deliver
    for index in range(4):
        network.restart(index)
    network.run(30_000)
    assert network.chain[0] == certified
    assert min(network.heights()) >= 1


def test_a_validator_that_restarts_in_its_round_signs_nothing_new_for_it() -> None:
    network = Network()
    network.filter = lambda sender, receiver, message: LATENCY_MS if isinstance(message, ProposalMessage) else None
    network.submit()
    network.run(500)
    votes = [(index, request) for index, request, _ in network.signed if isinstance(request, VoteRequest)]
    assert len(votes) == 4
    for index in range(4):
        network.crash(index)
        network.restart(index)
    network.run(500)
    signed: dict[tuple[int, int], set[object]] = {}
    for index, request, _ in network.signed:
        if isinstance(request, VoteRequest | ProposeRequest):
            signed.setdefault((index, request.header.round), set()).add(request.header.id())
    assert all(len(block_ids) == 1 for block_ids in signed.values())


def test_rolling_restarts_under_load_lose_nothing() -> None:
    network = Network()
    network.submit(60)
    for _ in range(5):
        for index in range(4):
            network.run(100)
            network.crash(index)
            network.run(300)
            network.restart(index)
    network.run(60_000)
    assert len(set(network.heights())) == 1
    assert min(network.heights()) >= 60
    assert not any(machine.evidence for machine in network.machines)


def test_a_partition_stops_the_smaller_side_and_heals_within_ten_rounds() -> None:
    network = Network()
    network.filter = lambda sender, receiver, message: LATENCY_MS if sender % 2 == receiver % 2 else None
    network.submit(5)
    network.run(100_000)
    assert network.heights() == [0, 0, 0, 0]
    rounds = max(machine.core.round for machine in network.machines)
    network.filter = deliver
    network.run(60_000, until=lambda: min(network.heights()) >= 1)
    assert max(machine.core.round for machine in network.machines) - rounds <= 10


def test_after_a_long_stall_the_healed_network_commits_within_seconds() -> None:
    """Rounds have grown to the cap of 60 s, but a timeout is said again each base interval."""
    network = Network()
    network.filter = lambda sender, receiver, message: LATENCY_MS if sender % 2 == receiver % 2 else None
    network.submit(1)
    network.run(3_600_000)
    network.filter = deliver
    network.run(5_000)
    assert min(network.heights()) >= 1


def test_a_block_from_beyond_the_drift_bound_is_not_voted_for() -> None:
    network = Network(max_drift_ms=500)
    late: list[ConsensusMessage] = []

    def hold(sender: int, receiver: int, message: ConsensusMessage) -> int | None:
        if isinstance(message, ProposalMessage) and message.block.header.round == 1:
            late.append(message)
            return 600
        return LATENCY_MS

    network.filter = hold
    network.submit()
    network.run(900)
    assert late
    assert sum(isinstance(message, VoteMessage) for _, _, message in network.sent) == 3, "only the leader has voted"


def test_work_known_to_one_validator_alone_is_finished_by_all() -> None:
    network = Network()
    network.submit(1, to=(0,))
    network.run(120_000, until=lambda: min(network.heights()) >= 1)
    assert min(network.heights()) >= 1


def test_an_equivocating_proposer_is_reported_by_those_who_see_both_blocks() -> None:
    network = Network()
    network.submit()
    network.run(1_000)
    first = next(message for _, _, message in network.sent if isinstance(message, ProposalMessage))
    header = first.block.header
    leader = network.index_of(header.proposer)
    other = network.maker.block(round_=1, proposer=leader, payload=b"another", time_ms=header.time_ms)
    signature = network.maker.proposal_signature(other)
    receiver = (leader + 1) % 4
    network.send(leader, receiver, ProposalMessage(block=other, signature=signature, sync=first.sync))
    network.run(1_000)
    evidence = network.machines[receiver].evidence
    assert [report.offender for report in evidence] == [header.proposer]
    first, second = evidence[0].evidence.first.statement, evidence[0].evidence.second.statement
    assert isinstance(first, Propose)
    assert first != second


def test_a_large_set_sends_votes_to_leaders_only_and_commits() -> None:
    network = Network(make_set(*[1] * 7), broadcast_votes_up_to=4)
    network.submit(5)
    network.run(30_000)
    assert min(network.heights()) >= 5
    assert len(set(network.heights())) == 1


def test_a_certified_block_with_other_roots_stops_the_validator() -> None:
    network = Network()
    broken = network.machines[3]
    broken.execute = lambda block: "the state root differs"  # type: ignore[method-assign]
    network.submit(3)
    network.run(10_000)
    assert broken.halted
    assert not any(machine.halted for machine in network.machines[:3])
    assert min(network.heights()[:3]) >= 3


def test_block_time_advances() -> None:
    network = Network()
    network.submit(10)
    network.run(10_000)
    times_ms = [GENESIS_MS] + [block.header.time_ms for block in network.machines[0].disk.committed]
    assert times_ms == sorted(set(times_ms))
