"""The driver with a real replica, real stores and a real signer; the network and the clients are the test's."""

from __future__ import annotations

import dataclasses
import json
import math
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
import trio
import trio.testing
from msgspec.structs import replace

from daonode.consensus.epochs import EpochChange
from daonode.consensus.requests import SignRequest
from daonode.consensus.safety import SafetyState
from daonode.ledger.checking import decode_transaction
from daonode.ledger.errors import TransactionError
from daonode.node.api import Overloaded
from daonode.node.clock import Clock
from daonode.node.divergence import write_divergence_report
from daonode.node.driver import Driver
from daonode.node.errors import DiskFailed
from daonode.node.metrics import NodeMetrics
from daonode.node.narrator import Narrator
from daonode.node.storage import Store, StoreKind, Stores, StoreUnavailable, open_stores
from daonode.node.transport.identity import PeerId
from daonode.node.transport.service import Transport
from daonode.node.transport.types import Inbound, Lane, Received
from daonode.primitives.codec import encode
from daonode.primitives.ids import PublicKey, Signature, TxId
from daonode.replica.archive import Archive
from daonode.replica.effects import Halt
from daonode.replica.events import PeerId as ReplicaPeerId
from daonode.replica.layout import TIP_KEY
from daonode.replica.messages import TransactionsMessage
from daonode.signer.file_signer import FileSigner, open_signer
from daonode.signer.signing import Refusal, Signer
from tests.unit.node.chains import CHAIN_ID, TestChain, make_test_chain, raw_transfer, transfer

PEER = PeerId("12D3KooPeer")
LIMIT_SECONDS = 20
CPU = 'daonode_stage_cpu_seconds_total{stage="'


class Network:
    """A transport whose peers are the test. Each lane holds what the test puts there."""

    def __init__(self) -> None:
        self.sent: list[tuple[Lane, bytes]] = []
        self.sent_away: list[tuple[PeerId, float]] = []
        self.has_listed_the_peer = True
        self.held_back: list[tuple[PeerId, Lane, float]] = []
        self._lanes = {lane: trio.open_memory_channel[Received](math.inf) for lane in Lane}

    def arrive(self, lane: Lane, data: bytes) -> None:
        self._lanes[lane][0].send_nowait(Inbound(peer=PEER, lane=lane, data=data))

    def waiting(self, lane: Lane) -> int:
        return self._lanes[lane][1].statistics().current_buffer_used

    async def receive(self, *lanes: Lane) -> Received:
        (lane,) = lanes
        return await self._lanes[lane][1].receive()

    def send(self, peer_id: PeerId, lane: Lane, data: bytes) -> None:
        self.sent.append((lane, data))

    def disconnect(self, peer_id: PeerId, *, for_seconds: float, reason: str) -> None:
        self.sent_away.append((peer_id, for_seconds))

    def is_listed(self, peer_id: PeerId) -> bool:
        return self.has_listed_the_peer

    def hold_back(self, peer_id: PeerId, lane: Lane, *, for_seconds: float) -> None:
        self.held_back.append((peer_id, lane, for_seconds))

    def broadcast(self, lane: Lane, data: bytes) -> None:
        self.sent.append((lane, data))


