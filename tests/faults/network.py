"""Validators as real processes, each started, paused and killed by itself.

The homes are those that `daonode testnet init` writes; the processes are `daonode start`, as an operator runs it. No
supervisor stands between: what becomes of a process shows here and nowhere else.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from msgspec.structs import replace

from daonode.cli.network.ports import FreePorts, NetworkNode, assign_ports
from daonode.client.answers import Status
from daonode.client.errors import RpcError, Unreachable
from daonode.client.rpc import RpcClient
from daonode.modules.validators.types import validator_id
from daonode.node.config import DevSection, MetricsSection, PeerEntry, SyncSection, load_config, write_config
from daonode.node.home import read_seed
from daonode.primitives.ids import ValidatorId
from daonode.primitives.signatures import public_key_of
from tests.faults.links import Direction, Links
from tests.faults.namespaces import Namespaces

START_SECONDS = 30.0
"""Until a process answers: one or two on a free machine, ten where seven start at once on two cores that others use."""
CATCH_UP_SECONDS = 30.0
"""Until what was brought about shows everywhere: ten seconds alone where silence has to be noticed first."""
STOP_SECONDS = 5.0
"""What is promised of SIGTERM."""
POLL_SECONDS = 0.05
_pause = Event().wait


def wait_until(is_reached: Callable[[], bool], *, within_seconds: float, what: str) -> None:
    """Poll a condition until it holds, or fail with what was waited for."""
    deadline = time.monotonic() + within_seconds
    while not is_reached():
        assert time.monotonic() < deadline, f"not within {within_seconds:.0f} s: {what}"
        _pause(POLL_SECONDS)


def run_daonode(*arguments: str, timeout_seconds: float = START_SECONDS) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "daonode", *arguments],
        capture_output=True,
        text=True,
        timeout=timeout_seconds,
        check=False,
        env=_environment(),
    )


def free_address() -> str:
    """A host:port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


class NodeProcess:
    """A node's home, and the process that runs on it if there is one. `prefix` is what the command is run by."""

    def __init__(self, node: NetworkNode, *, prefix: tuple[str, ...] = ()) -> None:
        self.node = node
        self._prefix = prefix
        self.rpc = RpcClient(f"http://{node.rpc}", timeout_s=2.0)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return self.rpc.urls[0]

    @property
    def log(self) -> str:
        return (self.node.home.path / "node.log").read_text(errors="replace")

    @property
    def validator(self) -> ValidatorId:
        """Which validator it is, whatever its consensus key has become."""
        return validator_id(public_key_of(read_seed(self.node.home.validator_key)))

    @property
    def clock_file(self) -> Path:
        """How far this node's own clock is ahead, in milliseconds; the network was started with `own_clocks`."""
        return self.node.home.path / "clock_offset_ms"

    def set_clock(self, ahead_ms: int) -> None:
        """Set this node's own clock ahead of the true time, at once."""
        beside = self.clock_file.with_suffix(".new")
        beside.write_text(str(ahead_ms))
        beside.replace(self.clock_file)

    def wait_until_it_says(self, *words: str, after: int) -> str:
        """Wait for a line of the log with all these words, after so many characters; returns it."""
        found: list[str] = []

        def has_said() -> bool:
            found[:] = [line for line in self.log[after:].splitlines() if all(word in line for word in words)]
            return bool(found)

        wait_until(has_said, within_seconds=CATCH_UP_SECONDS, what=f"{self.node.name} says {words}")
        return found[0]

    @property
    def is_running(self) -> bool:
        """Whether its process was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the process unless it runs; does not wait until it answers."""
        if self.is_running:
            return
        with (self.node.home.path / "node.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._prefix, sys.executable, "-m", "daonode", "start", "--home", str(self.node.home.path)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_environment(),
            )

    def wait_until_ready(self) -> None:
        """Wait until it answers and is at the height of its peers."""
        wait_until(lambda: self._is_ready(), within_seconds=START_SECONDS, what=f"{self.node.name} is ready")

    def send(self, number: signal.Signals) -> None:
        """Send the process a signal."""
        assert self._process is not None, "it was started"
        self._process.send_signal(number)

    def wait(self, *, within_seconds: float) -> int:
        """Wait for the end of the process; returns its exit code."""
        assert self._process is not None, "it was started"
        return self._process.wait(within_seconds)

    def kill(self) -> None:
        """End the process as a power cut does, and wait until it is gone."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(STOP_SECONDS)

    def stop(self) -> None:
        """End the process politely."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(2 * STOP_SECONDS)

    @property
    def pid(self) -> int:
        assert self._process is not None, "it was started"
        return self._process.pid

    def status(self) -> Status | None:
        """What it answers, None where it does not."""
        try:
            return self.rpc.status()
        except (Unreachable, RpcError):
            return None

    def height(self) -> int:
        """Its committed height; 0 while it does not answer."""
        status = self.status()
        return 0 if status is None else status.height

    def wait_until_at(self, height: int) -> None:
        """Wait until it has committed a height."""
        wait_until(
            lambda: self.height() >= height,
            within_seconds=CATCH_UP_SECONDS,
            what=f"{self.node.name} at height {height}",
        )

    def has_peers(self, count: int) -> bool:
        """Whether it answers and so many peers are connected."""
        status = self.status()
        return status is not None and status.shown["peers"] == count

    def _is_ready(self) -> bool:
        assert self._process is not None, "it was started"
        assert self._process.poll() is None, f"{self.node.name} has ended; its log:\n{self.log[-3_000:]}"
        return self.status() is not None


