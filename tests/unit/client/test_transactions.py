"""Bodies, calls, signatures and the files that go from signer to signer."""

import json

import pytest

from daonode.client.errors import FileFormatError, InvalidTransaction
from daonode.client.transaction_file import combine, parse_transaction_file, unsigned
from daonode.client.transactions import call_from_json, describe, make_body, make_call, sign_body
from daonode.client.wallet import verify_text
from daonode.ledger.checking import decode_transaction, verify_signatures
from daonode.ledger.registry import discover
from daonode.ledger.transactions import Call, TxBody
from daonode.modules.accounts.messages import Transfer
from daonode.primitives.addresses import encode_account
from daonode.primitives.codec import Record
from daonode.primitives.json_form import Json
from daonode.primitives.units import Amount
from tests.unit.client.small_chain import ALICE, BOB, CAROL, CHAIN_ID, NATIVE

REGISTRY = discover({"accounts"})
TRANSFER = Transfer(destination=BOB.address, asset=NATIVE, amount=Amount(7))
CALL = make_call(REGISTRY, TRANSFER)


def body(*, calls: int = 1, memo: str = "", lane: int = 0, sequence: int = 3) -> TxBody:
    return make_body(
        [CALL] * calls,
        chain_id=CHAIN_ID,
        sender=ALICE.address,
        sequence=sequence,
        expires_at_ms=1_700_000_000_000,
        gas_limit=50_000,
        max_fee=100,
        lane=lane,
        memo=memo,
    )


def test_what_is_signed_is_what_the_ledger_reads() -> None:
    signed = sign_body(body(), [CAROL, ALICE, BOB])
    checked = decode_transaction(signed.raw)
    verify_signatures(checked)
    assert checked.id == signed.id
    assert checked.body == body()
    assert set(checked.signers) == {ALICE.public_key, BOB.public_key, CAROL.public_key}


def test_a_limit_of_the_ledger_is_told_before_signing() -> None:
    for make in (
        lambda: body(calls=0),
        lambda: body(calls=17),
        lambda: body(memo="é" * 129),
        lambda: body(lane=16),
        lambda: body(sequence=-1),
        lambda: sign_body(body(), []),
    ):
        with pytest.raises(InvalidTransaction):
            make()


def test_a_message_in_json_is_the_same_call() -> None:
    value: Json = {"destination": encode_account(BOB.address), "asset": "dao", "amount": "7"}
    assert call_from_json(REGISTRY, "accounts.Transfer", value) == CALL


def test_a_wrong_message_in_json_is_told_by_its_path() -> None:
    value: Json = {"destination": encode_account(BOB.address), "asset": "dao", "amount": 7}
    with pytest.raises(FileFormatError, match=r"value\.amount: expected a decimal string"):
        call_from_json(REGISTRY, "accounts.Transfer", value)
    with pytest.raises(FileFormatError, match=r"did you mean 'accounts\.Transfer'"):
        call_from_json(REGISTRY, "accounts.Transfr", {})


def test_a_message_that_no_module_takes_makes_no_call() -> None:
    class Foreign(Record, frozen=True):
        number: int

    with pytest.raises(InvalidTransaction, match="Foreign"):
        make_call(REGISTRY, Foreign(number=1))


def test_a_body_is_described_for_people_even_where_a_message_is_unknown() -> None:
    file = unsigned(
        make_body(
            [CALL, Call(type="other.Thing", body=b"\x01")],
            chain_id=CHAIN_ID,
            sender=ALICE.address,
            sequence=0,
            expires_at_ms=0,
            gas_limit=1,
            max_fee=1,
        )
    )
    shown = describe(file.body, REGISTRY)
    assert shown["expires_at"] == "1970-01-01T00:00:00.000Z"
    assert shown["messages"] == [
        {
            "type": "accounts.Transfer",
            "value": {"destination": encode_account(BOB.address), "asset": "dao", "amount": "7"},
        },
        {"type": "other.Thing", "body": "0x01"},
    ]


def test_signatures_of_several_signers_are_combined_each_once() -> None:
    file = unsigned(body())
    copies = [parse_transaction_file(file.sign(wallet).to_bytes()) for wallet in (BOB, ALICE, BOB)]
    combined = combine([*copies, file])
    assert combined.finish() == sign_body(body(), [ALICE, BOB])
    assert combined.sign(ALICE) == combined
    assert parse_transaction_file(combined.to_bytes()) == combined


def test_files_of_different_transactions_are_not_combined() -> None:
    with pytest.raises(InvalidTransaction, match="this is transaction 0x"):
        combine([unsigned(body()), unsigned(body(sequence=4))])
    with pytest.raises(InvalidTransaction, match="no transaction"):
        combine([])
    with pytest.raises(InvalidTransaction, match="1 to 32 signatures"):
        unsigned(body()).finish()


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"tx_id": "0x" + "00" * 32}, "tx_id"),
        ({"body": "0x00"}, "body"),
        ({"extra": 1}, "extra"),
        ({"version": 2}, "version"),
        ({"signatures": [{"public_key": "0x" + "11" * 32, "signature": "0x" + "00" * 64}]}, r"signatures\[0\]"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(change: dict[str, object], place: str) -> None:
    form = json.loads(unsigned(body()).sign(ALICE).to_bytes()) | change
    with pytest.raises(FileFormatError, match=place):
        parse_transaction_file(json.dumps(form).encode())


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_refused(data: bytes) -> None:
    with pytest.raises(FileFormatError):
        parse_transaction_file(data)


def test_a_signature_over_text_verifies_for_that_text_only() -> None:
    signature = ALICE.sign_text("I am Alice")
    assert verify_text("I am Alice", public_key=ALICE.public_key, signature=signature)
    assert not verify_text("I am Bob", public_key=ALICE.public_key, signature=signature)
    assert not verify_text("I am Alice", public_key=BOB.public_key, signature=signature)
