"""The node's configuration: `config/node.toml`, overridden by the environment, overridden by flags.

`DAONODE_RPC_LISTEN` overrides `listen` of section `[rpc]`, and so on for every field that holds one value or a list of
texts (separated by commas). An unknown key is an error that names the nearest known one. Nothing in here changes what
the chain decides: that is in the genesis document.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, get_type_hints

import tomli_w
from msgspec.structs import fields

from daonode.primitives.codec import Record
from daonode.primitives.ids import PublicKey, ValidatorId
from daonode.primitives.json_form import JsonFormError, from_json, suggestion, to_json

ENVIRONMENT_PREFIX = "DAONODE"
MAX_CONFIG_BYTES = 1024 * 1024

LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["console", "json"]


class ConfigError(Exception):
    """The configuration is not usable; the text names the file or variable, the key, and what would be right."""


class NodeSection(Record, frozen=True):
    """`name` is for people: logs and the peers' status."""

    name: str = "node"


class PeerEntry(Record, frozen=True):
    """A peer to connect to. `public_key` is that of its libp2p host; `validator` is absent for a full node."""

    name: str
    public_key: PublicKey
    address: str
    validator: ValidatorId | None = None


class P2pSection(Record, frozen=True):
    """`listen` is a multiaddress. With `accept_unknown`, hosts that are not listed may connect."""

    listen: str = "/ip4/127.0.0.1/tcp/26656"
    accept_unknown: bool = False
    peers: tuple[PeerEntry, ...] = ()


class RpcSection(Record, frozen=True):
    """`listen` is host:port. `cors_origins` are the origins whose pages may call; "*" is any."""

    listen: str = "127.0.0.1:26657"
    cors_origins: tuple[str, ...] = ()


class MetricsSection(Record, frozen=True):
    """`listen` is host:port of `/metrics`; empty turns it off."""

    listen: str = "127.0.0.1:26660"


class LogSection(Record, frozen=True):
    """What is written to standard error, and how."""

    level: LogLevel = "info"
    format: LogFormat = "console"


class DevSection(Record, frozen=True):
    """For development networks only: a file with the clock offset that all nodes share."""

    clock_file: str = ""


class NodeConfig(Record, frozen=True):
    """All sections."""

    node: NodeSection = NodeSection()
    p2p: P2pSection = P2pSection()
    rpc: RpcSection = RpcSection()
    metrics: MetricsSection = MetricsSection()
    log: LogSection = LogSection()
    dev: DevSection = DevSection()


def load_config(
    path: Path, *, environment: Mapping[str, str], overrides: Mapping[tuple[str, str], str] | None = None
) -> NodeConfig:
    """Read a node's configuration; a missing file means the defaults.

    `overrides` are flags, by section and key: `("rpc", "listen")` is `--rpc-listen`.

    Raises:
        ConfigError: the file or a value is not what it must be, or a variable of a section overrides nothing.
    """
    data = _read(path)
    try:
        from_json(data, NodeConfig, str(path.name))
    except JsonFormError as error:
        raise ConfigError(f"in {path}: {error.path.removeprefix(path.name + '.')}: {error.reason}") from error
    _check_names(environment)
    flags = overrides or {}
    for section, key, variable in _variables():
        for name, text in ((variable, environment.get(variable)), (f"--{section}-{key}", flags.get((section, key)))):
            if text is None:
                continue
            _override(data, section=section, key=key, text=text)
            try:
                from_json(data, NodeConfig, "")
            except JsonFormError as error:
                raise ConfigError(f"{name}: {error.reason}") from error
    return from_json(data, NodeConfig, "")


def write_config(path: Path, config: NodeConfig) -> None:
    """Write a configuration, every key with its value."""
    data = to_json(config)
    assert isinstance(data, dict), "a record is written as an object"
    path.write_text(tomli_w.dumps(_without_null(data)))


def _read(path: Path) -> dict[str, object]:
    if not path.exists():
        return {}
    with path.open("rb") as file:
        content = file.read(MAX_CONFIG_BYTES + 1)
    if len(content) > MAX_CONFIG_BYTES:
        raise ConfigError(f"{path}: expected at most {MAX_CONFIG_BYTES} bytes")
    try:
        return tomllib.loads(content.decode())
    except RecursionError as error:
        raise ConfigError(f"{path} is not TOML: it is nested too deep") from error
    except ValueError as error:
        # The parser's own error, bytes that are no UTF-8, or a number of more digits than Python converts.
        raise ConfigError(f"{path} is not TOML: {error}") from error


def _variables() -> list[tuple[str, str, str]]:
    """Section, key and environment variable of every field that one text can give."""
    found: list[tuple[str, str, str]] = []
    for section, section_type in get_type_hints(NodeConfig).items():
        hints = get_type_hints(section_type)
        keys = [field.name for field in fields(section_type) if hints[field.name] != tuple[PeerEntry, ...]]
        found.extend((section, key, f"{ENVIRONMENT_PREFIX}_{section}_{key}".upper()) for key in keys)
    return found


def _check_names(environment: Mapping[str, str]) -> None:
    """Refuse a variable that looks like an override and is none: it would be thought to work."""
    known = tuple(variable for _, _, variable in _variables())
    # Not those of [dev]: `daonode dev` has variables of its own.
    sections = [section for section in get_type_hints(NodeConfig) if section != "dev"]
    prefixes = tuple(f"{ENVIRONMENT_PREFIX}_{section}_".upper() for section in sections)
    for name in sorted(environment):
        if name.startswith(prefixes) and name not in known:
            raise ConfigError(f"{name}: no such variable; {suggestion(name, known)}")


def _override(data: dict[str, object], *, section: str, key: str, text: str) -> None:
    hint = get_type_hints(get_type_hints(NodeConfig)[section])[key]
    value: object = text
    if hint is bool:
        value = {"true": True, "false": False}.get(text.lower(), text)
    elif hint == tuple[str, ...]:
        value = [part.strip() for part in text.split(",") if part.strip()]
    table = data.setdefault(section, {})
    assert isinstance(table, dict), "the file's sections have been checked"
    table[key] = value


def _without_null(value: object) -> dict[str, object]:
    """TOML has no null: a key without a value is left out."""
    assert isinstance(value, dict), "sections and peers are objects"
    cleaned: dict[str, object] = {}
    for key, each in value.items():
        if isinstance(each, dict):
            cleaned[key] = _without_null(each)
        elif isinstance(each, list):
            cleaned[key] = [_without_null(item) if isinstance(item, dict) else item for item in each]
        elif each is not None:
            cleaned[key] = each
    return cleaned
