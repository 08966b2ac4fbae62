"""What the shell completes: names of the home's keys, and numbers of proposals with their titles.

Nothing is said where something is wrong: a person who presses the tab key did not ask for a message.
"""

from __future__ import annotations

import os
from pathlib import Path

import click
from click.shell_completion import CompletionItem

COMPLETION_SECONDS = 1.0


def complete_keys(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The names of keys that begin with what was typed."""
    from daonode.client.keystore import Keystore
    from daonode.node.home import Home
    from daonode.primitives.addresses import encode_account

    entries = Keystore(Home(_home(ctx)).keys_directory).list().entries
    return [
        CompletionItem(entry.name, help=encode_account(entry.address))
        for entry in entries
        if entry.name.startswith(incomplete)
    ]


def complete_proposals(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The numbers of the newest proposals that begin with what was typed."""
    from daonode.cli.client_settings import DEFAULT_RPC, ClientSettingsError, load_client_settings
    from daonode.client.answers import Answer
    from daonode.client.errors import ClientError
    from daonode.client.rpc import RpcClient
    from daonode.node.home import Home

    try:
        url = ctx.params.get("rpc") or load_client_settings(Home(_home(ctx)).client_toml).rpc or DEFAULT_RPC
        rpc = RpcClient(str(url), timeout_s=COMPLETION_SECONDS)
        items = Answer(rpc.proposals(), place="dao_listProposals").items("items")
        return [
            CompletionItem(each.text("number"), help=f"{each.text('title')} ({each.text('status')})")
            for each in items
            if each.text("number").startswith(incomplete)
        ]
    except (ClientError, ClientSettingsError):
        return []


def _home(ctx: click.Context) -> Path:
    given = ctx.params.get("home") or os.environ.get("DAONODE_HOME") or "~/.daonode"
    return Path(str(given)).expanduser()
