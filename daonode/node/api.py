"""What the RPC server sees of a running node: reads of what is committed, and a place to submit transactions.

Everything here may be called from any task of the node's thread. Reads of the archive are blocking: run them in a
worker thread. An archive from `open_archive` is one consistent moment of both databases.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from daonode.consensus.types import Header, ValidatorSet
from daonode.ledger.application import Application
from daonode.ledger.checking import CheckedTransaction
from daonode.ledger.errors import TransactionError
from daonode.ledger.versions import StateVersion
from daonode.node.rpc_metrics import RpcMetrics
from daonode.primitives.ids import Address, ChainId, Hash, TxId, ValidatorId
from daonode.replica.archive import Archive


class Overloaded(TransactionError):
    """The node has more submissions under way than it takes; another node, or a later try, may take it."""

    code = 1000
    reason = "overloaded"


@dataclass(frozen=True, slots=True)
class PeerStatus:
    """One listed peer, as this node sees it."""

    name: str
    peer_id: str
    address: str
    validator: ValidatorId | None
    connected: bool


@dataclass(frozen=True, slots=True)
class ConsensusStatus:
    """Where consensus stands now. `leader` is None while the block of the high QC is missing."""

    epoch: int
    round: int
    leader: ValidatorId | None
    high_qc_round: int
    highest_tc_round: int | None
    committed_height: int
    committed_round: int


@dataclass(frozen=True, slots=True)
class MempoolStatus:
    """What waits for a block."""

    transactions: int
    bytes: int


class NodeApi(Protocol):
    """The node behind the RPC server; `daonode.node.driver` implements it."""

    @property
    def name(self) -> str: ...
    @property
    def chain_id(self) -> ChainId: ...
    @property
    def genesis(self) -> Header: ...
    @property
    def genesis_hash(self) -> Hash: ...
    @property
    def application(self) -> Application: ...
    @property
    def validators(self) -> ValidatorSet: ...
    @property
    def own_validator(self) -> ValidatorId | None: ...
    @property
    def height(self) -> int:
        """The height that is committed and written: an archive opened now has it."""
        ...

    @property
    def catching_up(self) -> bool: ...
    @property
    def peers(self) -> tuple[PeerStatus, ...]: ...
    @property
    def consensus(self) -> ConsensusStatus: ...
    @property
    def mempool(self) -> MempoolStatus: ...

    def now_ms(self) -> int:
        """The node's clock."""
        ...

    def waiting(self, tx_id: TxId) -> CheckedTransaction | None:
        """A transaction that is in the mempool, or None."""
        ...

    def waiting_sequence(self, *, sender: Address, lane: int) -> int | None:
        """The next sequence of a lane after what waits in the mempool; None where nothing of it waits."""
        ...

    def open_archive(self) -> AbstractContextManager[Archive]:
        """A consistent view of both databases; close it soon. Blocking."""
        ...

    async def submit(self, raws: Sequence[bytes]) -> tuple[TxId | TransactionError, ...]:
        """Check transactions and offer them to the mempool: for each its id, or why it was refused."""
        ...

    async def wait_for_transaction(self, tx_id: TxId, *, timeout_ms: int) -> bool:
        """Wait until a transaction is committed; False when the time is over first."""
        ...

    async def wait_for_height(self, height: int) -> None:
        """Wait until the block at a height is committed and written."""
        ...

    async def rest(self) -> None:
        """Wait until the node has nothing to do that is more urgent than answering strangers, or for a moment."""
        ...

    @property
    def rpc_metrics(self) -> RpcMetrics:
        """Where the RPC server counts."""
        ...

    def metrics(self) -> bytes:
        """All metrics in the Prometheus text format."""
        ...


def version_at_tip(archive: Archive) -> StateVersion:
    """The committed state of an archive, as the ledger reads it."""
    tip = archive.tip()
    committed = archive.committed(tip.height)
    assert committed is not None, "the tip's header is written in the same batch as the tip"
    header = committed.header
    state = archive.state_at_tip()
    return StateVersion(height=header.height, time_ms=header.time_ms, root=header.state_root, state=state, nodes=state)
