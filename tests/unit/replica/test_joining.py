"""A new node begins with a snapshot of its peers, whatever some of them say."""

from __future__ import annotations

from functools import partial

import pytest
from msgspec.structs import replace

from daonode.consensus.leaders import HISTORY_HEIGHTS
from daonode.primitives.codec import decode, encode
from daonode.primitives.hashing import sha256
from daonode.primitives.ids import Hash
from daonode.replica.joining import CHUNK_TIMEOUT_MS, MAX_REQUESTS_A_TICK, MAX_SILENCES, Outcome
from daonode.replica.layout import RECEIPTS_PREFIX, height_key
from daonode.replica.messages import ChunkResponse, ManifestResponse, Message
from daonode.replica.snapshot import Chunk, ChunkInfo, Manifest
from daonode.replica.snapshot_archive import SnapshotArchive
from daonode.replica.soundness import check_stores
from tests.unit.replica.joiner import Joiner
from tests.unit.replica.network import Database, Network
from tests.unit.replica.test_snapshots import network_at


@pytest.fixture(scope="module")
def network() -> Network:
    return network_at(12)


@pytest.fixture
def joiner(network: Network) -> Joiner:
    return Joiner(network)


def assert_joined(joiner: Joiner, *, height: int = 10) -> None:
    """The store is whole, at this height, and its state is the peers'."""
    archive, chain = joiner.archive, joiner.network.chain
    check_stores(archive, genesis=chain.genesis)
    assert archive.tip().height == height
    tip = archive.committed(height)
    assert tip == joiner.network.nodes[0].archive.committed(height)
    assert archive.base() is not None
    assert SnapshotArchive(joiner.snapshots).fetching() is None
    assert [manifest.header.height for manifest in SnapshotArchive(joiner.snapshots).manifests()] == [height]


def is_missing_at_most(joiner: Joiner, count: int) -> bool:
    return joiner.joining.manifest is not None and joiner.joining.missing <= count


def bend_chunk(message: Message) -> Message:
    """Change a value of every chunk."""
    if not isinstance(message, ChunkResponse) or message.chunk is None:
        return message
    return replace(message, chunk=lying_chunk(message.chunk))


def lying_chunk(data: bytes) -> bytes:
    chunk = decode(data, Chunk)
    (key, value), *others = chunk.entries
    return encode(Chunk(entries=((key, value + b"x"), *others), proof=chunk.proof))


def test_a_new_node_has_the_state_of_a_snapshot_and_fetched_it_from_all(joiner: Joiner, network: Network) -> None:
    joiner.start(network.nodes)
    assert joiner.run() is Outcome.JOINED
    assert_joined(joiner)
    manifest = joiner.joining.manifest
    assert manifest is not None
    indexes = sorted(index for _, index in joiner.chunks_asked)
    assert indexes == list(range(len(manifest.chunks)))
    assert len({peer for peer, _ in joiner.chunks_asked}) > 1
    assert not joiner.faults


def test_it_goes_on_as_a_replica_of_the_chain_and_proves_and_serves_what_is_new() -> None:
    network = network_at(11)
    behind = network.nodes[3]
    joiner = Joiner(network)
    network.stop(behind)
    joiner.start(network.nodes[:3])
    assert joiner.run() is Outcome.JOINED
    behind.blocks, behind.state, behind.snapshots = joiner.blocks, joiner.state, joiner.snapshots
    network.restart(behind)
    for sequence in range(network.nodes[0].replica.core.committed_height, 18):
        network.submit(network.nodes[0], network.transfer(sequence))
        network.run(200)
    tip = network.nodes[0].archive.tip()
    assert tip.height >= 15
    assert behind.archive.tip() == tip
    assert list(behind.archive.state_at_tip().iterate(b"", b"\xff")) == list(
        network.nodes[0].archive.state_at_tip().iterate(b"", b"\xff")
    )
    assert behind.archive.state.get(height_key(RECEIPTS_PREFIX, 9)) is None
    assert behind.archive.block_at(10) is None
    assert behind.archive.block_at(12) == network.nodes[0].archive.block_at(12)
    assert behind.archive.recent_blocks(HISTORY_HEIGHTS)[-1].header.height == tip.height
    network.restart(behind)
    check_stores(behind.archive, genesis=network.chain.genesis)


