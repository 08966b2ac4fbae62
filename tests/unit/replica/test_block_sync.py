"""Fetching what is missing: who is asked, what an answer must prove, and what becomes of liars and the silent."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from msgspec.structs import replace

from daonode.consensus.messages import SyncMessage
from daonode.replica.block_sync import REQUEST_TIMEOUT_MS, SYNC_TIMER
from daonode.replica.effects import Effect, PeerFault, Send
from daonode.replica.events import PeerConnected, PeerDisconnected, PeerId, TimerFired
from daonode.replica.messages import BlockRequest, BlockResponse
from tests.unit.replica.network import Network, Node

HEIGHTS = 5


def behind(*, count: int = HEIGHTS) -> tuple[Network, Node]:
    """A node that was down for `count` blocks and has just started, connected to nobody."""
    network = Network()
    victim = network.nodes[3]
    network.stop(victim)
    for sequence in range(count):
        network.submit(network.nodes[0], network.transfer(sequence))
        network.run(3_000)
    network.restart(victim, connected=False)
    return network, victim


def requests(effects: tuple[Effect, ...]) -> list[tuple[PeerId, BlockRequest]]:
    return [
        (effect.peer, effect.message)
        for effect in effects
        if isinstance(effect, Send) and isinstance(effect.message, BlockRequest)
    ]


def faults(effects: tuple[Effect, ...]) -> list[PeerFault]:
    return [effect for effect in effects if isinstance(effect, PeerFault)]


def connect(network: Network, victim: Node, *peers: Node) -> list[tuple[PeerId, BlockRequest]]:
    """Connect in that order, the last is asked first; then the last says what it knows. The requests that follow."""
    for peer in peers:
        victim.replica.step(PeerConnected(network.now_ms, peer.name))
    return requests(network.hear(victim, peers[-1], SyncMessage(peers[-1].replica.core.sync_info)))


def answer_of(network: Network, holder: Node, victim: Node, request: BlockRequest) -> BlockResponse:
    (effect,) = network.hear(holder, victim, request)
    assert isinstance(effect, Send)
    assert isinstance(effect.message, BlockResponse)
    return effect.message


def node_of(network: Network, name: PeerId) -> Node:
    return next(node for node in network.nodes if node.name == name)


def test_one_peer_is_asked_for_everything_above_the_committed_tip() -> None:
    network, victim = behind()
    ((peer, request),) = connect(network, victim, *network.nodes[:3])
    assert request.above_height == 0
    answer = answer_of(network, node_of(network, peer), victim, request)
    assert [block.header.height for block in answer.blocks] == [1, 2, 3, 4, 5]
    for effect in network.hear(victim, node_of(network, peer), answer):
        network.carry_out(victim, effect)
    assert victim.archive.tip().height == HEIGHTS
    assert not victim.replica.catching_up


LIES: dict[str, tuple[Callable[[BlockResponse], BlockResponse], str]] = {
    "the last block is kept back": (
        lambda response: replace(response, blocks=response.blocks[:-1]),
        "the proof makes block",
    ),
    "a block in between is kept back": (
        lambda response: replace(response, blocks=(*response.blocks[:2], *response.blocks[3:])),
        "is not the one that was asked for",
    ),
    "the first block is kept back": (
        lambda response: replace(response, blocks=response.blocks[1:]),
        "does not extend what was committed",
    ),
    "the proof is kept back with the last block": (
        lambda response: replace(response, blocks=response.blocks[:-1], proof=None),
        "carry no proof and do not lead to the certified block",
    ),
    "a payload is another one": (
        lambda response: replace(
            response, blocks=(replace(response.blocks[0], payload=b"\x91\x90"), *response.blocks[1:])
        ),
        "the payload is not the one that the header binds",
    ),
    "a header is another one": (
        lambda response: replace(
            response,
            blocks=(
                replace(response.blocks[0], header=replace(response.blocks[0].header, height=7)),
                *response.blocks[1:],
            ),
        ),
        "is not the one that was asked for",
    ),
    "a certificate is another one": (
        lambda response: replace(
            response,
            blocks=(*response.blocks[:1], replace(response.blocks[1], qc=response.blocks[2].qc), *response.blocks[2:]),
        ),
        "the QC is not for the parent",
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lying_peer_is_blamed_and_another_is_asked(lie: str) -> None:
    network, victim = behind()
    ((peer, request),) = connect(network, victim, *network.nodes[:3])
    liar = node_of(network, peer)
    make, reason = LIES[lie]
    effects = network.hear(victim, liar, make(answer_of(network, liar, victim, request)))
    ((blamed),) = faults(effects)
    assert blamed.peer == peer
    assert reason in blamed.reason
    ((next_peer, next_request),) = requests(effects)
    assert next_peer != peer
    assert next_request == request
    assert victim.replica.core.committed_height == 0
    honest = node_of(network, next_peer)
    effects = network.hear(victim, honest, answer_of(network, honest, victim, next_request))
    assert not faults(effects)
    assert victim.replica.core.committed_height == HEIGHTS


def test_a_silent_peer_is_passed_over_after_a_while() -> None:
    network, victim = behind()
    ((peer, request),) = connect(network, victim, *network.nodes[:2])
    later = TimerFired(network.now_ms + REQUEST_TIMEOUT_MS, SYNC_TIMER)
    ((next_peer, next_request),) = requests(victim.replica.step(later))
    assert next_peer != peer
    assert next_request == request


def test_a_peer_that_disconnects_is_passed_over_at_once() -> None:
    network, victim = behind()
    ((peer, request),) = connect(network, victim, *network.nodes[:2])
    ((next_peer, next_request),) = requests(victim.replica.step(PeerDisconnected(network.now_ms, peer)))
    assert next_peer != peer
    assert next_request == request


def test_when_all_have_nothing_the_next_question_waits_for_the_timer() -> None:
    network, victim = behind()
    asked = connect(network, victim, *network.nodes[:3])
    seen: list[PeerId] = []
    while asked:
        ((peer, request),) = asked
        seen.append(peer)
        empty = BlockResponse(above_height=request.above_height, tip=request.tip, blocks=(), proof=None)
        asked = requests(network.hear(victim, node_of(network, peer), empty))
    assert sorted(seen) == sorted(node.name for node in network.nodes[:3])
    later = TimerFired(network.now_ms + REQUEST_TIMEOUT_MS, SYNC_TIMER)
    assert [peer for peer, _ in requests(victim.replica.step(later))] == seen[:1]


def test_whoever_connects_while_all_have_nothing_is_asked_at_once() -> None:
    network, victim = behind()
    ((_, request),) = connect(network, victim, network.nodes[0])
    empty = BlockResponse(above_height=request.above_height, tip=request.tip, blocks=(), proof=None)
    assert requests(network.hear(victim, network.nodes[0], empty)) == []
    effects = victim.replica.step(PeerConnected(network.now_ms, network.nodes[1].name))
    assert [peer for peer, _ in requests(effects)] == [network.nodes[1].name]


def test_nobody_is_asked_while_nobody_is_connected() -> None:
    network, victim = behind()
    effects = network.hear(victim, network.nodes[0], SyncMessage(network.nodes[0].replica.core.sync_info))
    assert requests(effects) == []


@pytest.mark.parametrize("blamed", [True, False])
def test_only_the_answer_to_the_question_under_way_is_judged(*, blamed: bool) -> None:
    network, victim = behind()
    ((peer, request),) = connect(network, victim, *network.nodes[:3])
    holder = node_of(network, peer)
    late = answer_of(network, holder, victim, request)
    junk = replace(late, blocks=late.blocks[1:])
    if not blamed:
        # The answer to an earlier question, from the peer that is asked now; and an answer of a peer that is not.
        assert network.hear(victim, holder, replace(junk, above_height=1)) == ()
        assert network.hear(victim, holder, replace(junk, tip=late.blocks[0].header.id())) == ()
        other = next(node for node in network.nodes[:3] if node is not holder)
        assert network.hear(victim, other, junk) == ()
    else:
        assert len(faults(network.hear(victim, holder, junk))) == 1


def test_nobody_is_told_anything_or_asked_again_once_nothing_is_missing() -> None:
    network, victim = behind()
    ((peer, request),) = connect(network, victim, *network.nodes[:3])
    holder = node_of(network, peer)
    answer = answer_of(network, holder, victim, request)
    for effect in network.hear(victim, holder, answer):
        network.carry_out(victim, effect)
    assert network.hear(victim, holder, answer) == ()
    assert SYNC_TIMER not in victim.timers


def test_a_block_of_a_range_has_a_proof_of_its_own_where_the_next_round_follows() -> None:
    network, victim = behind()
    network.connect_all()
    network.run(1_000)
    kept = [victim.archive.committed(height) for height in range(1, HEIGHTS + 1)]
    committed = [each for each in kept if each is not None]
    rounds = [each.header.round for each in committed]
    followed = [later == earlier + 1 for earlier, later in pairwise(rounds)]
    # The QC of the last but one would stand in the block after the last.
    assert [each.proof is not None for each in committed] == [*followed[:-1], False, True]
    assert any(followed[:-1])
    verifier = network.chain.make_verifier()
    for height in range(1, HEIGHTS + 1):
        finality = victim.archive.finality(height)
        assert finality is not None
        verifier.check_proof(finality.proof)
    request = BlockRequest(above_height=2, tip=victim.archive.tip().block_id)
    assert [block.header.height for block in answer_of(network, victim, network.nodes[0], request).blocks] == [3, 4, 5]
