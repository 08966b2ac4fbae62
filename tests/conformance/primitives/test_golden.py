"""Golden bytes: encodings, hashes, addresses and proofs that may never change by accident.

``DAONODE_APPROVE_GOLDEN=1`` rewrites the file; the difference is then a change of the protocol, to be reviewed.
"""

from collections.abc import Callable, Mapping

import msgspec

from daonode.primitives import hashing
from daonode.primitives.addresses import encode_account, encode_caip10, encode_validator
from daonode.primitives.codec import U64, Record, encode
from daonode.primitives.derivation import derive_account_seed
from daonode.primitives.ids import Address, Hash, ValidatorId, check_chain_id
from daonode.primitives.merkle import list_root, prove_inclusion
from daonode.primitives.signatures import public_key_of, sign
from daonode.primitives.state_proof import EMPTY_SUBTREE, inner_node_hash, leaf_node_hash, make_state_proof, path_of

Golden = Callable[[str, Mapping[str, str]], None]

WORDS = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"


class Pay(Record, frozen=True, tag="pay"):
    to: Address
    amount: U64


class Note(Record, frozen=True, tag="note"):
    text: str
    reply_to: Hash | None
    parts: tuple[Pay, ...]


def test_the_encoding_of_every_kind_of_value_is_pinned(golden: Golden) -> None:
    boundaries = [0, 127, 128, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**63, 2**64 - 1, -1, -32, -33, -(2**63)]
    values: dict[str, object] = {f"integer {number}": number for number in boundaries}
    values |= {f"bytes of {length}": bytes(length) for length in (0, 1, 32)}
    values |= {"text": "élan", "true": True, "none": None, "map": {"b": 1, "a": 2}}
    pay = Pay(to=Address(bytes(range(32))), amount=2**64 - 1)
    values |= {"record": pay, "nested record": Note(text="hi", reply_to=None, parts=(pay,))}
    values |= {"raw": msgspec.Raw(encode(pay)), "array of 16": tuple(range(16))}
    golden("golden_codec.json", {name: encode(value).hex() for name, value in values.items()})


def test_every_tag_and_its_hash_is_pinned(golden: Golden) -> None:
    tags = {name: value for name, value in sorted(vars(hashing).items()) if name.endswith("_TAG")}
    actual = {name: f"{tag.decode()} {hashing.tagged_hash(tag, b'one', b'two').hex()}" for name, tag in tags.items()}
    golden("golden_hashes.json", actual)


def test_addresses_keys_and_signatures_are_pinned(golden: Golden) -> None:
    address, chain_id = Address(bytes(range(32))), check_chain_id("daonode:test-1")
    seed = derive_account_seed(WORDS, coin_type=1, account=2)
    actual = {
        "account": encode_account(address),
        "validator": encode_validator(ValidatorId(bytes(range(32)))),
        "caip-10": encode_caip10(chain_id, address),
        "private seed at m/44'/1'/2'/0'": seed.hex(),
        "public key": public_key_of(seed).hex(),
        "signature": sign(seed, b"message").hex(),
    }
    golden("golden_keys.json", actual)


def test_roots_and_proofs_are_pinned(golden: Golden) -> None:
    leaves = [bytes([number]) for number in range(5)]
    path, value_hash = path_of(b"key"), hashing.sha256(b"value")
    leaf = leaf_node_hash(path=path, value_hash=value_hash)
    siblings = (Hash(b"\x11" * 32), EMPTY_SUBTREE, Hash(b"\x22" * 32))
    actual = {
        "list root": list_root(leaves).hex(),
        "empty list root": list_root([]).hex(),
        "inclusion proof": encode(prove_inclusion(leaves, 3)).hex(),
        "state leaf": leaf.hex(),
        "state node": inner_node_hash(left=leaf, right=EMPTY_SUBTREE).hex(),
        "state proof": encode(make_state_proof(leaf_path=path, leaf_value_hash=value_hash, siblings=siblings)).hex(),
    }
    golden("golden_proofs.json", actual)
