"""What must hold after a storm, whatever it was: progress at once, one chain, no promise broken, all caught up."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass

from daonode.client.answers import Answer
from daonode.client.errors import RpcError, Unreachable
from tests.faults.history import check_history
from tests.faults.load import Load
from tests.faults.network import CATCH_UP_SECONDS, START_SECONDS, STOP_SECONDS, Network, NodeProcess, wait_until

MAX_ROUNDS = 10
"""From the heal to the first commit."""


@dataclass(frozen=True, slots=True)
class View:
    """Where consensus stands at a node."""

    epoch: int
    round: int
    committed_height: int
    committed_round: int

    @property
    def failed_rounds(self) -> int:
        """Rounds since the last commit: the timeout grows with each."""
        return max(0, self.round - self.committed_round - 1)


@dataclass(frozen=True, slots=True)
class Progress:
    """From the heal, when every process was started and every link whole, to the first commit anywhere, at most, and
    until all had caught up with the highest at the heal. `rounds` is no less than it was."""

    rounds: int
    commit_seconds: float
    level_seconds: float

    def __str__(self) -> str:
        return (
            f"first commit {self.rounds} rounds and {self.commit_seconds:.1f} s after the heal, all caught up after "
            f"{self.level_seconds:.1f} s"
        )


def view_of(node: NodeProcess) -> View | None:
    """Where consensus stands at a node, None where it does not answer."""
    try:
        answer = Answer(node.rpc.consensus_state(), place="dao_consensusState")
    except (Unreachable, RpcError):
        return None
    return View(
        epoch=answer.number("epoch"),
        round=answer.number("round"),
        committed_height=answer.number("committed_height"),
        committed_round=answer.number("committed_round"),
    )


def views_of(network: Network) -> tuple[View, ...]:
    """Where consensus stands at those who answer; waits until one does."""
    views: list[View] = []

    def have_answered() -> bool:
        views[:] = [view for node in network.nodes if (view := view_of(node)) is not None]
        return bool(views)

    wait_until(have_answered, within_seconds=START_SECONDS, what="a node answers")
    return tuple(views)


def epoch_of(network: Network) -> int:
    """The highest epoch that a node is in."""
    return max(view.epoch for view in views_of(network))


def wait_until_epoch(network: Network, epoch: int) -> None:
    """Wait until a node is in an epoch."""
    wait_until(lambda: epoch_of(network) >= epoch, within_seconds=CATCH_UP_SECONDS, what=f"epoch {epoch} begins")


def measure_progress(network: Network) -> Progress:
    """Call this at the heal: waits for a commit and until all have caught up, and checks that rounds were few."""
    began = time.monotonic()
    views = views_of(network)
    height, round_ = max(view.committed_height for view in views), max(view.round for view in views)
    later: list[View] = []

    def has_progressed() -> bool:
        later[:] = [view for view in views_of(network) if view.committed_height > height]
        return bool(later)

    wait_until(has_progressed, within_seconds=2 * START_SECONDS, what=f"a commit above height {height}")
    commit_seconds = time.monotonic() - began
    rounds = max(0, min(view.committed_round for view in later) - round_)
    assert rounds <= MAX_ROUNDS, f"the first commit came {rounds} rounds after the heal, at {later[0]}"
    for node in network.nodes:
        node.wait_until_ready()
    network.wait_until_level(height)
    return Progress(rounds, commit_seconds, time.monotonic() - began)


def check_ending(network: Network, load: Load) -> int:
    """Stop all nodes, which have gone through the storm and answer, and check their stores; returns the height that
    all have reached: no lower than what any client was told."""
    last = max(each.height for each in load.reported)
    network.wait_until_level(last)
    for node in network.nodes:
        node.send(signal.SIGTERM)
    for node in network.nodes:
        code = node.wait(within_seconds=2 * STOP_SECONDS)
        assert code == 0, f"{node.node.name} ends with {code}; its log:\n{node.log[-3_000:]}"
    height = check_history(network, load.reported)
    assert height >= last, f"a node has {height} blocks, and a client was told of height {last}"
    return height
