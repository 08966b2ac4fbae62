"""A node's JSON-RPC over real HTTP, on a `SmallChain`, with faults to switch on. Not the node's own server."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from daonode.consensus.types import CommitProof, TwoChain
from daonode.ledger.block import Receipt
from daonode.ledger.checking import decode_transaction
from daonode.ledger.errors import QueryError, TransactionError
from daonode.ledger.receipts import prove_receipt
from daonode.primitives.addresses import decode_account, encode_account
from daonode.primitives.codec import decode, encode
from daonode.primitives.ids import TxId
from daonode.primitives.json_form import Json, to_json
from daonode.primitives.times import format_time
from tests.unit.client.small_chain import SmallChain

Result = dict[str, Json]


class Refused(Exception):
    """A JSON-RPC error."""

    def __init__(self, code: int, message: str, data: Json = None) -> None:
        super().__init__(message)
        self.code, self.message, self.data = code, message, data


class FakeNode:
    """Commits what it is sent at once, unless `holds_back`."""

    def __init__(self, chain: SmallChain) -> None:
        self.chain = chain
        self.holds_back = False
        self.tells_clock = True
        self.proves_by_tip = False
        """Whether a block is proven by the tip, a certified child of the block before it."""
        self.waiting: dict[TxId, bytes] = {}
        self.calls: list[str] = []
        self.unanswered: set[str] = set()
        """Methods whose effect happens, and whose answer never comes."""
        self.alter: Callable[[str, Result], Result] = lambda _, result: result
        """What a lying node makes of an answer."""

    def handle(self, method: str, parameters: Result) -> Result:
        self.calls.append(method)
        function: Callable[[Result], Result] | None = getattr(self, f"on_{method}", None)
        if function is None:
            raise Refused(-32601, f"no method {method}", {"reason": "method_not_found"})
        return self.alter(method, function(parameters))

    def commit_waiting(self, *, after_ms: int = 1_000) -> None:
        raws = tuple(self.waiting.values())
        self.waiting.clear()
        self.chain.commit(*raws, after_ms=after_ms)

    def on_dao_status(self, _: Result) -> Result:
        header = self.chain.header
        shown: Result = {
            "chain_id": self.chain.chain_id,
            "height": header.height,
            "round": header.round,
            "catching_up": False,
            "time": format_time(header.time_ms),
            "genesis_hash": "0x" + self.chain.document.hash().hex(),
        }
        if self.tells_clock:
            shown["clock"] = format_time(header.time_ms)
        return shown

    def on_dao_getAccount(self, parameters: Result) -> Result:
        sender = decode_account(str(parameters["address"]))
        sequences: dict[str, Json] = {}
        for lane in range(2):
            authenticator = self.chain.application.registry.authenticator
            used = authenticator.next_sequence(self.chain.tip, sender=sender, lane=lane)
            bodies = [decode_transaction(raw).body for raw in self.waiting.values()]
            used += sum(body.sender == sender and body.lane == lane for body in bodies)
            if used:
                sequences[str(lane)] = str(used)
        answer = self._query("accounts", "account", {"account": parameters["address"]})
        return {"address": encode_account(sender), "next_sequences": sequences, "balances": answer["balances"]}

    def on_dao_query(self, parameters: Result) -> Result:
        result = self._query(str(parameters["module"]), str(parameters["name"]), parameters["args"])
        return {"height": self.chain.header.height, "result": result}

    def on_dao_estimateFee(self, _: Result) -> Result:
        return {"gas_price": "1", "max_block_gas": "20000000", "expiry_window": "5m"}

    def on_dao_simulate(self, parameters: Result) -> Result:
        raw = bytes.fromhex(str(parameters["transaction"])[2:])
        try:
            receipt = self.chain.application.simulate(self.chain.tip, raw, now_ms=self.chain.header.time_ms)
        except TransactionError as error:
            raise _rejected(error) from error
        return self._receipt(receipt, "0:0")

    def on_dao_sendRawTransaction(self, parameters: Result) -> Result:
        raw = bytes.fromhex(str(parameters["transaction"])[2:])
        try:
            checked = self.chain.application.check(self.chain.tip, raw, self.chain.header.time_ms)
            self.chain.application.verify_signatures(checked)
            self.chain.application.check_account(self.chain.tip, checked)
        except TransactionError as error:
            raise _rejected(error) from error
        self.waiting[checked.id] = raw
        if not self.holds_back:
            self.commit_waiting()
        return {"tx_id": "0x" + checked.id.hex()}

    def on_dao_getTransaction(self, parameters: Result) -> Result:
        tx_id = TxId(bytes.fromhex(str(parameters["tx_id"])[2:]))
        shown: Result = {"tx_id": "0x" + tx_id.hex(), "status": "pending", "height": None, "receipt": None}
        if tx_id in self.waiting:
            return shown
        height, index = self._place(tx_id)
        block = self.chain.blocks[height]
        receipt = self._receipt(block.receipts[index], f"{height}:{index}")
        block_id = "0x" + block.header.id().hex()
        return shown | {
            "status": "committed",
            "height": height,
            "index": index,
            "block_id": block_id,
            "receipt": receipt,
        }

    def on_dao_getReceipt(self, parameters: Result) -> Result:
        tx_id = TxId(bytes.fromhex(str(parameters["tx_id"])[2:]))
        height, index = self._place(tx_id)
        receipts = self.chain.blocks[height].receipts
        proof: Result = {
            "receipt": "0x" + encode(receipts[index]).hex(),
            "inclusion": to_json(prove_receipt(receipts, index)),
        }
        receipt = self._receipt(receipts[index], f"{height}:{index}")
        return {"tx_id": parameters["tx_id"], "height": height, "index": index, "receipt": receipt, "proof": proof}

    def on_dao_getCertificate(self, parameters: Result) -> Result:
        height = parameters["height"]
        assert isinstance(height, int)
        last = self.chain.blocks[max(self.chain.blocks) - 1] if self.proves_by_tip else self.chain.blocks[height]
        proof: CommitProof = last.certificate
        if self.proves_by_tip:
            proof = TwoChain(child=self.chain.header, qc=self.chain.certify(self.chain.header))
        descendants = [self.chain.blocks[each].header for each in range(height + 1, last.header.height + 1)]
        return {
            "height": height,
            "header": to_json(self.chain.blocks[height].header),
            "proof": to_json(proof, CommitProof),
            "descendants": [to_json(descendant) for descendant in descendants],
        }

    def on_dao_getProof(self, parameters: Result) -> Result:
        key = bytes.fromhex(str(parameters["key"])[2:])
        value = self.chain.tip.get(key)
        return {
            "height": self.chain.tip.height,
            "key": "0x" + key.hex(),
            "value": None if value is None else "0x" + value.hex(),
            "proof": to_json(self.chain.tip.prove(key)),
        }

    def _place(self, tx_id: TxId) -> tuple[int, int]:
        if tx_id not in self.chain.places:
            raise Refused(-32001, "no such transaction", {"reason": "not_found", "hint": "", "retryable": True})
        return self.chain.places[tx_id]

    def _query(self, module: str, name: str, arguments: Json) -> Result:
        try:
            answer = self.chain.application.query(self.chain.tip, module=module, name=name, arguments=arguments)
        except QueryError as error:
            raise Refused(-32000, error.message, {"reason": "invalid", "hint": error.hint}) from error
        assert isinstance(answer, dict)
        return answer

    def _receipt(self, receipt: Receipt, position: str) -> Result:
        types = self.chain.application.registry.event_types
        events: list[Json] = [
            {"type": event.type, "position": position, "value": to_json(decode(event.body, types[event.type]))}
            for event in receipt.events
        ]
        return {
            "tx_id": "0x" + receipt.tx_id.hex(),
            "code": receipt.code,
            "error": receipt.error,
            "gas_used": str(receipt.gas_used),
            "fee": str(receipt.fee),
            "events": events,
        }


def _rejected(error: TransactionError) -> Refused:
    data: Json = {"code": error.code, "reason": error.reason, "hint": error.hint, "retryable": False}
    return Refused(-32003, error.message, data)


@contextmanager
def serve(node: FakeNode) -> Iterator[str]:
    """Serve a node on a free port, and give its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer: Result = {"jsonrpc": "2.0", "id": request["id"]}
            try:
                answer["result"] = node.handle(request["method"], request["params"])
            except Refused as error:
                answer["error"] = {"code": error.code, "message": error.message, "data": error.data}
            if request["method"] in node.unanswered:
                self.close_connection = True
                return
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
