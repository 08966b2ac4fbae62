"""`daonode config`: whether a home's configuration can be used."""

from __future__ import annotations

import os

import rich_click as click

from daonode.cli.lazy import SuggestingGroup
from daonode.cli.session import Session, common
from daonode.node.config import load_config
from daonode.primitives.json_form import Json, to_json


@click.group(cls=SuggestingGroup)
def command() -> None:
    """Check a node's configuration."""


@command.command()
@common
def validate(session: Session) -> None:
    """Check node.toml and client.toml, and show what is in force: flags aside, the environment over the file."""
    path = session.home.node_toml
    if not path.exists():
        raise click.UsageError(f"{path} is missing; make a home with `daonode init`")
    config = load_config(path, environment=os.environ)
    client = session.client_settings
    shown: Json = {"rpc": client.rpc, "output": client.output, "from": client.from_}
    session.show({"valid": True, "file": str(path), "node": to_json(config), "client": shown})
