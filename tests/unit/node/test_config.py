"""The node's configuration: file, environment, flags, and what is said of mistakes in each."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from daonode.node.config import NodeConfig, NodeSection, P2pSection, PeerEntry, RpcSection, load_config, write_config
from daonode.primitives.ids import PublicKey, ValidatorId
from daonode.process.settings import ConfigError, LogSection

PEERS = (
    PeerEntry(name="one", public_key=PublicKey(bytes(32)), address="/ip4/10.0.0.1/tcp/1", validator=None),
    PeerEntry(name="two", public_key=PublicKey(bytes([1]) * 32), address="", validator=ValidatorId(bytes([2]) * 32)),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "node.toml"


def error_of(path: Path, **given: object) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(path, **({"environment": {}} | given))  # type: ignore[arg-type]  # a test's keywords
    return str(caught.value)


def test_what_is_written_is_read_back(path: Path) -> None:
    config = NodeConfig(
        node=NodeSection(name="n"),
        p2p=P2pSection(peers=PEERS, accept_unknown=True),
        rpc=RpcSection(cors_origins=("https://dao.example",)),
    )
    write_config(path, config)
    assert load_config(path, environment={}) == config


def test_a_missing_file_means_the_defaults(path: Path) -> None:
    assert load_config(path, environment=dict(os.environ)) == NodeConfig()


def test_a_flag_overrides_the_environment_which_overrides_the_file(path: Path) -> None:
    write_config(path, NodeConfig(rpc=RpcSection(listen="file:1"), log=LogSection(level="debug")))
    environment = {"DAONODE_RPC_LISTEN": "variable:1"}
    assert load_config(path, environment={}).rpc.listen == "file:1"
    assert load_config(path, environment=environment).rpc.listen == "variable:1"
    flagged = load_config(path, environment=environment, overrides={("rpc", "listen"): "flag:1"})
    assert flagged.rpc.listen == "flag:1"
    assert flagged.log.level == "debug"


def test_variables_give_truths_and_lists(path: Path) -> None:
    environment = {
        "DAONODE_P2P_ACCEPT_UNKNOWN": "true",
        "DAONODE_RPC_CORS_ORIGINS": "https://a.example, https://b.example",
    }
    config = load_config(path, environment=environment)
    assert config.p2p.accept_unknown
    assert config.rpc.cors_origins == ("https://a.example", "https://b.example")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[rcp]\nlisten = 'x:1'", "rcp: unknown field; did you mean 'rpc'?"),
        ("[rpc]\nlitsen = 'x:1'", "rpc.litsen: unknown field; did you mean 'listen'?"),
        ("[p2p]\naccept_unknown = 'no'", "p2p.accept_unknown: expected true or false, got 'no'"),
        ("[log]\nlevel = 'loud'", "log.level: 'loud' is not one of them; known: debug, info, warning, error"),
        ("[rpc]\ncors_origins = 'x'", "rpc.cors_origins"),
        ("[[p2p.peers]]\nname = 'a'\naddress = ''\npublic_key = '0x00'", "p2p.peers[0].public_key"),
        ("[rpc", "not TOML"),
    ],
)
def test_a_mistake_in_the_file_names_the_file_and_the_key(path: Path, text: str, expected: str) -> None:
    path.write_text(text)
    error = error_of(path)
    assert str(path) in error
    assert expected in error


def test_a_mistake_in_a_variable_or_a_flag_names_it(path: Path) -> None:
    assert error_of(path, environment={"DAONODE_LOG_LEVEL": "loud"}).startswith("DAONODE_LOG_LEVEL: ")
    assert error_of(path, environment={"DAONODE_P2P_ACCEPT_UNKNOWN": "yes"}).startswith("DAONODE_P2P_ACCEPT_UNKNOWN: ")
    assert error_of(path, overrides={("log", "level"): "loud"}).startswith("--log-level: ")


def test_a_variable_of_a_section_that_overrides_nothing_names_the_nearest(path: Path) -> None:
    assert "'DAONODE_RPC_LISTEN'" in error_of(path, environment={"DAONODE_RPC_LITSEN": "x:1"})
    assert (
        load_config(path, environment={"DAONODE_HOME": "/x", "DAONODE_PASSWORD": "y", "DAONODE_DEV_HOME": "/z"})
        == NodeConfig()
    )
