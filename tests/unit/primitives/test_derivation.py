"""From words to keys, and what is said about wrong words."""

import pytest

from daonode.primitives.derivation import (
    DerivationError,
    ExtendedKey,
    check_words,
    derive,
    derive_account_seed,
    seed_from_words,
    words_from_entropy,
)

WORDS = "legal winner thank year wave sausage worth useful legal winner thank yellow"


def test_words_are_read_in_any_case_and_spacing() -> None:
    assert check_words(f"  {WORDS.upper().replace(' ', '  ')}\n") == WORDS


def test_a_word_outside_the_list_is_pointed_at_and_not_quoted() -> None:
    with pytest.raises(DerivationError, match="word 2 ") as caught:
        check_words(WORDS.replace("winner", "winnner", 1))
    assert "winnner" not in str(caught.value)


def test_exchanged_words_fail_the_checksum() -> None:
    with pytest.raises(DerivationError, match="checksum"):
        check_words(WORDS.replace("thank year", "year thank"))


@pytest.mark.parametrize("count", [0, 11, 13, 25])
def test_another_number_of_words_is_refused(count: int) -> None:
    with pytest.raises(DerivationError, match=f"got {count}"):
        check_words(" ".join(["zoo"] * count))


def test_entropy_of_another_length_is_refused() -> None:
    with pytest.raises(DerivationError, match="got 17"):
        words_from_entropy(bytes(17))


def test_an_account_is_found_at_its_hardened_path() -> None:
    seed = seed_from_words(WORDS)
    assert derive_account_seed(WORDS, coin_type=1, account=3) == derive(seed, (44, 1, 3, 0)).seed


def test_accounts_coins_and_passphrases_give_different_keys() -> None:
    keys = [
        derive_account_seed(WORDS, coin_type=1, account=0),
        derive_account_seed(WORDS, coin_type=1, account=1),
        derive_account_seed(WORDS, coin_type=2, account=0),
        derive_account_seed(WORDS, coin_type=1, account=0, passphrase="x"),
    ]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("index", [-1, 2**31])
def test_an_index_out_of_range_is_refused(index: int) -> None:
    with pytest.raises(DerivationError, match="index"):
        derive(bytes(16), (index,))


@pytest.mark.parametrize("length", [0, 15, 65])
def test_a_seed_out_of_range_is_refused(length: int) -> None:
    with pytest.raises(DerivationError, match="16 to 64"):
        derive(bytes(length), ())


def test_a_key_does_not_show_itself() -> None:
    assert "ab" * 4 not in repr(ExtendedKey(seed=b"\xab" * 32, chain_code=b"\xab" * 32))
