"""What only a running network moves: peers, lanes, stores, calls, catching up, and turns that somebody misses."""

from __future__ import annotations

import json
import resource
import signal
import socket
import urllib.request
from collections.abc import Iterator
from functools import partial

import pytest
import trio
from prometheus_client.parser import text_string_to_metric_families

from daonode.node.config import load_config
from daonode.node.home import read_seed
from daonode.node.offences import MAX_FAULTS
from daonode.node.transport.identity import peer_id_from_public_key
from daonode.node.transport.service import open_transport
from daonode.node.transport.types import Lane, Multiaddress, PeerAddress, TransportConfig
from tests.faults.load import load_on
from tests.faults.network import CATCH_UP_SECONDS, Network, NodeProcess, running_network, wait_until


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    with running_network(tmp_path_factory.mktemp("metrics") / "network") as running:
        yield running


def total(node: NodeProcess, name: str, **labels: str) -> float:
    """The sum of a metric's samples that have these labels; both addresses answer the same."""
    with urllib.request.urlopen(f"http://{node.node.metrics}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def test_a_network_with_a_validator_that_leaves_and_returns_moves_the_metrics_of_the_others_and_its_own(
    network: Network,
) -> None:
    watcher, absent = network.nodes[0], network.nodes[3]
    keys = watcher.node.home.keys_directory
    wait_until(lambda: total(watcher, "daonode_peers") == 3, within_seconds=CATCH_UP_SECONDS, what="all are connected")
    before = total(watcher, "daonode_store_bytes", store="state")
    absent.kill()
    with load_on([watcher.url], keys):
        network_goal = watcher.height() + 12
        wait_until(lambda: watcher.height() >= network_goal, within_seconds=CATCH_UP_SECONDS, what="blocks without it")
    assert total(watcher, "daonode_turns_total", outcome="missed", validator="node3") > 0
    assert total(watcher, "daonode_failed_rounds_total") > 0
    assert total(watcher, "daonode_round_timeouts_total") > 0
    assert total(watcher, "daonode_peers") == 2
    assert total(watcher, "daonode_store_bytes", store="state") > before
    for name, labels in (
        ("daonode_p2p_connections_total", {"outcome": "disconnected"}),
        ("daonode_p2p_sent_bytes_total", {"lane": "consensus"}),
        ("daonode_p2p_received_bytes_total", {"lane": "consensus"}),
        ("daonode_p2p_sent_bytes_total", {"lane": "mempool"}),
        ("daonode_quorum_delay_seconds_count", {"step": "certified"}),
        ("daonode_job_seconds_count", {"job": "Execution"}),
        ("daonode_rpc_calls_total", {"method": "dao_sendRawTransaction", "outcome": "succeeded"}),
        ("daonode_rpc_seconds_count", {"method": "dao_status"}),
    ):
        assert total(watcher, name, **labels) > 0, (name, labels)
    absent.start()
    absent.wait_until_ready()
    wait_until(lambda: absent.height() >= network_goal, within_seconds=CATCH_UP_SECONDS, what="it catches up")
    assert total(absent, "daonode_sync_requests_total") > 0
    assert total(absent, "daonode_fetched_blocks_total") > 0
    assert total(absent, "daonode_p2p_received_bytes_total", lane="sync") > 0


def test_what_waits_without_a_quorum_is_counted_until_it_is_committed(network: Network) -> None:
    watcher, *others = network.nodes
    network.wait_until_level()
    names = ("daonode_mempool_transactions", "daonode_mempool_bytes")
    wait_until(lambda: not total(watcher, names[0]), within_seconds=CATCH_UP_SECONDS, what="nothing waits")
    for paused in others[1:]:
        paused.send(signal.SIGSTOP)
    try:
        with load_on([watcher.url], watcher.node.home.keys_directory):
            wait_until(lambda: total(watcher, names[0]) > 0, within_seconds=CATCH_UP_SECONDS, what="something waits")
            assert total(watcher, names[1]) > 100 * total(watcher, names[0]), "a transaction has more than 100 bytes"
            for paused in others[1:]:
                paused.send(signal.SIGCONT)
    finally:
        for paused in others[1:]:
            paused.send(signal.SIGCONT)
    for name in names:
        wait_until(lambda name=name: not total(watcher, name), within_seconds=CATCH_UP_SECONDS, what="nothing waits")


def test_strangers_and_a_peer_that_misbehaves_are_counted(network: Network) -> None:
    watcher, absent = network.nodes[0], network.nodes[3]
    port = int(watcher.node.p2p.rpartition("/")[2])
    for junk in (b"", b"GET / HTTP/1.1\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", port)) as stranger:
            stranger.sendall(junk)
    wait_until(
        lambda: total(watcher, "daonode_p2p_failed_handshakes_total") > 1,
        within_seconds=CATCH_UP_SECONDS,
        what="strangers are counted",
    )
    absent.kill()
    trio.run(send_junk_as, absent, watcher)
    assert total(watcher, "daonode_peer_faults_total") > MAX_FAULTS
    absent.start()


async def send_junk_as(peer: NodeProcess, target: NodeProcess) -> None:
    """Connect with a peer's own key and send what no honest peer sends, until it is counted as sent away."""
    config = load_config(peer.node.home.node_toml, environment={})
    entry = next(each for each in config.p2p.peers if each.name == target.node.name)
    target_id = peer_id_from_public_key(entry.public_key)
    address = PeerAddress(entry.name, target_id, Multiaddress(entry.address), entry.public_key)
    chain_id = json.loads(peer.node.home.genesis.read_text())["chain_id"]
    ours = TransportConfig(
        chain_reference=chain_id.partition(":")[2],
        host_seed=read_seed(peer.node.home.node_key),
        listen_address=Multiaddress("/ip4/127.0.0.1/tcp/0"),
        peers=(address,),
    )
    with trio.fail_after(CATCH_UP_SECONDS):
        async with open_transport(ours) as transport:
            while not await trio.to_thread.run_sync(
                partial(total, target, "daonode_p2p_connections_total", outcome="kept_away")
            ):
                if transport.connected_peers():
                    for _ in range(MAX_FAULTS):
                        transport.send(target_id, Lane.CONSENSUS, b"junk")


def test_a_node_takes_all_the_open_files_that_it_may_have(network: Network) -> None:
    soft, hard = resource.prlimit(network.nodes[0].pid, resource.RLIMIT_NOFILE)
    assert soft == hard
