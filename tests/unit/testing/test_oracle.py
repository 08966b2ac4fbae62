"""Each invariant of the oracle fires on a history that breaks it, and on no other that is near it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import pytest
from msgspec.structs import replace

from daonode.consensus.types import Block, QuorumCertificate, TwoChain
from daonode.primitives.codec import encode
from daonode.replica.effects import Store
from daonode.replica.layout import HEADER_PREFIX, CommittedBlock, height_key
from daonode.testing import broken
from daonode.testing.broken import InvariantBroken
from daonode.testing.oracle import MAX_ROUNDS_TO_PROGRESS
from tests.unit.testing.histories import EVERYONE, NOW_MS, QUORUM, History


@contextmanager
def breaks(invariant: str) -> Iterator[None]:
    with pytest.raises(InvariantBroken) as caught:
        yield
    assert caught.value.invariant == invariant


def certified(history: History, round_: int, *, salt: int = 0) -> tuple[Block, QuorumCertificate]:
    """A block on genesis that a quorum votes for."""
    block = history.block(round_, history.genesis, history.genesis_qc, salt=salt)
    for node in QUORUM:
        history.votes(node, block)
    return block, history.qc(block)


# I11.


@pytest.mark.parametrize(("off_ms", "is_sound"), [(10_000, True), (-10_000, True), (10_001, False), (-10_001, False)])
def test_a_vote_for_a_block_whose_time_is_further_from_ones_clock_than_allowed_breaks_block_time(
    off_ms: int, is_sound: bool
) -> None:
    history = History()
    block = history.block(1, history.genesis, history.genesis_qc, salt=NOW_MS + off_ms - history.genesis.time_ms - 1)
    history.proposes(0, block)
    with nullcontext() if is_sound else breaks(broken.BLOCK_TIME):
        history.votes(1, block)


# I1.


def test_a_chain_that_all_commit_is_sound() -> None:
    history = History()
    first, qc = certified(history, 1)
    second = history.block(2, first.header, qc)
    for node in QUORUM:
        history.votes(node, second)
    for node in EVERYONE:
        history.commits(node, first, None)
        history.commits(node, second, history.commit_certificate(second))


def test_two_blocks_committed_at_a_height_break_agreement() -> None:
    history = History()
    history.commits(0, history.block(1, history.genesis, history.genesis_qc), None)
    with breaks(broken.AGREEMENT):
        history.commits(1, history.block(1, history.genesis, history.genesis_qc, salt=1), None)


def test_a_height_that_is_left_out_breaks_agreement() -> None:
    history = History()
    first, qc = certified(history, 1)
    with breaks(broken.AGREEMENT):
        history.commits(0, history.block(2, first.header, qc), None)


def test_a_block_on_another_parent_breaks_agreement() -> None:
    history = History()
    first = history.block(1, history.genesis, history.genesis_qc)
    other, other_qc = certified(history, 1, salt=1)
    history.commits(0, first, None)
    with breaks(broken.AGREEMENT):
        history.commits(0, history.block(2, other.header, other_qc), None)


# I2.


def test_two_certified_blocks_of_a_round_break_one_qc_a_round() -> None:
    history = History()
    certified(history, 1)
    other = history.block(1, history.genesis, history.genesis_qc, salt=1)
    with breaks(broken.ONE_QC):
        history.passes_on(3, high_qc=history.qc(other))


def test_votes_count_before_anyone_puts_the_certificate_together() -> None:
    history = History(byzantine=(3,))
    first = history.block(1, history.genesis, history.genesis_qc)
    other = history.block(1, history.genesis, history.genesis_qc, salt=1)
    history.votes(0, first)
    history.votes(1, first)
    with breaks(broken.NOT_SLASHABLE):
        history.votes(1, other)
    # Two honest votes and one that signs anything are a quorum of four; a third honest vote makes another one.
    with breaks(broken.ONE_QC):
        history.passes_on(2, high_qc=history.qc(other, signers=(1, 2, 3)))


# I3.


@pytest.mark.parametrize("name", ["last_voted_round", "locked_round", "highest_timeout_round", "last_proposed_round"])
def test_a_safety_state_that_falls_is_noticed(name: str) -> None:
    history = History()
    safety = history.disks[0].safety
    history.oracle.on_safety(NOW_MS, 0, replace(safety, **{name: 5}))
    with breaks(broken.MONOTONE):
        history.oracle.on_safety(NOW_MS, 0, replace(safety, **{name: 4}))


def test_a_restart_with_an_older_state_is_noticed() -> None:
    history = History()
    safety = history.disks[0].safety
    history.oracle.on_restart(NOW_MS, 0, safety)
    history.oracle.on_safety(NOW_MS, 0, replace(safety, locked_round=5))
    with breaks(broken.MONOTONE):
        history.oracle.on_restart(NOW_MS, 0, safety)


# I4.


def test_a_later_qc_beside_a_committable_block_is_noticed() -> None:
    history = History()
    first, _ = certified(history, 1)
    for node in QUORUM:
        history.commit_votes(node, first)
    with breaks(broken.EXTENDS):
        certified(history, 2, salt=1)


def test_a_commit_that_comes_after_a_fork_is_certified_is_noticed() -> None:
    history = History()
    first, _ = certified(history, 1)
    certified(history, 2, salt=1)
    with breaks(broken.EXTENDS):
        for node in QUORUM:
            history.commit_votes(node, first)


def test_a_certified_child_in_the_next_round_commits_its_parent_too() -> None:
    history = History()
    first, qc = certified(history, 1)
    child = history.block(2, first.header, qc)
    for node in QUORUM:
        history.votes(node, child)
    with breaks(broken.EXTENDS):
        certified(history, 3, salt=1)


def test_a_certified_child_in_a_later_round_commits_nothing() -> None:
    history = History()
    first, qc = certified(history, 1)
    child = history.block(3, first.header, qc)
    for node in QUORUM:
        history.votes(node, child)
    certified(history, 4, salt=1)


# I6.


def test_a_timeout_that_denies_a_commit_vote_is_slashable() -> None:
    history = History()
    first, _ = certified(history, 1)
    history.commit_votes(0, first)
    with breaks(broken.NOT_SLASHABLE):
        history.times_out(0, 2, history.genesis_qc)


def test_a_timeout_that_denies_a_vote_is_slashable() -> None:
    history = History()
    first, qc = certified(history, 1)
    history.votes(0, history.block(2, first.header, qc))
    with breaks(broken.NOT_SLASHABLE):
        history.times_out(0, 2, history.genesis_qc)


def test_a_timeout_that_names_what_was_voted_on_is_not() -> None:
    history = History()
    first, qc = certified(history, 1)
    history.votes(0, history.block(2, first.header, qc))
    history.times_out(0, 2, qc)


def test_two_proposals_of_a_round_are_slashable() -> None:
    history = History()
    history.proposes(0, history.block(1, history.genesis, history.genesis_qc))
    with breaks(broken.NOT_SLASHABLE):
        history.proposes(0, history.block(1, history.genesis, history.genesis_qc, salt=1))


def test_evidence_against_an_honest_validator_is_noticed() -> None:
    history = History(byzantine=(3,))
    history.oracle.on_evidence(0, 3)
    with breaks(broken.NOT_SLASHABLE):
        history.oracle.on_evidence(0, 1)


# I9.


def test_too_many_rounds_without_a_commit_after_the_calm_are_noticed() -> None:
    history = History()
    history.oracle.judge_progress(10**6)
    history.oracle.on_calm(NOW_MS, [3, 5])
    history.oracle.judge_progress(5 + MAX_ROUNDS_TO_PROGRESS)
    with breaks(broken.PROGRESS):
        history.oracle.judge_progress(6 + MAX_ROUNDS_TO_PROGRESS)


def test_a_commit_begins_the_count_of_rounds_anew() -> None:
    history = History()
    history.oracle.on_calm(NOW_MS, [5])
    history.commits(0, history.block(1, history.genesis, history.genesis_qc), None)
    history.oracle.judge_progress(15)
    history.oracle.judge_progress(15 + MAX_ROUNDS_TO_PROGRESS)


# Certificates.


def test_a_certificate_of_too_few_is_noticed() -> None:
    history = History()
    first, _ = certified(history, 1)
    with breaks(broken.CERTIFICATES):
        history.passes_on(0, high_qc=history.qc(first, signers=(0, 1)))


def test_a_certificate_that_counts_one_voter_twice_is_noticed() -> None:
    history = History()
    _, qc = certified(history, 1)
    twice = replace(qc, signers=(*qc.signers[:2], qc.signers[1]), signatures=(*qc.signatures[:2], qc.signatures[1]))
    with breaks(broken.CERTIFICATES):
        history.passes_on(0, high_qc=twice)


def test_a_certificate_that_nobody_signed_is_noticed() -> None:
    history = History()
    _, qc = certified(history, 1)
    with breaks(broken.CERTIFICATES):
        history.passes_on(0, high_qc=replace(qc, round=2))


def test_a_tc_whose_qc_is_older_than_its_signers_state_is_noticed() -> None:
    history = History()
    _, qc = certified(history, 1)
    tc = history.tc(2, {0: history.genesis_qc, 1: qc, 2: history.genesis_qc})
    history.passes_on(0, tc=tc)
    with breaks(broken.CERTIFICATES):
        history.passes_on(0, tc=replace(tc, high_qc=history.genesis_qc))


def test_a_commit_without_a_quorum_is_noticed() -> None:
    history = History()
    first, _ = certified(history, 1)
    with breaks(broken.CERTIFICATES):
        history.commits(0, first, history.commit_certificate(first, signers=(0, 1)))


def test_a_commit_by_a_child_that_does_not_follow_is_noticed() -> None:
    history = History()
    first, qc = certified(history, 1)
    child = history.block(3, first.header, qc)
    for node in QUORUM:
        history.votes(node, child)
    with breaks(broken.CERTIFICATES):
        history.commits(0, first, TwoChain(child=child.header, qc=history.qc(child)))


def test_a_commit_by_a_child_in_the_next_round_is_sound() -> None:
    history = History()
    first, qc = certified(history, 1)
    child = history.block(2, first.header, qc)
    for node in QUORUM:
        history.votes(node, child)
    history.commits(0, first, TwoChain(child=child.header, qc=history.qc(child)))


def test_speaking_for_another_is_noticed() -> None:
    history = History()
    first, _ = certified(history, 1)
    with breaks(broken.CERTIFICATES):
        history.sends(3, history.vote(0, first))


def test_a_node_that_halts_is_noticed() -> None:
    with breaks(broken.NO_HALT):
        History().oracle.on_halt(NOW_MS, 0, "other roots")


# Durable before sent.


def test_a_vote_whose_block_is_not_on_disk_is_noticed() -> None:
    history = History()
    block = history.block(1, history.genesis, history.genesis_qc)
    history.remembers(0, last_voted_round=1)
    with breaks(broken.DURABLE):
        history.sends(0, history.vote(0, block))


def test_a_vote_whose_block_is_written_and_not_synced_is_noticed() -> None:
    history = History()
    block = history.block(1, history.genesis, history.genesis_qc)
    history.remembers(0, last_voted_round=1)
    history.disks[0].stores[Store.BLOCKS].write(((b"b" + block.header.id(), encode(block)),), sync=False)
    with breaks(broken.DURABLE):
        history.sends(0, history.vote(0, block))


def test_a_vote_that_the_signers_disk_does_not_know_is_noticed() -> None:
    history = History()
    block = history.block(1, history.genesis, history.genesis_qc)
    history.stores(0, block)
    with breaks(broken.DURABLE):
        history.sends(0, history.vote(0, block))


def test_a_commit_that_is_reported_before_it_is_synced_is_noticed() -> None:
    history = History()
    block, _ = certified(history, 1)
    record = CommittedBlock(block_id=block.header.id(), header=block.header, proof=None)
    batch = ((height_key(HEADER_PREFIX, 1), encode(record)),)
    history.oracle.on_persist(NOW_MS, 0, Store.STATE, batch)
    history.disks[0].stores[Store.STATE].write(batch, sync=False)
    with breaks(broken.DURABLE):
        history.oracle.on_committed(NOW_MS, 0, block.header, history.disks[0])
