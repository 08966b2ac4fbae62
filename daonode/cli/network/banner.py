"""What `daonode dev` says when it is ready: the chain, who has accounts, where to look, and what to try."""

from __future__ import annotations

import json
from pathlib import Path

from daonode.cli.network.people import FOUNDERS, REGISTRAR
from daonode.cli.network.supervisor import Network
from daonode.cli.output import JsonObject
from daonode.client.answers import Answer
from daonode.primitives.json_form import Json


def banner(directory: Path, network: Network, *, program: str) -> JsonObject:
    """The facts."""
    chain_id: Json = json.loads((directory / "genesis.json").read_text())["chain_id"]
    accounts = Answer({"accounts": json.loads((directory / "accounts.json").read_text())}, place="accounts.json")
    people: list[Json] = [
        {
            "name": account.text("name"),
            "role": "registers members" if account.text("name") == REGISTRAR else "member",
            "address": account.text("address"),
            "mnemonic": account.text("mnemonic"),
        }
        for account in accounts.items("accounts")
        if account.text("name") in (*FOUNDERS, REGISTRAR)
    ]
    home = directory / "node0"
    commands: list[Json] = [
        f"{program} proposal show 3 --home {home}",
        f"{program} vote cast 3 yes --from bob --home {home}",
        f"{program} dev warp 2h --home {directory}",
    ]
    urls: list[Json] = [
        {"name": node.name, "rpc": f"http://{node.rpc}/", "metrics": f"http://{node.metrics}/metrics"}
        for node in network.nodes
    ]
    return {
        "page": None if network.read_side is None else network.read_side.url,
        "chain_id": chain_id,
        "accounts": people,
        "all_accounts": str(directory / "accounts.json"),
        "nodes": urls,
        "commands": commands,
    }


def banner_text(facts: JsonObject) -> str:
    """The facts for people."""
    answer = Answer(facts, place="banner")
    lines = ["", f"  Open {answer.text('page')} in a browser: what this DAO decides and what it owns", ""]
    lines += [f"  daonode development network {answer.text('chain_id')}", "", "  Accounts, each with 1000000 dao:"]
    people = answer.items("accounts")
    lines += [f"    {person.text('name'):<10} {person.text('role'):<18} {person.text('address')}" for person in people]
    lines += [
        "",
        f"  Mnemonic of {people[0].text('name')}, for development only; all are in {answer.text('all_accounts')}:",
        f"    {people[0].text('mnemonic')}",
        "",
        "  Nodes (open one in a browser for its status page):",
    ]
    lines += [
        f"    {node.text('name')}  {node.text('rpc'):<24} {node.text('metrics')}" for node in answer.items("nodes")
    ]
    commands = facts["commands"]
    assert isinstance(commands, list), "commands are a list of texts"
    return "\n".join([*lines, "", "  Try:", *(f"    {each}" for each in commands), "", "  Ctrl-C ends it.", ""])
