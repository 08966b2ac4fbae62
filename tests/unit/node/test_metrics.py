"""Each metric moves when what it counts happens; together they are text that Prometheus reads."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import trio
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from daonode.consensus.messages import VoteMessage
from daonode.consensus.statements import Vote, signing_bytes
from daonode.ledger.block import EventRecord, Receipt
from daonode.ledger.session import NO_TRANSACTION
from daonode.node.metrics import CONVICTION_EVENT, NodeMetrics
from daonode.node.quorum_delay import MAX_OPEN_BLOCKS, QuorumDelay, QuorumStep
from daonode.node.transport.types import Lane
from daonode.primitives.codec import encode
from daonode.primitives.ids import BlockId
from daonode.primitives.signatures import sign
from daonode.replica.messages import TransactionsMessage
from tests.unit.node.chains import CHAIN_ID, make_test_chain, raw_transfer
from tests.unit.node.test_driver import Node, running

Values = dict[str, float]


def values_of(metrics: NodeMetrics) -> Values:
    """Every sample by its name and labels, as a reader of the text sees it."""
    return {
        sample.name + "".join(f"|{value}" for _, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(metrics.render().decode())
        for sample in family.samples
    }


@contextmanager
def moving(metrics: NodeMetrics, *names: str) -> Iterator[Values]:
    """Check that each of these samples is greater after the block; gives what they were before."""
    before = values_of(metrics)
    yield before
    after = values_of(metrics)
    for name in names:
        assert after.get(name, 0.0) > before.get(name, 0.0), f"{name} has not moved: {sorted(after)}"


async def commit(node: Node, sequence: int) -> None:
    (answer,) = await node.driver.submit([raw_transfer(sequence, now_ms=time.time_ns() // 1_000_000)])
    assert isinstance(answer, bytes), answer
    assert await node.driver.wait_for_commit(answer, timeout_ms=10_000)


async def test_a_committed_transaction_moves_what_it_passes(tmp_path: Path) -> None:
    async with running(tmp_path) as node:
        own = make_test_chain(1).chain.validators.validators[0].id.hex()[:16]
        with moving(
            node.metrics,
            "daonode_height",
            "daonode_round",
            "daonode_transactions_total|succeeded",
            "daonode_gas_used_total",
            f"daonode_turns_total|proposed|{own}",
            "daonode_commit_delay_seconds_count",
            "daonode_quorum_delay_seconds_count|certified",
            "daonode_quorum_delay_seconds_count|committed",
            "daonode_step_seconds_count|TransactionsSubmitted",
            "daonode_step_seconds_count|Signed",
            "daonode_step_seconds_count|JobEnded",
            "daonode_job_seconds_count|Building",
            "daonode_persist_seconds_count|blocks",
            "daonode_persist_seconds_count|state",
            "daonode_written_records_total|block|blocks",
            "daonode_written_records_total|value|state",
            "daonode_written_records_total|node|state",
            "daonode_written_records_total|stale|state",
            "daonode_written_records_total|receipts|state",
            "daonode_stage_cpu_seconds_total|step",
            "daonode_stage_cpu_seconds_total|execution",
            "daonode_stage_cpu_seconds_total|sign",
            "daonode_stage_cpu_seconds_total|persist",
            "daonode_stage_cpu_seconds_total|check_clients",
            "daonode_stage_cpu_seconds_total|send",
        ):
            await commit(node, 0)
            await commit(node, 1)


async def test_bad_and_good_messages_of_peers_are_counted(tmp_path: Path) -> None:
    async with running(tmp_path) as node:
        gossip = encode(TransactionsMessage(transactions=(raw_transfer(0, now_ms=time.time_ns() // 1_000_000),)))
        with moving(
            node.metrics,
            "daonode_peer_faults_total",
            "daonode_stage_cpu_seconds_total|check_mempool",
            "daonode_step_seconds_count|MessageReceived",
            "daonode_height",
        ):
            node.network.arrive(Lane.CONSENSUS, b"junk")
            node.network.arrive(Lane.MEMPOOL, gossip)
            await node.driver.wait_for_height(1)


async def test_a_validator_whose_peers_are_silent_counts_its_timeouts(tmp_path: Path) -> None:
    async with running(tmp_path, validators=4) as node:
        with moving(node.metrics, "daonode_round_timeouts_total", "daonode_step_seconds_count|TimerFired"):
            await node.submit(0)
            while not node.metrics.consensus.timeouts._value.get():
                await trio.sleep(0.01)


async def test_a_validator_that_votes_twice_in_a_round_is_counted(tmp_path: Path) -> None:
    test_chain = make_test_chain(4)
    voter = test_chain.chain.validators.validators[1].id
    async with running(tmp_path, validators=4) as node:
        with moving(node.metrics, "daonode_evidence_total", "daonode_stage_cpu_seconds_total|check_consensus"):
            for block in (b"x", b"y"):
                statement = Vote(chain_id=CHAIN_ID, epoch=0, round=1, block_id=BlockId(block * 32), qc_round=0)
                vote = VoteMessage(
                    epoch=0,
                    round=1,
                    block_id=statement.block_id,
                    qc_round=0,
                    voter=1,
                    signature=sign(test_chain.seeds[voter], signing_bytes(statement)),
                    sync=node.replica.core.sync_info,
                )
                node.network.arrive(Lane.CONSENSUS, encode(vote))
            while not node.metrics.consensus.evidence._value.get():
                await trio.lowlevel.checkpoint()


def test_a_validator_that_a_block_punishes_is_counted() -> None:
    metrics = NodeMetrics()
    assert CONVICTION_EVENT in make_test_chain(1).chain.application.registry.event_types
    event = EventRecord(type=CONVICTION_EVENT, body=b"")
    with moving(metrics, "daonode_convictions_total"):
        metrics.note_receipts((Receipt(tx_id=NO_TRANSACTION, code=0, error="", gas_used=0, fee=0, events=(event,)),))
    # What the block does by itself is no transaction.
    assert metrics.transactions.labels("succeeded")._value.get() == 0


def test_missed_turns_are_counted_by_validator() -> None:
    metrics = NodeMetrics()
    validators = make_test_chain(4).chain.validators.validators
    header = replace(
        make_test_chain(4).chain.initial.header,
        proposer=validators[0].id,
        failed_proposers=(validators[1].id, validators[2].id),
    )
    names = {each.id: f"node{index}" for index, each in enumerate(validators)}
    with moving(
        metrics,
        "daonode_turns_total|missed|node1",
        "daonode_turns_total|missed|node2",
        "daonode_turns_total|proposed|node0",
        "daonode_failed_rounds_total",
    ):
        metrics.consensus.note_commit(header, now_ms=header.time_ms, name_of=names.__getitem__)


def test_the_age_of_a_proposal_is_told_by_validator_and_below_zero_when_clocks_differ() -> None:
    metrics = NodeMetrics()
    header = make_test_chain(1).chain.initial.header
    for late_ms, seconds in ((250, 0.25), (-1_500, -1.5)):
        metrics.consensus.note_proposal(header, now_ms=header.time_ms + late_ms, name_of=lambda _: "node1")
        assert values_of(metrics)["daonode_proposal_age_seconds|node1"] == seconds


def test_a_quorum_is_timed_from_the_first_proposal_and_once_a_step() -> None:
    now = [0.0]
    seen: list[tuple[QuorumStep, float]] = []
    delay = QuorumDelay(lambda: now[0], lambda step, seconds: seen.append((step, seconds)))
    block = BlockId(bytes(32))
    for seconds, note in (
        (1.0, delay.on_proposed),
        (1.5, delay.on_proposed),
        (2.0, delay.on_certified),
        (3.0, delay.on_certified),
        (5.0, delay.on_committed),
        (6.0, delay.on_committed),
    ):
        now[0] = seconds
        note(block)
    assert seen == [(QuorumStep.CERTIFIED, 1.0), (QuorumStep.COMMITTED, 3.0)]


def test_proposals_that_are_never_certified_are_forgotten() -> None:
    seen: list[QuorumStep] = []
    delay = QuorumDelay(lambda: 0.0, lambda step, _: seen.append(step))
    blocks = [BlockId(number.to_bytes(32, "big")) for number in range(MAX_OPEN_BLOCKS + 1)]
    for block in blocks:
        delay.on_proposed(block)
    for block in blocks:
        delay.on_certified(block)
    assert len(seen) == MAX_OPEN_BLOCKS


def test_every_metric_has_the_product_s_name_a_help_text_and_a_unit_that_prometheus_knows() -> None:
    for family in text_string_to_metric_families(NodeMetrics().render().decode()):
        assert family.documentation
        if family.name.startswith(("process_", "python_")):
            continue
        assert family.name.startswith("daonode_")
        assert not family.name.endswith(("_ms", "_milliseconds", "_count", "_total"))
