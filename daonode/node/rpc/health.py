"""Whether the node is of use now: caught up, and connected to enough others."""

from __future__ import annotations

from daonode.node.api import NodeApi


def obstacles(api: NodeApi) -> tuple[str, ...]:
    """What keeps the node from being ready, for people; empty when it is ready.

    A validator needs connections to validators that make a quorum with itself; a full node needs one peer.
    """
    found: list[str] = []
    if api.catching_up:
        found.append(f"catching up: at height {api.height}, fetching blocks from peers")
    connected = [peer for peer in api.peers if peer.connected]
    if api.own_validator is None:
        if not connected:
            found.append("too few peers: connected to none, a full node needs at least one")
        return tuple(found)
    reached = {peer.validator for peer in connected if peer.validator is not None} | {api.own_validator}
    power = sum(each.power for each in api.validators.validators if each.id in reached)
    if not api.validators.is_quorum(power):
        found.append(
            f"too few peers: this validator and those it is connected to have power {power} "
            f"of {api.validators.total_power}, more than two thirds are needed"
        )
    return tuple(found)
