"""Runs the processes of a network: starts them together, waits until all answer, and ends them together.

A process that ends on its own is reported, and with `restart` started again after a pause, which doubles while it does
not last. Ending the supervisor ends every process: politely first, and after `STOP_SECONDS` by force.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import trio

from daonode.cli.network.errors import TestnetError
from daonode.cli.network.ports import FreePorts, NetworkNode, assign_ports
from daonode.cli.network.programs import (
    GATEWAY,
    INDEXER,
    Program,
    ReadSide,
    assign_read_side,
    node_program,
    read_side_programs,
)

if TYPE_CHECKING:
    from trio_typing import TaskStatus

READY_SECONDS = 60.0
"""How long all nodes may take to answer."""
PROBE_SECONDS = 0.05
RESTART_SECONDS = 3.0
"""The pause before a process is started again, where the one before had lasted."""
MAX_RESTART_SECONDS = 48.0
LASTING_SECONDS = 30.0
STOP_SECONDS = 4.0
NETWORK_FILE = "network.json"
LOCK_NAME = ".lock"
LOG_TAIL_LINES = 15


@dataclass(frozen=True, slots=True)
class Network:
    """A network whose processes answer: its validators, and where its page is, if it has one."""

    nodes: tuple[NetworkNode, ...]
    read_side: ReadSide | None


@dataclass(slots=True)
class Supervisor:
    """The processes of one network directory. `report` is told, in words, what happens to them. With `has_gateway`, an
    indexer and a gateway run beside the validators."""

    directory: Path
    restart: bool
    report: Callable[[str], None]
    has_gateway: bool = False
    processes: dict[str, trio.Process] = field(default_factory=dict)
    _stop_asked: trio.Event = field(default_factory=trio.Event)
    _has_announced: bool = False

    @property
    def is_ending(self) -> bool:
        """Whether the processes are being ended, or have been; any thread may ask."""
        return self._stop_asked.is_set()

    async def run(self, on_ready: Callable[[Network], None]) -> None:
        """Run the network until SIGINT or SIGTERM.

        Raises:
            TestnetError: a process does not start; the text has the end of its log.
        """
        with _lock(self.directory):
            await self._run(on_ready)

    async def _run(self, on_ready: Callable[[Network], None]) -> None:
        ports = FreePorts(self.report)
        nodes = assign_ports(self.directory, ports)
        network = Network(nodes, assign_read_side(nodes, ports) if self.has_gateway else None)
        programs = [node_program(node) for node in nodes]
        if network.read_side is not None:
            programs += read_side_programs(network.read_side)
        network_file = self.directory / NETWORK_FILE
        network_file.unlink(missing_ok=True)
        with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            async with trio.open_nursery() as nursery:
                try:
                    for program in programs:
                        await nursery.start(self._keep_running, program, network)
                    nursery.start_soon(self._announce, programs, network, on_ready)
                    async for _ in signals:
                        break
                finally:
                    self._stop_asked.set()
                    with trio.CancelScope(shield=True):
                        await self._stop_all()
                    network_file.unlink(missing_ok=True)
                    nursery.cancel_scope.cancel()

    async def _announce(
        self, programs: Sequence[Program], network: Network, on_ready: Callable[[Network], None]
    ) -> None:
        with trio.move_on_after(READY_SECONDS) as patience:
            for program in programs:
                if program.answers_at:
                    await _wait_for_answer(program.answers_at)
        if patience.cancelled_caught:
            raise TestnetError(f"not all nodes answered within {READY_SECONDS:.0f} s; see the logs in {self.directory}")
        self._write_network_file(network)
        self._has_announced = True
        on_ready(network)

    async def _keep_running(
        self, program: Program, network: Network, *, task_status: TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Start a process and wait for it, again and again with `restart`."""
        is_first = True
        pause_s = RESTART_SECONDS
        while True:
            began = trio.current_time()
            await self._start(program)
            if is_first:
                is_first = False
                task_status.started()
            elif self._has_announced:
                self._write_network_file(network)
            code = await self.processes[program.name].wait()
            if self._stop_asked.is_set():
                return
            # One that ends before the network has begun would only end again: its log says why.
            if not self.restart or not self._has_announced:
                raise TestnetError(f"{program.name} ended with code {code}; the end of its log:\n{_log_tail(program)}")
            has_lasted = trio.current_time() - began >= LASTING_SECONDS
            pause_s = RESTART_SECONDS if has_lasted else pause_s
            self.report(f"{program.name} ended with code {code}; starting it again in {pause_s:.0f} s")
            await trio.sleep(pause_s)
            pause_s = min(2 * pause_s, MAX_RESTART_SECONDS)

    async def _start(self, program: Program) -> None:
        with program.log.open("ab") as log:
            self.processes[program.name] = await trio.lowlevel.open_process(
                [sys.executable, "-m", "daonode", *program.arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # What overrides the configuration of one node must not override that of all.
                env={name: value for name, value in os.environ.items() if not name.startswith("DAONODE_")},
                # A session of its own: Ctrl-C in the terminal reaches the supervisor alone, which ends all in order.
                start_new_session=True,
            )

    async def _stop_all(self) -> None:
        for process in self.processes.values():
            if process.poll() is None:
                # A process that was paused is woken, or it would not hear the other signal.
                process.terminate()
                process.send_signal(signal.SIGCONT)
        with trio.move_on_after(STOP_SECONDS):
            for process in self.processes.values():
                await process.wait()
        for name, process in self.processes.items():
            if process.poll() is None:
                self.report(f"{name} did not end within {STOP_SECONDS:.0f} s and was killed")
                process.kill()
                await process.wait()

    def _write_network_file(self, network: Network) -> None:
        chain_id = json.loads((self.directory / "genesis.json").read_text())["chain_id"]
        content: dict[str, object] = {
            "chain_id": chain_id,
            "nodes": [
                {
                    "name": node.name,
                    "home": str(node.home.path.resolve()),
                    "pid": self.processes[node.name].pid,
                    "p2p": node.p2p,
                    "rpc": f"http://{node.rpc}",
                    "metrics": f"http://{node.metrics}/metrics",
                }
                for node in network.nodes
            ],
        }
        if network.read_side is not None:
            content[INDEXER] = {
                "pid": self.processes[INDEXER].pid,
                "metrics": f"http://{network.read_side.indexer_metrics}/metrics",
            }
            content[GATEWAY] = {
                "pid": self.processes[GATEWAY].pid,
                "url": network.read_side.url,
                "metrics": f"http://{network.read_side.gateway_metrics}/metrics",
            }
        beside = self.directory / (NETWORK_FILE + ".new")
        beside.write_text(json.dumps(content, indent=2) + "\n")
        beside.replace(self.directory / NETWORK_FILE)


@contextmanager
def _lock(directory: Path) -> Iterator[None]:
    """One supervisor a directory; the lock goes with the process."""
    try:
        lock = (directory / LOCK_NAME).open("wb")
    except FileNotFoundError:
        raise TestnetError(
            f"{directory} holds no network; make one with `daonode testnet init -o {directory}`"
        ) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise TestnetError(f"the network in {directory} is running already; end that process first") from None
        yield


async def _wait_for_answer(address: str) -> None:
    while True:
        if await _answers(address):
            return
        await trio.sleep(PROBE_SECONDS)


async def _answers(address: str) -> bool:
    """Whether a process answers."""
    host, _, port = address.rpartition(":")
    try:
        stream = await trio.open_tcp_stream(host, int(port))
    except OSError:
        return False
    async with stream:
        await stream.send_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        head = b""
        with trio.move_on_after(1):
            head = await stream.receive_some(12)
    return head.endswith(b" 200")


def _log_tail(program: Program) -> str:
    try:
        lines = program.log.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return "(no log)"
    return "\n".join(lines[-LOG_TAIL_LINES:])