class Network:
    """The nodes of one directory."""

    def __init__(self, directory: Path, nodes: Iterable[NodeProcess]) -> None:
        self.directory = directory
        self.nodes = tuple(nodes)

    @property
    def urls(self) -> tuple[str, ...]:
        return tuple(node.url for node in self.nodes)

    @property
    def keys(self) -> Path:
        """The keystore of all accounts."""
        return self.nodes[0].node.home.keys_directory

    def start(self) -> None:
        """Start what does not run, and wait until all answer."""
        for node in self.nodes:
            node.start()
        for node in self.nodes:
            node.wait_until_ready()

    def named(self, name: str) -> NodeProcess:
        """The node of a name."""
        return next(node for node in self.nodes if node.node.name == name)

    def height(self) -> int:
        """The highest committed height."""
        return max(node.height() for node in self.nodes)

    def wait_until_level(self, height: int | None = None) -> None:
        """Wait until every node has committed a height, the highest of all now unless given."""
        goal = self.height() if height is None else height
        wait_until(
            lambda: all(node.height() >= goal for node in self.nodes),
            within_seconds=CATCH_UP_SECONDS,
            what=f"every node at height {goal}",
        )

    def wait_until_connected(self) -> None:
        """Wait until every node is connected with every other, so that the next fault is the only one."""
        others = len(self.nodes) - 1
        wait_until(
            lambda: all(node.has_peers(others) for node in self.nodes),
            within_seconds=CATCH_UP_SECONDS,
            what="every node is connected with every other",
        )


@contextmanager
def running_network(
    directory: Path,
    *,
    validators: int = 4,
    accept_unknown: bool = False,
    links: Links | None = None,
    namespaces: Namespaces | None = None,
    own_clocks: bool = False,
    snapshot_interval: int = 0,
    epoch_blocks: int | None = None,
) -> Iterator[Network]:
    """Make a network and run it; every process is gone afterwards.

    Nodes are connected through `links` if given, or each lives in one of the `namespaces`. With `own_clocks`, the clock
    of each can be moved. A snapshot is taken every `snapshot_interval` heights, none unless given. An epoch has
    `epoch_blocks`, as many as is usual unless given.
    """
    made = run_daonode(
        "testnet", "init", "--validators", str(validators), "-o", str(directory), "--seed", "faults"
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    placed = assign_ports(directory, FreePorts(print))
    if namespaces is not None:
        placed = tuple(namespaces.place(node) for node in placed)
    prefixes = [() if namespaces is None else namespaces.prefix(node.name) for node in placed]
    network = Network(
        directory, [NodeProcess(node, prefix=prefix) for node, prefix in zip(placed, prefixes, strict=True)]
    )
    addresses = {node.name: node.p2p for node in placed}
    for node in network.nodes:
        path = node.node.home.node_toml
        config = load_config(path, environment={})
        peers = tuple(replace(peer, address=addresses[peer.name]) for peer in config.p2p.peers)
        if links is not None:
            peers = tuple(_through(links, peer, source=node.node.name) for peer in peers)
        dev = DevSection(clock_file=str(node.clock_file) if own_clocks else "")
        p2p = replace(config.p2p, listen=node.node.p2p, accept_unknown=accept_unknown, peers=peers)
        rpc = replace(config.rpc, listen=node.node.rpc)
        sync = SyncSection(snapshot_interval=snapshot_interval)
        metrics = MetricsSection(listen=node.node.metrics)
        write_config(path, replace(config, p2p=p2p, rpc=rpc, metrics=metrics, dev=dev, sync=sync))
        if epoch_blocks is not None:
            _shorten_epochs(node.node.home.genesis, epoch_blocks)
    try:
        network.start()
        yield network
    finally:
        for node in network.nodes:
            node.kill()


def _shorten_epochs(genesis: Path, epoch_blocks: int) -> None:
    """Change the genesis document of a home on which no node has run yet."""
    document = json.loads(genesis.read_text())
    document["modules"]["validators"]["params"]["epoch_blocks"] = epoch_blocks
    genesis.write_text(json.dumps(document, indent=2) + "\n")


def _through(links: Links, peer: PeerEntry, *, source: str) -> PeerEntry:
    """A peer that is dialled through a proxy."""
    before, port = peer.address.rsplit("/", 1)
    return replace(peer, address=f"{before}/{links.open(Direction(source, peer.name), port=int(port))}")


def _environment() -> dict[str, str]:
    """Without what overrides a node's configuration."""
    return {name: value for name, value in os.environ.items() if not name.startswith("DAONODE_")}
