"""One validator as a real process: what it refuses to start with, a disk that fills up, and a full node beside it."""

from __future__ import annotations

import json
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from daonode.cli.network.ports import NetworkNode
from daonode.client.light import TrustedChain
from daonode.genesis.document import load_document
from daonode.node.config import MetricsSection, NodeSection, P2pSection, RpcSection, load_config, write_config
from daonode.node.home import Home, write_seed
from tests.faults.disks import fill, make_room, small_disk
from tests.faults.load import load_on
from tests.faults.network import (
    CATCH_UP_SECONDS,
    START_SECONDS,
    Network,
    NodeProcess,
    free_address,
    run_daonode,
    running_network,
    wait_until,
)

USAGE, INTERNAL = 2, 1


@pytest.fixture(scope="module")
def shared_network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    with running_network(tmp_path_factory.mktemp("one") / "network", validators=1, accept_unknown=True) as network:
        yield network


@pytest.fixture
def validator(shared_network: Network) -> NodeProcess:
    """A validator that runs."""
    shared_network.start()
    return shared_network.nodes[0]


@pytest.fixture(scope="module")
def used_home(shared_network: Network, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of a validator's home as it was when its process ended."""
    (node,) = shared_network.nodes
    shared_network.start()
    with load_on([node.url], node.node.home.keys_directory) as load:
        wait_until(lambda: len(load.reported) > 0, within_seconds=CATCH_UP_SECONDS, what="a commit")
    node.stop()
    copy = tmp_path_factory.mktemp("used") / "home"
    shutil.copytree(node.node.home.path, copy)
    return copy


@pytest.fixture
def stopped_home(used_home: Path, tmp_path: Path) -> Home:
    """A home with blocks in it on which no process runs, with ports of its own."""
    home = Home(tmp_path / "home")
    shutil.copytree(used_home, home.path)
    give_ports(home)
    return home


def give_ports(home: Home) -> NetworkNode:
    config = load_config(home.node_toml, environment={})
    p2p, rpc, metrics = free_address(), free_address(), free_address()
    multiaddress = f"/ip4/127.0.0.1/tcp/{p2p.rpartition(':')[2]}"
    write_config(
        home.node_toml,
        replace(
            config,
            p2p=replace(config.p2p, listen=multiaddress),
            rpc=RpcSection(listen=rpc),
            metrics=MetricsSection(listen=metrics),
        ),
    )
    return NetworkNode(name=home.path.name, home=home, p2p=multiaddress, rpc=rpc, metrics=metrics)


def error_of_start(home: Home, *options: str, code: int = USAGE) -> str:
    """Start a node that must not start; returns the one line that says why."""
    ended = run_daonode("start", "--home", str(home.path), *options)
    assert ended.returncode == code, ended.stderr
    errors = [line for line in ended.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, ended.stderr
    assert "Traceback" not in ended.stderr
    return errors[0]


def test_a_second_process_on_a_home_is_refused(validator: NodeProcess) -> None:
    assert "another daonode runs on this home" in error_of_start(validator.node.home)
    assert validator.status() is not None


def test_a_port_that_is_taken_is_named(stopped_home: Home, validator: NodeProcess) -> None:
    assert f"cannot listen on {validator.node.rpc}" in error_of_start(stopped_home, "--rpc-listen", validator.node.rpc)
    assert validator.node.p2p in error_of_start(stopped_home, "--p2p-listen", validator.node.p2p)


def test_a_store_is_refused_with_another_genesis_document(stopped_home: Home) -> None:
    document = json.loads(stopped_home.genesis.read_text())
    document["genesis_time"] = "2020-01-01T00:00:00.000Z"
    stopped_home.genesis.write_text(json.dumps(document))
    assert "is not the document that" in error_of_start(stopped_home)


def test_the_store_of_another_chain_is_refused(stopped_home: Home) -> None:
    document = json.loads(stopped_home.genesis.read_text())
    document["chain_id"] = "daonode:elsewhere"
    stopped_home.genesis.write_text(json.dumps(document))
    assert "genesis.json, of chain daonode:elsewhere, is not the document that" in error_of_start(stopped_home)


def test_a_validator_whose_safety_state_is_gone_does_not_start(stopped_home: Home) -> None:
    stopped_home.safety_state.unlink()
    assert "can sign twice" in error_of_start(stopped_home)
    assert not stopped_home.safety_state.exists()


def test_a_disk_that_fills_up_ends_the_node_and_nothing_reported_is_lost(validator: NodeProcess) -> None:
    data = validator.node.home.data_directory
    with load_on([validator.url], validator.node.home.keys_directory) as load:
        wait_until(lambda: len(load.reported) > 3, within_seconds=CATCH_UP_SECONDS, what="some commits")
        room = max(path.stat().st_size for path in (data / "blocks").glob("*.log")) + 4_096
        # No file of this process may grow further: the store's log cannot, as on a full disk.
        resource.prlimit(validator.pid, resource.RLIMIT_FSIZE, (room, room))
        assert validator.wait(within_seconds=START_SECONDS) == INTERNAL
        assert "error: the node stops: the store" in validator.log
        assert "free space" in validator.log
        validator.start()
        validator.wait_until_ready()
        known = len(load.reported)
        wait_until(lambda: len(load.reported) > known, within_seconds=CATCH_UP_SECONDS, what="the chain goes on")
    for each in load.reported:
        answer = validator.rpc.transaction(each.tx_id)
        assert (answer.height, answer.block_id) == (each.height, each.block_id)


@pytest.fixture
def disk(validator: NodeProcess) -> Iterator[Path]:
    """The data of a validator that runs, on a file system of its own with little room."""
    with small_disk(validator) as data:
        yield data


def test_a_file_system_without_room_ends_the_node_and_with_room_it_goes_on(validator: NodeProcess, disk: Path) -> None:
    mark = len(validator.log)
    with load_on([validator.url], validator.node.home.keys_directory) as load:
        wait_until(lambda: len(load.reported) > 3, within_seconds=CATCH_UP_SECONDS, what="some commits")
        fill(disk)
        assert validator.wait(within_seconds=START_SECONDS) == INTERNAL
        validator.wait_until_it_says("error: the node stops: ", "free space", after=mark)
        make_room(disk)
        validator.start()
        validator.wait_until_ready()
        known = len(load.reported)
        wait_until(lambda: len(load.reported) > known, within_seconds=CATCH_UP_SECONDS, what="the chain goes on")
    for each in load.reported:
        answer = validator.rpc.transaction(each.tx_id)
        assert (answer.height, answer.block_id) == (each.height, each.block_id)


def test_a_full_node_follows_the_chain_and_serves_proofs(validator: NodeProcess, tmp_path: Path) -> None:
    home = Home(tmp_path / "full")
    home.create()
    shutil.copy(validator.node.home.genesis, home.genesis)
    write_seed(home.node_key, bytes(range(32)))
    peers = load_config(validator.node.home.node_toml, environment={}).p2p.peers
    write_config(
        home.node_toml,
        replace(
            load_config(home.node_toml, environment={}), node=NodeSection(name="full"), p2p=P2pSection(peers=peers)
        ),
    )
    full = NodeProcess(give_ports(home))
    try:
        full.start()
        with load_on([validator.url], validator.node.home.keys_directory) as load:
            full.wait_until_ready()
            wait_until(lambda: len(load.reported) > 3, within_seconds=CATCH_UP_SECONDS, what="some commits")
        last = load.reported[-1]
        wait_until(lambda: full.height() >= last.height, within_seconds=CATCH_UP_SECONDS, what="it follows")
        chain = TrustedChain(load_document(home.genesis.read_bytes()))
        verified = chain.verify_transaction(full.rpc, last.tx_id)
        assert (verified.header.height, verified.header.id()) == (last.height, last.block_id)
        assert full.rpc.call("dao_status")["validator"] is None
        full.stop()
    finally:
        full.kill()
