"""A node's JSON-RPC methods as typed functions. Thin: it decides nothing and proves nothing.

A call goes to the next URL where it could not be sent to one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from daonode.client import answers
from daonode.client.answers import Answer, JsonObject
from daonode.client.epochs import Epochs, read_epochs
from daonode.client.transport import DEFAULT_TIMEOUT_S, Transport
from daonode.primitives.addresses import encode_account
from daonode.primitives.ids import Address, BlockId, TxId, check_tx_id
from daonode.primitives.json_form import Json

MAX_WAIT_MS = 30_000
"""The longest that a node is asked to hold an answer back."""


class RpcClient:
    """One or more nodes of one chain, by URL. Every method raises as `Transport.call` does; nothing stays open."""

    def __init__(self, urls: str | Sequence[str], *, timeout_s: float = DEFAULT_TIMEOUT_S) -> None:
        self.urls = (urls,) if isinstance(urls, str) else tuple(urls)
        self._transport = Transport(self.urls, timeout_s=timeout_s)

    def call(self, method: str, parameters: Mapping[str, Json] | None = None, *, wait_ms: int = 0) -> JsonObject:
        """Call any method and return the object that it answers."""
        result = self._transport.call(method, parameters or {}, wait_s=wait_ms / 1_000)
        return Answer(result, place=method).data

    def status(self) -> answers.Status:
        """Where the node stands."""
        return answers.read_status(self._ask("dao_status"))

    def block(self, *, height: int | None = None, block_id: BlockId | None = None) -> JsonObject:
        """A committed block, the latest unless height or id is given."""
        parameters: JsonObject = {}
        if height is not None:
            parameters["height"] = height
        if block_id is not None:
            parameters["id"] = _hex(block_id)
        return self.call("dao_getBlock", parameters)

    def certificate(self, height: int) -> answers.Certificate:
        """A committed header with the proof that it is final."""
        return answers.read_certificate(self._ask("dao_getCertificate", height=height))

    def epochs(self, *, from_epoch: int) -> Epochs:
        """Why epochs from `from_epoch` on are over; the answer may end before the present one."""
        return read_epochs(self._ask("dao_getEpochs", from_epoch=from_epoch))

    def blocks(self, *, above: int, limit: int, wait_ms: int = 0) -> answers.Blocks:
        """Committed blocks above a height; the node answers when there is one, or after `wait_ms` without any."""
        parameters: JsonObject = {"above": above, "limit": limit, "wait_ms": min(wait_ms, MAX_WAIT_MS)}
        return answers.read_blocks(
            Answer(self.call("dao_getBlocks", parameters, wait_ms=wait_ms), place="dao_getBlocks")
        )

    def transaction(self, tx_id: TxId, *, wait_ms: int = 0) -> answers.TransactionAnswer:
        """A transaction; the node answers when it is committed, or after `wait_ms`. Unknown: `NotFound`."""
        parameters: JsonObject = {"tx_id": _hex(tx_id)}
        if wait_ms:
            parameters["wait_ms"] = min(wait_ms, MAX_WAIT_MS)
        answer = self.call("dao_getTransaction", parameters, wait_ms=wait_ms)
        return answers.read_transaction(Answer(answer, place="dao_getTransaction"))

    def receipt(self, tx_id: TxId) -> JsonObject:
        """A committed transaction's receipt."""
        return self.call("dao_getReceipt", {"tx_id": _hex(tx_id)})

    def receipt_proof(self, tx_id: TxId) -> answers.ReceiptProof:
        """A committed transaction's receipt with the proof of its place in the block."""
        return answers.read_receipt_proof(self._ask("dao_getReceipt", tx_id=_hex(tx_id), proof=True))

    def send_transaction(self, raw: bytes) -> TxId:
        """Hand a signed transaction to the mempool; `Rejected` where it cannot be included."""
        return self._ask("dao_sendRawTransaction", transaction=_hex(raw)).read_bytes("tx_id", check_tx_id)

    def simulate(self, raw: bytes) -> answers.Simulation:
        """What a transaction would do now; signatures are taken as valid. `Rejected` where it cannot be included."""
        return answers.read_simulation(self._ask("dao_simulate", transaction=_hex(raw)))

    def fees(self) -> answers.Fees:
        """What gas costs now, and what a transaction may ask for."""
        return answers.read_fees(self._ask("dao_estimateFee"))

    def account(self, address: Address) -> answers.AccountAnswer:
        """An account, with the sequences that its next transactions take."""
        return answers.read_account(self._ask("dao_getAccount", address=encode_account(address)))

    def value_proof(self, key: bytes) -> answers.ValueProof:
        """A state key's value at the tip with its proof."""
        return answers.read_value_proof(self._ask("dao_getProof", key=_hex(key)))

    def query(self, module: str, name: str, arguments: Mapping[str, Json] | None = None) -> JsonObject:
        """A module's answer to one of its queries; arguments and answer in JSON form."""
        answer = self._ask("dao_query", module=module, name=name, args=dict(arguments or {}))
        return answer.inner("result").data

    def proposal(self, proposal: str) -> JsonObject:
        """A proposal by its number or id."""
        return self.call("dao_getProposal", {"proposal": proposal})

    def proposals(self, filters: Mapping[str, Json] | None = None) -> JsonObject:
        """A page of proposals: `status`, `track`, `cursor`, `limit` filter it."""
        return self.call("dao_listProposals", filters)

    def validators(self, *, height: int | None = None) -> JsonObject:
        """The validator set."""
        return self.call("dao_getValidators", {} if height is None else {"height": height})

    def mempool(self) -> JsonObject:
        """What waits for a block."""
        return self.call("dao_mempool")

    def net_info(self) -> JsonObject:
        """The node's peers."""
        return self.call("dao_netInfo")

    def consensus_state(self) -> JsonObject:
        """Where consensus stands."""
        return self.call("dao_consensusState")

    def _ask(self, method: str, **parameters: Json) -> Answer:
        return Answer(self.call(method, parameters), place=method)


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
