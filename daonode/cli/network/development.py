"""The network of `daonode dev`: fixed keys, fixed ports where they are free, and a clock that all its nodes share."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from time import monotonic

from daonode.cli.network.errors import TestnetError
from daonode.cli.network.homes import TestnetPlan, make_testnet
from daonode.cli.network.people import FOUNDERS
from daonode.cli.network.programs import READ_SIDE
from daonode.cli.network.supervisor import NETWORK_FILE
from daonode.client.answers import Answer
from daonode.client.errors import Unreachable
from daonode.client.rpc import RpcClient
from daonode.genesis.builder import DEFAULT_DEPOSIT, Periods
from daonode.primitives.ids import ChainId
from daonode.primitives.units import DurationMs

CHAIN_ID = ChainId("daonode:dev")
SEED = "dev"
VALIDATORS = 4
CLOCK_FILE = "clock_offset_ms"
"""Only a development network has this file, so it also tells what `--reset` may remove."""
QUIET_SECONDS = 0.4
"""After so long without a block a network has done what was due: nodes notice a new time within a tenth of a second."""
QUIET_LIMIT_SECONDS = 5.0
POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class DevelopmentClock:
    """How far the clock of a network is ahead of the machine's: a number of milliseconds in a file."""

    path: Path

    @property
    def offset_ms(self) -> int:
        """How far ahead it is."""
        return int(self.path.read_text())

    def warp(self, duration_ms: int) -> None:
        """Move it ahead; nodes notice within a tenth of a second. It never goes back."""
        beside = self.path.with_name(f"{self.path.name}.new")
        beside.write_text(str(self.offset_ms + duration_ms))
        beside.replace(self.path)


def prepare(directory: Path, *, voting_ms: int, timelock_ms: int, base_port: int | None, reset: bool) -> None:
    """Make the network in a directory, unless it is there already; with `reset`, make it anew.

    Without a `base_port`, free ports are chosen when it starts.

    Raises:
        TestnetError: the directory holds something else.
    """
    is_ours = (directory / CLOCK_FILE).exists()
    if is_ours and not reset:
        return
    if is_ours:
        shutil.rmtree(directory)
    clock_file = (directory / CLOCK_FILE).resolve()
    make_testnet(
        directory,
        TestnetPlan(
            validators=VALIDATORS,
            chain_id=CHAIN_ID,
            periods=Periods.short(voting=DurationMs(voting_ms), timelock=DurationMs(timelock_ms)),
            deposit=DEFAULT_DEPOSIT,
            seed=SEED,
            clock_file=clock_file,
            founders=FOUNDERS,
            base_port=base_port,
        ),
    )
    clock_file.write_text("0")


def clock_of(directory: Path) -> DevelopmentClock:
    """The clock of a development network.

    Raises:
        TestnetError: there is none in the directory.
    """
    path = directory / CLOCK_FILE
    if not path.exists():
        raise TestnetError(f"{directory} holds no development network; start one with `daonode dev`")
    return DevelopmentClock(path)


def running_processes(directory: Path) -> Mapping[str, int]:
    """The processes of a network by name: its nodes, its indexer and its gateway, each with its id.

    Raises:
        TestnetError: it does not run.
    """
    content = _running_network(directory)
    found = {node.text("name"): node.number("pid") for node in content.items("nodes")}
    return found | {name: content.inner(name).number("pid") for name in READ_SIDE if content.has(name)}


def is_running(directory: Path) -> bool:
    """Whether the network in a directory runs."""
    return (directory / NETWORK_FILE).exists()


def wait_until_quiet(directory: Path) -> None:
    """Wait until no block has come for a moment, some seconds at most, and not where nobody answers.

    Raises:
        TestnetError: it does not run.
    """
    urls = [node.text("rpc") for node in _running_network(directory).items("nodes")]
    rpc = RpcClient(urls, timeout_s=QUIET_LIMIT_SECONDS)
    started = since = monotonic()
    height = 0
    while monotonic() - since < QUIET_SECONDS and monotonic() - started < QUIET_LIMIT_SECONDS:
        try:
            found = rpc.status().height
        except Unreachable:
            return
        if found > height:
            height, since = found, monotonic()
        Event().wait(POLL_SECONDS)


def _running_network(directory: Path) -> Answer:
    try:
        return Answer(json.loads((directory / NETWORK_FILE).read_text()), place=NETWORK_FILE)
    except FileNotFoundError:
        raise TestnetError(f"no network runs in {directory}; start it with `daonode dev`") from None


def network_directory(path: Path) -> Path:
    """The directory of the network that a path belongs to: itself, or the one above for the home of a node."""
    is_node = not (path / NETWORK_FILE).exists() and (path.parent / NETWORK_FILE).exists()
    return path.parent if is_node else path
