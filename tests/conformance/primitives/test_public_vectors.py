"""Published vectors: RFC 8032, Ed25519 edge cases, BIP-350, RFC 6962, SLIP-10, BIP-39."""

import hashlib
from collections.abc import Callable
from typing import Any

import bech32
import pytest

from daonode.primitives.addresses import AddressError, decode_bech32m, encode_account, encode_bech32m
from daonode.primitives.derivation import check_words, derive, seed_from_words, words_from_entropy
from daonode.primitives.ids import Address, Hash, PublicKey, Signature
from daonode.primitives.merkle import InclusionProof, list_root, prove_inclusion, verify_inclusion
from daonode.primitives.signatures import public_key_of, sign, verify

Vectors = Callable[[str], Any]

GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493
BECH32M_CONSTANT = 0x2BC830A3

# All encodings, canonical or not, of the eight points whose order divides the cofactor (ePrint 2020/1244, table 6b).
SMALL_ORDER_ENCODINGS = [
    "01" + "00" * 31,
    "01" + "00" * 30 + "80",
    "00" * 32,
    "00" * 31 + "80",
    "ec" + "ff" * 30 + "7f",
    "ec" + "ff" * 31,
    "ed" + "ff" * 30 + "7f",
    "ed" + "ff" * 31,
    "ee" + "ff" * 30 + "7f",
    "ee" + "ff" * 31,
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
]


def test_rfc_8032_keys_and_signatures_are_reproduced_and_verify(vectors: Vectors) -> None:
    for case in vectors("rfc8032.json")["cases"]:
        seed, message = bytes.fromhex(case["seed"]), bytes.fromhex(case["message"])
        public_key, signature = public_key_of(seed), sign(seed, message)
        assert public_key.hex() == case["public_key"]
        assert signature.hex() == case["signature"]
        assert verify(public_key, message, signature)


def test_the_verdict_of_every_published_edge_case_is_pinned(vectors: Vectors) -> None:
    cases = vectors("ed25519_edge_cases.json")["cases"]
    assert len(cases) == 17
    for case in cases:
        verdict = verify(
            PublicKey(bytes.fromhex(case["public_key"])),
            bytes.fromhex(case["message"]),
            Signature(bytes.fromhex(case["signature"])),
        )
        assert verdict is case["accepted"], case["case"]


@pytest.mark.parametrize("encoding", SMALL_ORDER_ENCODINGS)
def test_a_key_of_small_order_verifies_nothing(encoding: str) -> None:
    key = PublicKey(bytes.fromhex(encoding))
    for nonce in SMALL_ORDER_ENCODINGS:
        signature = Signature(bytes.fromhex(nonce) + bytes(32))
        assert not any(verify(key, bytes([tries]), signature) for tries in range(8))


@pytest.mark.parametrize("encoding", SMALL_ORDER_ENCODINGS)
def test_a_nonce_of_small_order_is_refused_even_where_the_equation_holds(encoding: str) -> None:
    seed = bytes(range(32))
    digest = hashlib.sha512(seed).digest()
    secret = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | (1 << 254)
    nonce, public_key = bytes.fromhex(encoding), public_key_of(seed)
    challenge = int.from_bytes(hashlib.sha512(nonce + public_key + b"message").digest(), "little")
    scalar = challenge * secret % GROUP_ORDER
    assert not verify(public_key, b"message", Signature(nonce + scalar.to_bytes(32, "little")))


def test_a_signature_whose_scalar_is_not_reduced_is_refused() -> None:
    seed = bytes(range(32))
    public_key, signature = public_key_of(seed), sign(seed, b"message")
    scalar = int.from_bytes(signature[32:], "little")
    for multiple in (1, 2, 7):
        malleated = Signature(signature[:32] + (scalar + multiple * GROUP_ORDER).to_bytes(32, "little"))
        assert not verify(public_key, b"message", malleated)


def test_bip_350_valid_texts_are_read_and_written_back(vectors: Vectors) -> None:
    for text in vectors("bip350.json")["valid"]:
        prefix, values = decode_bech32m(text)
        assert text.lower().startswith(prefix + "1")
        assert len(values) == len(text) - len(prefix) - 7


@pytest.mark.parametrize("place", range(14))
def test_bip_350_invalid_texts_are_refused(vectors: Vectors, place: int) -> None:
    with pytest.raises(AddressError):
        decode_bech32m(vectors("bip350.json")["invalid"][place])


def test_the_bech32_package_finds_our_checksum_right() -> None:
    for data in (bytes(32), bytes(range(32)), b"\xff" * 32):
        prefix, _, payload = encode_account(Address(data)).partition("1")
        values = [bech32.CHARSET.index(character) for character in payload]
        assert bech32.bech32_polymod(bech32.bech32_hrp_expand(prefix) + values) == BECH32M_CONSTANT
        assert bytes(bech32.convertbits(values[:-6], 5, 8, pad=False)) == data
        assert encode_bech32m(prefix, data) == f"{prefix}1{payload}"


def test_rfc_6962_roots_and_inclusion_proofs_are_reproduced(vectors: Vectors) -> None:
    known = vectors("rfc6962.json")
    leaves = [bytes.fromhex(leaf) for leaf in known["leaves"]]
    roots = [Hash(bytes.fromhex(root)) for root in known["roots"]]
    assert [list_root(leaves[:size]) for size in range(len(roots))] == roots
    for case in known["proofs"]:
        index, size = case["index"], case["size"]
        path = tuple(bytes.fromhex(sibling) for sibling in case["path"])
        proof = prove_inclusion(leaves[:size], index)
        assert proof == InclusionProof(index=index, size=size, path=path)
        assert verify_inclusion(roots[size], leaves[index], proof)


def test_slip_10_ed25519_keys_are_reproduced(vectors: Vectors) -> None:
    for case in vectors("slip10.json")["cases"]:
        path = tuple(int(step.removesuffix("'")) for step in case["path"].split("/")[1:])
        key = derive(bytes.fromhex(case["seed"]), path)
        assert (key.seed.hex(), key.chain_code.hex()) == (case["private"], case["chain_code"])
        assert public_key_of(key.seed).hex() == case["public"]


def test_bip_39_words_and_seeds_are_reproduced(vectors: Vectors) -> None:
    known = vectors("bip39.json")
    for case in known["cases"]:
        words = words_from_entropy(bytes.fromhex(case["entropy"]))
        assert words == case["words"] == check_words(words)
        assert seed_from_words(words, passphrase=known["passphrase"]).hex() == case["seed"]
