"""Clients of a benchmark: batches as fast as the chain takes them or at a steady pace, and single votes.

The generator runs on the validators' cores. Where speed is measured, its requests were encoded before the clock
started; at a steady pace each is made while the one before it waits for its time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection
from threading import Event, Lock, Thread
from time import perf_counter
from typing import Final

from benchmarks.nodes import Node
from daonode.client.transactions import SignedTransaction

BATCH: Final = 100
MAX_WAITING: Final = 2_000
"""Votes that may wait in the mempools; the generator pauses while there are more."""
PAUSE_SECONDS: Final = 0.01
POLL_SECONDS: Final = 0.1
WAIT_MS: Final = 20_000
PATIENCE_SECONDS: Final = 150.0
"""A vote that is not committed by then is lost; sooner, the machine may have been busy with other things."""
TIMEOUT_SECONDS: Final = 40.0
_HEADERS: Final = {"Content-Type": "application/json"}
_SEND: Final = b"dao_sendRawTransaction"


@dataclass(slots=True)
class Flood:
    """A closed loop of batches, one client for each node. `batches` has what each node is sent, in order.

    A node is sent a batch every `interval_seconds`, or as soon as the one before was answered. Batches that are late
    follow one another without a pause.
    """

    nodes: Sequence[Node]
    batches: Sequence[Iterable[bytes]]
    interval_seconds: float = 0.0
    refused: int = 0
    exhausted: bool = False
    _waiting: int = 0
    _stopping: Event = field(default_factory=Event)
    _lock: Lock = field(default_factory=Lock)
    _threads: list[Thread] = field(default_factory=list)

    def start(self) -> None:
        """Begin."""
        self._threads = [
            Thread(target=self._send, args=(node, batches), daemon=True)
            for node, batches in zip(self.nodes, self.batches, strict=True)
        ]
        self._threads.append(Thread(target=self._watch, daemon=True))
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End, and wait for the answers under way."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(TIMEOUT_SECONDS)

    def _send(self, node: Node, batches: Iterable[bytes]) -> None:
        connection = _connect(node)
        began = perf_counter()
        for index, body in enumerate(batches):
            self._stopping.wait(max(0.0, began + index * self.interval_seconds - perf_counter()))
            while self._waiting > MAX_WAITING and not self._stopping.is_set():
                self._stopping.wait(PAUSE_SECONDS)
            if self._stopping.is_set():
                return
            answer = _post(connection, body)
            with self._lock:
                self._waiting += body.count(_SEND)
                self.refused += answer.count(b'"error"')
        self.exhausted = True

    def _watch(self) -> None:
        connection = _connect(self.nodes[0])
        body = _call("dao_mempool", {}, call_id=0)
        while not self._stopping.is_set():
            self._waiting = int(json.loads(_post(connection, body))["result"]["transactions"])
            self._stopping.wait(POLL_SECONDS)


def batch_bodies(transactions: Sequence[SignedTransaction]) -> list[bytes]:
    """The requests that send transactions, `BATCH` in each."""
    bodies: list[bytes] = []
    for start in range(0, len(transactions), BATCH):
        calls = [_send_call(each, call_id=index) for index, each in enumerate(transactions[start : start + BATCH])]
        bodies.append(b"[" + b",".join(calls) + b"]")
    return bodies


def send_all(node: Node, transactions: Sequence[SignedTransaction]) -> None:
    """Send transactions one after the other, each when the one before is committed."""
    for latency_ms in latencies_ms([node], transactions, rate=None):
        assert latency_ms, "it is committed"


def latencies_ms(nodes: Sequence[Node], transactions: Sequence[SignedTransaction], *, rate: int | None) -> list[float]:
    """Send votes at a steady rate a second to the nodes in turn; for each the time from sending to the news of its
    commit, from the node that took it. Without a rate, one after the other."""
    found: list[float] = []
    with_clients = Clients(nodes)
    if rate is None:
        return [with_clients.commit(nodes[0], each) for each in transactions]
    lock = Lock()
    threads: list[Thread] = []

    def measure(node: Node, transaction: SignedTransaction) -> None:
        latency_ms = with_clients.commit(node, transaction)
        with lock:
            found.append(latency_ms)

    began = perf_counter()
    for index, transaction in enumerate(transactions):
        Event().wait(max(0.0, began + index / rate - perf_counter()))
        thread = Thread(target=measure, args=(nodes[index % len(nodes)], transaction), daemon=True)
        thread.start()
        threads.append(thread)
    for thread in threads:
        thread.join(TIMEOUT_SECONDS)
    assert len(found) == len(transactions), f"{len(transactions) - len(found)} votes were not committed"
    return sorted(found)


class Clients:
    """Idle connections to nodes, kept for the next request."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._idle: dict[str, list[HTTPConnection]] = {node.name: [] for node in nodes}

    def commit(self, node: Node, transaction: SignedTransaction) -> float:
        """Send a transaction and wait for its commit; returns milliseconds."""
        idle = self._idle[node.name]
        connection = idle.pop() if idle else _connect(node)
        send = _send_call(transaction, call_id=1)
        wait = _call("dao_getTransaction", {"tx_id": f"0x{transaction.id.hex()}", "wait_ms": WAIT_MS}, call_id=2)
        began = perf_counter()
        sent = json.loads(_post(connection, send))
        assert "error" not in sent, sent
        answer = json.loads(_post(connection, wait))
        while answer["result"]["status"] == "pending" and perf_counter() - began < PATIENCE_SECONDS:
            answer = json.loads(_post(connection, wait))
        latency_ms = (perf_counter() - began) * 1e3
        assert answer["result"]["status"] == "committed", answer
        assert answer["result"]["receipt"]["code"] == 0, answer
        idle.append(connection)
        return latency_ms


def _connect(node: Node) -> HTTPConnection:
    host, _, port = node.node.rpc.rpartition(":")
    return HTTPConnection(host, int(port), timeout=TIMEOUT_SECONDS)


def _post(connection: HTTPConnection, body: bytes) -> bytes:
    connection.request("POST", "/", body=body, headers=_HEADERS)
    return connection.getresponse().read()


def _call(method: str, parameters: dict[str, object], *, call_id: int) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": call_id, "method": method, "params": parameters}).encode()


def _send_call(transaction: SignedTransaction, *, call_id: int) -> bytes:
    return _call(_SEND.decode(), {"transaction": f"0x{transaction.raw.hex()}"}, call_id=call_id)
