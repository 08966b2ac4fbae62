"""A validator whose clock is an hour off: the chain keeps the right time without it, and the validator says so."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.faults.history import check_history
from tests.faults.load import load_on
from tests.faults.network import CATCH_UP_SECONDS, Network, NodeProcess, run_daonode, running_network, wait_until
from tests.faults.test_processes import check_every_node_has
from tests.integration.node.test_metrics import total

HOUR_MS = 3_600_000
NEAR_MS = 30_000
"""How far a block's time may be from the true one here: the drift that the chain allows, and a slow machine."""
DOCTOR_FINDS = 2


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    with running_network(tmp_path_factory.mktemp("clocks") / "network", own_clocks=True) as network:
        yield network


def what_doctor_says(node: NodeProcess) -> tuple[int, str]:
    ended = run_daonode("doctor", "--home", str(node.node.home.path))
    return ended.returncode, ended.stdout


def test_a_clock_an_hour_off_is_told_by_the_node_and_by_doctor_and_the_chain_keeps_time(network: Network) -> None:
    wrong, *right = network.nodes
    with load_on([node.url for node in right], network.keys) as load:
        load.wait_for_more()
        for ahead_ms, direction in ((HOUR_MS, "ahead of"), (-HOUR_MS, "behind")):
            mark = len(wrong.log)
            wrong.set_clock(ahead_ms)
            wrong.wait_until_it_says("this machine's clock is wrong: it is 3", f"{direction} the blocks", after=mark)
            load.wait_for_more()
            for node in network.nodes:
                status = node.status()
                assert status is not None
                assert abs(status.time_ms - time.time_ns() // 1_000_000) < NEAR_MS, "blocks have the right time"
            assert abs(total(wrong, "daonode_clock_ahead_seconds") * 1_000 - ahead_ms) < NEAR_MS
            code, said = what_doctor_says(wrong)
            assert code == DOCTOR_FINDS
            assert "DO   peers' clocks" in said, said
            assert what_doctor_says(right[0])[0] == 0
            wrong.set_clock(0)
            wait_until(
                lambda: abs(total(wrong, "daonode_clock_ahead_seconds")) * 1_000 < NEAR_MS,
                within_seconds=CATCH_UP_SECONDS,
                what="its clock agrees with the blocks",
            )
    for node in right:
        assert "clock is wrong" not in node.log
    check_every_node_has(load, network)
    for node in network.nodes:
        node.stop()
    check_history(network, load.reported)
