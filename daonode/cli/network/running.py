"""Runs a development network: made if need be, supervised, and seeded while it runs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Thread

import trio

from daonode.cli.network.development import SEED, clock_of, prepare
from daonode.cli.network.errors import TestnetError
from daonode.cli.network.seeding import Seeding
from daonode.cli.network.supervisor import Network, Supervisor
from daonode.client.errors import ClientError
from daonode.client.rpc import RpcClient
from daonode.genesis.document import load_document

SEEDED_FILE = "seeded"


def run_development(
    directory: Path,
    *,
    voting_ms: int,
    timelock_ms: int,
    base_port: int | None,
    reset: bool,
    on_ready: Callable[[Network], None],
    report: Callable[[str], None],
) -> None:
    """Run the network in a directory until SIGINT or SIGTERM; raises as `prepare` and `Supervisor.run`."""
    prepare(directory, voting_ms=voting_ms, timelock_ms=timelock_ms, base_port=base_port, reset=reset)
    supervisor = Supervisor(directory, restart=True, report=report, has_gateway=True)

    def report_seeding(text: str) -> None:
        # A seeding that fails because the nodes are being ended is no news.
        if not supervisor.is_ending:
            report(text)

    def begin(network: Network) -> None:
        on_ready(network)
        seed = partial(_seed, directory=directory, voting_ms=voting_ms, timelock_ms=timelock_ms, report=report_seeding)
        # The client's calls block, so a thread of its own; it is given up when the process ends.
        Thread(target=seed, args=(network.nodes[0].rpc,), daemon=True).start()

    trio.run(supervisor.run, begin)


def _seed(
    rpc_address: str, *, directory: Path, voting_ms: int, timelock_ms: int, report: Callable[[str], None]
) -> None:
    """Seed a chain, unless that was done to its end before."""
    marker = directory / SEEDED_FILE
    if marker.exists():
        return
    rpc = RpcClient(f"http://{rpc_address}")
    try:
        is_begun = rpc.status().height > 0
        report(
            "going on to seed the chain" if is_begun else "seeding the chain with members, delegations and proposals"
        )
        Seeding(
            rpc=rpc,
            registry=load_document((directory / "genesis.json").read_bytes()).registry,
            clock=clock_of(directory),
            voting_ms=voting_ms,
            timelock_ms=timelock_ms,
            seed=SEED,
        ).run()
    except (ClientError, TestnetError) as error:
        report(f"seeding failed: {error}")
        return
    marker.touch()
    report("the chain is seeded: one proposal passed and was paid, one failed, one is open")
