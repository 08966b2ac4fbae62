"""From epoch to epoch: everyone goes on together, whoever was away follows by the proofs, and nothing old counts."""

from __future__ import annotations

from itertools import pairwise

import pytest
from msgspec.structs import replace

from daonode.client.errors import FinalityNotProven
from daonode.client.light import TrustedChain
from daonode.consensus.messages import CommitVoteMessage, SyncMessage
from daonode.replica.effects import Effect, PeerFault, Send
from daonode.replica.events import MessageReceived
from daonode.replica.messages import NO_BLOCK, BlockRequest, BlockResponse, Message
from tests.unit.replica.network import Network, Node

EPOCH_BLOCKS = 4


def go_on(network: Network, blocks: int, *, first: int = 0) -> None:
    """Commit so many blocks, each with a transaction."""
    for sequence in range(first, first + blocks):
        network.submit(next(node for node in network.nodes if not node.is_down), network.transfer(sequence))
        network.run(300)


def epochs(network: Network) -> list[int]:
    return [node.replica.core.validators.epoch for node in network.nodes]


def sent(effects: tuple[Effect, ...]) -> list[Message]:
    return [effect.message for effect in effects if isinstance(effect, Send)]


def test_an_epoch_ends_after_its_blocks_and_the_next_begins_on_the_last_of_them() -> None:
    network = Network(epoch_blocks=EPOCH_BLOCKS)
    go_on(network, 10)
    archive = network.nodes[0].archive
    assert set(epochs(network)) == {network.nodes[3].signer.safety.epoch}
    assert epochs(network)[0] >= 2
    for number in range(epochs(network)[0]):
        record, following = archive.epoch(number), archive.epoch(number + 1)
        assert record is not None
        assert following is not None
        assert following.start_height - record.start_height == EPOCH_BLOCKS
        last = archive.committed(following.start_height)
        assert last is not None
        assert last.header.ends_epoch
        assert last.header.next_validators_digest == following.validators.digest()
        assert following.genesis_qc.block_id == last.block_id
    headers = [committed.header for height in range(1, 9) if (committed := archive.committed(height)) is not None]
    assert [header.epoch for header in headers] == [0] * 4 + [1] * 4
    assert all(parent.round < child.round for parent, child in pairwise(headers))


def test_the_next_set_stands_in_the_state_three_heights_before_it_is_in_force() -> None:
    network = Network(epoch_blocks=EPOCH_BLOCKS)
    source, archive = network.chain.source, network.nodes[0].archive
    network.submit(network.nodes[0], network.transfer(0))
    while not archive.tip().height:
        network.run(1)
    assert archive.tip().height == 1
    state = archive.state_at_tip()
    assert source.next_validators(state, 4) == network.chain.validators.validators
    assert source.next_validators(state, 3) is None


def test_who_was_away_for_epochs_follows_by_their_proofs() -> None:
    network = Network(epoch_blocks=EPOCH_BLOCKS)
    away = network.nodes[3]
    network.stop(away)
    go_on(network, 13)
    assert epochs(network)[0] >= 2
    network.restart(away)
    network.run(3_000)
    assert len({node.archive.tip().height for node in network.nodes}) == 1
    assert epochs(network)[3] == epochs(network)[0]
    assert away.signer.safety.epoch == epochs(network)[0]
    assert not away.replica.catching_up
    assert not [fault for node in network.nodes for fault in node.faults]


def test_a_signer_that_is_behind_the_store_is_taken_along_at_the_start() -> None:
    network = Network(epoch_blocks=EPOCH_BLOCKS)
    node = network.nodes[0]
    before = node.signer.safety
    go_on(network, 10)
    node.signer._persisted = node.signer._seen = before
    node.signer._verifier.enter_epoch(before.validators, before.genesis_qc)
    network.restart(node)
    assert node.signer.safety.epoch == epochs(network)[1]
    go_on(network, 2, first=10)
    assert len({node.archive.tip().height for node in network.nodes}) == 1


def test_an_epoch_ends_by_a_certified_child_where_no_commit_vote_arrives() -> None:
    network = Network(epoch_blocks=EPOCH_BLOCKS)
    network.dropped = (CommitVoteMessage,)
    go_on(network, 8)
    network.run(5_000)
    assert epochs(network)[0] >= 1
    assert len({node.archive.tip().height for node in network.nodes}) == 1
    archive = network.nodes[0].archive
    change = archive.epoch_change(0)
    assert change is not None
    assert all(descendant.is_suffix for descendant in change.descendants)


def hear(network: Network, node: Node, sender: Node, message: Message) -> tuple[Effect, ...]:
    return node.replica.step(MessageReceived(network.now_ms, sender.name, message))


def test_who_speaks_of_an_old_epoch_hears_of_the_new_one_and_asks_for_the_blocks_between() -> None:
    network = Network(epoch_blocks=EPOCH_BLOCKS)
    behind, ahead = network.nodes[3], network.nodes[0]
    network.stop(behind)
    old = SyncMessage(sync=behind.replica.core.sync_info)
    go_on(network, 6)
    assert epochs(network)[0] > 0
    (answer,) = sent(hear(network, ahead, behind, old))
    assert isinstance(answer, SyncMessage)
    (request,) = [each for each in sent(hear(network, behind, ahead, answer)) if isinstance(each, BlockRequest)]
    assert (request.above_height, request.tip) == (behind.archive.tip().height, NO_BLOCK)
    (response,) = sent(hear(network, ahead, behind, request))
    assert isinstance(response, BlockResponse)
    assert response.blocks[-1].header.ends_epoch
    assert {block.header.epoch for block in response.blocks} == {0}


def test_blocks_that_do_not_prove_the_end_of_the_epoch_are_refused() -> None:
    network = Network(epoch_blocks=EPOCH_BLOCKS)
    behind, ahead = network.nodes[3], network.nodes[0]
    network.stop(behind)
    go_on(network, 6)
    (request,) = sent(hear(network, behind, ahead, SyncMessage(sync=ahead.replica.core.sync_info)))
    (response,) = sent(hear(network, ahead, behind, request))
    assert isinstance(response, BlockResponse)
    effects = hear(network, behind, ahead, replace(response, proof=None))
    assert [type(effect) for effect in effects if isinstance(effect, PeerFault)] == [PeerFault]
    assert behind.archive.tip().height == request.above_height


def test_a_light_client_follows_the_epochs_from_the_document_alone() -> None:
    network = Network(epoch_blocks=EPOCH_BLOCKS)
    go_on(network, 10)
    archive = network.nodes[0].archive
    trusted = TrustedChain(network.chain.document)
    last = archive.committed(9)
    finality = archive.finality(9)
    assert last is not None
    assert finality is not None
    with pytest.raises(FinalityNotProven, match="expected epoch 0, got 2"):
        trusted.verify_finality(last.header, proof=finality.proof, descendants=finality.descendants)
    changes = [change for number in range(2) if (change := archive.epoch_change(number)) is not None]
    with pytest.raises(FinalityNotProven, match="end of epoch 1 is not proven: expected epoch 0"):
        trusted.follow(changes[1:])
    other = replace(changes[0].validators, validators=changes[0].validators.validators[:1])
    with pytest.raises(FinalityNotProven, match="the next validator set is not the one that the header binds"):
        trusted.follow([replace(changes[0], validators=other)])
    trusted.follow(changes)
    assert trusted.epoch == 2
    for height in range(1, 10):
        committed, why = archive.committed(height), archive.finality(height)
        assert committed is not None
        assert why is not None
        trusted.verify_finality(committed.header, proof=why.proof, descendants=why.descendants)
