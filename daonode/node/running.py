"""What a running node shows to its RPC server: `NodeApi` over the driver, the replica and the stores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from daonode.consensus.types import Header, ValidatorSet
from daonode.ledger.application import Application
from daonode.ledger.checking import CheckedTransaction
from daonode.ledger.errors import TransactionError
from daonode.node.api import ConsensusStatus, MempoolStatus, PeerStatus
from daonode.node.clock import Clock
from daonode.node.config import NodeConfig
from daonode.node.driver import Driver
from daonode.node.metrics import NodeMetrics
from daonode.node.rpc_metrics import RpcMetrics
from daonode.node.storage import Stores
from daonode.node.transport.identity import peer_id_from_public_key
from daonode.node.transport.service import Transport
from daonode.primitives.ids import Address, ChainId, Hash, TxId, ValidatorId
from daonode.replica.archive import Archive
from daonode.replica.bootstrap import Chain
from daonode.replica.replica import Replica


@dataclass(frozen=True, slots=True)
class RunningNode:
    """Implements `NodeApi`."""

    chain: Chain
    config: NodeConfig
    replica: Replica
    driver: Driver
    stores: Stores
    transport: Transport
    clock: Clock
    node_metrics: NodeMetrics

    @property
    def name(self) -> str:
        return self.config.node.name

    @property
    def chain_id(self) -> ChainId:
        return self.chain.description.chain_id

    @property
    def genesis(self) -> Header:
        return self.chain.genesis

    @property
    def genesis_hash(self) -> Hash:
        return self.chain.genesis_hash

    @property
    def application(self) -> Application:
        return self.chain.application

    @property
    def own_validator(self) -> ValidatorId | None:
        return self.replica.own_validator

    @property
    def validators(self) -> ValidatorSet:
        return self.replica.core.validators

    @property
    def height(self) -> int:
        return self.driver.committed_height

    @property
    def catching_up(self) -> bool:
        return self.replica.catching_up

    @property
    def peers(self) -> tuple[PeerStatus, ...]:
        connected = self.transport.connected_peers()
        statuses: list[PeerStatus] = []
        for entry in self.config.p2p.peers:
            peer_id = peer_id_from_public_key(entry.public_key)
            if peer_id != self.transport.peer_id:
                is_connected = peer_id in connected
                statuses.append(PeerStatus(entry.name, peer_id, entry.address, entry.validator, is_connected))
        return tuple(statuses)

    @property
    def consensus(self) -> ConsensusStatus:
        core = self.replica.core
        return ConsensusStatus(
            epoch=core.validators.epoch,
            round=core.round,
            leader=core.leader,
            high_qc_round=core.high_qc.round,
            highest_tc_round=None if core.highest_tc is None else core.highest_tc.round,
            committed_height=core.committed_height,
            committed_round=core.root.round,
        )

    @property
    def mempool(self) -> MempoolStatus:
        mempool = self.replica.mempool
        return MempoolStatus(transactions=len(mempool), bytes=mempool.total_bytes)

    def now_ms(self) -> int:
        return self.clock.now_ms()

    def waiting(self, tx_id: TxId) -> CheckedTransaction | None:
        return self.replica.mempool.get(tx_id)

    def waiting_sequence(self, *, sender: Address, lane: int) -> int | None:
        return self.replica.mempool.next_sequence(sender, lane)

    def open_archive(self) -> AbstractContextManager[Archive]:
        return _open_archive(self.stores)

    async def submit(self, raws: Sequence[bytes]) -> tuple[TxId | TransactionError, ...]:
        return await self.driver.submit(raws)

    async def wait_for_transaction(self, tx_id: TxId, *, timeout_ms: int) -> bool:
        return await self.driver.wait_for_commit(tx_id, timeout_ms=timeout_ms)

    async def rest(self) -> None:
        await self.driver.rest()

    async def wait_for_height(self, height: int) -> None:
        await self.driver.wait_for_height(height)

    @property
    def rpc_metrics(self) -> RpcMetrics:
        return self.node_metrics.rpc

    def metrics(self) -> bytes:
        return self.node_metrics.render()


@contextmanager
def _open_archive(stores: Stores) -> Iterator[Archive]:
    # The state first: every block that it names is in the other database by then.
    with stores.state.snapshot() as state, stores.blocks.snapshot() as blocks:
        yield Archive(blocks, state)
