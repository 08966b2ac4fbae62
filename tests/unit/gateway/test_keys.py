"""API keys in their file: who may read it, what stands in it, and when a key is good."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from daonode.client.errors import DamagedKeyFile, ExposedKeyFile, InvalidKeyName, KeyExists, UnknownKey
from daonode.gateway.clients import KeyHolder, Rate
from daonode.gateway.keys import FileKeys, KeyTerms, add_key, read_keys, revoke_key
from daonode.gateway.secret import derive, load_secret
from daonode.primitives.units import TimeMs

NOW = TimeMs(1_000_000)


def add(path: Path, name: str = "bot", **terms: int) -> str:
    return add_key(path, KeyTerms(name, **terms), now_ms=NOW)  # type: ignore[arg-type]  # a test's keywords


def test_a_key_is_found_by_itself_alone_and_stands_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    key = add(path)
    keys = FileKeys(path)
    assert keys.find(key) == KeyHolder("bot", None)
    for wrong in (key[:-1] + ("A" if key[-1] != "A" else "B"), key.upper(), key + "A", key[3:], "", "dk_"):
        assert keys.find(wrong) is None
    content = path.read_text()
    assert key not in content
    assert key.split("_", 2)[2] not in content
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not list(tmp_path.glob("keys.json.*"))


def test_keys_differ_and_carry_256_bits(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    made = [add(path, f"bot{index}") for index in range(5)]
    assert len(set(made)) == 5
    assert all(len(key.split("_", 2)[2]) == 43 for key in made)


def test_a_key_ends_when_it_expires(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    key = add(path, expires_at=NOW + 5_000)
    now_s = [NOW / 1_000 + 4.9]
    keys = FileKeys(path, now_s=lambda: now_s[0])
    assert keys.find(key) is not None
    now_s[0] += 0.1
    assert keys.find(key) is None


def test_a_key_may_have_a_rate_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    assert FileKeys(path).find(add(path, "a", rate=7)) == KeyHolder("a", Rate(7, 70))
    assert FileKeys(path).find(add(path, "b", rate=7, burst=9)) == KeyHolder("b", Rate(7, 9))


def test_a_name_is_given_once_and_revoked_by_name_or_id(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    add(path)
    with pytest.raises(KeyExists, match="'bot'"):
        add(path)
    add(path, "other")
    revoke_key(path, read_keys(path)[0].id)
    assert [entry.name for entry in read_keys(path)] == ["other"]
    with pytest.raises(UnknownKey) as caught:
        revoke_key(path, "bot")
    assert caught.value.hint == "known: other"


@pytest.mark.parametrize("name", ["", "two words", "-x", "a" * 65, "ünicode"])
def test_a_name_that_is_none_is_refused_and_nothing_written(tmp_path: Path, name: str) -> None:
    path = tmp_path / "keys.json"
    with pytest.raises(InvalidKeyName, match="is no name"):
        add(path, name)
    assert not path.exists()


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    add(path)
    path.chmod(0o640)
    with pytest.raises(ExposedKeyFile) as caught:
        read_keys(path)
    assert caught.value.hint == f"run: chmod 600 {path}"
    with pytest.raises(ExposedKeyFile):
        add(path, "other")


@pytest.mark.parametrize("content", ["", "[]", "{", '{"keys": [{}]}', '{"keys": [], "more": 1}', "\xff"])
def test_a_file_of_another_form_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(content.encode("latin-1"))
    path.chmod(0o600)
    with pytest.raises(DamagedKeyFile, match=r"keys\.json"):
        read_keys(path)


def test_the_secret_is_made_once_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "config" / "gateway_secret"
    secret = load_secret(path)
    assert load_secret(path) == secret
    assert len(secret) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    with pytest.raises(ExposedKeyFile):
        load_secret(path)
    path.chmod(0o600)
    path.write_text("short")
    with pytest.raises(DamagedKeyFile, match="64 hexadecimal digits"):
        load_secret(path)
    path.unlink()
    assert load_secret(path) != secret


def test_what_is_derived_for_one_purpose_is_not_that_of_another() -> None:
    assert derive(bytes(32), "nonce") != derive(bytes(32), "session")


def test_the_file_is_json_that_people_can_read(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    add(path, "bot", rate=5)
    entry = json.loads(path.read_text())["keys"][0]
    assert (entry["name"], entry["rate"], entry["expires_at"]) == ("bot", 5, None)
