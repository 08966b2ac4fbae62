"""Transactions that a node refuses, each made of a good one by one mistake, and what the ledger says of it.

The mistakes are made with `msgpack`, which writes what the product's own encoder never would.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgpack

from daonode.ledger.errors import TransactionError
from daonode.ledger.transactions import tx_id
from daonode.primitives.derivation import derive_account_seed
from daonode.primitives.signatures import sign as sign_bytes
from tests.conformance.wallet.vector_chain import (
    ALICE,
    BOB,
    CAROL,
    EXPIRES_AT_MS,
    SHARED,
    SHORT_WORDS,
    Sent,
    VectorChain,
    sign,
    transfer,
)
from tests.unit.client.small_chain import SmallChain

DAY_MS = 86_400_000
ORDER = 2**252 + 27742317777372353535851937790883648493
"""The order of the group: a signature whose second half is not below it is refused."""
FIELDS = (
    "version", "chain_id", "sender", "lane", "sequence", "expires_at_ms", "gas_limit", "max_fee", "messages", "memo",
)  # fmt: skip


@dataclass(frozen=True)
class Refusal:
    """A transaction with one mistake."""

    name: str
    raw: bytes


def judge(chain: SmallChain, raw: bytes) -> TransactionError | None:
    """What a node says of a transaction that it is sent: why it is refused, or None."""
    application, tip = chain.application, chain.tip
    try:
        checked = application.check(tip, raw, tip.time_ms)
        application.verify_signatures(checked)
        application.check_account(tip, checked)
    except TransactionError as error:
        return error
    return None


def good(world: VectorChain) -> Sent:
    """What Alice could send next; every refusal but that of the shared account begins with it."""
    sequence = world.sequences.used[ALICE.address, 0]
    return sign(
        "the transfer that the mistakes are made in",
        [transfer(BOB.address, 5)],
        chain=world.chain,
        sequence=sequence,
        signers=[ALICE],
    )


def refusals(world: VectorChain) -> Iterator[Refusal]:
    """All of them."""
    base = good(world)
    fields = dict(zip(FIELDS, msgpack.unpackb(base.encoded_body), strict=True))
    yield from _wrong_values(fields)
    yield from _wrong_forms(base.encoded_body, fields)
    yield from _wrong_signatures(base)
    shared = sign("", [transfer(BOB.address, 5)], chain=world.chain, sequence=1, signers=[ALICE], sender=SHARED)
    yield Refusal("one of the two signatures that a shared account needs", shared.signed.raw)


def _wrong_values(fields: dict[str, object]) -> Iterator[Refusal]:
    call = fields["messages"][0]  # type: ignore[index]
    changes: dict[str, dict[str, object]] = {
        "signed for another chain": {"chain_id": "daonode:vectors-2"},
        "a version that does not exist": {"version": 2},
        "lane 16": {"lane": 16},
        "a sequence that was used": {"sequence": 0},
        "expired": {"expires_at_ms": EXPIRES_AT_MS - DAY_MS},
        "expires later than a day after the block": {"expires_at_ms": EXPIRES_AT_MS + DAY_MS},
        "a gas limit that no block has": {"gas_limit": 2**40, "max_fee": 2**40},
        "a gas limit below the cost of its bytes": {"gas_limit": 100},
        "a maximum fee below the price of its gas": {"max_fee": 99},
        "no message": {"messages": []},
        "17 messages": {"messages": [call] * 17},
        "a memo of 257 bytes": {"memo": "m" * 257},
        "a message that the chain does not have": {"messages": [["accounts.Transferr", call[1]]]},
        "a message with a field too many": {"messages": [[call[0], msgpack.packb([*msgpack.unpackb(call[1]), 1])]]},
        "a message with a field too few": {"messages": [[call[0], msgpack.packb(msgpack.unpackb(call[1])[:2])]]},
        "an amount as a floating-point number": {
            "messages": [[call[0], msgpack.packb([*msgpack.unpackb(call[1])[:2], 5.0])]]
        },
        "an asset with a capital letter": {
            "messages": [[call[0], msgpack.packb([msgpack.unpackb(call[1])[0], "DAO", 5])]]
        },
    }
    for name, change in changes.items():
        yield Refusal(name, _signed(msgpack.packb(list((fields | change).values()))))


def _wrong_forms(body: bytes, fields: dict[str, object]) -> Iterator[Refusal]:
    values = list(fields.values())
    assert body[:2] == b"\x9a\x01", "ten fields, the first of them the number 1"
    yield Refusal("a number in a longer form than it needs", _signed(b"\x9a\xcc\x01" + body[2:]))
    yield Refusal("a negative number", _signed(b"\x9a\xff" + body[2:]))
    yield Refusal("a body with a field too many", _signed(msgpack.packb([*values, ""])))
    yield Refusal("a body with a field too few", _signed(msgpack.packb(values[:-1])))
    yield Refusal("a body as a map", _signed(msgpack.packb(fields)))
    yield Refusal("a byte after the body", _signed(body + b"\x00"))
    yield Refusal("the sender as text", _signed(msgpack.packb(list((fields | {"sender": "s" * 32}).values()))))
    yield Refusal("a memo that is no UTF-8", _signed(body[:-1] + b"\xa1\xff"))
    whole = _signed(body)
    yield Refusal("a byte after the transaction", whole + b"\x00")
    yield Refusal("the last byte missing", whole[:-1])
    yield Refusal("nothing at all", b"")


def _wrong_signatures(base: Sent) -> Iterator[Refusal]:
    body = base.encoded_body
    own = sorted((wallet.public_key, bytes(wallet.sign_transaction(body).signature)) for wallet in (ALICE, BOB, CAROL))
    key, signature = next(each for each in own if each[0] == ALICE.public_key)
    upper = (int.from_bytes(signature[32:], "little") + ORDER).to_bytes(32, "little")

    def raw(*signatures: Sequence[bytes]) -> bytes:
        return bytes(msgpack.packb([body, [list(each) for each in signatures]]))

    yield Refusal("no signature", raw())
    yield Refusal("a signature that was altered", raw((key, signature[:-1] + bytes([signature[-1] ^ 1]))))
    yield Refusal("a signature of 63 bytes", raw((key, signature[:-1])))
    yield Refusal("a signature whose second half is not below the group order", raw((key, signature[:32] + upper)))
    yield Refusal("a signature over the body instead of the id", raw((key, _signature(body))))
    yield Refusal("a signature over the id as a text", raw((key, _text_signature(tx_id(body)))))
    yield Refusal("signatures in descending order of their keys", raw(*reversed(own)))
    yield Refusal("the same signature twice", raw((key, signature), (key, signature)))
    yield Refusal("the signature of another key", raw((BOB.public_key, dict(own)[BOB.public_key])))
    yield Refusal(
        "the sender's signature and a stranger's", raw(*(each for each in own if each[0] != CAROL.public_key))
    )


def _signed(body: bytes) -> bytes:
    """A body with Alice's valid signature, whatever the body."""
    signature = ALICE.sign_transaction(body)
    return bytes(msgpack.packb([body, [[signature.public_key, signature.signature]]]))


def _signature(message: bytes) -> bytes:
    return bytes(sign_bytes(derive_account_seed(SHORT_WORDS, coin_type=1, account=0), message))


def _text_signature(data: bytes) -> bytes:
    """What a wallet gives that is asked to sign bytes of somebody's choice as text."""
    return bytes(ALICE.sign_text(data.decode("latin-1")))
