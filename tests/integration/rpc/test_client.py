"""The product's own client reads every answer of the server."""

from functools import partial

import pytest
import trio

from daonode.client.errors import NotFound, Rejected
from daonode.client.rpc import RpcClient
from daonode.node.rpc import serve
from daonode.primitives.ids import TxId
from daonode.primitives.state_proof import verify_state_proof
from tests.unit.node.rpc.fake_node import ALICE, BOB, FakeNode, id_of, proposal, transfer


def use(node: FakeNode, url: str) -> None:
    """Call every method, on a thread."""
    client = RpcClient(url)
    assert client.status().height == 0
    assert client.send_transaction(transfer()) == id_of(transfer())
    assert not client.transaction(id_of(transfer())).is_committed
    assert client.account(ALICE.address).next_sequence(0) == 1
    assert client.simulate(transfer()).code == 0
    trio.from_thread.run_sync(node.commit)
    answer = client.transaction(id_of(transfer()), wait_ms=5_000)
    assert answer.is_committed
    assert answer.receipt is not None
    assert answer.receipt.code == 0
    assert client.receipt_proof(id_of(transfer())).height == 1
    assert client.certificate(1).header.id() == answer.block_id
    header = client.certificate(1).header
    proof = client.value_proof(b"nothing here")
    assert verify_state_proof(header.state_root, b"nothing here", None, proof.proof)
    assert client.account(BOB.address).balances["dao"] == 1_000_000_005
    assert client.query("accounts", "supply")["decimals"] == 6
    assert client.block(height=1)["height"] == 1
    assert client.proposals()["items"] == []
    for show in (client.validators, client.mempool, client.net_info, client.consensus_state):
        assert show()
    with pytest.raises(NotFound):
        client.transaction(TxId(bytes(32)))
    with pytest.raises(Rejected) as caught:
        client.send_transaction(proposal())
    assert caught.value.reason == "wrong_sequence"


async def test_the_client_reads_what_the_server_answers() -> None:
    node = FakeNode()
    async with trio.open_nursery() as nursery:
        address = await nursery.start(partial(serve, node, listen="127.0.0.1:0"))
        await trio.to_thread.run_sync(use, node, f"http://{address}")
        nursery.cancel_scope.cancel()
