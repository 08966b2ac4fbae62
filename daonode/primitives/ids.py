"""Distinct types for the names of things, and the checks by which bytes from outside become names.

The byte ids carry their length, and names their pattern, as a constraint that the codec enforces when it decodes a
field of that type. Code that computes an id itself (a hash, a key) wraps it directly: ``BlockId(digest)``. Code that
receives bytes by another way than the codec calls ``check_...``.

This file knows no encoding for humans: that is ``addresses``.
"""

import re
from typing import Annotated, Final, NewType

from msgspec import Meta

from daonode.primitives.codec import Bytes32, Bytes64
from daonode.primitives.errors import PrimitiveError

HASH_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
CHAIN_NAMESPACE: Final = "daonode"

Hash = NewType("Hash", Bytes32)
"""A SHA-256 digest, 32 bytes."""

BlockId = NewType("BlockId", Bytes32)
"""The hash of a block header, 32 bytes."""

TxId = NewType("TxId", Bytes32)
"""The hash of a transaction body, 32 bytes: a signature cannot change it."""

Address = NewType("Address", Bytes32)
"""The stable id of an account, 32 bytes."""

ValidatorId = NewType("ValidatorId", Bytes32)
"""The stable id of a validator, 32 bytes."""

PublicKey = NewType("PublicKey", Bytes32)
"""An Ed25519 public key, 32 bytes, not yet known to be a valid point."""

Signature = NewType("Signature", Bytes64)
"""An Ed25519 signature, 64 bytes: R then S."""

ChainId = NewType("ChainId", str)
"""A CAIP-2 chain id, ``daonode:<reference>``."""

AssetId = NewType("AssetId", Annotated[str, Meta(min_length=1, max_length=32, pattern=r"^[a-z][a-z0-9-]*\Z")])
"""An asset's name: 1 to 32 of a-z, 0-9 and ``-``, a letter first."""

_CHAIN_REFERENCE = re.compile(r"[-_a-zA-Z0-9]{1,32}")


class IdError(PrimitiveError):
    """Bytes or text cannot be the id that they were given as.

    ``kind`` names the id; ``reason`` says what was wrong and what would be right.
    """

    def __init__(self, *, kind: str, reason: str) -> None:
        super().__init__(f"{kind}: {reason}")
        self.kind = kind
        self.reason = reason


def check_hash(data: bytes) -> Hash:
    """Return the 32 bytes as a hash, or raise ``IdError``."""
    return Hash(_check_length(data, kind="hash", expected_bytes=HASH_BYTES))


def check_block_id(data: bytes) -> BlockId:
    """Return the 32 bytes as a block id, or raise ``IdError``."""
    return BlockId(_check_length(data, kind="block id", expected_bytes=HASH_BYTES))


def check_tx_id(data: bytes) -> TxId:
    """Return the 32 bytes as a transaction id, or raise ``IdError``."""
    return TxId(_check_length(data, kind="transaction id", expected_bytes=HASH_BYTES))


def check_public_key(data: bytes) -> PublicKey:
    """Return the 32 bytes as a public key, or raise ``IdError``. Whether it is a curve point is not checked."""
    return PublicKey(_check_length(data, kind="public key", expected_bytes=HASH_BYTES))


def check_signature(data: bytes) -> Signature:
    """Return the 64 bytes as a signature, or raise ``IdError``. Whether it verifies is not checked."""
    return Signature(_check_length(data, kind="signature", expected_bytes=SIGNATURE_BYTES))


def check_chain_id(text: str) -> ChainId:
    """Return the text as a chain id (CAIP-2: ``daonode:`` and 1 to 32 of ``-_a-zA-Z0-9``), or raise ``IdError``."""
    namespace, separator, reference = text.partition(":")
    if not separator or namespace != CHAIN_NAMESPACE:
        raise IdError(kind="chain id", reason=f"{_shorten(text)!r} does not begin with '{CHAIN_NAMESPACE}:'")
    if _CHAIN_REFERENCE.fullmatch(reference) is None:
        raise IdError(
            kind="chain id",
            reason=f"the part after '{CHAIN_NAMESPACE}:' must be 1 to 32 of the characters - _ a-z A-Z 0-9, "
            f"got {_shorten(reference)!r}",
        )
    return ChainId(text)


def _check_length(data: bytes, *, kind: str, expected_bytes: int) -> bytes:
    if len(data) != expected_bytes:
        raise IdError(kind=kind, reason=f"expected {expected_bytes} bytes, got {len(data)}")
    return data


def _shorten(text: str) -> str:
    return text if len(text) <= 64 else f"{text[:61]}..."
