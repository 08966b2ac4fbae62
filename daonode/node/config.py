"""The node's configuration: `config/node.toml`, overridden by the environment, overridden by flags.

Nothing in here changes what the chain decides: that is in the genesis document.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from daonode.primitives.codec import U32, Record
from daonode.primitives.ids import PublicKey, ValidatorId
from daonode.process.settings import LogSection, load_settings, write_settings

Percent = Annotated[int, Meta(ge=1, le=100)]


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
    """`listen` is a multiaddress. With `accept_unknown`, hosts that are not listed may connect.

    `network_key` is a file with the key of a private network, in `config/` unless its path is absolute; empty for none.
    """

    listen: str = "/ip4/127.0.0.1/tcp/26656"
    accept_unknown: bool = False
    network_key: str = ""
    peers: tuple[PeerEntry, ...] = ()


class SyncSection(Record, frozen=True):
    """With `snapshot` a node whose stores are empty begins with a snapshot of its peers, trusting the genesis document.

    Every `snapshot_interval` heights it takes one for others; 0 turns that off.
    """

    snapshot: bool = False
    snapshot_interval: U32 = 5_000


class RpcSection(Record, frozen=True):
    """`listen` is host:port. `cors_origins` are the origins whose pages may call; "*" is any.

    `strangers_percent` of a core is what calls from other machines may take together, so that they never take what
    consensus needs; a full node that only serves may give them all of it.
    """

    listen: str = "127.0.0.1:26657"
    cors_origins: tuple[str, ...] = ()
    strangers_percent: Percent = 10


class MetricsSection(Record, frozen=True):
    """`listen` is host:port of `/metrics`; empty turns it off."""

    listen: str = "127.0.0.1:26660"


class DevSection(Record, frozen=True):
    """For development networks only: a file with the clock offset that all nodes share."""

    clock_file: str = ""


class NodeConfig(Record, frozen=True):
    """All sections."""

    node: NodeSection = NodeSection()
    p2p: P2pSection = P2pSection()
    sync: SyncSection = SyncSection()
    rpc: RpcSection = RpcSection()
    metrics: MetricsSection = MetricsSection()
    log: LogSection = LogSection()
    dev: DevSection = DevSection()


def load_config(
    path: Path, *, environment: Mapping[str, str], overrides: Mapping[tuple[str, str], str] | None = None
) -> NodeConfig:
    """Read a node's configuration, or raise `ConfigError` as `load_settings` does."""
    # `daonode dev` has variables of its own.
    return load_settings(path, NodeConfig, environment=environment, overrides=overrides, unchecked=("dev",))


def write_config(path: Path, config: NodeConfig) -> None:
    """Write a configuration, every key with its value."""
    write_settings(path, config)
