"""Files that a node reads when it starts: whatever stands in them, an error names the file and what is wrong."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from daonode.client.errors import DamagedKeyFile
from daonode.client.key_file import parse_key_file
from daonode.genesis.document import load_document
from daonode.genesis.errors import GenesisError
from daonode.genesis.initial import make_initial_state
from daonode.node.clock import Clock
from daonode.node.config import NodeConfig, load_config, write_config
from daonode.node.home import HomeError, read_seed
from daonode.node.storage import StorageError
from daonode.node.storage.marker import MARKER_NAME, read_marker
from daonode.primitives.hashing import sha256
from daonode.primitives.json_form import Json
from daonode.process.settings import ConfigError
from daonode.signer.errors import SafetyStateDamaged
from daonode.signer.file_signer import MAGIC, read_safety_state
from tests.unit.node.chains import make_test_chain

HOSTILE_TEXT = st.text(st.characters(), max_size=40)
HOSTILE_VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | HOSTILE_TEXT | st.just("dao1" + "q" * 58),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(HOSTILE_TEXT, inner, max_size=3),
    max_leaves=6,
)
DEPTH = 20_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


def config_error(path: Path, data: bytes) -> str | None:
    """What is said of a node.toml with these bytes; None where it is a good one."""
    path.write_bytes(data)
    try:
        load_config(path, environment={})
    except ConfigError as error:
        return str(error)
    return None


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"\xff\xfe", "not TOML"),
        (b"[rpc", "not TOML"),
        (b"[rpc]\nlisten = 'a:1'\nlisten = 'b:1'", "not TOML: line 3: 'listen' is there twice; leave one out"),
        (b"[rpc]\n[rpc]", "not TOML: line 2: 'rpc' is there twice; leave one out"),
        (b"a = " + b"[" * DEPTH + b"]" * DEPTH, "not TOML: it is nested too deep"),
        (b"a = " + b"9" * 5_000, "not TOML"),
        (b"[rpc]\nlisten = 1979-05-27", "rpc.listen: expected"),
        (b"[rpc]\nlisten = 1.5", "rpc.listen: expected"),
        (b"[rpc]\nlisten = nan", "rpc.listen: expected"),
        (b"[p2p]\naccept_unknown = 1", "p2p.accept_unknown: expected true or false, got 1"),
        (b"rpc = 3", "rpc: expected"),
        (b"[p2p]\npeers = [3]", "p2p.peers[0]: expected"),
        (b"[rpc]\nlisten = 'a:1' # " + b"x" * (1 << 20), "at most"),
        (b"\x00", "not TOML"),
    ],
)
def test_a_configuration_that_is_none_is_refused_with_its_file_and_place(folder: Path, data: bytes, told: str) -> None:
    error = config_error(folder / "node.toml", data)
    assert error is not None
    assert str(folder / "node.toml") in error
    assert told in error


@given(data=st.binary(max_size=120) | HOSTILE_TEXT.map(lambda text: text.encode("utf-8", "surrogatepass")))
@example(data=b"node = {name = 07:32:00}")
def test_any_bytes_are_a_configuration_or_its_error(folder: Path, data: bytes) -> None:
    config_error(folder / "any.toml", data)


@given(data=st.data())
def test_a_configuration_with_changed_bytes_is_one_or_its_error(folder: Path, data: st.DataObject) -> None:
    path = folder / "changed.toml"
    write_config(path, NodeConfig())
    config_error(path, changed(path.read_bytes(), data))


def changed(content: bytes, data: st.DataObject) -> bytes:
    """Some bytes of a content exchanged, removed or added."""
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 8)))
    return content[:start] + data.draw(st.binary(max_size=8)) + content[end:]


DOCUMENT = make_test_chain(1).chain.document.to_bytes()


def genesis_error(data: bytes) -> str | None:
    try:
        make_initial_state(load_document(data))
    except GenesisError as error:
        assert error.path.startswith("$")  # noqa: PT017  # said of every refusal
        return str(error)
    return None


@given(data=st.data())
def test_a_genesis_document_with_changed_bytes_is_one_or_its_error_with_a_path(data: st.DataObject) -> None:
    genesis_error(changed(DOCUMENT, data))


@given(data=st.data())
def test_a_genesis_document_with_any_value_in_any_place_is_one_or_its_error_with_a_path(data: st.DataObject) -> None:
    document: Json = msgspec.json.decode(DOCUMENT)
    place: Json = document
    while True:
        assert isinstance(place, dict | list)
        keys: list[str] | list[int] = sorted(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        below = place[key]  # type: ignore[call-overload,index]  # a key of this very container
        if not isinstance(below, dict | list) or not below or data.draw(st.integers(0, 3)) == 0:
            place[key] = data.draw(HOSTILE_VALUES)  # type: ignore[call-overload,index]  # as above
            break
        place = below
    genesis_error(dumped(document))


def dumped(document: Json) -> bytes:
    """JSON as a careless writer makes it: half of a surrogate pair is escaped, not refused."""
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xff" * 64, "64 hexadecimal digits"),
        (b"0" * 63, "64 hexadecimal digits"),
        (b"00 " * 32, "64 hexadecimal digits"),
        ("\u0660".encode() * 64, "64 hexadecimal digits"),
        (b"0" * 64 + b"\n" * 5_000_000, "64 hexadecimal digits"),
        (b"", "64 hexadecimal digits"),
    ],
)
def test_a_node_s_key_that_is_none_is_named_and_not_quoted(folder: Path, content: bytes, told: str) -> None:
    path = folder / "node_key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(HomeError, match=told) as caught:
        read_seed(path)
    assert str(path) in str(caught.value)
    assert "00000000" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b'{"version": 1, "version": 1}', "the key 'version' stands twice"),
        (b'{"version": 1, "name": "\xff"}', "not a key file"),
        (b"[" * DEPTH, "not a key file"),
        (b"[]", "expected a daonode-key file of version 1"),
        (b'{"version": 1.0}', "not a key file"),
        (b'{"version": ' + b"9" * 5_000 + b"}", "not a key file"),
        (b"", "not a key file"),
    ],
)
def test_a_key_file_that_is_none_says_why(folder: Path, data: bytes, told: str) -> None:
    with pytest.raises(DamagedKeyFile, match=told):
        parse_key_file(data, path=folder / "alice.json")


def test_a_pipe_or_a_folder_in_the_place_of_a_key_does_not_hang_and_is_named(folder: Path) -> None:
    os.mkfifo(folder / "pipe", 0o600)
    (folder / "directory").mkdir(mode=0o700)
    for name in ("pipe", "directory"):
        with pytest.raises(HomeError, match=f"{name} is no regular file"):
            read_seed(folder / name)


@given(body=st.binary(max_size=300))
@example(body=b"\x91" * DEPTH)
def test_a_safety_state_is_never_guessed_at_even_when_its_digest_is_right(folder: Path, body: bytes) -> None:
    path = folder / "safety_state"
    for content in (body, MAGIC + body, MAGIC + sha256(body) + body):
        path.write_bytes(content)
        with pytest.raises(SafetyStateDamaged, match="never delete"):
            read_safety_state(path)


@given(content=st.binary(max_size=200))
@example(content=b"[" * 4_000)
@example(content=b'{"schema": ' + b"9" * 4_000 + b"}")
@example(content=b'{"schema":1,"schema":1,"kind":"state","chain_id":"\xff"}')
def test_a_store_s_marker_is_read_or_the_store_is_named(folder: Path, content: bytes) -> None:
    (folder / MARKER_NAME).write_bytes(content)
    with contextlib.suppress(StorageError):
        read_marker(folder)


@given(content=st.binary(max_size=50))
@example(content=b"9" * 10_000)
def test_a_shared_clock_s_file_never_stops_a_node(folder: Path, content: bytes) -> None:
    path = folder / "clock"
    path.write_bytes(content)
    Clock(path).now_ms()
