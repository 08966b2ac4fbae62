"""The gateway's settings: what a file, the environment and flags make of them, and what is said of mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from daonode.gateway.settings import GatewayConfig, load_config
from daonode.process.settings import ConfigError, write_settings


def test_a_missing_file_means_the_defaults(tmp_path: Path) -> None:
    assert load_config(tmp_path / "gateway.toml", environment={}) == GatewayConfig()


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    write_settings(path, GatewayConfig())
    assert load_config(path, environment={}) == GatewayConfig()


def test_a_flag_goes_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text("[gateway]\nlisten = 'a:1'\nrpc = ['http://a:1']\nnames = ['a']\n[limits]\nkey_rate = 7\n")
    environment = {"DAONODE_GATEWAY_LISTEN": "b:1", "DAONODE_LIMITS_KEY_RATE": "8", "DAONODE_GATEWAY_NAMES": "b, c"}
    flags = {("gateway", "rpc"): "http://c:1,https://d:2/rpc"}
    config = load_config(path, environment=environment, overrides=flags)
    assert config.gateway.listen == "b:1"
    assert config.gateway.names == ("b", "c")
    assert config.gateway.rpc == ("http://c:1", "https://d:2/rpc")
    assert config.limits.key_rate == 8


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[gatway]\n", "did you mean 'gateway'?"),
        ("[gateway]\nlisten = 5\n", "gateway.listen: expected text"),
        ("[gateway]\nlistn = 'x'\n", "did you mean 'listen'?"),
        ("[gateway]\nrpc = []\n", "gateway.rpc: expected the URL of at least one node"),
        ("[gateway]\nrpc = ['node:1']\n", "gateway.rpc: 'node:1' is no URL of a node"),
        ("[gateway]\ntrusted_proxies = ['10.0.0']\n", "gateway.trusted_proxies: '10.0.0' is neither"),
        ("[limits]\nkey_rate = 0\n", "limits.key_rate: expected at least 1"),
        ("[limits]\nkey_rate = -1\n", "limits.key_rate: expected a whole number"),
        ("[limits]\nkey_rate = 1.5\n", "limits.key_rate: expected a whole number"),
        ("[log]\nlevel = 'loud'\n", "'loud' is not one of them"),
        ("x = ", "not TOML"),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text(content)
    with pytest.raises(ConfigError) as caught:
        load_config(path, environment={})
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("DAONODE_GATEWAY_LISTN", "x", "did you mean 'DAONODE_GATEWAY_LISTEN'?"),
        ("DAONODE_LIMITS_KEY_RATE", "many", "DAONODE_LIMITS_KEY_RATE: "),
        ("DAONODE_LIMITS_KEY_RATE", "0", "limits.key_rate: expected at least 1"),
        ("DAONODE_GATEWAY_RPC", ",", "gateway.rpc: expected the URL of at least one node"),
    ],
)
def test_a_mistake_in_the_environment_is_named(tmp_path: Path, variable: str, value: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "gateway.toml", environment={variable: value})
    assert said in str(caught.value)
