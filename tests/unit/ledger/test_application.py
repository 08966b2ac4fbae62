"""Checking, simulating and querying, without touching the state."""

import pytest

from daonode.ledger.errors import (
    Expired,
    FeeTooLow,
    InvalidEncoding,
    InvalidSignature,
    QueryError,
    Unauthorised,
    UnknownMessage,
    WrongSequence,
)
from daonode.ledger.transactions import Call, Transaction, TxSignature
from daonode.ledger.tree import OverlayReader, update
from daonode.ledger.versions import StateVersion
from daonode.primitives.codec import decode, encode
from daonode.primitives.ids import Signature
from tests.unit.ledger.counter_chain import ALICE, BOB, GENESIS_MS, Add, MemoryState, Refuse, User, chain


def test_a_good_transaction_passes_every_check() -> None:
    world = chain()
    raw = ALICE.send(Add("a", 1))
    tx = world.app.check(world.version, raw, GENESIS_MS)
    world.app.verify_signatures(tx)
    assert world.app.check_account(world.version, tx) == 0
    assert (tx.raw, tx.body.sender, tx.signers) == (raw, ALICE.address, (ALICE.key,))


def test_checking_refuses_what_no_module_handles() -> None:
    world = chain()
    with pytest.raises(UnknownMessage) as unknown:
        world.app.check(world.version, ALICE.send(Call("counter.Ad", b"")), GENESIS_MS)
    assert unknown.value.hint == "did you mean 'counter.Add'?"
    with pytest.raises(InvalidEncoding, match=r"counter\.Add"):
        world.app.check(world.version, ALICE.send(Call("counter.Add", b"\x80")), GENESIS_MS)
    with pytest.raises(Expired):
        world.app.check(world.version, ALICE.send(Add("a", 1), expires_at_ms=GENESIS_MS), GENESIS_MS + 1)


def test_a_wrong_signature_is_found_each_time() -> None:
    world = chain()
    good = decode(ALICE.send(Add("a", 1)), Transaction)
    forged = encode(Transaction(good.body, (TxSignature(ALICE.key, Signature(bytes(64))),)))
    tx = world.app.check(world.version, forged, GENESIS_MS)
    for _ in range(2):
        with pytest.raises(InvalidSignature, match=ALICE.key.hex()):
            world.app.verify_signatures(tx)
    world.app.verify_signatures(world.app.check(world.version, ALICE.send(Add("a", 1)), GENESIS_MS))


def test_signatures_out_of_order_or_twice_are_refused() -> None:
    world = chain()
    good = decode(ALICE.send(Add("a", 1)), Transaction)
    twice = encode(Transaction(good.body, good.signatures * 2))
    with pytest.raises(InvalidSignature, match="ascending"):
        world.app.check(world.version, twice, GENESIS_MS)


def test_an_account_may_have_later_sequences_waiting_but_no_used_ones() -> None:
    world = chain()
    world.run(ALICE.send(Add("a", 1)))

    def check(raw: bytes) -> int:
        return world.app.check_account(world.version, world.app.check(world.version, raw, GENESIS_MS))

    assert check(ALICE.send(Add("a", 1), sequence=7)) == 1
    with pytest.raises(WrongSequence, match="is at sequence 1, 0 has been used"):
        check(ALICE.send(Add("a", 1)))
    with pytest.raises(FeeTooLow):
        check(User(b"c" * 32).send(Add("a", 1)))
    stolen = decode(BOB.send(Add("a", 1)), Transaction)
    with pytest.raises(Unauthorised):
        check(encode(Transaction(stolen.body, (TxSignature(ALICE.key, stolen.signatures[0].signature),))))


def test_a_simulation_says_what_would_happen_and_changes_nothing() -> None:
    world = chain()
    receipt = world.app.simulate(world.version, ALICE.send(Add("a", 1)), now_ms=GENESIS_MS)
    assert receipt.code == 0
    assert world.counter("a") is None
    assert world.run(ALICE.send(Add("a", 1))).receipts == (receipt,)
    failed = world.app.simulate(world.version, ALICE.send(Refuse("a"), sequence=1), now_ms=GENESIS_MS)
    assert failed.error == "as asked"


def test_a_query_answers_in_json() -> None:
    world = chain(votes=3)
    answer = world.app.query(world.version, module="counter", name="value", arguments={"name": "votes"})
    assert answer == {"value": "3"}


@pytest.mark.parametrize(
    ("module", "name", "arguments", "text", "not_found"),
    [
        ("counter", "value", {"name": "none"}, "there is no counter Counter", True),
        ("counter", "value", {}, r"\$\.name: this field is missing", False),
        ("counter", "value", [], "expected an object", False),
        ("counter", "values", {}, "has no query 'values'", True),
        ("count", "value", {}, "no module 'count'", True),
    ],
)
def test_a_wrong_query_says_what_was_wrong(
    module: str, name: str, arguments: object, text: str, not_found: bool
) -> None:
    world = chain()
    with pytest.raises(QueryError, match=text) as caught:
        world.app.query(world.version, module=module, name=name, arguments=arguments)
    assert caught.value.not_found is not_found


def test_a_version_that_was_settled_on_storage_still_carries_its_children() -> None:
    world = chain()
    world.run(ALICE.send(Add("a", 1)))
    settled = world.version
    child = type(world)(settled, world.app)
    child.run(ALICE.send(Add("a", 1), sequence=1))
    before = (list(child.version.iterate(b"", b"\xff")), child.version.prove(b"counter\x01a"))
    storage, nodes = _copy_of(settled)
    settled.settle(state=storage, nodes=nodes)
    assert (list(child.version.iterate(b"", b"\xff")), child.version.prove(b"counter\x01a")) == before
    child.run(ALICE.send(Add("a", 1), sequence=2))
    assert child.counter("a") == 3


def _copy_of(version: StateVersion) -> tuple[MemoryState, OverlayReader]:
    """The storage after this version was committed to it."""
    storage = MemoryState()
    storage.values = dict(version.iterate(b"", b"\xff"))
    tree = update(
        OverlayReader(None, {}), previous_version=None, version=version.height, changes=list(storage.values.items())
    )
    assert tree.root == version.root
    return storage, OverlayReader(None, dict(tree.nodes))
