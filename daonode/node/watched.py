"""The metrics that other parts of the node keep anyway: read whenever somebody asks for metrics."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from daonode.node.metrics import NodeMetrics
from daonode.node.running import RunningNode
from daonode.node.transport.counters import LaneCounters, PeerCounters
from daonode.node.transport.gate import Refusal

_PEER_OUTCOMES: tuple[tuple[str, Callable[[PeerCounters], int]], ...] = (
    ("connected", lambda each: each.connected),
    ("disconnected", lambda each: each.disconnected),
    ("misbehaved", lambda each: each.misbehaved),
    ("dial_failed", lambda each: each.dial_failures),
    ("duplicate", lambda each: each.duplicates),
    ("refused", lambda each: each.refused),
    ("kept_away", lambda each: each.kept_out),
)
_LANE_COUNTERS: tuple[tuple[str, str, Callable[[LaneCounters], int]], ...] = (
    ("daonode_p2p_sent_bytes", "Bytes sent, by peer and lane.", lambda each: each.sent_bytes),
    ("daonode_p2p_received_bytes", "Bytes received, by peer and lane.", lambda each: each.received_bytes),
    (
        "daonode_p2p_dropped_frames",
        "Frames that a full queue dropped, by peer and lane.",
        lambda each: each.dropped_full_frames,
    ),
    (
        "daonode_p2p_slowed_frames",
        "Frames that waited because their peer sends more than its allowance, by peer and lane.",
        lambda each: each.slowed_frames,
    ),
)


def watch(metrics: NodeMetrics, node: RunningNode) -> None:
    """Add what is kept by the mempool, consensus, the stores and the network."""
    metrics.watch("daonode_mempool_transactions", "Waiting transactions.", lambda: {(): node.mempool.transactions})
    metrics.watch("daonode_mempool_bytes", "Size of waiting transactions.", lambda: {(): node.mempool.bytes})
    metrics.watch("daonode_current_round", "The current round.", lambda: {(): node.replica.core.round})
    metrics.watch("daonode_catching_up", "1 while fetching blocks.", lambda: {(): int(node.catching_up)})
    metrics.watch(
        "daonode_store_bytes",
        "Size of a database's files.",
        lambda: {(store.path.name,): _size_of(store.path) for store in (node.stores.blocks, node.stores.state)},
        labels=("store",),
    )
    _watch_network(metrics, node)


def _watch_network(metrics: NodeMetrics, node: RunningNode) -> None:
    counters = node.transport.counters
    metrics.watch("daonode_peers", "Connected peers.", lambda: {(): len(node.transport.connected_peers())})
    metrics.watch(
        "daonode_p2p_failed_handshakes",
        "Inbound connections that ended before the other side had proved who it is.",
        lambda: {(): counters.failed_handshakes},
        rises=True,
    )
    metrics.watch(
        "daonode_p2p_closed_on_arrival",
        "Connections that got no handshake, by reason.",
        lambda: {(refusal.value,): node.transport.closed_on_arrival[refusal] for refusal in Refusal},
        labels=("reason",),
        rises=True,
    )
    metrics.watch(
        "daonode_p2p_connections",
        "What became of connections, by peer; kept_away is how often a peer was sent away for its faults.",
        lambda: {
            (str(peer), outcome): read(each) for peer, each in counters.peers() for outcome, read in _PEER_OUTCOMES
        },
        labels=("peer", "outcome"),
        rises=True,
    )
    for name, help_text, read in _LANE_COUNTERS:
        metrics.watch(
            name,
            help_text,
            _by_lane(node, read),
            labels=("peer", "lane"),
            rises=True,
        )


def _by_lane(node: RunningNode, read: Callable[[LaneCounters], int]) -> Callable[[], dict[tuple[str, ...], int]]:
    return lambda: {(str(peer), lane.value): read(each) for peer, lane, each in node.transport.counters.lanes()}


def _size_of(folder: Path) -> int:
    """The size of the files in a folder; one that is deleted meanwhile has none."""
    total = 0
    for path in folder.iterdir():
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            continue
    return total
