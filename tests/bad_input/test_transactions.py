"""Transactions that no honest sender makes, from clients and from peers: refused by name, at a cost, and forgotten.

A real node with one validator takes each kind; after it a good transaction is committed as ever.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import trio
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from daonode.client.wallet import Wallet
from daonode.ledger.errors import TransactionError
from daonode.ledger.transactions import MAX_TRANSACTION_BYTES, Call, Transaction, TxBody, TxSignature, tx_id
from daonode.node.transport.types import Lane
from daonode.primitives.codec import decode, encode
from daonode.primitives.ids import ChainId, Signature
from daonode.replica.archive import Archive
from daonode.replica.intake import Intake
from daonode.replica.messages import MAX_TRANSACTIONS_A_MESSAGE, TransactionsMessage
from tests.unit.node.chains import ALICE, START_MS, make_test_chain, raw_transfer
from tests.unit.node.rpc.fake_node import MemoryStore
from tests.unit.node.test_driver import Node, running

MALLORY = Wallet.from_seed(b"mallory".ljust(32))
Make = Callable[[], bytes]


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def good() -> bytes:
    return raw_transfer(0, now_ms=now_ms())


def body_with(**fields: object) -> bytes:
    """Alice's transfer with other fields, signed by her as it is then."""
    return signed(encode(replace(body_of(good()), **fields)))


def body_of(raw: bytes) -> TxBody:
    return decode(decode(raw, Transaction).body, TxBody)


def signed(body: bytes, *wallets: Wallet) -> bytes:
    signers = sorted(wallets or (ALICE,), key=lambda each: each.public_key)
    return encode(
        Transaction(
            body=body,
            signatures=tuple(each.sign_transaction(body) for each in signers),
        )
    )


def with_signatures(change: Callable[[TxSignature], tuple[TxSignature, ...]]) -> bytes:
    transaction = decode(good(), Transaction)
    return encode(replace(transaction, signatures=change(transaction.signatures[0])))


def with_field(index: int, field: bytes) -> bytes:
    """The body with the MessagePack bytes of one field exchanged, whatever they are, and signed."""
    values = [encode(getattr(body_of(good()), name)) for name in TxBody.__struct_fields__]
    values[index] = field
    return signed(bytes([0x90 + len(values)]) + b"".join(values))


SEQUENCE = TxBody.__struct_fields__.index("sequence")
MEMO = TxBody.__struct_fields__.index("memo")
VERSION = TxBody.__struct_fields__.index("version")
DEEP = b"\x91" * 30_000 + b"\xc0"

KINDS: dict[str, tuple[Make, str, str]] = {
    "empty": (lambda: b"", "invalid_encoding", "not a transaction"),
    "malformed": (lambda: b"\xc1" * 50, "invalid_encoding", "not a transaction"),
    "truncated": (lambda: good()[:-1], "invalid_encoding", "not a transaction"),
    "trailing": (lambda: good() + b"\x00", "invalid_encoding", "not a transaction"),
    "oversized": (lambda: bytes(MAX_TRANSACTION_BYTES + 1), "limit_exceeded", "at most 65536 bytes"),
    "deep": (lambda: DEEP, "invalid_encoding", "not a transaction"),
    "deep_body": (lambda: signed(DEEP), "invalid_encoding", "not a transaction"),
    "long_form_of_a_number": (lambda: with_field(SEQUENCE, b"\xcd\x00\x00"), "invalid_encoding", "canonical"),
    "number_as_a_float": (
        lambda: with_field(SEQUENCE, b"\xcb" + bytes(8)),
        "invalid_encoding",
        "`float` - at `$[4]`",
    ),
    "number_as_text": (lambda: with_field(SEQUENCE, b"\xa10"), "invalid_encoding", "`str` - at `$[4]`"),
    "negative_number": (lambda: with_field(SEQUENCE, b"\xff"), "invalid_encoding", "`$[4]`"),
    "invalid_utf8": (lambda: with_field(MEMO, b"\xa1\xff"), "invalid_encoding", "not a transaction"),
    "unknown_version": (lambda: with_field(VERSION, b"\x02"), "invalid_encoding", "expected transaction version 1"),
    "map_with_a_key_twice": (lambda: signed(b"\x82\xa1a\x01\xa1a\x02"), "invalid_encoding", "not a transaction"),
    "unknown_type": (
        lambda: body_with(messages=(Call(type="accounts.Steal", body=b"\x90"),)),
        "unknown_message",
        "accounts.Steal",
    ),
    "message_of_another_form": (
        lambda: body_with(messages=(Call(type="accounts.Transfer", body=b"\x91\x01"),)),
        "invalid_encoding",
        "accounts.Transfer",
    ),
    "no_signature": (lambda: with_signatures(lambda _: ()), "limit_exceeded", "expected 1 to 32 signatures"),
    "signature_of_another": (
        lambda: with_signatures(lambda _: (TxSignature(MALLORY.public_key, Signature(bytes(64))),)),
        "invalid_signature",
        "",
    ),
    "signature_changed": (
        lambda: with_signatures(lambda one: (replace(one, signature=Signature(bytes(63) + b"\x01")),)),
        "invalid_signature",
        "",
    ),
    "signature_twice": (lambda: with_signatures(lambda one: (one, one)), "invalid_signature", "each key once"),
    "signed_by_a_stranger": (lambda: signed(encode(body_of(good())), MALLORY), "unauthorised", ""),
    "expired": (lambda: raw_transfer(0, now_ms=START_MS), "expired", "expired at"),
    "valid_for_ever": (lambda: body_with(expires_at_ms=2**63), "expired", "more than"),
    "wrong_chain": (lambda: body_with(chain_id=ChainId("daonode:other")), "wrong_chain", "'daonode:other'"),
    "no_fee": (lambda: body_with(max_fee=0), "fee_too_low", "below"),
    "all_the_gas": (lambda: body_with(gas_limit=2**63), "limit_exceeded", "gas limit is at most"),
    "no_gas": (lambda: body_with(gas_limit=1), "out_of_gas", "below"),
    "lane_out_of_range": (lambda: body_with(lane=200), "limit_exceeded", "lane"),
    "no_message": (lambda: body_with(messages=()), "limit_exceeded", "1 to 16 messages"),
    "far_sequence": (lambda: body_with(sequence=2**62), "sequence_gap", ""),
    "nobody_s_account": (
        lambda: signed(encode(replace(body_of(good()), sender=MALLORY.address)), MALLORY),
        "fee_too_low",
        "",
    ),
}
# What an honest peer may hold: its state, its time or its parameters are others for a moment.
HONEST_TO_PASS_ON = {
    "unknown_type",
    "signed_by_a_stranger",
    "expired",
    "valid_for_ever",
    "no_fee",
    "all_the_gas",
    "no_gas",
    "far_sequence",
    "nobody_s_account",
}


