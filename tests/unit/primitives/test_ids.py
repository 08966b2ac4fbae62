"""Bytes and text from outside become ids only in the right form."""

from collections.abc import Callable

import pytest

from daonode.primitives.errors import PrimitiveError
from daonode.primitives.ids import (
    IdError,
    check_block_id,
    check_chain_id,
    check_hash,
    check_public_key,
    check_signature,
    check_tx_id,
)

CHECKS: list[tuple[Callable[[bytes], bytes], int]] = [
    (check_hash, 32),
    (check_block_id, 32),
    (check_tx_id, 32),
    (check_public_key, 32),
    (check_signature, 64),
]


@pytest.mark.parametrize(("check", "length"), CHECKS)
def test_bytes_of_the_right_length_become_an_id_and_others_do_not(check: Callable[[bytes], bytes], length: int) -> None:
    assert check(bytes(length)) == bytes(length)
    for wrong in (0, length - 1, length + 1):
        with pytest.raises(IdError, match=f"expected {length} bytes, got {wrong}"):
            check(bytes(wrong))


@pytest.mark.parametrize("text", ["daonode:a", "daonode:Main-net_1", "daonode:" + "x" * 32])
def test_a_caip_2_chain_id_is_accepted(text: str) -> None:
    assert check_chain_id(text) == text


@pytest.mark.parametrize("text", ["", "daonode", "daonode:", "DAONODE:a", "cosmos:hub", ":a"])
def test_a_chain_id_of_another_namespace_or_without_a_reference_is_refused(text: str) -> None:
    with pytest.raises(IdError, match="chain id"):
        check_chain_id(text)


@pytest.mark.parametrize("reference", ["x" * 33, "a b", "a:b", "é", "a\n", "x" * 10_000])
def test_a_chain_reference_with_other_characters_or_length_is_refused_in_a_short_text(reference: str) -> None:
    with pytest.raises(IdError, match="1 to 32") as caught:
        check_chain_id(f"daonode:{reference}")
    assert len(str(caught.value)) < 250


def test_every_error_of_the_package_has_one_root() -> None:
    with pytest.raises(PrimitiveError):
        check_hash(b"")
