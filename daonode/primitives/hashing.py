"""SHA-256, and the domain tags that keep a hash of one kind of thing from being a hash of another.

``tagged_hash(tag, *parts)`` is SHA-256 over the tag and the parts, one after the other. No tag is a prefix of
another, so two kinds never hash the same bytes. The parts are not delimited: a caller gives parts of fixed
length, or one part from the canonical codec.

All tags of the product stand here and nowhere else; a tag never changes its meaning, it gets a new version.
"""

from hashlib import sha256 as _sha256
from typing import Final

from daonode.primitives.ids import Hash

TX_TAG: Final = b"daonode/tx/v1"
HEADER_TAG: Final = b"daonode/header/v1"
PAYLOAD_TAG: Final = b"daonode/payload/v1"
STATEMENT_TAG: Final = b"daonode/statement/v1"
CERTIFICATE_TAG: Final = b"daonode/certificate/v1"
VALIDATORS_TAG: Final = b"daonode/validators/v1"
VALIDATOR_TAG: Final = b"daonode/validator-id/v1"
GENESIS_TAG: Final = b"daonode/genesis/v1"
ACCOUNT_TAG: Final = b"daonode/account/v1"
MODULE_TAG: Final = b"daonode/module/v1"
PROPOSAL_TAG: Final = b"daonode/proposal/v1"
MESSAGE_TAG: Final = b"daonode/message/v1"
ORIGIN_TAG: Final = b"daonode/origin/v1"
SNAPSHOT_TAG: Final = b"daonode/snapshot/v1"

# Reserved, so that what a wallet signs under one of them can never become something else.
BALLOT_TAG: Final = b"daonode/ballot/v1"
LOGIN_TAG: Final = b"daonode/login/v1"


def sha256(data: bytes) -> Hash:
    """Return the 32-byte SHA-256 digest of the bytes (FIPS 180-4)."""
    return Hash(_sha256(data).digest())


def tagged_hash(tag: bytes, *parts: bytes) -> Hash:
    """Return SHA-256 over ``tag`` and the undelimited ``parts``: 32 bytes."""
    return Hash(_sha256(tag + b"".join(parts)).digest())
