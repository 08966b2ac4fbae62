"""What goes into the execution of a block and what comes out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from msgspec import Meta

from daonode.primitives.codec import Record
from daonode.primitives.ids import ChainId, Hash, TxId, ValidatorId

MAX_EVIDENCE: Final = 4
"""The most evidence against validators that a block carries."""
MAX_EVIDENCE_BYTES: Final = 1_024

SUCCESS = 0
"""The receipt code of a transaction whose messages all applied."""


@dataclass(frozen=True, slots=True)
class BlockInfo:
    """The block being executed, as handlers see it. `time_ms` is block time in milliseconds since the Unix epoch.

    `evidence` is what the block carries against validators, encoded: it is for the module that keeps them to judge.
    """

    chain_id: ChainId
    height: int
    time_ms: int
    proposer: ValidatorId
    failed_proposers: tuple[ValidatorId, ...] = ()
    evidence: tuple[bytes, ...] = ()


class Payload(Record, frozen=True):
    """A block's payload: encoded transactions in execution order, and evidence that its proposer adds for nothing."""

    transactions: tuple[bytes, ...]
    evidence: Annotated[
        tuple[Annotated[bytes, Meta(max_length=MAX_EVIDENCE_BYTES)], ...], Meta(max_length=MAX_EVIDENCE)
    ] = ()


class EventRecord(Record, frozen=True):
    """One typed event: `type` is `module.Name`, `body` the canonical encoding of that type's fields."""

    type: str
    body: bytes


class Receipt(Record, frozen=True):
    """What a transaction did. `code` 0 is success; `error` is the text for people and empty on success.

    The text is not part of what a header commits to (`receipts.py`): its wording may differ between versions.

    The receipt of the block itself (deadlines, block end) has the zero id and stands last, and only when it has events.
    """

    tx_id: TxId
    code: int
    error: str
    gas_used: int
    fee: int
    events: tuple[EventRecord, ...]


@dataclass(frozen=True, slots=True)
class BlockResult:
    """Everything that executing a block yields.

    `writes` are the changed state keys in ascending order (None deletes); `nodes` and `stale_nodes` are those of the
    state tree; `next_deadline_ms` is when the ledger itself has work to do, or None; `evidence` is what the block
    carries against validators.
    """

    writes: tuple[tuple[bytes, bytes | None], ...]
    nodes: tuple[tuple[bytes, bytes], ...]
    stale_nodes: tuple[bytes, ...]
    receipts: tuple[Receipt, ...]
    state_root: Hash
    receipts_root: Hash
    next_deadline_ms: int | None
    evidence: tuple[bytes, ...] = ()
