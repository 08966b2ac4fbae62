"""More than f validators away, and rounds that fail until the timeout is long: the first commit comes soon after."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest

from tests.chaos.checking import check_ending, epoch_of, measure_progress, views_of, wait_until_epoch
from tests.faults.links import CALM, Links, Weather, running_links
from tests.faults.load import load_on
from tests.faults.network import Network, running_network, wait_until

FAILED_ROUNDS = 10
"""Each lasts a fifth longer than the one before: the last of them five base timeouts, the round after them six."""
DELAY_MS = 6_000
"""Six base timeouts: in none of those rounds does a proposal come in time, and every timeout counts."""
FAILING_SECONDS = 180.0
PAUSED_SECONDS = 20.0
EPOCH_BLOCKS = 20
_pause = Event().wait


@pytest.fixture
def links() -> Iterator[Links]:
    with running_links() as running:
        yield running


@pytest.fixture
def network(links: Links, tmp_path: Path) -> Iterator[Network]:
    """Four validators behind proxies, with short epochs."""
    with running_network(tmp_path / "network", links=links, epoch_blocks=EPOCH_BLOCKS) as network:
        network.wait_until_connected()
        yield network


def failed_rounds(network: Network) -> int:
    return min(view.failed_rounds for view in views_of(network))


@pytest.mark.soak
@pytest.mark.timeout(600, func_only=True)
def test_after_a_long_back_off_with_more_than_f_paused_a_commit_comes_within_ten_rounds(
    network: Network, links: Links, record_property: Callable[[str, object], None]
) -> None:
    with load_on(network.urls, network.keys) as load:
        load.wait_for_more()
        links.set_weather(Weather(delay_ms=DELAY_MS))
        wait_until(
            lambda: failed_rounds(network) >= FAILED_ROUNDS,
            within_seconds=FAILING_SECONDS,
            what=f"{FAILED_ROUNDS} rounds have failed",
        )
        paused = network.nodes[2:]
        for node in paused:
            node.send(signal.SIGSTOP)
        stood_at = network.height()
        _pause(PAUSED_SECONDS)
        assert network.height() == stood_at, "two of four are no quorum"
        failed = failed_rounds(network)
        links.set_weather(CALM)
        for node in paused:
            node.send(signal.SIGCONT)
        progress = measure_progress(network)
        load.wait_for_more()
        epoch = epoch_of(network)
        wait_until_epoch(network, epoch + 1)
    height = check_ending(network, load)
    record_property(
        "figures",
        f"back-off: {failed} rounds in a row had failed, two of four were paused for {PAUSED_SECONDS:.0f} s; "
        f"{progress}; {height} blocks",
    )
