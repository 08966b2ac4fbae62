"""One sender tries to keep the others out of the blocks."""

from __future__ import annotations

from daonode.ledger.params import LedgerParams
from daonode.ledger.transactions import Call, Transaction, TxBody, TxSignature, tx_id
from daonode.modules.accounts.messages import Transfer
from daonode.primitives.codec import decode, encode
from daonode.primitives.ids import AssetId
from daonode.primitives.signatures import sign
from daonode.primitives.units import Amount
from tests.unit.replica.network import CHAIN_ID, RECEIVER, SENDER, SENDER_KEY, SENDER_SEED, Network

MOST_GAS = LedgerParams().max_transaction_gas
"""The highest limit that there is; the fee is for what is used of it."""
ATTACKING_LANES = 4


def greedy(network: Network, *, lane: int, sequence: int) -> bytes:
    """A transfer that claims as much gas as it may and uses next to nothing of it."""
    message = Transfer(destination=RECEIVER, asset=AssetId("dao"), amount=Amount(1))
    body = encode(
        TxBody(
            version=1,
            chain_id=CHAIN_ID,
            sender=SENDER,
            lane=lane,
            sequence=sequence,
            expires_at_ms=network.now_ms + 60_000,
            gas_limit=MOST_GAS,
            max_fee=10**9,
            messages=(Call(type="accounts.Transfer", body=encode(message)),),
            memo="",
        )
    )
    return encode(
        Transaction(
            body=body, signatures=(TxSignature(public_key=SENDER_KEY, signature=sign(SENDER_SEED, tx_id(body))),)
        )
    )


def test_lanes_that_claim_all_gas_do_not_keep_another_out() -> None:
    network = Network()
    for lane in range(ATTACKING_LANES):
        for sequence in range(6):
            network.submit(network.nodes[0], greedy(network, lane=lane, sequence=sequence))
    honest = network.transfer(0, lane=15)
    network.submit(network.nodes[1], honest)
    network.run(20_000)
    place = network.nodes[2].archive.place(tx_id(decode(honest, Transaction).body))
    assert place is not None
    # Each attacking lane goes ahead once or twice, not with all that it has.
    assert place.height <= 2 * ATTACKING_LANES + 1
