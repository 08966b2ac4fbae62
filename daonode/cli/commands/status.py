"""`daonode status`: how a node is doing."""

from __future__ import annotations

import time

import rich_click as click

from daonode.cli.session import Session, common
from daonode.cli.wording import distance
from daonode.client.answers import Status
from daonode.primitives.json_form import Json


@click.command()
@common
def command(session: Session) -> None:
    """Show a node's chain, height, round, peers, and whether it is catching up."""
    status = session.rpc.status()
    session.show(status.shown, text=lambda: _told(status))


def _told(status: Status) -> str:
    """A screen for people, in 80 columns; ids are whole, so that they can be copied."""
    shown = status.shown
    node, mempool = _part(shown.get("node")), _part(shown.get("mempool"))
    now_ms = status.clock_ms if status.clock_ms is not None else time.time_ns() // 1_000_000
    rows = (
        ("node", f"{node.get('name', '-')}, daonode {node.get('version', '-')}"),
        ("chain", status.chain_id),
        ("state", "CATCHING UP: it fetches blocks" if status.catching_up else "up to date"),
        ("height", f"{status.height}, of round {status.round}, {distance(status.time_ms, now_ms=now_ms)}"),
        ("peers", f"{shown.get('peers', '-')} connected"),
        ("mempool", f"{mempool.get('transactions', '-')} transactions, {mempool.get('bytes', '-')} bytes"),
        ("validator", shown.get("validator") or "none: a full node"),
        ("block", shown.get("block_id", "-")),
        ("state root", shown.get("state_root", "-")),
        ("genesis", shown.get("genesis_hash", "-")),
    )
    return "\n".join(f"{name:<12}{value}" for name, value in rows)


def _part(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}
