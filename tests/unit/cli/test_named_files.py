"""Every command that reads a file names it in what it says of its content, whatever is wrong there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from daonode.cli.failures import ExitCode
from tests.unit.cli.running import Shell

NOWHERE = "http://127.0.0.1:9"
READERS = (
    ("tx", "sign", "FILE", "--from", "alice"),
    ("tx", "broadcast", "FILE"),
    ("tx", "decode", "FILE"),
    ("tx", "combine", "FILE", "-f", "out.json"),
    ("tx", "build", "--messages", "FILE", "--from", "alice", "-f", "out.json"),
    ("proposal", "validate", "FILE"),
    ("proposal", "simulate", "FILE", "--from", "alice"),
    ("proposal", "submit", "FILE", "--from", "alice"),
    ("proposal", "new", "from", "FILE", "--track", "treasury", "-f", "out.toml"),
    ("genesis", "validate", "FILE"),
    ("genesis", "hash", "FILE"),
    ("genesis", "add-validator", "FILE", "--moniker", "m", "--payout", "alice"),
    ("init", "--genesis", "FILE"),
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("files") / "net"
    made = Shell(home=directory).run("testnet", "init", "--validators", "1", "-o", directory, "--seed", "files")
    assert made.code == 0, made.said
    return directory / "node0"


@pytest.mark.parametrize("command", READERS, ids=lambda command: " ".join(command[:2]))
@pytest.mark.parametrize(
    "content",
    [b"\xff", b"", b'{"a": 1, "a": 2}', b"[" * 10_000, b'{"type": 3}', b'{"type": "no.Such"}'],
    ids=("no text", "empty", "twice", "deep", "wrong", "unknown"),
)
def test_a_file_that_is_no_such_thing_is_named(
    home: Path, tmp_path: Path, command: tuple[str, ...], content: bytes
) -> None:
    path = tmp_path / "given.file"
    path.write_bytes(content)
    arguments = [str(path) if each == "FILE" else each for each in command]
    arguments = [str(tmp_path / each) if each.startswith("out.") else each for each in arguments]
    result = Shell(home=home).here(*arguments, "--rpc", NOWHERE)
    assert result.code == ExitCode.USAGE, result.said
    assert result.said.startswith(f"error: {path}: "), result.said
    assert "Traceback" not in result.said


def test_a_key_that_stands_twice_in_a_transaction_file_is_named(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "twice.json"
    path.write_text('{"format": "daonode-transaction", "version": 1, "version": 1}')
    result = Shell(home=home).here("tx", "broadcast", path, "--rpc", NOWHERE)
    assert result.code == ExitCode.USAGE
    assert str(path) in result.said
    assert "version" in result.said


def test_a_key_that_stands_twice_in_a_proposal_is_named(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "twice.toml"
    path.write_text('title = "One"\ntrack = "treasury"\ntitle = "Other"\n')
    result = Shell(home=home).here("proposal", "validate", path)
    assert result.code == ExitCode.USAGE
    assert f"error: {path}: the file: not TOML: line 3: 'title' is there twice" in result.said


def test_the_genesis_document_of_a_home_is_named(home: Path, tmp_path: Path) -> None:
    document = json.loads((home / "config" / "genesis.json").read_text())
    document["modules"]["governance"]["tracks"][0]["quorum"] = 20_000
    (tmp_path / "config").mkdir()
    genesis = tmp_path / "config" / "genesis.json"
    genesis.write_text(json.dumps(document))
    result = Shell(home=tmp_path).here("genesis", "validate")
    assert result.code == ExitCode.USAGE
    assert str(genesis) in result.said
    assert "tracks[0].quorum" in result.said


@pytest.mark.parametrize("url", ["foo", "127.0.0.1:26657", "ftp://host", "http://", "http://host:port", "http://[::1"])
def test_what_is_no_url_of_a_node_is_refused_before_anything_is_asked(
    home: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = Shell(home=home).here("status", "--rpc", url)
    assert result.code == ExitCode.USAGE
    assert "--rpc" in result.said
    assert "expected http://host:port" in result.said
    monkeypatch.setenv("DAONODE_RPC", url)
    assert Shell(home=home).here("status").code == ExitCode.USAGE


def test_what_is_no_url_in_client_toml_is_named_with_its_file_and_key(home: Path, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    settings = tmp_path / "config" / "client.toml"
    settings.write_text('[client]\nrpc = "foo"\n')
    result = Shell(home=tmp_path).here("status")
    assert result.code == ExitCode.USAGE
    assert f"in {settings}: client.rpc: 'foo' is no URL of a node" in result.said
