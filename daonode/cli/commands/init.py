"""`daonode init`: the home of one node, with new keys that nobody else has."""

from __future__ import annotations

import secrets
from pathlib import Path

import rich_click as click

from daonode.cli.client_settings import DEFAULT_RPC, write_client_settings
from daonode.cli.files import read_genesis
from daonode.cli.session import Session, common
from daonode.node.config import NodeConfig, NodeSection, write_config
from daonode.node.home import SEED_BYTES, write_seed
from daonode.node.transport.identity import peer_id_from_public_key
from daonode.primitives.signatures import public_key_of


@click.command()
@click.option("--name", default="node", show_default=True, help="The node's name, for logs and peers.")
@click.option("--genesis", type=click.Path(path_type=Path, exists=True), default=None, help="The chain's document.")
@click.option("--full-node", is_flag=True, help="Make no consensus key: the node follows and does not validate.")
@common
def command(session: Session, name: str, genesis: Path | None, full_node: bool) -> None:
    """Make a home: keys, configuration and, if given, the chain's genesis document. Nothing is overwritten."""
    home = session.home
    document = None if genesis is None else read_genesis(genesis)
    for path in (home.node_key, home.validator_key, home.node_toml, home.genesis):
        if path.exists():
            raise click.UsageError(f"{path} exists already: this is a home; choose another with --home")
    home.create()
    host_seed, consensus_seed = secrets.token_bytes(SEED_BYTES), secrets.token_bytes(SEED_BYTES)
    write_seed(home.node_key, host_seed)
    if not full_node:
        write_seed(home.validator_key, consensus_seed)
    write_config(home.node_toml, NodeConfig(node=NodeSection(name=name)))
    write_client_settings(home.client_toml, rpc=DEFAULT_RPC)
    if document is not None:
        home.genesis.write_bytes(document.to_bytes())
    node_key = public_key_of(host_seed)
    session.show(
        {
            "home": str(home.path),
            "name": name,
            "validator_public_key": None if full_node else f"0x{public_key_of(consensus_seed).hex()}",
            "node_public_key": f"0x{node_key.hex()}",
            "peer_id": peer_id_from_public_key(node_key),
            "chain_id": None if document is None else document.chain.chain_id,
        }
    )
    if document is None:
        session.say(f"put the chain's genesis document at {home.genesis}")
