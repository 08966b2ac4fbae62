"""A new full node joins a running network of processes by snapshot."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from daonode.cli.network.ports import NetworkNode
from daonode.client.errors import RpcError
from daonode.node.config import MetricsSection, NodeSection, RpcSection, SyncSection, load_config, write_config
from daonode.node.home import Home, write_seed
from tests.faults.load import load_on
from tests.faults.network import CATCH_UP_SECONDS, NodeProcess, free_address, running_network, wait_until

VALIDATORS = 3
INTERVAL = 6


def make_full_node(validator: NodeProcess, path: Path) -> NodeProcess:
    """A home without a consensus key, whose peers are the validators, and which is to begin with a snapshot."""
    home = Home(path)
    home.create()
    home.genesis.write_bytes(validator.node.home.genesis.read_bytes())
    write_seed(home.node_key, bytes([77]) * 32)
    config = load_config(validator.node.home.node_toml, environment={})
    p2p = f"/ip4/127.0.0.1/tcp/{free_address().rpartition(':')[2]}"
    rpc, metrics = free_address(), free_address()
    write_config(
        home.node_toml,
        replace(
            config,
            node=NodeSection(name="newcomer"),
            p2p=replace(config.p2p, listen=p2p),
            rpc=RpcSection(listen=rpc),
            metrics=MetricsSection(listen=metrics),
            sync=SyncSection(snapshot=True, snapshot_interval=INTERVAL),
        ),
    )
    return NodeProcess(NetworkNode(name="newcomer", home=home, p2p=p2p, rpc=rpc, metrics=metrics))


def test_a_new_full_node_joins_by_snapshot_while_the_chain_goes_on(tmp_path: Path) -> None:
    with running_network(
        tmp_path / "network", validators=VALIDATORS, accept_unknown=True, snapshot_interval=INTERVAL
    ) as network:
        newcomer = make_full_node(network.nodes[0], tmp_path / "newcomer")
        try:
            with load_on(network.urls, network.nodes[0].node.home.keys_directory):
                for node in network.nodes:
                    node.wait_until_it_says("snapshot taken", f"height={2 * INTERVAL}", after=0)
                newcomer.start()
                newcomer.wait_until_ready()
                joined_at = network.height()
                wait_until(lambda: newcomer.height() > joined_at, within_seconds=CATCH_UP_SECONDS, what="it follows")
            network.wait_until_level()
            newcomer.wait_until_at(network.height())
            assert "the node begins with a snapshot" in newcomer.log
            assert "peer misbehaved" not in newcomer.log
            assert newcomer.rpc.block() == network.nodes[0].rpc.block()
            for height in (1, INTERVAL):
                with pytest.raises(RpcError, match=f"does not keep the block at height {height}: it began with a snap"):
                    newcomer.rpc.block(height=height)
            with pytest.raises(RpcError, match="does not keep the block at height 1"):
                newcomer.rpc.blocks(above=0, limit=1)
            # Killed and started again it goes on from its own store.
            said, height = len(newcomer.log), newcomer.height()
            newcomer.kill()
            newcomer.start()
            newcomer.wait_until_at(height)
            assert "snapshot" not in newcomer.log[said:]
        finally:
            newcomer.kill()


def test_a_node_asked_to_stop_while_nobody_answers_stops(tmp_path: Path) -> None:
    with running_network(tmp_path / "network", validators=1, accept_unknown=True) as network:
        (validator,) = network.nodes
        newcomer = make_full_node(validator, tmp_path / "newcomer")
        validator.kill()
        try:
            newcomer.start()
            wait_until(
                lambda: (newcomer.node.home.data_directory / "snapshots" / "FORMAT").exists(),
                within_seconds=CATCH_UP_SECONDS,
                what="its stores are open",
            )
            newcomer.stop()
            assert newcomer.wait(within_seconds=1.0) in (0, -15)
            assert "Traceback" not in newcomer.log
        finally:
            newcomer.kill()