class Node:
    """A driver over files in a directory; `own` is the chain's first validator, or None for a full node."""

    def __init__(
        self,
        stores: Stores,
        signer: Signer | None,
        test_chain: TestChain,
        directory: Path,
        transport: Transport | None = None,
    ) -> None:
        chain = test_chain.chain
        self.network = Network()
        self.scope = trio.CancelScope()
        self.archive = Archive(stores.blocks, stores.state)
        verifier = chain.make_verifier()
        own = chain.validators.validators[0]
        safety = chain.initial_safety(own.public_key) if signer is None else signer.safety
        self.metrics = NodeMetrics()
        self.replica = chain.make_replica(
            keys=() if signer is None else signer.keys,
            peers={each.id: ReplicaPeerId(PEER) for each in chain.validators.validators[1:2]},
            archive=self.archive,
            safety=safety,
            verifier=verifier,
        )
        self.driver = Driver(
            replica=self.replica,
            intake=chain.make_intake(self.archive, verifier),
            signer=signer,
            stores=stores,
            transport=self.network if transport is None else transport,
            clock=Clock(None),
            metrics=self.metrics,
            narrator=Narrator(peers={}, validators={}),
            data_directory=directory,
        )

    async def run(self) -> None:
        with self.scope:
            await self.driver.run()

    async def submit(self, sequence: int) -> object:
        (answer,) = await self.driver.submit([raw_transfer(sequence, now_ms=time.time_ns() // 1_000_000)])
        return answer


def open_signer_of(test_chain: TestChain, directory: Path) -> FileSigner:
    chain = test_chain.chain
    seed = test_chain.seeds[chain.validators.validators[0].id]
    return open_signer(
        directory / "signer" / "state", [seed], CHAIN_ID, chain.validators, genesis_qc=chain.genesis_qc, create=True
    )


@asynccontextmanager
async def running(
    directory: Path,
    *,
    validators: int = 1,
    signer: Signer | None = None,
    stores: Stores | None = None,
    transport: Transport | None = None,
) -> AsyncIterator[Node]:
    """A running driver, cancelled at the end of the block."""
    test_chain = make_test_chain(validators)
    stores = stores or open_stores(directory, chain_id=CHAIN_ID)
    own_signer = open_signer_of(test_chain, directory) if signer is None else signer
    try:
        if not list(stores.state.iterate()):
            stores.state.write(test_chain.chain.genesis_writes(), sync=True)
        node = Node(stores, own_signer, test_chain, directory, transport)
        with trio.fail_after(LIMIT_SECONDS):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(node.run)
                yield node
                nursery.cancel_scope.cancel()
    finally:
        stores.close()
        if isinstance(own_signer, FileSigner):
            own_signer.close()


async def test_a_submitted_transaction_is_committed_and_both_waits_are_answered(tmp_path: Path) -> None:
    async with running(tmp_path) as node:
        raw = raw_transfer(0, now_ms=time.time_ns() // 1_000_000)
        tx_id = decode_transaction(raw).id
        waits: list[bool] = []

        async def wait() -> None:
            waits.append(await node.driver.wait_for_commit(tx_id, timeout_ms=LIMIT_SECONDS * 1_000))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait)
            nursery.start_soon(wait)
            assert await node.driver.submit([raw]) == (tx_id,)
        assert waits == [True, True]
        place = node.archive.place(tx_id)
        assert place is not None
        assert place.height == 1


async def test_the_cpu_time_of_a_node_is_counted_by_stage(tmp_path: Path) -> None:
    async with running(tmp_path) as node:
        before = cpu_seconds(node)
        tx_id = await node.submit(0)
        assert isinstance(tx_id, bytes)
        assert await node.driver.wait_for_commit(TxId(tx_id), timeout_ms=LIMIT_SECONDS * 1_000)
        after = cpu_seconds(node)
    for stage in ("check_clients", "step", "execution", "persist", "sign", "send"):
        assert after[stage] > before[stage], stage


def cpu_seconds(node: Node) -> dict[str, float]:
    lines = [line for line in node.metrics.render().decode().splitlines() if line.startswith(CPU)]
    return {line[len(CPU) :].split('"')[0]: float(line.rpartition(" ")[2]) for line in lines}


async def test_the_height_is_told_once_readers_of_the_store_have_it(tmp_path: Path) -> None:
    stores = open_stores(tmp_path, chain_id=CHAIN_ID)
    slow = SlowStore(stores.state)
    async with running(tmp_path, stores=dataclasses.replace(stores, state=slow)) as node:
        await node.submit(0)
        await slow.asked.wait()
        assert (node.replica.core.committed_height, node.driver.committed_height) == (1, 0)
        assert node.archive.tip().height == 0
        slow.may_go_on.set()
        await node.driver.wait_for_height(1)
        assert node.driver.committed_height == node.archive.tip().height == 1


async def test_what_cannot_be_included_is_refused_with_its_reason(tmp_path: Path) -> None:
    async with running(tmp_path) as node:
        refused, accepted = await node.driver.submit(
            [b"no transaction", raw_transfer(0, now_ms=time.time_ns() // 1_000_000)]
        )
        assert isinstance(refused, TransactionError)
        assert refused.reason == "invalid_encoding"
        assert not isinstance(accepted, TransactionError)
        again = await node.submit(99)
        assert isinstance(again, TransactionError)


async def test_a_wait_for_a_commit_ends_with_its_time(tmp_path: Path) -> None:
    async with running(tmp_path, validators=4) as node:
        assert not await node.driver.wait_for_commit(transfer(0).id, timeout_ms=10)


async def test_a_node_that_stops_lets_its_clients_go(tmp_path: Path) -> None:
    answers: list[object] = []
    async with running(tmp_path, validators=4) as node:

        async def wait_long() -> None:
            answers.append(await node.driver.wait_for_commit(transfer(0).id, timeout_ms=60_000))

        async with trio.open_nursery() as clients:
            clients.start_soon(wait_long)
            await trio.testing.wait_all_tasks_blocked()
            node.scope.cancel()
        assert answers == [False]
        assert not await node.driver.wait_for_commit(transfer(0).id, timeout_ms=60_000)
        refused = await node.submit(0)
        assert isinstance(refused, Overloaded)
        assert "stopping" in str(refused)


async def test_a_lane_that_is_full_holds_up_no_other(tmp_path: Path) -> None:
    """One signing blocks the loop; meanwhile gossip piles up, and the consensus lane is still taken from the peers."""
    test_chain = make_test_chain(1)
    signer = SlowSigner(open_signer_of(test_chain, tmp_path))
    async with running(tmp_path, signer=signer) as node:
        await node.submit(0)
        await signer.asked.wait()
        gossip = encode(TransactionsMessage(transactions=()))
        for _ in range(2_000):
            node.network.arrive(Lane.MEMPOOL, gossip)
        for _ in range(10):
            node.network.arrive(Lane.CONSENSUS, b"no message")
        while node.network.waiting(Lane.CONSENSUS):
            await trio.lowlevel.checkpoint()
        assert node.network.waiting(Lane.MEMPOOL) > 1_000
        signer.may_go_on.set()
    signer.close()


async def test_a_store_that_fails_stops_the_node_before_anything_leaves(tmp_path: Path) -> None:
    stores = open_stores(tmp_path, chain_id=CHAIN_ID)
    failing = dataclasses.replace(stores, blocks=FailingStore(stores.blocks))
    sent: list[tuple[Lane, bytes]] = []

    async def run() -> None:
        async with running(tmp_path, validators=4, stores=failing) as node:
            node.network.sent = sent
            await node.submit(0)
            await trio.sleep_forever()

    with pytest.raises(ExceptionGroup) as caught:
        await run()
    assert caught.group_contains(DiskFailed, match="no space left")
    assert not [lane for lane, _ in sent if lane is Lane.CONSENSUS]


async def test_a_signer_that_cannot_write_stops_the_node(tmp_path: Path) -> None:
    test_chain = make_test_chain(1)
    real = open_signer_of(test_chain, tmp_path)

    async def run() -> None:
        async with running(tmp_path, signer=FailingSigner(real.safety)) as node:
            await node.submit(0)
            await trio.sleep_forever()

    with pytest.raises(ExceptionGroup) as caught:
        await run()
    assert caught.group_contains(DiskFailed, match="the signer's state cannot be written")
    real.close()


def test_a_divergence_leaves_a_report(tmp_path: Path) -> None:
    header = replace(make_test_chain(1).chain.initial.header, height=7, round=9)
    told = write_divergence_report(tmp_path, Halt(header, "other roots"))
    report = json.loads((tmp_path / "divergence-7-9.json").read_text())
    assert "divergence-7-9.json" in told
    assert report["block_id"] == f"0x{header.id().hex()}"
    assert report["certified_header"]["state_root"] == f"0x{header.state_root.hex()}"
    assert report["reason"] == "other roots"
    assert "could not be written" in write_divergence_report(tmp_path / "nowhere", Halt(header, "other roots"))


class SlowSigner:
    """Signs once the test lets it."""

    def __init__(self, signer: FileSigner) -> None:
        self._signer = signer
        self.asked = trio.Event()
        self.may_go_on = trio.Event()

    @property
    def safety(self) -> SafetyState:
        return self._signer.safety

    @property
    def keys(self) -> tuple[PublicKey, ...]:
        return self._signer.keys

    def enter_epoch(self, change: EpochChange) -> Refusal | None:
        return self._signer.enter_epoch(change)

    def sign(self, request: SignRequest) -> Signature | Refusal:
        with suppress(trio.Cancelled):
            trio.from_thread.run_sync(self.asked.set)
            trio.from_thread.run(self.may_go_on.wait)
        return self._signer.sign(request)

    def close(self) -> None:
        self._signer.close()


class SlowStore(Store):
    """A store whose first batch after the genesis is written once the test lets it."""

    def __init__(self, store: Store) -> None:
        super().__init__(store._handle, gate=store._gate)
        self.asked = trio.Event()
        self.may_go_on = trio.Event()

    def write(self, batch: Sequence[tuple[bytes, bytes | None]], *, sync: bool) -> None:
        if self.get(TIP_KEY) is not None:
            trio.from_thread.run_sync(self.asked.set)
            trio.from_thread.run(self.may_go_on.wait)
        super().write(batch, sync=sync)


class FailingSigner:
    """A signer whose disk is full."""

    def __init__(self, safety: SafetyState) -> None:
        self.safety = safety
        self.keys = (safety.public_key,)

    def enter_epoch(self, change: EpochChange) -> Refusal | None:
        raise OSError(28, "no space left")

    def sign(self, request: SignRequest) -> Signature | Refusal:
        raise OSError(28, "no space left")


class FailingStore(Store):
    """A store whose disk is full."""

    def __init__(self, store: Store) -> None:
        super().__init__(store._handle, gate=store._gate)

    def write(self, batch: Sequence[tuple[bytes, bytes | None]], *, sync: bool) -> None:
        raise StoreUnavailable(path=Path(StoreKind.BLOCKS), detail="no space left")
