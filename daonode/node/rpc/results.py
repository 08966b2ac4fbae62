"""What each method answers, member by member, as it stands on the wire."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Struct, UnsetType

from daonode.consensus.epochs import EpochChange
from daonode.consensus.types import CommitProof, Header
from daonode.modules.accounts.types import Policy
from daonode.node.rpc.forms import JsonObject
from daonode.primitives.json_schema import FormOf
from daonode.primitives.json_texts import AccountText, Count, Decimal, HexText, TimeText, ValidatorText
from daonode.primitives.merkle import InclusionProof
from daonode.primitives.positions import PositionText
from daonode.primitives.state_proof import StateProof


class Result(Struct, frozen=True, forbid_unknown_fields=True):
    """The base of every answer: a JSON object with these members."""


class ChainIdResult(Result, frozen=True):
    """Which chain this is."""

    chain_id: str


class NodeDescription(Result, frozen=True):
    """The node that answers."""

    name: str
    version: str


class MempoolResult(Result, frozen=True):
    """What waits for a block."""

    transactions: Count
    bytes: Count


class StatusResult(Result, frozen=True):
    """Where the node stands. `time` is that of the last block, `clock` the node's own; `validator` is null on a full
    node; `peers` counts those that are connected."""

    chain_id: str
    height: Count
    round: Count
    catching_up: bool
    time: TimeText
    clock: TimeText
    block_id: HexText
    state_root: HexText
    genesis_hash: HexText
    node: NodeDescription
    validator: ValidatorText | None
    peers: Count
    mempool: MempoolResult


HeaderForm = Annotated[JsonObject, FormOf(Header)]


class BlockResult(Result, frozen=True):
    """A committed block. `transactions` are ids in execution order; `header` is the signed header in JSON form."""

    id: HexText
    height: Count
    time: TimeText
    round: Count
    epoch: Count
    proposer: ValidatorText
    parent_id: HexText
    state_root: HexText
    receipts_root: HexText
    payload_bytes: Count
    transactions: list[HexText]
    header: HeaderForm


class CertificateResult(Result, frozen=True):
    """Why a block is final: the proof is over the header itself, or over the last of its descendants (ascending)."""

    height: Count
    header: HeaderForm
    proof: Annotated[JsonObject, FormOf(CommitProof)]
    descendants: list[HeaderForm]


class EpochsResult(Result, frozen=True):
    """Why epochs are over, ascending from the one asked for, and the set after each; `epoch` is the present one."""

    epoch: Count
    changes: list[Annotated[JsonObject, FormOf(EpochChange)]]


class EncodedBlockForm(Result, frozen=True):
    """A committed block in its canonical encoding: the header, the payload that it binds, and all receipts as the one
    array of an array."""

    header: HexText
    payload: HexText
    receipts: HexText


class BlocksResult(Result, frozen=True):
    """Blocks that follow one another, ascending, none where there are none yet; `height` is that of the chain.

    `proof` makes the last of them final, or the last of `descendants`, which are encoded headers, ascending.
    """

    height: Count
    blocks: list[EncodedBlockForm]
    proof: HexText | None
    descendants: list[HexText]


class MessageForm(Result, frozen=True):
    """One message of a transaction; `value` holds its fields."""

    type: str
    value: JsonObject


class EventForm(Result, frozen=True):
    """One event; `position` is `height:index`, the index counting all events of the block."""

    type: str
    position: PositionText
    value: JsonObject


class ChainEventForm(Result, frozen=True):
    """One event as a subscription tells it; `tx_id` is null for what the block itself did."""

    type: str
    tx_id: HexText | None
    value: JsonObject


class SubscribedResult(Result, frozen=True):
    """A subscription; everything after `position` is notified, so it is also the first cursor to resume from."""

    subscription: str
    position: PositionText


class UnsubscribedResult(Result, frozen=True):
    """The subscription that ended."""

    subscription: str


class LaggedForm(Result, frozen=True):
    """The client took too little for too long: nothing after `since` was sent, and the connection is closed."""

    since: PositionText


class NotificationForm(Result, frozen=True):
    """A value with its position; or `lagged`; or an `error` with which the subscription ends."""

    subscription: str
    position: PositionText | UnsetType = UNSET
    value: BlockResult | ChainEventForm | UnsetType = UNSET
    lagged: LaggedForm | UnsetType = UNSET
    error: JsonObject | UnsetType = UNSET


class SimulatedEventForm(Result, frozen=True):
    """One event that did not happen."""

    type: str
    value: JsonObject


class ReceiptForm(Result, frozen=True):
    """What a transaction did; `code` 0 is success, `error` is text for people."""

    tx_id: HexText
    code: Count
    error: str
    gas_used: Decimal
    fee: Decimal
    events: list[EventForm]


class TransactionResult(Result, frozen=True):
    """A transaction in the mempool or in a block; place and receipt are null until it is committed."""

    tx_id: HexText
    status: Literal["committed", "pending"]
    height: Count | None
    index: Count | None
    block_id: HexText | None
    sender: AccountText
    lane: Count
    sequence: Decimal
    expires_at: TimeText
    gas_limit: Decimal
    max_fee: Decimal
    signers: list[HexText]
    messages: list[MessageForm]
    memo: str
    receipt: ReceiptForm | None


class ReceiptProofForm(Result, frozen=True):
    """`receipt` is the encoded receipt; `inclusion` shows it under the header's `receipts_root`."""

    receipt: HexText
    inclusion: Annotated[JsonObject, FormOf(InclusionProof)]


