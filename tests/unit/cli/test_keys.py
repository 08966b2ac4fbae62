"""`daonode keys`: passwords from standard input or the environment, words only on request, exit code 3."""

from pathlib import Path

import pytest

from daonode.cli.failures import ExitCode
from tests.unit.cli.running import Shell

WORDS = "abandon " * 11 + "about"


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(home=tmp_path / "home")


def test_a_new_key_is_encrypted_with_the_password_from_standard_input(shell: Shell) -> None:
    added = shell.json("keys", "add", "zoe", stdin="correct horse\n")
    assert added["encrypted"] is True
    assert shell.json("keys", "show", "zoe") == added
    exported = shell.json("keys", "export", "zoe", stdin="correct horse\n")
    assert len(exported["words"].split()) == 24


def test_a_wrong_password_ends_with_3(shell: Shell) -> None:
    shell.json("keys", "add", "zoe", stdin="correct horse\n")
    result = shell.here("keys", "export", "zoe", stdin="wrong\n")
    assert result.code == ExitCode.KEY
    assert "wrong password" in result.said
    assert result.written == ""


def test_a_missing_password_ends_with_3(shell: Shell) -> None:
    assert shell.here("keys", "add", "zoe").code == ExitCode.KEY
    assert not (shell.home / "keys").exists()


def test_the_password_may_come_from_the_environment(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAONODE_PASSWORD", "from outside")
    shell.json("keys", "add", "zoe")
    assert shell.json("keys", "sign", "hello", "--from", "zoe")["text"] == "hello"


def test_imported_words_give_the_same_key_again(shell: Shell) -> None:
    first = shell.json("keys", "import", "one", "--no-password", stdin=WORDS + "\n")
    second = shell.json("keys", "import", "two", "--no-password", stdin=WORDS + "\n")
    other = shell.json("keys", "import", "three", "--no-password", "--account", "1", stdin=WORDS + "\n")
    assert first["address"] == second["address"] != other["address"]


def test_a_name_is_never_given_twice(shell: Shell) -> None:
    shell.json("keys", "add", "zoe", "--no-password")
    assert shell.here("keys", "add", "zoe", "--no-password").code == ExitCode.KEY


def test_an_unknown_key_names_the_nearest(shell: Shell) -> None:
    shell.json("keys", "add", "alice", "--no-password")
    result = shell.here("keys", "show", "alise")
    assert result.code == ExitCode.KEY
    assert "'alice'" in result.said


def test_a_key_file_that_others_can_read_is_refused(shell: Shell) -> None:
    file = Path(shell.json("keys", "add", "zoe", "--no-password")["file"])
    file.chmod(0o644)
    result = shell.here("keys", "sign", "hello", "--from", "zoe")
    assert result.code == ExitCode.KEY
    assert f"chmod 600 {file}" in result.said


def test_a_signature_verifies_for_its_text_alone(shell: Shell) -> None:
    shell.json("keys", "add", "zoe", "--no-password")
    signature = shell.json("keys", "sign", "hello", "--from", "zoe")["signature"]
    given = ("--public-key", "zoe", "--signature", signature)
    assert shell.json("keys", "verify", "hello", *given)["valid"] is True
    result = shell.here("keys", "verify", "hallo", *given, "-o", "json")
    assert result.code == ExitCode.KEY
    assert result.data["valid"] is False


def test_listing_warns_of_unencrypted_keys_on_standard_error(shell: Shell) -> None:
    shell.json("keys", "add", "zoe", "--no-password")
    result = shell.here("keys", "list", "-o", "json")
    assert [each["name"] for each in result.data] == ["zoe"]
    assert "not encrypted" in result.said
