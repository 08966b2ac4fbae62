"""A network namespace for each node: this machine routes what one says to another, and drops what it says to no one.

A cut link loses packets without a word, as a firewall or a broken router does: connections stand until a side gives
them up, and what was said is sent again by TCP once the link heals. Needs the rights of root.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import product, starmap
from pathlib import Path

from daonode.cli.network.ports import NetworkNode
from tests.faults.links import Direction

P2P_PORT, RPC_PORT, METRICS_PORT = 26656, 26657, 26660


class Namespaces:
    """Made by `network_namespaces`. Every network address is of 10.n.x.y, n by this process, x by the node."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = tuple(names)
        self._network = 100 + os.getpid() % 100
        self._cut: set[Direction] = set()

    def place(self, node: NetworkNode) -> NetworkNode:
        """The node with addresses in its namespace."""
        address = self._address(node.name)
        return replace(
            node,
            p2p=f"/ip4/{address}/tcp/{P2P_PORT}",
            rpc=f"{address}:{RPC_PORT}",
            metrics=f"{address}:{METRICS_PORT}",
        )

    def prefix(self, name: str) -> tuple[str, ...]:
        """What runs a command in the namespace of a node, as the same process."""
        return "nsenter", f"--net=/run/netns/{self._space(name)}", "--"

    def cut(self, *directions: Direction) -> None:
        """Let nothing through any more."""
        for direction in directions:
            if direction not in self._cut:
                self._rule("add", direction)

    def split(self, one: Iterable[str], other: Iterable[str]) -> None:
        """Cut every link between two groups."""
        pairs = tuple(product(one, other))
        self.cut(*starmap(Direction, pairs), *(Direction(target, source) for source, target in pairs))

    def heal(self) -> None:
        """Let everything through again."""
        for direction in tuple(self._cut):
            self._rule("del", direction)

    def create(self) -> None:
        """Make the namespaces, each with a cable to this machine, which forwards between them."""
        for name in self._names:
            space, cable, index = self._space(name), self._cable(name), self._names.index(name)
            run("ip", "netns", "add", space)
            run("ip", "link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", space)
            run("ip", "address", "add", f"10.{self._network}.{index}.1/30", "dev", cable)
            run("ip", "link", "set", cable, "up")
            Path(f"/proc/sys/net/ipv4/conf/{cable}/forwarding").write_text("1")
            run("ip", "-n", space, "address", "add", f"{self._address(name)}/30", "dev", "eth0")
            run("ip", "-n", space, "link", "set", "lo", "up")
            run("ip", "-n", space, "link", "set", "eth0", "up")
            run("ip", "-n", space, "route", "add", "default", "via", f"10.{self._network}.{index}.1")

    def remove(self) -> None:
        """Leave nothing behind, however far `create` has come."""
        self.heal()
        for name in self._names:
            subprocess.run(["ip", "link", "del", self._cable(name)], capture_output=True, check=False)
            subprocess.run(["ip", "netns", "del", self._space(name)], capture_output=True, check=False)

    def _rule(self, change: str, direction: Direction) -> None:
        source, target = self._address(direction.source), self._address(direction.target)
        run("ip", "rule", change, "from", source, "to", target, "blackhole")
        self._cut ^= {direction}

    def _address(self, name: str) -> str:
        return f"10.{self._network}.{self._names.index(name)}.2"

    def _space(self, name: str) -> str:
        return f"daonode-{os.getpid()}-{name}"

    def _cable(self, name: str) -> str:
        return f"dn{os.getpid()}-{self._names.index(name)}"


@contextmanager
def network_namespaces(names: Sequence[str]) -> Iterator[Namespaces]:
    """Namespaces for as long as the block lasts."""
    namespaces = Namespaces(names)
    try:
        namespaces.create()
        yield namespaces
    finally:
        namespaces.remove()


def can_make_namespaces() -> bool:
    """Whether this process has the rights and the programs."""
    if shutil.which("ip") is None or shutil.which("nsenter") is None or shutil.which("unshare") is None:
        return False
    made = subprocess.run(["unshare", "--net", "ip", "link"], capture_output=True, check=False)
    return made.returncode == 0


def run(*command: str) -> None:
    """Run a command that must succeed."""
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{' '.join(command)}: {ended.stderr.strip()}"
