"""What an operator reads: names, one line a block, and no flood that a peer can cause."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
import structlog
import trio
import trio.testing
from structlog.testing import capture_logs

from daonode.node.narrator import FAULT_INTERVAL_SECONDS, Narrator
from daonode.primitives.ids import ValidatorId
from daonode.replica.events import PeerId
from tests.unit.node.chains import make_test_chain

PEER, STRANGER = PeerId("12D3KooListed"), PeerId("12D3KooStranger")
HEADER = make_test_chain(1).chain.initial.header
Lines = list[MutableMapping[str, Any]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    structlog.reset_defaults()
    with capture_logs() as captured:
        yield captured


def narrator() -> Narrator:
    return Narrator(peers={PEER: "node2"}, validators={HEADER.proposer: "node1"})


def test_peers_and_validators_have_the_names_of_the_configuration(lines: Lines) -> None:
    told = narrator()
    told.peer_connected(PEER)
    told.peer_disconnected(STRANGER, "gone")
    told.committed(HEADER, ())
    assert [line.get("peer") for line in lines] == ["node2", STRANGER, None]
    assert lines[2]["proposer"] == "node1"
    assert lines[2]["height"] == HEADER.height


def test_a_block_is_one_line(lines: Lines) -> None:
    narrator().committed(HEADER, ())
    assert len(lines) == 1


async def test_a_peer_that_misbehaves_all_the_time_gets_a_line_an_interval(
    lines: Lines, autojump_clock: trio.testing.MockClock
) -> None:
    told = narrator()
    for _ in range(100):
        told.peer_fault(PEER, "junk")
    told.peer_fault(STRANGER, "junk")
    await trio.sleep(FAULT_INTERVAL_SECONDS)
    told.peer_fault(PEER, "junk")
    assert [(line["peer"], line.get("untold")) for line in lines] == [("node2", None), (STRANGER, None), ("node2", 99)]


async def test_refused_connections_of_any_number_of_strangers_get_a_line_an_interval(
    lines: Lines, autojump_clock: trio.testing.MockClock
) -> None:
    told = narrator()
    for number in range(100):
        told.connection_refused(f"192.0.2.{number}", "its address connects too often")
    await trio.sleep(FAULT_INTERVAL_SECONDS)
    told.connection_refused("node2", "the handshake was not over in 5 s")
    assert [(line["event"], line["peer"], line.get("untold")) for line in lines] == [
        ("connection refused", "192.0.2.0", None),
        ("connection refused", "node2", 99),
    ]


def test_catching_up_is_told_when_it_begins_and_when_it_ends(lines: Lines) -> None:
    told = narrator()
    for is_catching_up, height in ((False, 1), (True, 1), (True, 5), (False, 9), (False, 10)):
        told.catching_up(is_catching_up, height=height)
    assert [(line["event"], line["height"]) for line in lines] == [
        ("catching up: fetching blocks from peers", 1),
        ("caught up", 9),
    ]


def test_an_unknown_validator_is_told_by_its_id(lines: Lines) -> None:
    unknown = Narrator(peers={}, validators={ValidatorId(bytes([1]) * 32): "other"})
    unknown.committed(HEADER, ())
    assert lines[0]["proposer"] == HEADER.proposer.hex()[:16]


def test_a_quorum_is_told_when_it_is_lost_and_when_it_returns(lines: Lines) -> None:
    told = narrator()
    for is_reached in (True, False, False, True, True):
        told.reaching_quorum(is_reached)
    assert [(line["event"].split(":")[0], line["log_level"]) for line in lines] == [
        ("cut off", "warning"),
        ("a quorum of validators is connected", "info"),
    ]


def test_a_clock_that_is_off_is_told_with_its_direction_and_what_to_do(lines: Lines) -> None:
    told = narrator()
    told.clock_is_off(3_600_000)
    told.clock_is_off(-7_000)
    assert "it is 3600 s ahead of the blocks" in lines[0]["event"]
    assert "it is 7 s behind the blocks" in lines[1]["event"]
    assert all("synchronise it" in line["event"] for line in lines)