def faults(node: Node) -> float:
    return node.metrics.peer_faults._value.get()


async def still_commits(node: Node) -> None:
    raw = good()
    (answer,) = await node.driver.submit([raw])
    assert answer == tx_id(decode(raw, Transaction).body)
    assert await node.driver.wait_for_commit(answer, timeout_ms=10_000)


async def test_every_kind_from_a_client_is_refused_with_its_own_reason_and_fills_nothing(tmp_path: Path) -> None:
    async with running(tmp_path) as node:
        for kind, (make, reason, told) in KINDS.items():
            (answer,) = await node.driver.submit([make()])
            assert isinstance(answer, TransactionError), kind
            assert answer.reason == reason, f"{kind}: {answer}"
            assert told in str(answer), f"{kind}: {answer}"
            assert not len(node.replica.mempool), kind
        await still_commits(node)


async def test_every_kind_from_a_peer_is_dropped_and_counted_where_no_honest_peer_passes_it_on(tmp_path: Path) -> None:
    async with running(tmp_path) as node:
        for kind, (make, _, _) in KINDS.items():
            before = faults(node)
            node.network.arrive(Lane.MEMPOOL, encode(TransactionsMessage(transactions=(make(),))))
            while node.network.waiting(Lane.MEMPOOL):
                await trio.lowlevel.checkpoint()
            # Its thread is done when a second message has been taken in after it.
            node.network.arrive(Lane.MEMPOOL, b"no message")
            while faults(node) < before + 1 + (kind not in HONEST_TO_PASS_ON):
                await trio.lowlevel.checkpoint()
            await trio.testing.wait_all_tasks_blocked()
            assert faults(node) == before + 1 + (kind not in HONEST_TO_PASS_ON), kind
            assert not len(node.replica.mempool), kind
        await still_commits(node)


async def test_what_has_been_committed_is_refused_when_it_comes_again(tmp_path: Path) -> None:
    async with running(tmp_path) as node:
        raw = good()
        (tx,) = await node.driver.submit([raw])
        assert not isinstance(tx, TransactionError)
        assert await node.driver.wait_for_commit(tx, timeout_ms=10_000)
        (again,) = await node.driver.submit([raw])
        assert isinstance(again, TransactionError)
        assert again.reason == "wrong_sequence"
        assert "has been used" in str(again)


async def test_more_transactions_than_a_message_may_have_cost_the_peer(tmp_path: Path) -> None:
    async with running(tmp_path) as node:
        before = faults(node)
        crowd = TransactionsMessage(transactions=(b"",) * (MAX_TRANSACTIONS_A_MESSAGE + 1))
        node.network.arrive(Lane.MEMPOOL, encode(crowd))
        while faults(node) == before:
            await trio.lowlevel.checkpoint()
        await still_commits(node)


CHAIN = make_test_chain(1).chain
STATE = MemoryStore()
STATE.write(CHAIN.genesis_writes())
INTAKE: Intake = CHAIN.make_intake(Archive(MemoryStore(), STATE), CHAIN.make_verifier())
GOOD = raw_transfer(0)


@given(data=st.data())
def test_a_transaction_with_any_bytes_changed_is_refused_by_name_or_is_the_same(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(GOOD)))
    end = data.draw(st.integers(start, min(len(GOOD), start + 8)))
    changed = GOOD[:start] + data.draw(st.binary(max_size=8)) + GOOD[end:]
    try:
        checked = INTAKE.check_transaction(changed, now_ms=START_MS)
    except TransactionError as error:
        assert error.reason != TransactionError.reason  # noqa: PT017  # each kind has a reason of its own
        return
    assert checked.raw == GOOD
