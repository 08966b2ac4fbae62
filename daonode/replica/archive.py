"""Reads what a node has committed, from either database or a snapshot of it.

Used by the replica itself when it starts and serves peers, and by RPC. Knows nothing of how the layout is written.
A record that cannot be read raises `RecordDamaged`, which names its database.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar, overload

from daonode.consensus.epochs import MAX_DESCENDANTS, EpochChange
from daonode.consensus.types import Block, Finality, Header
from daonode.ledger.block import Receipt
from daonode.ledger.tree import prove
from daonode.primitives.codec import DecodeError, Record, decode, encode
from daonode.primitives.ids import BlockId, TxId, check_block_id
from daonode.primitives.state_proof import StateProof
from daonode.replica.errors import RecordDamaged
from daonode.replica.layout import (
    BASE_KEY,
    EPOCH_PREFIX,
    GENESIS_KEY,
    HEADER_PREFIX,
    NODE_PREFIX,
    RECEIPTS_PREFIX,
    ROUND_PREFIX,
    STATE_PREFIX,
    TIP_KEY,
    Base,
    CommittedBlock,
    EpochRecord,
    Receipts,
    StoredGenesis,
    Tip,
    TransactionPlace,
    block_key,
    height_key,
    place_key,
    prefix_end,
)

R = TypeVar("R", bound=Record)


class KeyValueReader(Protocol):
    """One database, or a snapshot of one."""

    def get(self, key: bytes, /) -> bytes | None:
        """The value at a key, or None."""
        ...

    def iterate(self, *, start: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Pairs with `start <= key < end`, ascending."""
        ...


@dataclass(frozen=True, slots=True)
class StateAtTip:
    """The flat state at the committed tip, and the nodes of its tree."""

    database: KeyValueReader

    def get(self, key: bytes, /) -> bytes | None:
        """The value at a state key, or None."""
        return self.database.get(STATE_PREFIX + key)

    def iterate(self, start: bytes, end: bytes, /) -> Iterator[tuple[bytes, bytes]]:
        """State pairs with `start <= key < end`, ascending."""
        for key, value in self.database.iterate(start=STATE_PREFIX + start, end=STATE_PREFIX + end):
            yield key[len(STATE_PREFIX) :], value

    def get_node(self, node_key: bytes, /) -> bytes | None:
        """A node of the state tree, or None."""
        return self.database.get(NODE_PREFIX + node_key)


@dataclass(frozen=True, slots=True)
class EncodedBlock:
    """A committed block as its records are encoded: the header, the payload, and `Receipts`."""

    header: bytes
    payload: bytes
    receipts: bytes