class ReceiptResult(Result, frozen=True):
    """A committed transaction's receipt; `proof` is there when it was asked for."""

    tx_id: HexText
    height: Count
    index: Count
    receipt: ReceiptForm
    proof: ReceiptProofForm | UnsetType = UNSET


class SentResult(Result, frozen=True):
    """The mempool has the transaction."""

    tx_id: HexText


class SimulationResult(Result, frozen=True):
    """What a transaction would do in the next block."""

    code: Count
    error: str
    gas_used: Decimal
    fee: Decimal
    events: list[SimulatedEventForm]


class FeeResult(Result, frozen=True):
    """`gas_price` is in base units of the native asset for `gas_unit` of gas; `fee` is what `gas_limit` costs.

    For a transaction `gas_used` is what it takes now, and `gas_limit` that with room for what may change until then.
    """

    gas_price: Decimal
    gas_unit: Decimal
    gas_limit: Decimal | None
    fee: Decimal | None
    gas_used: Decimal | None
    max_block_gas: Decimal
    expiry_window: str


class BalanceForm(Result, frozen=True):
    """An amount of an asset, in base units."""

    asset: str
    amount: Decimal


class AccountResult(Result, frozen=True):
    """An account. `next_sequences` are by lane, count the mempool, and hold only the lanes that were used."""

    address: AccountText
    next_sequences: dict[str, Decimal]
    balances: list[BalanceForm]
    policy: Annotated[JsonObject, FormOf(Policy)] | None


class ProofResult(Result, frozen=True):
    """A state key's value, null where it has none, and the proof of that under `state_root`."""

    height: Count
    key: HexText
    value: HexText | None
    state_root: HexText
    proof: Annotated[JsonObject, FormOf(StateProof)]


class QueryResult(Result, frozen=True):
    """A module's answer at a height."""

    height: Count
    result: JsonObject


class ValidatorForm(Result, frozen=True):
    """One member of the validator set."""

    id: ValidatorText
    public_key: HexText
    power: Decimal


class ValidatorsResult(Result, frozen=True):
    """The validator set of an epoch, by id."""

    epoch: Count
    total_power: Decimal
    validators: list[ValidatorForm]


class PeerForm(Result, frozen=True):
    """A listed peer as this node sees it; `validator` is null for a full node."""

    name: str
    peer_id: str
    address: str
    validator: ValidatorText | None
    connected: bool


class NetInfoResult(Result, frozen=True):
    """All listed peers."""

    peers: list[PeerForm]


class ConsensusResult(Result, frozen=True):
    """Where consensus stands; `leader` is null while it is not known, `highest_tc_round` before any timeout."""

    epoch: Count
    round: Count
    leader: ValidatorText | None
    high_qc_round: Count
    highest_tc_round: Count | None
    committed_height: Count
    committed_round: Count
