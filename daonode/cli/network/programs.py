"""The processes of a network: one for each validator, and on request an indexer and a gateway beside the first."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from daonode.cli.network.ports import HOST, FreePorts, NetworkNode
from daonode.gateway import settings as gateway_settings
from daonode.indexer import settings as indexer_settings
from daonode.node.home import Home
from daonode.process.settings import write_settings

NODE_LOG = "node.log"
INDEXER, GATEWAY = READ_SIDE = ("indexer", "gateway")
"""The names of the processes beside the nodes."""


@dataclass(frozen=True, slots=True)
class Program:
    """What one process runs: its name, its command line, its log, and the `host:port` at which `/livez` answers once
    it is of use, empty where nobody waits for it."""

    name: str
    arguments: tuple[str, ...]
    log: Path
    answers_at: str


@dataclass(frozen=True, slots=True)
class ReadSide:
    """Where the indexer and the gateway of a network are, as `host:port`."""

    home: Home
    gateway: str
    gateway_metrics: str
    indexer_metrics: str

    @property
    def url(self) -> str:
        """The page's."""
        return f"http://{self.gateway}/"


def node_program(node: NetworkNode) -> Program:
    """What runs a validator."""
    path = node.home.path
    return Program(node.name, ("start", "--home", str(path)), path / NODE_LOG, node.rpc)


def read_side_programs(read_side: ReadSide) -> tuple[Program, ...]:
    """What runs the indexer and the gateway."""
    path = read_side.home.path
    at_home = ("--home", str(path))
    return (
        Program(INDEXER, ("indexer", "run", *at_home), path / "indexer.log", ""),
        Program(GATEWAY, ("gateway", "run", *at_home), path / "gateway.log", read_side.gateway),
    )


def assign_read_side(nodes: tuple[NetworkNode, ...], ports: FreePorts) -> ReadSide:
    """Choose where the indexer and the gateway of a network are, keeping what is free already, and write it into the
    home of the first validator. Both know every node, so that one that is away is passed over.

    Raises:
        ConfigError: a file that is there cannot be read.
    """
    home = nodes[0].home
    gateway_toml, indexer_toml = home.config_directory / "gateway.toml", home.config_directory / "indexer.toml"
    gateway = gateway_settings.load_config(gateway_toml, environment={})
    indexer = indexer_settings.load_config(indexer_toml, environment={})

    def address(configured: str) -> str:
        return f"{HOST}:{ports.keep_or_choose(configured.rpartition(':')[2] or '0')}"

    read_side = ReadSide(
        home,
        gateway=address(gateway.gateway.listen),
        gateway_metrics=address(gateway.gateway.metrics_listen),
        indexer_metrics=address(indexer.indexer.metrics_listen),
    )
    urls = tuple(f"http://{node.rpc}" for node in nodes)
    section = replace(gateway.gateway, listen=read_side.gateway, metrics_listen=read_side.gateway_metrics, rpc=urls)
    write_settings(gateway_toml, replace(gateway, gateway=section))
    following = replace(indexer.indexer, metrics_listen=read_side.indexer_metrics, rpc=urls)
    write_settings(indexer_toml, replace(indexer, indexer=following))
    return read_side
