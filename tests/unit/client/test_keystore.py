"""Keys in files: what opens them, what does not, and who may read them."""

import json
import os
from pathlib import Path

import pytest

from daonode.client.errors import (
    DamagedKeyFile,
    ExposedKeyFile,
    InvalidKey,
    InvalidKeyName,
    KeyExists,
    PasswordNeeded,
    UnknownKey,
    WrongPassword,
)
from daonode.client.keystore import Keystore
from tests.unit.client.small_chain import ALICE, WORDS

PASSWORD = "correct horse"


@pytest.fixture
def keystore(tmp_path: Path) -> Keystore:
    return Keystore(tmp_path / "keys")


def test_a_key_opens_with_its_password_and_gives_its_words_back(keystore: Keystore) -> None:
    entry = keystore.add("alice", WORDS, coin_type=1, password=PASSWORD)
    assert (entry.address, entry.public_key, entry.path) == (ALICE.address, ALICE.public_key, "m/44'/1'/0'/0'")
    assert keystore.unlock("alice", PASSWORD) == ALICE
    assert keystore.export("alice", PASSWORD) == WORDS


def test_a_wrong_password_is_told_as_such(keystore: Keystore) -> None:
    keystore.add("alice", WORDS, coin_type=1, password=PASSWORD)
    with pytest.raises(WrongPassword):
        keystore.unlock("alice", "wrong horse")
    with pytest.raises(PasswordNeeded):
        keystore.unlock("alice")
    with pytest.raises(InvalidKey, match="empty"):
        keystore.unlock("alice", "")


def test_the_same_password_typed_with_composed_and_combining_characters_opens(keystore: Keystore) -> None:
    keystore.add("alice", WORDS, coin_type=1, password="caf\u00e9")
    assert keystore.unlock("alice", "cafe\u0301") == ALICE


def test_a_key_file_holds_no_secret_in_clear_and_only_its_owner_may_read_it(keystore: Keystore) -> None:
    entry = keystore.add("alice", WORDS, coin_type=1, password=PASSWORD)
    text = entry.file.read_text()
    assert bytes(16).hex() not in text
    assert "abandon" not in text
    assert entry.file.stat().st_mode & 0o777 == 0o600
    assert keystore.directory.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in keystore.directory.iterdir()] == ["alice.json"]


def test_a_key_file_that_others_can_read_is_refused_with_the_command_that_repairs_it(keystore: Keystore) -> None:
    entry = keystore.add("alice", WORDS, coin_type=1, password=None)
    entry.file.chmod(0o640)
    with pytest.raises(ExposedKeyFile, match="0640") as refusal:
        keystore.unlock("alice")
    assert refusal.value.hint == f"run: chmod 600 {entry.file}"
    assert keystore.list().entries == ()
    assert isinstance(keystore.list().problems[0], ExposedKeyFile)


def test_a_test_network_key_opens_without_a_password_and_is_warned_about(keystore: Keystore) -> None:
    entry = keystore.add("bob", WORDS, coin_type=1, account=1, password=None)
    assert entry.file.name == "bob.unencrypted.json"
    assert not entry.is_encrypted
    assert keystore.unlock("bob").address == entry.address
    assert keystore.list().warnings == ("not encrypted, for test networks only: bob",)


def test_the_list_needs_no_password_and_is_in_order_of_names(keystore: Keystore) -> None:
    assert keystore.list().entries == ()
    keystore.add("bob", WORDS, coin_type=1, account=1, password=None)
    keystore.add("alice", WORDS, coin_type=1, password=PASSWORD)
    assert [(entry.name, entry.is_encrypted) for entry in keystore.list().entries] == [("alice", True), ("bob", False)]


def test_a_new_key_has_24_words_and_no_other_key_has_them(keystore: Keystore) -> None:
    keystore.create("one", coin_type=1, password=None)
    keystore.create("two", coin_type=1, password=None)
    assert len(keystore.export("one").split()) == 24
    assert keystore.export("one") != keystore.export("two")


@pytest.mark.parametrize("password", [PASSWORD, None])
def test_a_key_is_never_overwritten(keystore: Keystore, password: str | None) -> None:
    keystore.add("alice", WORDS, coin_type=1, password=None)
    with pytest.raises(KeyExists):
        keystore.create("alice", coin_type=1, password=password)
    assert keystore.export("alice") == WORDS


@pytest.mark.parametrize("name", ["", "Alice", "../alice", "a.b", "-a", "a" * 65, "al\nice"])
def test_a_name_that_is_no_file_name_is_refused(keystore: Keystore, name: str) -> None:
    with pytest.raises(InvalidKeyName):
        keystore.add(name, WORDS, coin_type=1, password=None)


def test_an_unknown_key_names_the_nearest(keystore: Keystore) -> None:
    keystore.add("alice", WORDS, coin_type=1, password=None)
    with pytest.raises(UnknownKey) as refusal:
        keystore.unlock("alise")
    assert refusal.value.hint == "did you mean 'alice'?"


def test_mistaken_words_are_told_without_being_quoted(keystore: Keystore) -> None:
    with pytest.raises(InvalidKey, match="word 12") as refusal:
        keystore.add("alice", WORDS.replace("about", "abouts"), coin_type=1, password=None)
    assert "abouts" not in str(refusal.value)


@pytest.mark.parametrize("password", [PASSWORD, None])
def test_what_is_in_clear_cannot_be_exchanged_unnoticed(keystore: Keystore, password: str | None) -> None:
    entry = keystore.add("alice", WORDS, coin_type=1, password=password)
    form = json.loads(entry.file.read_text())
    expected = DamagedKeyFile if password is None else WrongPassword
    for field, value in {"account": "1", "public_key": "0x" + "11" * 32}.items():
        entry.file.write_text(json.dumps(form | {field: type(form[field])(value)}))
        with pytest.raises(expected):
            keystore.unlock("alice", password)


def test_a_damaged_or_newer_file_is_a_problem_that_hides_no_other_key(keystore: Keystore) -> None:
    good = keystore.add("alice", WORDS, coin_type=1, password=None)
    form = json.loads(good.file.read_text())
    damaged = {
        "cut.json": good.file.read_text()[:40],
        "newer.unencrypted.json": json.dumps(form | {"name": "newer", "version": 2}),
        "moved.unencrypted.json": good.file.read_text(),
        "costly.json": json.dumps(form | {"encryption": {"kind": "argon2id-aes256gcm", "memory_kib": 2**31}}),
    }
    for name, text in damaged.items():
        path = keystore.directory / name
        path.write_text(text)
        path.chmod(0o600)
    listing = keystore.list()
    assert [entry.name for entry in listing.entries] == ["alice"]
    assert len(listing.problems) == len(damaged)
    with pytest.raises(DamagedKeyFile, match="version 2"):
        keystore.unlock("newer")


def test_a_pipe_in_the_place_of_a_key_file_does_not_hang(keystore: Keystore) -> None:
    keystore.add("alice", WORDS, coin_type=1, password=None)
    os.mkfifo(keystore.directory / "pipe.json", 0o600)
    with pytest.raises(DamagedKeyFile, match="regular"):
        keystore.unlock("pipe")


def test_a_wallet_shows_no_secret() -> None:
    assert "_seed" not in repr(ALICE)
