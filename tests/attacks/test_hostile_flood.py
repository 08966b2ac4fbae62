"""Four validators as real processes, flooded by fifty strangers who have a quarter of the machine: blocks go on."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Iterator
from functools import partial

import pytest

from benchmarks.attack import PHASES, AttackForm, attackers_on, measure_attack
from benchmarks.population import ROUND_TIMEOUT_MS
from benchmarks.report import Report
from tests.faults.load import load_on
from tests.faults.network import CATCH_UP_SECONDS, Network, running_network, wait_until

MORE_COMMITS = 6
"""Of each phase; more than one block's."""
NOTICED = {"garbage": ("daonode_peer_faults_total", "daonode_p2p_failed_handshakes_total"), "rpc": ()}
"""The counters by which the validators tell of each kind of flood."""
MOST_TIMES_QUIET = 3.0


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    with running_network(tmp_path_factory.mktemp("flood") / "network", accept_unknown=True) as network:
        network.wait_until_connected()
        yield network


def counted(network: Network, name: str) -> float:
    """A counter, of all nodes and labels together."""
    total = 0.0
    for node in network.nodes:
        with urllib.request.urlopen(f"http://{node.node.metrics}/metrics", timeout=30) as answer:
            found = re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", answer.read().decode(), re.MULTILINE)
        total += sum(map(float, found))
    return total


def counts_more(network: Network, name: str, *, than: float) -> bool:
    return counted(network, name) > than


@pytest.mark.parametrize(("kind", "deeds"), [("garbage", ("junk_openings", "junk_frames")), ("rpc", ("calls",))])
def test_transactions_are_committed_while_fifty_strangers_flood(
    network: Network, kind: str, deeds: tuple[str, ...]
) -> None:
    before = {name: counted(network, name) for name in NOTICED[kind]}
    with load_on(network.urls, network.keys) as load, attackers_on(network.directory, kind) as attackers:
        attackers.hold()
        load.wait_for_more(MORE_COMMITS)
        for name, count in before.items():
            wait_until(partial(counts_more, network, name, than=count), within_seconds=CATCH_UP_SECONDS, what=name)
        said = attackers.end()
    assert all(said[deed] > 0 for deed in deeds), said
    network.wait_until_level()


@pytest.mark.soak
def test_votes_wait_less_than_three_times_as_long_under_each_flood() -> None:
    """Ratios within one run; they mean something where the machine does nothing else."""
    report = Report()
    measure_attack(report, AttackForm(accounts=3_000, seconds=15, capacity=400, round_timeout_ms=ROUND_TIMEOUT_MS))
    for phase in PHASES[1:]:
        assert report.value(f"attack_{phase}_blocks_per_second") > 0
        assert report.value(f"attack_{phase}_wait_p99_to_quiet") < MOST_TIMES_QUIET
        assert report.value(f"attack_{phase}_quorum_p99_to_quiet") < MOST_TIMES_QUIET
