"""Vectors for makers of wallets: from words to an address, and from messages to a signed transaction, byte by byte.

Beside the product, the vectors of transactions are checked by an independent encoder (`msgpack`) and `hashlib`.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import msgpack

from daonode.client.key_file import KeyFile, key_file_to_bytes, make_key_file, open_entropy, parse_key_file
from daonode.client.transaction_file import unsigned
from daonode.client.transactions import describe, make_body, make_call, sign_body
from daonode.client.wallet import Wallet
from daonode.ledger.registry import discover
from daonode.ledger.transactions import TxBody
from daonode.modules.accounts.messages import Transfer
from daonode.primitives.addresses import decode_account, encode_account
from daonode.primitives.codec import Record, decode, encode
from daonode.primitives.ids import AssetId, ChainId
from daonode.primitives.json_form import Json
from daonode.primitives.units import Amount

VECTORS = Path(__file__).parent / "vectors"
MNEMONICS = (
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about",
    (
        "legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth useful "
        "legal winner thank year wave sausage worth title"
    ),
)
REGISTRY = discover({"accounts"})
SENDER = Wallet.from_words(MNEMONICS[0], coin_type=1)
OTHER = Wallet.from_words(MNEMONICS[1], coin_type=1)
TEXT = "Sign in, please. \u2713"
PASSWORD = "correct horse battery staple"


def test_the_address_of_a_mnemonic_is_pinned(golden: Callable[[str, Json], None]) -> None:
    vectors: list[Json] = []
    for words in MNEMONICS:
        for coin_type, account in ((1, 0), (1, 1), (60, 0), (1, 2**31 - 1)):
            wallet = Wallet.from_words(words, coin_type=coin_type, account=account)
            vectors.append(
                {
                    "mnemonic": words,
                    "path": f"m/44'/{coin_type}'/{account}'/0'",
                    "public_key": f"0x{wallet.public_key.hex()}",
                    "address": encode_account(wallet.address),
                    "text": TEXT,
                    "text_signature": f"0x{wallet.sign_text(TEXT).hex()}",
                }
            )
    golden("wallets.json", vectors)


def body_of(message: Record, *, sequence: int, memo: str = "") -> TxBody:
    return make_body(
        [make_call(REGISTRY, message)],
        chain_id=ChainId("daonode:vectors"),
        sender=SENDER.address,
        sequence=sequence,
        expires_at_ms=1_800_000_000_000,
        gas_limit=50_000,
        max_fee=2**64 - 1 if memo else 100,
        lane=15 if memo else 0,
        memo=memo,
    )


def bodies() -> list[TxBody]:
    transfer = Transfer(destination=OTHER.address, asset=AssetId("dao"), amount=Amount(1_000_000))
    return [body_of(transfer, sequence=0), body_of(transfer, sequence=2**64 - 1, memo="\u00e9lan")]


def test_a_signed_transaction_is_pinned(golden: Callable[[str, Json], None]) -> None:
    vectors: list[Json] = []
    for body in bodies():
        file = unsigned(body).sign(SENDER).sign(OTHER)
        vectors.append(
            {
                "shown": describe(file.body, REGISTRY),
                "body": f"0x{file.body.hex()}",
                "tx_id": f"0x{file.id.hex()}",
                "signatures": [
                    {"public_key": f"0x{each.public_key.hex()}", "signature": f"0x{each.signature.hex()}"}
                    for each in file.signatures
                ],
                "raw": f"0x{file.finish().raw.hex()}",
                "raw_with_one_signature": f"0x{sign_body(body, [SENDER]).raw.hex()}",
            }
        )
    golden("transactions.json", vectors)


def test_the_pinned_transactions_are_what_other_software_makes() -> None:
    for vector in json.loads((VECTORS / "transactions.json").read_text()):
        shown = vector["shown"]
        calls = []
        for message in shown["messages"]:
            value = message["value"]
            fields = [decode_account(value["destination"]), value["asset"], int(value["amount"])]
            calls.append([message["type"], msgpack.packb(fields)])
        fields = [1, shown["chain_id"], decode_account(shown["sender"]), shown["lane"], int(shown["sequence"])]
        fields += [1_800_000_000_000, int(shown["gas_limit"]), int(shown["max_fee"]), calls, shown["memo"]]
        body = msgpack.packb(fields)
        assert body.hex() == vector["body"][2:]
        assert hashlib.sha256(b"daonode/tx/v1" + body).hexdigest() == vector["tx_id"][2:]
        signatures = [[bytes.fromhex(item[2:]) for item in each.values()] for each in vector["signatures"]]
        assert msgpack.packb([body, signatures]).hex() == vector["raw"][2:]


def golden_key_file(password: str | None) -> KeyFile:
    return make_key_file(
        "golden", bytes(range(16)), coin_type=1, account=3, password=password, salt=bytes(16), nonce=bytes(range(12))
    )


def test_a_key_file_is_pinned_and_opens(golden: Callable[[str, Json], None]) -> None:
    files = {"sealed": golden_key_file(PASSWORD), "plain": golden_key_file(None)}
    golden("key_files.json", {name: json.loads(key_file_to_bytes(file)) for name, file in files.items()})
    for name, form in json.loads((VECTORS / "key_files.json").read_text()).items():
        path = Path(f"{name}.json")
        file = parse_key_file(json.dumps(form).encode(), path=path)
        entropy, wallet = open_entropy(file, password=PASSWORD, path=path)
        assert entropy == bytes(range(16))
        assert wallet.address == file.address


def test_a_pinned_body_decodes_to_what_was_signed() -> None:
    for body, vector in zip(bodies(), json.loads((VECTORS / "transactions.json").read_text()), strict=True):
        assert decode(bytes.fromhex(vector["body"][2:]), TxBody) == body
        assert encode(body).hex() == vector["body"][2:]
