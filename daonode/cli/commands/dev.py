"""`daonode dev`: a whole network on this machine, seeded with something to look at; its clock; and faults."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import rich_click as click

from daonode.cli.lazy import SuggestingGroup
from daonode.cli.output import JsonObject
from daonode.cli.parameters import DURATION
from daonode.cli.session import Command, Session, output_option, with_session

if TYPE_CHECKING:
    from daonode.cli.network.supervisor import Network

DEFAULT_HOME = "~/.daonode-dev"
BASE_PORT = 26656
MS_PER_SECOND = 1_000


network_option = click.option(
    "--home",
    envvar="DAONODE_DEV_HOME",
    default=DEFAULT_HOME,
    show_default=True,
    help="The directory of the network.",
)


def _common(command: Command) -> Command:
    """Give a command what all commands have; its home is the directory of the network."""
    return network_option(output_option(with_session(command)))


@click.group(cls=SuggestingGroup, invoke_without_command=True)
@click.option("--reset", is_flag=True, help="Begin anew: remove the network that is there.")
@click.option("--voting-period", type=DURATION, default="1h", show_default=True, help="How long a vote lasts.")
@click.option("--timelock", type=DURATION, default="10m", show_default=True, help="From passing to execution.")
@click.option(
    "--base-port",
    type=click.IntRange(0, 64_000),
    default=BASE_PORT,
    show_default=True,
    help="Ports from this on; 0 stands for free ones.",
)
@_common
@click.pass_context
def command(ctx: click.Context, session: Session, /, *, reset: bool, **numbers: int) -> None:
    """Run a development network until Ctrl-C: four validators, an indexer, and a gateway with the web page.

    The first start makes it and seeds the chain; later ones go on where it stopped.
    """
    if ctx.invoked_subcommand is not None:
        return
    from daonode.cli.network.running import run_development

    directory = session.home_path
    run_development(
        directory,
        voting_ms=numbers["voting_period"],
        timelock_ms=numbers["timelock"],
        base_port=numbers["base_port"] or None,
        reset=reset,
        on_ready=lambda network: _show_banner(session, directory, network),
        report=session.say,
    )


@command.command()
@click.argument("duration", type=DURATION)
@_common
def warp(session: Session, duration: int) -> None:
    """Move the clock that all nodes share ahead, by 90s, 36h or 7d; what waits for time has happened then."""
    from time import time_ns

    from daonode.cli.network.development import clock_of, is_running, network_directory, wait_until_quiet
    from daonode.primitives.times import format_duration, format_time

    directory = network_directory(session.home_path)
    clock = clock_of(directory)
    before_ms = time_ns() // 1_000_000 + clock.offset_ms
    clock.warp(duration)
    if is_running(directory):
        wait_until_quiet(directory)
    session.show(
        {
            "before": format_time(before_ms),
            "after": format_time(before_ms + duration),
            "moved": format_duration(duration),
        }
    )


@command.group(cls=SuggestingGroup)
def fault() -> None:
    """Hurt a node of the network: the chain goes on without it."""


@fault.command()
@click.argument("node", default="node3")
@_common
def crash(session: Session, node: str) -> None:
    """Kill a process at once, that of a node, or `indexer`, or `gateway`; it is started again after some seconds."""
    pid = _pid(session.home_path, node)
    os.kill(pid, signal.SIGKILL)
    session.show({"node": node, "fault": "crash", "pid": pid})


@fault.command()
@click.argument("node", default="node3")
@click.option("--for", "duration", type=DURATION, default="5s", show_default=True, help="For how long.")
@_common
def pause(session: Session, node: str, duration: int) -> None:
    """Stop a node's process for a while, as if its machine were frozen."""
    pid = _pid(session.home_path, node)
    os.kill(pid, signal.SIGSTOP)
    try:
        Event().wait(duration / MS_PER_SECOND)
    finally:
        os.kill(pid, signal.SIGCONT)
    session.show({"node": node, "fault": "pause", "pid": pid, "paused_ms": str(duration)})


def _pid(home: Path, name: str) -> int:
    from daonode.cli.network.development import network_directory, running_processes
    from daonode.primitives.json_form import suggestion

    processes = running_processes(network_directory(home))
    if name not in processes:
        raise click.UsageError(f"no node {name!r}; {suggestion(name, tuple(processes))}")
    return processes[name]


def _show_banner(session: Session, directory: Path, network: Network) -> None:
    from daonode.cli.network.banner import banner, banner_text

    shown: JsonObject = banner(directory, network, program=_program())
    session.show(shown, text=lambda: banner_text(shown))
    sys.stdout.flush()


def _program() -> str:
    """How this program is called: its name where the shell finds it, else its path."""
    found = shutil.which("daonode")
    own = Path(sys.argv[0])
    is_found = found is not None and Path(found).resolve() == own.resolve()
    return "daonode" if is_found or own.name != "daonode" else sys.argv[0]