def test_it_joins_in_a_later_epoch_by_the_proofs_of_those_before() -> None:
    network = Network(epoch_blocks=4, snapshot_interval=5)
    sequence = 0
    while network.nodes[0].replica.core.committed_height < 12:
        network.submit(network.nodes[0], network.transfer(sequence))
        sequence += 1
        network.run(200)
    joiner = Joiner(network)
    joiner.start(network.nodes)
    assert joiner.run() is Outcome.JOINED
    manifest = joiner.joining.manifest
    assert manifest is not None
    assert len(manifest.epochs) == manifest.header.epoch > 0
    assert_joined(joiner, height=manifest.header.height)
    assert joiner.archive.epoch_changes() == network.nodes[0].archive.epoch_changes()[: len(manifest.epochs)]


def test_who_sends_a_bad_chunk_is_not_asked_again_and_others_give_it(joiner: Joiner, network: Network) -> None:
    liar = network.nodes[1].name
    joiner.bends[liar] = bend_chunk
    joiner.start(network.nodes)
    assert joiner.run() is Outcome.JOINED
    assert_joined(joiner)
    (fault,) = joiner.faults
    assert fault.peer == liar
    assert len([peer for peer, _ in joiner.chunks_asked if peer == liar]) <= MAX_REQUESTS_A_TICK


def test_a_manifest_that_lies_about_its_chunks_is_given_up_for_a_true_one(joiner: Joiner, network: Network) -> None:
    """The liar's chunks fit its manifest and not the root; it is asked first, for its offer is taken up alone."""
    liar = network.nodes[1]

    def bend(message: Message) -> Message:
        if not isinstance(message, ManifestResponse):
            return bend_chunk(message)
        manifest = decode(message.manifests[-1], Manifest)
        chunks = [SnapshotArchive(liar.snapshots).chunk(manifest.header.id(), i) for i in range(len(manifest.chunks))]
        infos = tuple(
            ChunkInfo(first=info.first, hash=sha256(lying_chunk(data)))
            for info, data in zip(manifest.chunks, chunks, strict=True)
            if data is not None
        )
        return ManifestResponse(manifests=(encode(replace(manifest, chunks=infos)),))

    joiner.bends[liar.name] = bend
    joiner.start([liar])
    joiner.run(until=lambda: bool(joiner.faults))
    joiner.start(network.nodes)
    assert joiner.run() is Outcome.JOINED
    assert_joined(joiner)
    assert "not the state between its bounds" in joiner.faults[0].reason


@pytest.mark.parametrize("lie", ["root", "garbage", "proof"])
def test_a_snapshot_of_no_certified_block_is_not_begun(joiner: Joiner, network: Network, lie: str) -> None:
    liar = network.nodes[1].name

    def bend(message: Message) -> Message:
        if not isinstance(message, ManifestResponse):
            return message
        older, newer = (decode(data, Manifest) for data in message.manifests)
        if lie == "garbage":
            return ManifestResponse(manifests=(b"\xc0",))
        if lie == "proof":
            return ManifestResponse(manifests=(encode(replace(newer, proof=older.proof)),))
        header = replace(newer.header, height=99, state_root=Hash(b"\x01" * 32))
        return ManifestResponse(manifests=(encode(replace(newer, header=header)),))

    joiner.bends[liar] = bend
    joiner.start(network.nodes)
    assert joiner.run() is Outcome.JOINED
    assert_joined(joiner)
    assert [fault.peer for fault in joiner.faults] == [liar]
    assert liar not in [peer for peer, _ in joiner.chunks_asked]