@dataclass(frozen=True, slots=True)
class Archive:
    """Committed blocks, receipts and proofs. For answers that belong together, give it snapshots taken together."""

    blocks: KeyValueReader
    state: KeyValueReader

    def tip(self) -> Tip:
        """The committed tip; the store has been initialised from a genesis."""
        data = self.state.get(TIP_KEY)
        assert data is not None, "the state store has no tip: it was never initialised"
        return read_record(data, Tip, store="state", record="the tip")

    def tip_header(self) -> Header:
        """The header of the committed tip, which is written in the same batch as the tip."""
        tip = self.tip()
        committed = self.committed(tip.height)
        if committed is None:
            raise RecordDamaged(store="state", record=f"the header at height {tip.height}", problem="it is missing")
        return committed.header

    def genesis(self) -> StoredGenesis | None:
        """What the store was initialised with, None while it is not."""
        return read_record(self.state.get(GENESIS_KEY), StoredGenesis, store="state", record="the genesis")

    def state_at_tip(self) -> StateAtTip:
        """The state that the tip's header commits to."""
        return StateAtTip(self.state)

    def committed(self, height: int) -> CommittedBlock | None:
        """The committed header at a height, or None above the tip or below what is kept."""
        data = self.state.get(height_key(HEADER_PREFIX, height))
        return read_record(data, CommittedBlock, store="state", record=f"the header at height {height}")

    def block(self, block_id: BlockId) -> Block | None:
        """A durable block, committed or not."""
        data = self.blocks.get(block_key(block_id))
        return read_record(data, Block, store="blocks", record=f"the block {block_id.hex()}")

    def block_at(self, height: int) -> Block | None:
        """The committed block at a height; the genesis block is a header without a payload and gives None."""
        committed = self.committed(height)
        return None if committed is None else self.block(committed.block_id)

    def receipts(self, height: int) -> tuple[Receipt, ...]:
        """The receipts of a height in execution order, none where the height is not kept."""
        data = self.state.get(height_key(RECEIPTS_PREFIX, height))
        receipts = read_record(data, Receipts, store="state", record=f"the receipts of height {height}")
        return () if receipts is None else receipts.receipts

    def encoded(self, height: int) -> EncodedBlock | None:
        """The committed block at a height, encoded; None for the genesis block, and where it is not kept or not yet."""
        committed, receipts = self.committed(height), self.state.get(height_key(RECEIPTS_PREFIX, height))
        block = None if committed is None else self.block(committed.block_id)
        if block is None or receipts is None:
            return None
        return EncodedBlock(header=encode(block.header), payload=block.payload, receipts=receipts)

    def place(self, tx_id: TxId) -> TransactionPlace | None:
        """Where a committed transaction stands, or None."""
        data = self.state.get(place_key(tx_id))
        return read_record(data, TransactionPlace, store="state", record=f"the place of transaction {tx_id.hex()}")

    def finality(self, height: int) -> Finality | None:
        """The proof that the block at a height is final; None for the genesis block and for unknown heights."""
        descendants: list[Header] = []
        for candidate in range(height, height + MAX_DESCENDANTS):
            committed = self.committed(candidate)
            if committed is None:
                return None
            if candidate > height:
                descendants.append(committed.header)
            if committed.proof is not None:
                return Finality(proof=committed.proof, descendants=(*descendants, *committed.descendants))
        return None

    def epoch(self, number: int) -> EpochRecord | None:
        """An epoch that has begun, or None."""
        data = self.state.get(height_key(EPOCH_PREFIX, number))
        return read_record(data, EpochRecord, store="state", record=f"epoch {number}")

    def epoch_at(self, height: int) -> EpochRecord | None:
        """The epoch of the committed block at a height, or None where that is not kept."""
        committed = self.committed(height)
        return None if committed is None else self.epoch(committed.header.epoch)

    def current_epoch(self) -> EpochRecord:
        """The epoch that the next block is of."""
        header = self.tip_header()
        number = header.epoch + 1 if header.ends_epoch else header.epoch
        epoch = self.epoch(number)
        if epoch is None:
            raise RecordDamaged(store="state", record=f"epoch {number}", problem="it is missing, and has begun")
        return epoch

    def epoch_change(self, number: int) -> EpochChange | None:
        """What proves that an epoch is over, with the set of the next one; None while it is not."""
        following = self.epoch(number + 1)
        last = None if following is None else self.committed(following.start_height)
        if following is None or last is None or last.proof is None:
            return None
        return EpochChange(
            header=last.header, descendants=last.descendants, proof=last.proof, validators=following.validators
        )

    def epoch_changes(self) -> tuple[EpochChange, ...]:
        """What leads from the first epoch to the present one."""
        changes = [self.epoch_change(number) for number in range(self.current_epoch().validators.epoch)]
        return tuple(change for change in changes if change is not None)

    def prove(self, key: bytes) -> StateProof:
        """The proof that a state key has its value, or none, under the tip's state root."""
        return prove(self.state_at_tip(), version=self.tip().height, key=key)

    def base(self) -> Base | None:
        """Where the store begins, None where it has the chain from its genesis on."""
        return read_record(self.state.get(BASE_KEY), Base, store="state", record="the base")

    def recent_blocks(self, count: int) -> tuple[Block, ...]:
        """The last committed blocks of the present epoch, ascending, the tip included: what leaders are chosen by.

        Those of a snapshot come without payload.
        """
        base, tip_height = self.base(), self.tip().height
        first = max(self.current_epoch().start_height, tip_height - count) + 1
        below = () if base is None else base.history
        blocks = [Block(each.header, b"", each.qc, None) for each in below if each.header.height >= first]
        first = first if base is None else max(first, base.height + 1)
        above = (self.block_at(height) for height in range(first, tip_height + 1))
        return (*blocks, *(block for block in above if block is not None))

    def unsettled(self) -> tuple[Block, ...]:
        """Durable blocks not yet known to be committed or abandoned, by ascending round."""
        blocks: list[Block] = []
        for key, _ in self.blocks.iterate(start=ROUND_PREFIX, end=prefix_end(ROUND_PREFIX)):
            block = self.block(check_block_id(key[len(ROUND_PREFIX) + 8 :]))
            if block is not None:
                blocks.append(block)
        return tuple(blocks)


@overload
def read_record(data: bytes, record_type: type[R], *, store: str, record: str) -> R: ...
@overload
def read_record(data: bytes | None, record_type: type[R], *, store: str, record: str) -> R | None: ...
def read_record(data: bytes | None, record_type: type[R], *, store: str, record: str) -> R | None:
    """A stored record, None where there is none.

    Raises:
        RecordDamaged: the bytes are none that this node writes.
    """
    if data is None:
        return None
    try:
        return decode(data, record_type)
    except DecodeError as error:
        raise RecordDamaged(store=store, record=record, problem=error.reason) from error
