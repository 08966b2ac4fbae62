"""Ports for the nodes of a network on this machine: free ones, told to every node that must know them."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from daonode.cli.client_settings import write_client_settings
from daonode.cli.network.errors import TestnetError
from daonode.node.config import MetricsSection, NodeConfig, PeerEntry, load_config, write_config
from daonode.node.home import Home

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class NetworkNode:
    """One home of a network, and where its process listens."""

    name: str
    home: Home
    p2p: str
    rpc: str
    metrics: str


def assign_ports(directory: Path, ports: FreePorts) -> tuple[NetworkNode, ...]:
    """Give every home under `directory` free ports, keeping those that are free already, and write them down.

    Raises:
        TestnetError: there is no home.
    """
    homes = [Home(path) for path in sorted(directory.glob("node*"), key=_number) if path.is_dir()]
    if not homes:
        raise TestnetError(f"{directory} holds no node; make a network with `daonode testnet init -o {directory}`")
    configs = {home.path.name: load_config(home.node_toml, environment={}) for home in homes}
    nodes = tuple(
        NetworkNode(
            name=home.path.name,
            home=home,
            p2p=f"/ip4/{HOST}/tcp/{ports.keep_or_choose(configs[home.path.name].p2p.listen.rpartition('/')[2])}",
            rpc=f"{HOST}:{ports.keep_or_choose(configs[home.path.name].rpc.listen.rpartition(':')[2])}",
            metrics=f"{HOST}:{ports.keep_or_choose(configs[home.path.name].metrics.listen.rpartition(':')[2])}",
        )
        for home in homes
    )
    addresses = {node.name: node.p2p for node in nodes}
    for node in nodes:
        _write(node, configs[node.name], addresses)
    return nodes


class FreePorts:
    """Chooses ports that are free now, each once. `report` is told, in words, where a configured one was taken."""

    def __init__(self, report: Callable[[str], None]) -> None:
        self._report = report
        self._taken: list[int] = []

    def keep_or_choose(self, configured: str) -> int:
        """The configured port when it is free, else one that the system gives."""
        port = self._bind(int(configured))
        while port is None or port in self._taken:
            port = self._bind(0)
        if configured not in ("0", str(port)):
            self._report(f"port {configured} is taken; {port} is used instead")
        self._taken.append(port)
        return port

    @staticmethod
    def _bind(port: int) -> int | None:
        with socket.socket() as probe:
            # As the node itself does, so that a port in TIME_WAIT counts as free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                return None
            return int(probe.getsockname()[1])


def _write(node: NetworkNode, config: NodeConfig, addresses: dict[str, str]) -> None:
    peers: tuple[PeerEntry, ...] = tuple(replace(peer, address=addresses[peer.name]) for peer in config.p2p.peers)
    write_config(
        node.home.node_toml,
        replace(
            config,
            p2p=replace(config.p2p, listen=node.p2p, peers=peers),
            rpc=replace(config.rpc, listen=node.rpc),
            metrics=MetricsSection(listen=node.metrics),
        ),
    )
    write_client_settings(node.home.client_toml, rpc=f"http://{node.rpc}")


def _number(path: Path) -> tuple[int, str]:
    digits = path.name.removeprefix("node")
    return (int(digits), "") if digits.isdecimal() else (1_000_000, path.name)