def test_who_is_silent_is_left_out_and_who_does_not_have_it_any_more_too(joiner: Joiner, network: Network) -> None:
    silent, forgetful = network.nodes[0].name, network.nodes[1].name
    joiner.bends[silent] = lambda message: None if isinstance(message, ChunkResponse) else message
    joiner.bends[forgetful] = lambda message: (
        replace(message, chunk=None) if isinstance(message, ChunkResponse) else message
    )
    joiner.start(network.nodes[:3])
    assert joiner.run() is Outcome.JOINED
    assert_joined(joiner)
    assert joiner.now_ms <= (MAX_SILENCES + 1) * CHUNK_TIMEOUT_MS
    assert not joiner.faults


def test_it_goes_on_after_a_restart_anywhere_and_fetches_only_what_is_missing(network: Network) -> None:
    whole = Joiner(network)
    whole.start(network.nodes[:1])
    assert whole.run() is Outcome.JOINED
    count = len(whole.chunks_asked)
    for missing in range(count, -1, -1):
        joiner = Joiner(network)
        joiner.start(network.nodes[:1])
        joiner.run(until=partial(is_missing_at_most, joiner, missing))
        have = count - joiner.joining.missing
        joiner.asked.clear()
        joiner.start(network.nodes[:1])
        assert joiner.run() is Outcome.JOINED
        assert_joined(joiner)
        assert len(joiner.chunks_asked) == count - have


def test_what_an_interrupted_rebuilding_has_left_does_no_harm(joiner: Joiner, network: Network) -> None:
    joiner.state.write(((b"sgovernance\x01lie", b"lie"), (b"n" + bytes(8), b"lie")))
    joiner.start(network.nodes)
    assert joiner.run() is Outcome.JOINED
    assert_joined(joiner)
    assert joiner.state.get(b"sgovernance\x01lie") is None


def test_chunks_that_fit_and_are_not_the_certified_state_are_not_made_a_tip(network: Network) -> None:
    """The disk is changed between fetching and rebuilding: the root is looked at whatever was checked before."""
    joiner = Joiner(network)
    joiner.start(network.nodes)
    joiner.run(until=lambda: joiner.joining.manifest is not None and joiner.joining.missing == 0)
    key = next(key for key in joiner.snapshots.values if key.startswith(b"c"))
    joiner.snapshots.values[key] = lying_chunk(joiner.snapshots.values[key])
    joiner.run(until=lambda: bool(joiner.faults))
    assert "do not have the root" in joiner.faults[0].reason
    with pytest.raises(AssertionError, match="no tip"):
        joiner.archive.tip()


def test_when_nobody_has_a_snapshot_it_begins_with_the_genesis_block() -> None:
    network = network_at(3)
    joiner = Joiner(network)
    joiner.state.write(((b"sleft", b"over"),))
    joiner.start(network.nodes)
    assert joiner.run() is Outcome.NO_SNAPSHOT
    assert isinstance(joiner.state, Database)
    assert not joiner.state.values


def test_a_node_without_peers_gives_up_after_a_while(joiner: Joiner) -> None:
    joiner.start([])
    assert joiner.run() is Outcome.NO_SNAPSHOT


def test_when_a_snapshot_is_taken_away_while_it_is_fetched_the_next_one_is_taken_up() -> None:
    network = network_at(11)
    joiner = Joiner(network)
    joiner.start(network.nodes)
    joiner.run(until=lambda: joiner.joining.manifest is not None)
    first = joiner.joining.manifest
    for sequence in range(network.nodes[0].replica.core.committed_height, 22):
        network.submit(network.nodes[0], network.transfer(sequence))
        network.run(200)
    for node in network.nodes:
        assert first not in SnapshotArchive(node.snapshots).manifests()
    joiner.queue.clear()
    assert joiner.run() is Outcome.JOINED
    assert_joined(joiner, height=20)
    assert not joiner.faults
