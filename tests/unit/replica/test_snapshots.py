"""Snapshots: what they are made of, what is refused, and how they are served."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from daonode.consensus.errors import PeerError
from daonode.primitives.codec import decode, encode
from daonode.primitives.hashing import sha256
from daonode.primitives.ids import Hash
from daonode.replica.budgets import MAX_REQUESTS_A_WINDOW
from daonode.replica.effects import PeerFault, Send
from daonode.replica.layout import SORTING_PREFIX
from daonode.replica.messages import ChunkRequest, ChunkResponse, ManifestRequest, ManifestResponse
from daonode.replica.rebuilding import clear_state, is_rebuilt, rebuild_state
from daonode.replica.snapshot import SNAPSHOTS_KEPT, Chunk, ChunkInfo, Manifest, check_chunk, check_manifest
from daonode.replica.snapshot_archive import SnapshotArchive
from daonode.replica.snapshot_making import make_snapshot
from tests.unit.replica.network import CHUNK_BYTES, Database, Network


def network_at(height: int, *, interval: int | None = 5) -> Network:
    network = Network(snapshot_interval=interval)
    sequence = 0
    while network.nodes[0].replica.core.committed_height < height:
        network.submit(network.nodes[0], network.transfer(sequence))
        sequence += 1
        network.run(200)
    return network


def check(network: Network, manifest: Manifest) -> None:
    chain = network.chain
    first_epoch = (chain.validators, chain.genesis_qc)
    check_manifest(manifest, genesis=chain.genesis, first_epoch=first_epoch, verifier=chain.make_verifier())


@pytest.fixture(scope="module")
def network() -> Network:
    return network_at(12)


@pytest.fixture(scope="module")
def snapshots(network: Network) -> SnapshotArchive:
    return SnapshotArchive(network.nodes[0].snapshots)


@pytest.fixture(scope="module")
def manifest(snapshots: SnapshotArchive) -> Manifest:
    return snapshots.manifests()[-1]


def test_a_snapshot_is_taken_every_interval_and_is_the_same_on_every_node(network: Network) -> None:
    manifests = [SnapshotArchive(node.snapshots).manifests() for node in network.nodes]
    assert [manifest.header.height for manifest in manifests[0]] == [5, 10]
    assert len({tuple(manifest.id() for manifest in each) for each in manifests}) == 1


def test_the_last_two_are_kept_and_nothing_else_is_left() -> None:
    network = network_at(22)
    database = network.nodes[1].snapshots
    manifests = SnapshotArchive(database).manifests()
    assert [manifest.header.height for manifest in manifests] == [15, 20]
    assert len(manifests) == SNAPSHOTS_KEPT
    ids = [manifest.header.id() for manifest in manifests]
    others = [key for key in database.values if key[:1] != b"m"]
    assert len(others) == sum(len(manifest.chunks) for manifest in manifests)
    assert all(key[1:33] in ids for key in others)


def test_all_chunks_prove_themselves_and_together_are_the_state(
    network: Network, snapshots: SnapshotArchive, manifest: Manifest
) -> None:
    check(network, manifest)
    assert len(manifest.chunks) > 3
    for index in range(len(manifest.chunks)):
        data = snapshots.chunk(manifest.header.id(), index)
        assert data is not None
        chunk = check_chunk(manifest, index, data)
        assert sum(len(key) + len(value) for key, value in chunk.entries) <= CHUNK_BYTES or len(chunk.entries) == 1
    rebuilt = Database()
    for writes in rebuild_state(manifest, snapshots):
        rebuilt.write(writes)
    assert is_rebuilt(manifest, rebuilt)
    for writes in clear_state(rebuilt):
        rebuilt.write(writes)
    assert not rebuilt.values


def test_a_snapshot_that_was_interrupted_anywhere_is_made_anew(network: Network) -> None:
    node = network.nodes[0]
    whole = Database()
    batches = 0
    for writes in make_snapshot(node.archive, whole, chunk_bytes=CHUNK_BYTES):
        whole.write(writes)
        batches += 1
    for stop in range(batches):
        database = Database()
        for _, writes in zip(range(stop), make_snapshot(node.archive, database, chunk_bytes=CHUNK_BYTES), strict=False):
            database.write(writes)
        for writes in make_snapshot(node.archive, database, chunk_bytes=CHUNK_BYTES):
            database.write(writes)
        assert database.values == whole.values
        assert not any(key.startswith(SORTING_PREFIX) for key in database.values)


def test_a_manifest_that_is_not_certified_is_refused(network: Network, manifest: Manifest) -> None:
    other = replace(manifest.header, state_root=Hash(b"\x01" * 32))
    last = manifest.history[-1]
    older = SnapshotArchive(network.nodes[0].snapshots).manifests()[0]
    for lie in (
        replace(manifest, header=other, history=(*manifest.history[:-1], replace(last, header=other))),
        replace(manifest, proof=older.proof),
        replace(manifest, history=manifest.history[1:]),
        replace(manifest, history=(*manifest.history[:-1], replace(last, qc=manifest.history[0].qc))),
        replace(manifest, history=(manifest.history[1], *manifest.history[1:])),
        replace(manifest, history=()),
        replace(manifest, chunks=manifest.chunks[1:]),
        replace(manifest, chunks=(manifest.chunks[0], *manifest.chunks)),
        replace(manifest, chunks=tuple(reversed(manifest.chunks))),
    ):
        with pytest.raises(PeerError):
            check(network, lie)


def test_a_chunk_that_is_not_the_state_between_its_bounds_is_refused(
    snapshots: SnapshotArchive, manifest: Manifest
) -> None:
    data = snapshots.chunk(manifest.header.id(), 1)
    assert data is not None
    chunk = decode(data, Chunk)
    (key, value), *others = chunk.entries
    for lie in (
        Chunk(entries=((key, value + b"x"), *others), proof=chunk.proof),
        Chunk(entries=tuple(others), proof=chunk.proof),
        Chunk(entries=chunk.entries, proof=replace(chunk.proof, marks=b"")),
    ):
        lying_data = encode(lie)
        with pytest.raises(PeerError, match="not the one that the manifest names"):
            check_chunk(manifest, 1, lying_data)
        # The manifest may lie as well: then the proof does not hold.
        info = ChunkInfo(first=manifest.chunks[1].first, hash=sha256(lying_data))
        lying = replace(manifest, chunks=(manifest.chunks[0], info, *manifest.chunks[2:]))
        with pytest.raises(PeerError, match="not the state between its bounds"):
            check_chunk(lying, 1, lying_data)
    moved = ChunkInfo(first=(int.from_bytes(manifest.chunks[1].first) + 1).to_bytes(32), hash=sha256(data))
    with pytest.raises(PeerError):
        check_chunk(replace(manifest, chunks=(manifest.chunks[0], moved, *manifest.chunks[2:])), 1, data)


def test_a_node_answers_for_the_snapshots_that_it_keeps_at_a_bounded_rate() -> None:
    network = network_at(6)
    server, asker = network.nodes[0], network.nodes[1]
    (sent,) = network.hear(server, asker, ManifestRequest())
    assert isinstance(sent, Send)
    assert isinstance(sent.message, ManifestResponse)
    manifest = decode(sent.message.manifests[0], Manifest)
    block_id = manifest.header.id()
    (sent,) = network.hear(server, asker, ChunkRequest(block_id=block_id, index=0))
    assert isinstance(sent, Send)
    assert isinstance(sent.message, ChunkResponse)
    assert sent.message.chunk is not None
    check_chunk(manifest, 0, sent.message.chunk)
    (sent,) = network.hear(server, asker, ChunkRequest(block_id=block_id, index=len(manifest.chunks)))
    assert sent == Send(asker.name, ChunkResponse(block_id=block_id, index=len(manifest.chunks), chunk=None))
    answers = [
        network.hear(server, asker, ChunkRequest(block_id=block_id, index=0)) for _ in range(MAX_REQUESTS_A_WINDOW)
    ]
    assert isinstance(answers[-4][0], Send)
    assert isinstance(answers[-3][0], PeerFault)
    assert answers[-1] == ()


def test_there_are_never_more_snapshots_than_peers_take() -> None:
    network = network_at(12)
    node, database = network.nodes[0], network.nodes[0].snapshots
    assert len(SnapshotArchive(database).manifests()) == SNAPSHOTS_KEPT
    for writes in make_snapshot(node.archive, database, chunk_bytes=CHUNK_BYTES):
        database.write(writes)
        assert len(SnapshotArchive(database).encoded_manifests()) <= SNAPSHOTS_KEPT
    assert SnapshotArchive(database).manifests()[-1].header.height == 12
