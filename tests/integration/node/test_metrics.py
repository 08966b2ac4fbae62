"""What only a running network moves: peers, lanes, stores, calls, catching up, and turns that somebody misses."""

from __future__ import annotations

import resource
import urllib.request
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

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


def test_a_node_takes_all_the_open_files_that_it_may_have(network: Network) -> None:
    soft, hard = resource.prlimit(network.nodes[0].pid, resource.RLIMIT_NOFILE)
    assert soft == hard
