"""The vectors recomputed by other software: `msgpack`, `hashlib`, `hmac`, `bech32` and OpenSSL's Ed25519.

Nothing of the product is imported here: what this file does, a wallet can do.
"""

import hashlib
import hmac
import unicodedata
from typing import Any

import bech32
import msgpack
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

Vectors = dict[str, Any]
HARDENED = 2**31
BECH32M = 0x2BC830A3


def unhex(text: str) -> bytes:
    assert text.startswith("0x")
    return bytes.fromhex(text[2:])


def tagged(tag: str, data: bytes) -> bytes:
    return hashlib.sha256(tag.encode() + data).digest()


def address_bytes(text: str) -> bytes:
    """The 32 bytes of an address; the library knows bech32 and not bech32m, so the checksum is checked here."""
    prefix, _, payload = text.rpartition("1")
    values = [bech32.CHARSET.index(character) for character in payload]
    assert bech32.bech32_polymod(bech32.bech32_hrp_expand(prefix) + values) == BECH32M
    converted = bech32.convertbits(values[:-6], 5, 8, pad=False)
    assert converted is not None
    return bytes(converted)


def key_verifies(public_key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def value_of(shown: Any) -> Any:
    """A value of the section `encodings`."""
    if isinstance(shown, list):
        return [value_of(each) for each in shown]
    if isinstance(shown, dict):
        return unhex(shown["bytes"]) if "bytes" in shown else int(shown["number"])
    return shown


def call_values(message: Any) -> list[Any]:
    """The fields of a message in the order of the wire, from their JSON form."""
    value = message["value"]
    match message["type"]:
        case "accounts.Transfer":
            return [address_bytes(value["destination"]), value["asset"], int(value["amount"])]
        case "accounts.CreateAccount":
            policy = value["policy"]
            members = [[each["kind"], unhex(each["public_key"]), each["weight"]] for each in policy["members"]]
            return [[policy["kind"], policy["threshold"], members]]
        case "governance.Delegate":
            return [value["track"], address_bytes(value["to"])]
        case "governance.Vote":
            return [unhex(value["proposal"]), value["choice"], value["reason"]]
        case "governance.SubmitProposal":
            actions = [[each["type"], unhex(each["body"])] for each in value["actions"]]
            text = [value["track"], value["kind"], value["title"], value["body"]]
            return [*text, actions, int(value["deposit"]), value["enactment"]]
        case "identity.RegisterMember":
            return [address_bytes(value["account"]), value["name"], value["role"]]
    raise AssertionError(f"no test writes {message['type']}")


def test_each_encoding_is_messagepack_in_its_shortest_form(vectors: Vectors) -> None:
    for each in vectors["encodings"]:
        assert msgpack.packb(value_of(each["value"])) == unhex(each["bytes"]), each


def test_each_key_follows_from_its_words(vectors: Vectors) -> None:
    for each in vectors["keys"]:
        words = unicodedata.normalize("NFKD", each["mnemonic"]).encode()
        seed = hashlib.pbkdf2_hmac("sha512", words, b"mnemonic", 2048)
        assert seed == unhex(each["bip39_seed"])
        node = hmac.digest(b"ed25519 seed", seed, "sha512")
        for step in each["path"].removeprefix("m/").split("/"):
            index = int(step.removesuffix("'")) + HARDENED
            node = hmac.digest(node[32:], b"\0" + node[:32] + index.to_bytes(4, "big"), "sha512")
        assert node[:32] == unhex(each["private_seed"])
        public_key = Ed25519PrivateKey.from_private_bytes(node[:32]).public_key().public_bytes_raw()
        assert public_key == unhex(each["public_key"])


def test_each_address_follows_from_its_policy(vectors: Vectors) -> None:
    shared = vectors["shared_account"]
    members = [[each["kind"], unhex(each["public_key"]), each["weight"]] for each in shared["policy"]["members"]]
    assert msgpack.packb(["threshold", shared["policy"]["threshold"], members]) == unhex(shared["policy_bytes"])
    assert members == sorted(members, key=lambda member: bytes(member[1]))
    assert tagged("daonode/account/v1", unhex(shared["policy_bytes"])) == address_bytes(shared["address"])
    for each in vectors["keys"]:
        assert msgpack.packb(["key", unhex(each["public_key"])]) == unhex(each["policy_bytes"])
        account = tagged("daonode/account/v1", unhex(each["policy_bytes"]))
        assert account == unhex(each["account_id"]) == address_bytes(each["address"])


def test_each_transaction_follows_from_its_body(vectors: Vectors) -> None:
    seeds = {each["public_key"]: unhex(each["private_seed"]) for each in vectors["keys"]}
    for each in vectors["transactions"]:
        body = each["body"]
        calls = [[message["type"], msgpack.packb(call_values(message))] for message in body["messages"]]
        assert [call[1] for call in calls] == [unhex(encoded) for encoded in each["message_bytes"]]
        numbers = [int(body[name]) for name in ("sequence", "expires_at_ms", "gas_limit", "max_fee")]
        fields = [body["version"], body["chain_id"], address_bytes(body["sender"]), body["lane"], *numbers]
        encoded = msgpack.packb([*fields, calls, body["memo"]])
        assert encoded == unhex(each["body_bytes"]), each["name"]
        tx_id = tagged("daonode/tx/v1", encoded)
        assert tx_id == unhex(each["tx_id"])
        signatures = []
        for given in each["signatures"]:
            signature = Ed25519PrivateKey.from_private_bytes(seeds[given["public_key"]]).sign(tx_id)
            assert signature == unhex(given["signature"])
            signatures.append([unhex(given["public_key"]), signature])
        assert msgpack.packb([encoded, sorted(signatures)]) == unhex(each["transaction"])


def test_each_text_is_signed_under_its_own_tag(vectors: Vectors) -> None:
    for each in vectors["texts"]:
        digest = tagged("daonode/message/v1", each["text"].encode())
        assert key_verifies(unhex(each["public_key"]), unhex(each["signature"]), digest)


def test_each_block_is_final_by_the_signatures_of_a_quorum(vectors: Vectors) -> None:
    validators = genesis_validators(vectors)
    for each in vectors["certificates"]:
        assert tagged("daonode/header/v1", unhex(each["header_bytes"])) == unhex(each["block_id"])
        proof = each["answer"]["proof"]
        certificate = proof["qc"] if proof["kind"] == "two_chain" else proof
        statement = [int(certificate["epoch"]), int(certificate["round"]), unhex(certificate["block_id"])]
        kind = "commit"
        if proof["kind"] == "two_chain":
            kind, statement = "vote", [*statement, int(certificate["qc_round"])]
        signed = b"daonode/statement/v1" + msgpack.packb([kind, vectors["chain_id"], *statement])
        power = 0
        for signer, signature in zip(certificate["signers"], certificate["signatures"], strict=True):
            public_key, weight = validators[int(signer)]
            assert key_verifies(public_key, unhex(signature), signed), each["name"]
            power += weight
        assert 3 * power > 2 * sum(weight for _, weight in validators)


def genesis_validators(vectors: Vectors) -> list[tuple[bytes, int]]:
    """Key and power of each validator, by id."""
    section = vectors["genesis"]["modules"]["validators"]["validators"]
    pairs = [(unhex(each["public_key"]), each["power"]) for each in section]
    return sorted(pairs, key=lambda pair: tagged("daonode/validator-id/v1", pair[0]))


def header_roots(vectors: Vectors) -> dict[int, Any]:
    return {each["answer"]["height"]: each["answer"]["header"] for each in vectors["certificates"]}


def test_each_receipt_is_under_the_root_of_its_block(vectors: Vectors) -> None:
    for each in vectors["receipts"]:
        answer = each["answer"]
        receipt = msgpack.unpackb(unhex(answer["proof"]["receipt"]))
        assert receipt[0] == unhex(answer["tx_id"])
        assert msgpack.packb([*receipt[:2], "", *receipt[3:]]) == unhex(each["leaf"])
        inclusion = answer["proof"]["inclusion"]
        path = [unhex(sibling) for sibling in inclusion["path"]]
        root = inclusion_root(unhex(each["leaf"]), inclusion["index"], inclusion["size"], path)
        assert root == unhex(header_roots(vectors)[answer["height"]]["receipts_root"])


def inclusion_root(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """RFC 6962, 2.1.1, from the top: the path's last hash is the sibling of the half that holds the leaf."""
    if size == 1:
        assert not path
        return hashlib.sha256(b"\0" + leaf).digest()
    split = 1 << (size - 1).bit_length() - 1
    if index < split:
        return hashlib.sha256(b"\1" + inclusion_root(leaf, index, split, path[:-1]) + path[-1]).digest()
    return hashlib.sha256(b"\1" + path[-1] + inclusion_root(leaf, index - split, size - split, path[:-1])).digest()


@pytest.mark.parametrize("number", range(4))
def test_each_state_proof_leads_to_the_root(vectors: Vectors, number: int) -> None:
    answer = vectors["state"][number]["answer"]
    proof = answer["proof"]
    path = hashlib.sha256(unhex(answer["key"])).digest()
    leaf_path, leaf_value_hash = unhex(proof["leaf_path"]), unhex(proof["leaf_value_hash"])
    if answer["value"] is not None:
        assert leaf_path == path
        assert leaf_value_hash == hashlib.sha256(unhex(answer["value"])).digest()
    else:
        assert leaf_path != path
    below = hashlib.sha256(b"\0" + leaf_path + leaf_value_hash).digest() if leaf_path else bytes(32)
    bits = "".join(f"{octet:08b}" for octet in path)[: proof["depth"]]
    present = "".join(f"{octet:08b}" for octet in unhex(proof["bitmap"]))[: proof["depth"]]
    siblings = [unhex(sibling) for sibling in proof["siblings"]]
    for direction, is_present in zip(reversed(bits), present, strict=True):
        sibling = siblings.pop(0) if is_present == "1" else bytes(32)
        pair = sibling + below if direction == "1" else below + sibling
        below = hashlib.sha256(b"\1" + pair).digest()
    assert not siblings
    assert below == unhex(answer["state_root"]) == unhex(header_roots(vectors)[answer["height"]]["state_root"])
