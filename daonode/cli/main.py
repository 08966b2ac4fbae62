"""The entry point: the root group, and where every failure becomes a message and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

import click as plain_click
import rich_click as click

from daonode.cli.lazy import LazyGroup

PROGRAM = "daonode"


class RootGroup(LazyGroup):
    """All commands of the product."""

    entries: Mapping[str, str] = {
        "dev": "Run a whole development network with one command.",
        "init": "Make a home for a node.",
        "start": "Run the node of a home.",
        "status": "Show how a node is doing.",
        "doctor": "Check everything that a node needs.",
        "version": "Show versions.",
        "indexer": "Keep an index of the chain for the gateway.",
        "gateway": "Run the public side: REST, GraphQL and the web page.",
        "config": "Check a node's configuration.",
        "genesis": "Make and check genesis documents.",
        "testnet": "Make and run test networks on this machine.",
        "keys": "Keep keys, sign and verify.",
        "proposal": "Write, submit and follow proposals.",
        "vote": "Vote and delegate.",
        "member": "Look up and register members.",
        "treasury": "Look into the treasury.",
        "tx": "Build, sign, send and verify transactions.",
        "validator": "Look up validators.",
        "query": "Ask any module anything.",
    }


@click.group(
    cls=RootGroup,
    name=PROGRAM,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": None},
)
def root() -> None:
    """Run a DAO on its own chain: validate, propose, vote, and keep a treasury."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run the command line; returns the exit code. What went wrong has been said on standard error."""
    try:
        root.main(args=list(arguments), prog_name=PROGRAM, standalone_mode=False)
    except plain_click.exceptions.Exit as stop:
        return stop.exit_code
    except Exception as error:  # noqa: BLE001  # the one place where any failure becomes a message and a code
        from daonode.cli.failures import report

        return report(error)
    return 0
