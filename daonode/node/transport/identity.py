"""Peer ids of Ed25519 host keys.

A libp2p peer id of an Ed25519 key is the identity multihash of the protobuf-encoded public key, in base58: the key can
be read back from it. It is built here with base58 alone, so that tools which write configuration need not
import libp2p. Source: libp2p specification, `peer-ids/peer-ids.md`.
"""

from typing import NewType

import base58

from daonode.primitives.signatures import public_key_of

PeerId = NewType("PeerId", str)
"""The base58 text of a libp2p peer id, `12D3KooW...`."""

SEED_BYTES = 32
PUBLIC_KEY_BYTES = 32

# Identity multihash (code 0x00) of 36 bytes; protobuf PublicKey: field 1 (type) is 1 (Ed25519), field 2 is 32 bytes.
_ED25519_PEER_ID_PREFIX = bytes([0x00, 0x24, 0x08, 0x01, 0x12, 0x20])


def public_key_from_seed(seed: bytes) -> bytes:
    """Return the 32-byte Ed25519 public key of a 32-byte seed. Source: RFC 8032, section 5.1.5."""
    return public_key_of(seed)


def peer_id_from_public_key(public_key: bytes) -> PeerId:
    """Return the peer id of a 32-byte Ed25519 public key."""
    return PeerId(base58.b58encode(_ED25519_PEER_ID_PREFIX + public_key).decode("ascii"))


def peer_id_from_seed(seed: bytes) -> PeerId:
    """Return the peer id of the host whose identity key has this 32-byte seed."""
    return peer_id_from_public_key(public_key_from_seed(seed))
