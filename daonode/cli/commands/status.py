"""`daonode status`: how a node is doing."""

from __future__ import annotations

import rich_click as click

from daonode.cli.session import Session, common


@click.command()
@common
def command(session: Session) -> None:
    """Show a node's chain, height, round, peers, and whether it is catching up."""
    session.show(session.rpc.status().shown)
