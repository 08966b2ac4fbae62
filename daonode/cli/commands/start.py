"""`daonode start`: run the node of a home."""

from __future__ import annotations

import functools
import gc
import os
import sys
from typing import Final

import rich_click as click

from daonode.cli.session import Session, common

SWITCH_SECONDS: Final = 0.0005
"""How long a thread may keep the interpreter from another that wants it, a tenth of the default: the thread that votes
wants it back after each system call, from those that read the stores for clients and check what they send."""


@click.command()
@click.option("--p2p-listen", default=None, help="Multiaddress to listen on for peers, over [p2p] listen.")
@click.option("--rpc-listen", default=None, help="host:port of JSON-RPC, over [rpc] listen.")
@click.option("--metrics-listen", default=None, help="host:port of /metrics, over [metrics] listen.")
@click.option("--log-level", default=None, help="debug, info, warning or error, over [log] level.")
@click.option("--log-format", default=None, help="console or json, over [log] format.")
@common
def command(session: Session, **flags: str | None) -> None:
    """Run the node of a home until SIGTERM or Ctrl-C."""
    # Modules stay: looking for garbage among them is a tenth of a node's start, and of every full collection later.
    gc.disable()
    import structlog
    import trio

    from daonode.node.config import NodeConfig, load_config
    from daonode.node.node import NodeAddresses, run_node
    from daonode.process.logs import configure_logs

    gc.freeze()
    gc.enable()
    sys.setswitchinterval(SWITCH_SECONDS)
    overrides = {
        (name.partition("_")[0], name.partition("_")[2]): value for name, value in flags.items() if value is not None
    }

    def read_config() -> NodeConfig:
        return load_config(session.home.node_toml, environment=os.environ, overrides=overrides)

    config = read_config()
    configure_logs(config.log)

    def on_ready(addresses: NodeAddresses) -> None:
        structlog.get_logger(__name__).info(
            "ready", name=config.node.name, p2p=addresses.p2p, rpc=addresses.rpc, metrics=addresses.metrics
        )

    trio.run(functools.partial(run_node, session.home, config, on_ready=on_ready, read_config=read_config))
