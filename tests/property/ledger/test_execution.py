"""Execution whatever the bytes: only the documented errors, all or nothing, the same result everywhere."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from daonode.ledger.block import Payload
from daonode.ledger.errors import InvalidBlock, TransactionError
from daonode.ledger.overlay import Overlay, Savepoint
from daonode.ledger.state import EMPTY_STATE
from daonode.ledger.transactions import Call, Transaction, TxBody, TxSignature, tx_id
from daonode.primitives.codec import Record, encode
from daonode.primitives.ids import Address, ChainId, PublicKey, Signature
from daonode.primitives.signatures import sign
from tests.unit.ledger.counter_chain import (
    ALICE,
    BOB,
    CHAIN,
    FUNDS,
    GENESIS_MS,
    PURSES,
    Add,
    Chain,
    Nest,
    Plan,
    Refuse,
    block_info,
    call,
    chain,
    payload,
)

NAMES = st.sampled_from(["a", "b", "c"])
PLAIN = st.one_of(
    st.builds(Add, NAMES, st.integers(0, 2**64 - 1)),
    st.builds(Refuse, NAMES),
    st.builds(Plan, st.integers(0, 2**64 - 1) | st.integers(GENESIS_MS, GENESIS_MS + 9_000), st.binary(max_size=130)),
)
ODD_CALLS = st.builds(
    Call, st.sampled_from(["counter.Add", "counter.Nest", "counter", "", "x.Y"]), st.binary(max_size=20)
)
MESSAGES = st.recursive(
    PLAIN.map(call) | ODD_CALLS,
    lambda calls: st.builds(Nest, st.lists(calls, max_size=3).map(tuple), st.booleans()).map(call),
    max_leaves=6,
)
USERS = st.sampled_from([ALICE, BOB])


@st.composite
def signed(draw: st.DrawFn) -> bytes:
    """A rightly signed transaction, most often one that can be included."""
    return draw(USERS).send(
        *draw(st.lists(MESSAGES, min_size=1, max_size=3)),
        sequence=draw(st.sampled_from([0, 0, 0, 1])),
        lane=draw(st.integers(0, 3)),
        gas_limit=draw(st.sampled_from([60_000, 5_000, 3_500])),
    )


NUMBERS = st.integers(0, 2**64 - 1)


@st.composite
def odd_transactions(draw: st.DrawFn) -> bytes:
    """A transaction of the right form with any values, signed or not."""
    body = encode(
        TxBody(
            version=draw(st.sampled_from([1, 1, 1, 0, 255])),
            chain_id=draw(st.sampled_from([CHAIN, CHAIN, ChainId("")])),
            sender=draw(st.sampled_from([ALICE.address, Address(bytes(32))])),
            lane=draw(st.integers(0, 255)),
            sequence=draw(st.sampled_from([0, 1]) | NUMBERS),
            expires_at_ms=draw(st.sampled_from([GENESIS_MS + 5_000]) | NUMBERS),
            gas_limit=draw(st.sampled_from([60_000]) | NUMBERS),
            max_fee=draw(st.sampled_from([60_000]) | NUMBERS),
            messages=tuple(draw(st.lists(MESSAGES, max_size=3))),
            memo=draw(st.text(max_size=5)),
        )
    )
    signature = draw(st.sampled_from([sign(ALICE.seed, tx_id(body)), Signature(bytes(64))]))
    key = draw(st.sampled_from([ALICE.key, PublicKey(bytes(32))]))
    return encode(Transaction(body=body, signatures=(TxSignature(key, signature),)))


RAW = st.one_of(st.binary(max_size=100), signed(), odd_transactions())


@given(st.lists(RAW, max_size=4))
@settings(max_examples=60)
def test_no_bytes_raise_anything_undocumented_and_what_is_built_is_valid(raws: list[bytes]) -> None:
    world = chain()
    info = block_info(world.version)
    for raw in raws:
        try:
            world.app.check(world.version, raw, GENESIS_MS)
            world.app.simulate(world.version, raw, now_ms=GENESIS_MS)
        except TransactionError:
            pass
    with contextlib.suppress(InvalidBlock):
        world.app.execute(world.version, info, payload(*raws))
    built = world.app.build(world.version, info, raws)
    assert world.app.execute(world.version, info, built.payload) == built.result


@given(st.binary(max_size=200), st.integers(0, 400))
@settings(max_examples=60)
def test_a_damaged_payload_is_an_invalid_block_or_another_block(noise: bytes, position: int) -> None:
    world = chain()
    data = encode(Payload((ALICE.send(Add("a", 1)), BOB.send(Refuse("b")))))
    for payload_bytes in (noise, data[:position] + noise[:1] + data[position + 1 :], data[:position]):
        with contextlib.suppress(InvalidBlock):
            world.app.execute(world.version, block_info(world.version), payload_bytes)


@given(st.lists(st.lists(signed(), max_size=4), max_size=3))
@settings(max_examples=40)
def test_failed_transactions_change_only_what_their_sender_pays_and_no_coin_appears(blocks: list[list[bytes]]) -> None:
    world = chain()
    fees = 0
    for candidates in blocks:
        before = dict(world.version.iterate(b"", b"\xff"))
        info = block_info(world.version)
        built = world.app.build(world.version, info, candidates)
        fees += sum(receipt.fee for receipt in built.result.receipts)
        if all(receipt.code for receipt in built.result.receipts):
            changed = [key for key, value in built.result.writes if before.get(key) != value]
            assert all(key[:8] in (b"counter\x02", b"counter\x03") for key in changed)
        world.version = world.version.child(built.result, height=info.height, time_ms=info.time_ms)
    assert sum(purse.balance for _, purse in PURSES.iterate(world.version)) == 2 * FUNDS - fees


KEYS = st.binary(min_size=1, max_size=2)
STEPS = st.lists(
    st.tuples(st.sampled_from(["set", "delete", "mark", "rollback", "read"]), KEYS, st.binary(max_size=2)), max_size=40
)


@given(st.dictionaries(KEYS, st.binary(max_size=2)), STEPS)
def test_an_overlay_behaves_as_a_copied_dictionary(
    stored: dict[bytes, bytes], steps: list[tuple[str, bytes, bytes]]
) -> None:
    parent = Overlay(EMPTY_STATE)
    for key, value in stored.items():
        parent.set(key, value)
    overlay, model = Overlay(parent), dict(stored)
    marks: list[tuple[Savepoint, dict[bytes, bytes]]] = []
    for step, key, value in steps:
        if step == "set":
            overlay.set(key, value)
            model[key] = value
        elif step == "delete":
            overlay.delete(key)
            model.pop(key, None)
        elif step == "mark":
            marks.append((overlay.savepoint(), dict(model)))
        elif step == "rollback" and marks:
            savepoint, model = marks.pop()
            overlay.rollback(savepoint)
        assert overlay.get(key) == model.get(key)
        if step == "read":
            end = key + value
            expected = sorted((k, v) for k, v in model.items() if key <= k < end)
            assert list(overlay.iterate(key, end)) == expected
    assert list(overlay.iterate(b"", b"\xff\xff\xff")) == sorted(model.items())


def digest_of_a_fixed_chain() -> str:
    """The roots of some blocks with everything in them."""
    world: Chain = chain(votes=1)
    messages: list[Record] = [
        Add("a", 1),
        Refuse("b"),
        Plan(GENESIS_MS + 3_000, b"refuse"),
        Nest((call(Refuse("c")), call(Add("d", 1))), tolerant=True),
    ]
    roots = []
    for sequence, message in enumerate(messages):
        result = world.run(ALICE.send(message, sequence=sequence), BOB.send(message, sequence=sequence))
        roots.append(result.state_root.hex() + result.receipts_root.hex() + str(result.stale_nodes))
    return "\n".join(roots)


def test_another_process_with_another_hash_seed_gives_the_same_bytes() -> None:
    script = "from tests.property.ledger.test_execution import digest_of_a_fixed_chain as d; print(d())"
    root = Path(__file__).parents[3]
    for seed in ("1", "2"):
        found = subprocess.run(
            [sys.executable, "-c", script],
            cwd=root,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(root)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert found.stdout.strip() == digest_of_a_fixed_chain()
