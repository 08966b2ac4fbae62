"""What nodes answer, as typed values: read from JSON, refused where a field that is used has not its form.

Unknown fields are ignored, so that a newer node can say more. Numbers are read from JSON numbers and decimal strings
alike. A value that may be absent or null is None. Nothing here is proven: `light.py` does that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from daonode.client.errors import BadAnswer
from daonode.consensus.types import CommitProof, Header
from daonode.primitives.addresses import decode_account
from daonode.primitives.codec import Record
from daonode.primitives.errors import PrimitiveError
from daonode.primitives.ids import (
    Address,
    BlockId,
    ChainId,
    Hash,
    TxId,
    check_block_id,
    check_chain_id,
    check_hash,
    check_tx_id,
)
from daonode.primitives.json_form import Json, from_json
from daonode.primitives.merkle import InclusionProof
from daonode.primitives.state_proof import StateProof
from daonode.primitives.times import parse_duration, parse_time
from daonode.primitives.units import U64_MAX, Amount, DurationMs, TimeMs

JsonObject: TypeAlias = dict[str, Json]
"""An answer that is shown, not used."""
T = TypeVar("T")
R = TypeVar("R", bound=Record)


class Answer:
    """One JSON object of an answer, read field by field; `place` is where it stands, for errors."""

    def __init__(self, data: Json, *, place: str) -> None:
        if not isinstance(data, dict):
            raise BadAnswer(f"{place}: expected an object, got {data!r:.60}")
        self.data = data
        self.place = place

    def has(self, name: str) -> bool:
        """Whether the field is there and not null."""
        return self.data.get(name) is not None

    def text(self, name: str) -> str:
        """A string."""
        value = self.data.get(name)
        if not isinstance(value, str):
            raise self._wrong(name, "text", value)
        return value

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self.data.get(name)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false", value)
        return value

    def number(self, name: str) -> int:
        """A whole number from 0 to 2**64 - 1, as a number or a decimal string."""
        value = self.data.get(name)
        if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 20:
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= U64_MAX:
            raise self._wrong(name, "a whole number", value)
        return value

    def raw(self, name: str) -> bytes:
        """Bytes in `0x` hex."""
        text = self.text(name)
        try:
            return bytes.fromhex(text.removeprefix("0x"))
        except ValueError as error:
            raise self._wrong(name, "0x and hex digits", text) from error

    def raws(self, name: str) -> tuple[bytes, ...]:
        """An array of bytes in `0x` hex."""
        value = self.data.get(name)
        if not isinstance(value, list):
            raise self._wrong(name, "an array", value)
        items = {str(index): item for index, item in enumerate(value)}
        inner = Answer(items, place=f"{self.place}.{name}")
        return tuple(inner.raw(index) for index in items)

    def read(self, name: str, convert: Callable[[str], T]) -> T:
        """A text that `convert` reads, raising `PrimitiveError` where it is wrong."""
        return self._converted(name, lambda: convert(self.text(name)))

    def read_bytes(self, name: str, convert: Callable[[bytes], T]) -> T:
        """Bytes that `convert` checks, raising `PrimitiveError` where they are wrong."""
        return self._converted(name, lambda: convert(self.raw(name)))

    def record(self, name: str, type_: type[R]) -> R:
        """The JSON form of a record."""
        return self._converted(name, lambda: from_json(self.data.get(name), type_, f"{self.place}.{name}"))

    def inner(self, name: str) -> Answer:
        """An object."""
        return Answer(self.data.get(name), place=f"{self.place}.{name}")

    def items(self, name: str) -> tuple[Answer, ...]:
        """An array of objects."""
        value = self.data.get(name)
        if not isinstance(value, list):
            raise self._wrong(name, "an array", value)
        return tuple(Answer(item, place=f"{self.place}.{name}[{index}]") for index, item in enumerate(value))

    def _converted(self, name: str, convert: Callable[[], T]) -> T:
        try:
            return convert()
        except PrimitiveError as error:
            raise BadAnswer(f"{self.place}.{name}: {error}") from error

    def _wrong(self, name: str, expected: str, value: object) -> BadAnswer:
        return BadAnswer(f"{self.place}.{name}: expected {expected}, got {value!r:.60}")


@dataclass(frozen=True, slots=True)
class Status:
    """A node's view of its chain. `clock_ms` is the node's clock, None where it does not tell it."""

    chain_id: ChainId
    height: int
    round: int
    catching_up: bool
    time_ms: TimeMs
    clock_ms: TimeMs | None
    genesis_hash: Hash | None
    shown: JsonObject


@dataclass(frozen=True, slots=True)
class EventAnswer:
    """One event of a receipt; `position` is `height:index`, `value` its fields in JSON form."""

    type: str
    position: str
    value: JsonObject


@dataclass(frozen=True, slots=True)
class ReceiptAnswer:
    """What a transaction did. `code` 0 is success; `error` is text for people."""

    tx_id: TxId
    code: int
    error: str
    gas_used: int
    fee: Amount
    events: tuple[EventAnswer, ...]

    def event(self, type_: str) -> EventAnswer | None:
        """The first event of a type such as `governance.ProposalSubmitted`, or None."""
        return next((event for event in self.events if event.type == type_), None)


@dataclass(frozen=True, slots=True)
class TransactionAnswer:
    """A transaction in the mempool or in a block; `height` and `receipt` only once it is committed."""

    tx_id: TxId
    is_committed: bool
    height: int | None
    index: int | None
    block_id: BlockId | None
    receipt: ReceiptAnswer | None
    shown: JsonObject


@dataclass(frozen=True, slots=True)
class ReceiptProof:
    """A receipt with its place under the `receipts_root` of the block at `height`."""

    height: int
    receipt: ReceiptAnswer
    encoded: bytes
    inclusion: InclusionProof


@dataclass(frozen=True, slots=True)
class Certificate:
    """A header and why it is final: a proof over it, or over the last of its descendants, ascending."""

    height: int
    header: Header
    proof: CommitProof
    descendants: tuple[Header, ...]


@dataclass(frozen=True, slots=True)
class EncodedBlock:
    """A block in its canonical encoding; `receipts` is an array of the array of all of them."""

    header: bytes
    payload: bytes
    receipts: bytes


@dataclass(frozen=True, slots=True)
class Blocks:
    """Encoded blocks, ascending, and the encoded proof for the last of them or of the `descendants` (headers), None
    where there are none. `height` is that of the node."""

    height: int
    blocks: tuple[EncodedBlock, ...]
    proof: bytes | None
    descendants: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ValueProof:
    """A state key's value, None where it has none, with its place under the `state_root` of the block at `height`."""

    height: int
    key: bytes
    value: bytes | None
    proof: StateProof


