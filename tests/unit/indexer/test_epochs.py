"""A chain of several epochs is followed from its document: the sets that come later are learnt, and not believed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import trio
from msgspec.structs import replace

from daonode.client.answers import Blocks, EncodedBlock
from daonode.client.epochs import Epochs
from daonode.consensus.epochs import EpochChange
from daonode.indexer.errors import NodeLied
from daonode.indexer.metrics import IndexerMetrics
from daonode.indexer.nodes import Node, Nodes
from daonode.indexer.verifying import BlockVerifier
from daonode.primitives.codec import encode
from daonode.replica.archive import Archive
from tests.unit.replica.network import Network


def chain_of_epochs() -> Network:
    network = Network(epoch_blocks=4)
    for sequence in range(10):
        network.submit(network.nodes[0], network.transfer(sequence))
        network.run(300)
    return network


def blocks_of(archive: Archive, *, above: int, last: int) -> Blocks:
    encoded = [each for height in range(above + 1, last + 1) if (each := archive.encoded(height)) is not None]
    finality = archive.finality(last)
    assert finality is not None
    return Blocks(
        height=archive.tip().height,
        blocks=tuple(EncodedBlock(each.header, each.payload, each.receipts) for each in encoded),
        proof=encode(finality.proof),
        descendants=tuple(encode(each) for each in finality.descendants),
    )


def changes_of(archive: Archive, first: int) -> tuple[EpochChange, ...]:
    present = archive.current_epoch().validators.epoch
    return tuple(each for number in range(first, present) if (each := archive.epoch_change(number)) is not None)


def test_blocks_of_later_epochs_are_verified_once_their_sets_are_known() -> None:
    network = chain_of_epochs()
    archive = network.nodes[0].archive
    verifier = BlockVerifier(network.chain.document)
    batch = blocks_of(archive, above=0, last=10)
    assert verifier.epoch_of(batch) == 2
    with pytest.raises(NodeLied, match="expected epoch 0, got 2"):
        verifier.verify(batch, after=verifier.genesis())
    verifier.follow(Epochs(epoch=2, changes=changes_of(archive, 0)[:2]))
    assert verifier.epoch == 2
    assert len(verifier.verify(batch, after=verifier.genesis())) == 10


def _of_nobody(change: EpochChange) -> EpochChange:
    return replace(change, validators=replace(change.validators, validators=change.validators.validators[:1]))


@pytest.mark.parametrize(
    ("bend", "reason"),
    [
        (lambda _: (), "does not show that epoch 0 is over"),
        (lambda changes: changes[1:], "the end of epoch 1 is not proven"),
        (lambda changes: (_of_nobody(changes[0]),), "not the one that the header binds"),
    ],
)
def test_a_node_that_does_not_lead_to_its_epoch_lies(
    bend: Callable[[tuple[EpochChange, ...]], tuple[EpochChange, ...]], reason: str
) -> None:
    network = chain_of_epochs()
    verifier = BlockVerifier(network.chain.document)
    with pytest.raises(NodeLied, match=reason) as caught:
        verifier.follow(Epochs(epoch=2, changes=bend(changes_of(network.nodes[0].archive, 0))))
    assert caught.value.kind == "epoch"
    assert verifier.epoch == 0


@dataclass
class Source:
    """A node that knows the ends of epochs."""

    archive: Archive

    async def blocks(self, *, above: int, limit: int, wait_ms: int) -> Blocks:
        await trio.lowlevel.checkpoint()
        return blocks_of(self.archive, above=above, last=self.archive.tip().height)

    async def epochs(self, *, from_epoch: int) -> Epochs:
        await trio.lowlevel.checkpoint()
        return Epochs(epoch=2, changes=changes_of(self.archive, from_epoch)[:1])


async def test_the_node_that_gave_the_blocks_is_asked_for_the_epochs() -> None:
    network = chain_of_epochs()
    nodes = Nodes([Node("one", Source(network.nodes[0].archive))], IndexerMetrics())
    node, _ = await nodes.ask(above=0)
    answer = await nodes.ask_for_epochs(node, from_epoch=1)
    assert answer is not None
    assert [change.header.epoch for change in answer.changes] == [1]
