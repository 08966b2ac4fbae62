"""The validator processes of a benchmark: starting and ending them, and what the operating system says of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Final

from daonode.cli.network.ports import FreePorts, NetworkNode, assign_ports
from daonode.client.errors import RpcError, Unreachable
from daonode.client.rpc import RpcClient

START_SECONDS: Final = 120.0
STOP_SECONDS: Final = 15.0
POLL_SECONDS: Final = 0.1
MEBIBYTE: Final = 1 << 20
TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Node:
    """One running validator."""

    node: NetworkNode
    process: subprocess.Popen[bytes]

    @property
    def name(self) -> str:
        return self.node.name

    def cpu_seconds(self) -> float:
        """What its threads have used so far, user and system."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND

    def memory_mib(self) -> float:
        """What an operator sees: its resident memory, with the libraries and the tables that it has mapped."""
        return self._status_mib("VmRSS")

    def own_memory_mib(self) -> float:
        """The part of its resident memory that is no file's, so that the system cannot take it back at will."""
        return self._status_mib("RssAnon")

    def _status_mib(self, field: str) -> float:
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        line = next(each for each in lines if each.startswith(f"{field}:"))
        return int(line.split()[1]) * 1024 / MEBIBYTE

    def metrics(self) -> dict[str, float]:
        """Its counters, by their names with their labels."""
        with urllib.request.urlopen(f"http://{self.node.metrics}/metrics", timeout=30) as answer:
            lines = answer.read().decode().splitlines()
        pairs = (line.rpartition(" ") for line in lines if line and not line.startswith("#"))
        return {name: float(number) for name, _, number in pairs}

    @contextmanager
    def silenced(self) -> Iterator[None]:
        """Stop it for a while, as if its machine were frozen."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


@contextmanager
def running_nodes(directory: Path, *, profiled: str | None) -> Iterator[tuple[Node, ...]]:
    """Run the homes of a directory; the one named in `profiled` leaves `build/<name>.profile`, and is slower for it."""
    nodes = tuple(_start(node, is_profiled=node.name == profiled) for node in assign_ports(directory, FreePorts(print)))
    try:
        deadline_s = monotonic() + START_SECONDS
        for node in nodes:
            while not _answers(node):
                if node.process.poll() is not None or monotonic() > deadline_s:
                    log = (node.node.home.path / "node.log").read_text(errors="replace")
                    raise RuntimeError(f"{node.name} did not start; the end of its log:\n{log[-2_000:]}")
                Event().wait(POLL_SECONDS)
        yield nodes
    finally:
        for node in nodes:
            node.process.terminate()
        for node in nodes:
            try:
                node.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                node.process.kill()
                node.process.wait()


def _start(node: NetworkNode, *, is_profiled: bool) -> Node:
    command = [sys.executable]
    if is_profiled:
        build = Path("build").resolve()
        command += ["-m", "cProfile", "-o", str(build / f"{node.name}.profile")]
    command += ["-m", "daonode", "start", "--home", str(node.home.path)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DAONODE_")}
    with (node.home.path / "node.log").open("ab") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
    return Node(node, process)


def _answers(node: Node) -> bool:
    try:
        rpc = RpcClient(f"http://{node.node.rpc}", timeout_s=1.0)
        return rpc.status().height >= 0
    except (Unreachable, RpcError):
        return False