@dataclass(frozen=True, slots=True)
class AccountAnswer:
    """An account; `next_sequences` counts what waits in the mempool, and holds only the lanes that were used."""

    address: Address
    next_sequences: Mapping[int, int]
    balances: Mapping[str, Amount]
    shown: JsonObject

    def next_sequence(self, lane: int) -> int:
        """The sequence that a new transaction of this lane takes."""
        return self.next_sequences.get(lane, 0)


@dataclass(frozen=True, slots=True)
class Fees:
    """`gas_price` is in base units of the native asset for 1000 gas. A transaction asks for at most a share of
    `max_block_gas` (`ledger.params.max_transaction_gas`) and expires at most `expiry_window_ms` after the node's time.
    """

    gas_price: int
    max_block_gas: int
    expiry_window_ms: DurationMs


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a transaction would do now. `code` is not 0 where it would fail."""

    code: int
    error: str
    gas_used: int
    fee: Amount
    shown: JsonObject


class _ProofForm(Record, frozen=True):
    proof: CommitProof


def read_status(answer: Answer) -> Status:
    """The answer of `dao_status`."""
    return Status(
        chain_id=answer.read("chain_id", check_chain_id),
        height=answer.number("height"),
        round=answer.number("round"),
        catching_up=answer.flag("catching_up"),
        time_ms=TimeMs(answer.read("time", parse_time)),
        clock_ms=TimeMs(answer.read("clock", parse_time)) if answer.has("clock") else None,
        genesis_hash=answer.read_bytes("genesis_hash", check_hash) if answer.has("genesis_hash") else None,
        shown=answer.data,
    )


def read_receipt(answer: Answer) -> ReceiptAnswer:
    """A receipt, wherever it stands."""
    return ReceiptAnswer(
        tx_id=answer.read_bytes("tx_id", check_tx_id),
        code=answer.number("code"),
        error=answer.text("error"),
        gas_used=answer.number("gas_used"),
        fee=Amount(answer.number("fee")),
        events=tuple(
            EventAnswer(type=event.text("type"), position=event.text("position"), value=event.inner("value").data)
            for event in answer.items("events")
        ),
    )


def read_transaction(answer: Answer) -> TransactionAnswer:
    """The answer of `dao_getTransaction`."""
    is_committed = answer.text("status") == "committed"
    return TransactionAnswer(
        tx_id=answer.read_bytes("tx_id", check_tx_id),
        is_committed=is_committed,
        height=answer.number("height") if is_committed else None,
        index=answer.number("index") if is_committed else None,
        block_id=answer.read_bytes("block_id", check_block_id) if is_committed else None,
        receipt=read_receipt(answer.inner("receipt")) if is_committed else None,
        shown=answer.data,
    )


def read_receipt_proof(answer: Answer) -> ReceiptProof:
    """The answer of `dao_getReceipt` with a proof."""
    proof = answer.inner("proof")
    return ReceiptProof(
        height=answer.number("height"),
        receipt=read_receipt(answer.inner("receipt")),
        encoded=proof.raw("receipt"),
        inclusion=proof.record("inclusion", InclusionProof),
    )


def read_certificate(answer: Answer) -> Certificate:
    """The answer of `dao_getCertificate`."""
    proof = Answer({"answer": {"proof": answer.data.get("proof")}}, place=answer.place).record("answer", _ProofForm)
    descendants = [
        Answer({"header": item.data}, place=item.place).record("header", Header) for item in answer.items("descendants")
    ]
    return Certificate(
        height=answer.number("height"),
        header=answer.record("header", Header),
        proof=proof.proof,
        descendants=tuple(descendants),
    )


def read_blocks(answer: Answer) -> Blocks:
    """The answer of `dao_getBlocks`."""
    return Blocks(
        height=answer.number("height"),
        blocks=tuple(
            EncodedBlock(header=item.raw("header"), payload=item.raw("payload"), receipts=item.raw("receipts"))
            for item in answer.items("blocks")
        ),
        proof=answer.raw("proof") if answer.has("proof") else None,
        descendants=answer.raws("descendants"),
    )


def read_value_proof(answer: Answer) -> ValueProof:
    """The answer of `dao_getProof`."""
    return ValueProof(
        height=answer.number("height"),
        key=answer.raw("key"),
        value=answer.raw("value") if answer.has("value") else None,
        proof=answer.record("proof", StateProof),
    )


def read_account(answer: Answer) -> AccountAnswer:
    """The answer of `dao_getAccount`."""
    sequences = answer.inner("next_sequences")
    lanes = [lane for lane in sequences.data if lane.isascii() and lane.isdecimal()]
    return AccountAnswer(
        address=answer.read("address", decode_account),
        next_sequences={int(lane): sequences.number(lane) for lane in lanes},
        balances={item.text("asset"): Amount(item.number("amount")) for item in answer.items("balances")},
        shown=answer.data,
    )


def read_fees(answer: Answer) -> Fees:
    """The answer of `dao_estimateFee`."""
    return Fees(
        gas_price=answer.number("gas_price"),
        max_block_gas=answer.number("max_block_gas"),
        expiry_window_ms=DurationMs(answer.read("expiry_window", parse_duration)),
    )


def read_simulation(answer: Answer) -> Simulation:
    """The answer of `dao_simulate`."""
    return Simulation(
        code=answer.number("code"),
        error=answer.text("error"),
        gas_used=answer.number("gas_used"),
        fee=Amount(answer.number("fee")),
        shown=answer.data,
    )
