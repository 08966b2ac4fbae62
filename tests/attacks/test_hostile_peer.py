"""A peer that may connect and means harm: what it sends ends no node, holds none up, and fills none."""

from __future__ import annotations

import pytest

from daonode.consensus.errors import PeerError
from daonode.consensus.messages import SyncInfo, SyncMessage
from daonode.primitives.codec import encode
from daonode.primitives.ids import BlockId
from daonode.primitives.signatures import public_key_of
from daonode.replica.effects import Effect, Send
from daonode.replica.events import MessageReceived, PeerConnected, Started
from daonode.replica.messages import BlockRequest, BlockResponse, Message, lane_of
from tests.attacks.hostile import ABANDONED, certify
from tests.unit.replica.network import Network, Node

EXTREMES = (-(2**63), -2, -1, 0, 1, 2, 3, 4, 2**63, 2**64 - 1)


def commit(network: Network, *, first: int, count: int) -> None:
    for sequence in range(first, first + count):
        network.submit(network.nodes[0], network.transfer(sequence))
        network.run(300)


def restart_alone(network: Network, node: Node) -> None:
    """Start a node again without any connection."""
    node.is_down = False
    node.replica = network.chain.make_replica(
        keys=(public_key_of(node.seed),),
        peers={other.own: other.name for other in network.nodes},
        archive=node.archive,
        safety=node.signer.safety,
        verifier=network.chain.make_verifier(),
    )
    network.step(node, Started(network.now_ms))


def say(network: Network, sender: Node, receiver: Node, message: Message) -> tuple[Effect, ...]:
    """Have a message checked and stepped as any from that peer; the effects are given back and not carried out."""
    intake = network.chain.make_intake(receiver.archive, network.chain.make_verifier())
    checked = intake.check_message(lane_of(message), encode(message), now_ms=network.now_ms)
    return receiver.replica.step(MessageReceived(network.now_ms, sender.name, checked.message, checked.transactions))


def test_blocks_above_any_number_are_sent_or_the_request_is_refused() -> None:
    network = Network()
    commit(network, first=0, count=3)
    attacker, victim = network.nodes[3], network.nodes[0]
    for above_height in EXTREMES:
        request = BlockRequest(above_height=above_height, tip=BlockId(bytes(32)))
        if above_height < 0:
            with pytest.raises(PeerError):
                say(network, attacker, victim, request)
            continue
        answers = [effect.message for effect in say(network, attacker, victim, request) if isinstance(effect, Send)]
        assert len(answers) == 1
        assert isinstance(answers[0], BlockResponse)
        assert [block.header.height for block in answers[0].blocks] == list(range(above_height + 1, 4))


def test_a_certificate_of_an_abandoned_block_keeps_no_validator_from_catching_up_and_signing() -> None:
    network = Network()
    commit(network, first=0, count=3)
    *others, victim = network.nodes
    round_ = victim.replica.core.high_qc.round
    network.stop(victim)
    commit(network, first=3, count=5)
    stale = certify(network, *others, round_=round_ + 1, block_id=ABANDONED, qc_round=round_)
    restart_alone(network, victim)
    network.step(victim, PeerConnected(network.now_ms, others[0].name))
    for effect in say(network, others[0], victim, SyncMessage(SyncInfo(high_qc=stale, tc=None, commit=None))):
        network.carry_out(victim, effect)
    network.connect_all()
    network.run(10_000)
    assert victim.archive.tip().height == others[1].archive.tip().height
    assert not victim.replica.catching_up
    assert victim.timers.get("sync") is None


def test_a_block_that_nobody_has_is_not_asked_for_in_a_loop() -> None:
    network = Network()
    commit(network, first=0, count=2)
    *others, victim = network.nodes
    core = victim.replica.core
    unknown = certify(network, *others, round_=core.round, block_id=ABANDONED, qc_round=core.high_qc.round)
    requests = 0
    for effect in say(network, others[0], victim, SyncMessage(SyncInfo(high_qc=unknown, tc=None, commit=None))):
        requests += isinstance(effect, Send) and isinstance(effect.message, BlockRequest)
    empty = BlockResponse(above_height=2, tip=ABANDONED, blocks=(), proof=None)
    for _ in range(50):
        for other in others:
            effects = say(network, other, victim, empty)
            requests += sum(isinstance(each, Send) and isinstance(each.message, BlockRequest) for each in effects)
    assert 1 <= requests <= len(others)


def test_a_silent_peer_that_connects_first_does_not_keep_a_node_from_catching_up() -> None:
    network = Network()
    commit(network, first=0, count=1)
    *others, victim = network.nodes
    network.stop(victim)
    commit(network, first=1, count=4)
    restart_alone(network, victim)
    silent = others[0]
    sync = silent.replica.core.sync_info
    network.step(victim, PeerConnected(network.now_ms, silent.name))
    effects = say(network, silent, victim, SyncMessage(sync))
    assert [effect.peer for effect in effects if isinstance(effect, Send)] == [silent.name]
    # It hears the request and says nothing from now on; the others connect a moment later.
    network.stop(silent)
    for effect in effects:
        if not isinstance(effect, Send):
            network.carry_out(victim, effect)
    network.connect_all()
    network.run(5_000)
    assert victim.archive.tip().height == others[1].archive.tip().height
