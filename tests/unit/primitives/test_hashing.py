"""Tags keep the hashes of different kinds apart."""

import hashlib

from daonode.primitives import hashing
from daonode.primitives.hashing import TX_TAG, sha256, tagged_hash

TAGS = [value for name, value in sorted(vars(hashing).items()) if name.endswith("_TAG")]


def test_no_tag_is_a_prefix_of_another() -> None:
    assert len(TAGS) >= 15
    for place, tag in enumerate(TAGS):
        others = TAGS[:place] + TAGS[place + 1 :]
        assert not any(other.startswith(tag) for other in others)


def test_a_tagged_hash_is_sha_256_over_tag_and_parts() -> None:
    assert tagged_hash(TX_TAG, b"one", b"two") == hashlib.sha256(b"daonode/tx/v1onetwo").digest()
    assert tagged_hash(TX_TAG) == sha256(b"daonode/tx/v1")
