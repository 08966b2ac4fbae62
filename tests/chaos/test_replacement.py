"""Five validators of whom one is replaced under load: an epoch with another member begins, and hardly anyone waits."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from daonode.cli.network.people import MEMBERS
from daonode.primitives.addresses import encode_validator
from tests.chaos.checking import check_ending
from tests.chaos.operators import LANE, members_of
from tests.faults.history import archive_of, stopped_chain
from tests.faults.load import load_on
from tests.faults.network import CATCH_UP_SECONDS, Network, NodeProcess, run_daonode, running_network, wait_until

VALIDATORS = 6
"""Of whom five are in the set at a time."""
EPOCH_BLOCKS = 30
CLIENTS = 3
"""Each has one transaction under way: what is measured is the protocol, not how fast two cores are."""


def tell(network: Network, node: NodeProcess, command: str) -> None:
    """Have the operator of a validator say something to the chain, at the terminal."""
    account = MEMBERS[network.nodes.index(node)]
    where = ("--home", str(node.node.home.path), "--rpc", network.nodes[1].url)
    said = run_daonode("validator", command, "--from", account, "--lane", str(LANE), *where)
    assert said.returncode == 0, said.stderr


def wait_until_members_are(network: Network, *nodes: NodeProcess) -> int:
    """Wait until exactly these are the validator set; returns the height then."""
    wanted = {encode_validator(node.validator) for node in nodes}
    names = ", ".join(node.node.name for node in nodes)
    wait_until(lambda: set(members_of(network)) == wanted, within_seconds=CATCH_UP_SECONDS, what=f"the set is {names}")
    return network.height()


def gaps_ms(network: Network, *, first: int, last: int) -> list[int]:
    """The times between blocks of a stopped network."""
    chain_id = stopped_chain(network).document.chain.chain_id
    with archive_of(network.nodes[1].node.home, chain_id) as archive:
        blocks = [archive.committed(height) for height in range(first, last + 1)]
    times = [block.header.time_ms for block in blocks if block is not None]
    return [later - earlier for earlier, later in pairwise(times)]


@pytest.mark.soak
@pytest.mark.timeout(300, func_only=True)
def test_a_member_is_replaced_under_load_without_a_stall(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    with running_network(tmp_path / "network", validators=VALIDATORS, epoch_blocks=EPOCH_BLOCKS) as network:
        network.wait_until_connected()
        leaving, *staying, joining = network.nodes
        with load_on([node.url for node in staying], network.keys, clients=CLIENTS) as load:
            tell(network, joining, "leave")
            first = wait_until_members_are(network, leaving, *staying)
            known = len(load.reported)
            tell(network, joining, "join")
            tell(network, leaving, "leave")
            replaced_at = wait_until_members_are(network, *staying, joining)
            leaving.stop()
            staying[0].wait_until_at(replaced_at + 2 * EPOCH_BLOCKS)
            last, sent = staying[0].height(), len(load.reported) - known
        leaving.start()
        leaving.wait_until_ready()
        check_ending(network, load)
        chain = stopped_chain(network).document.chain
        gaps = gaps_ms(network, first=first, last=last)
        limit_ms = 2 * chain.consensus.timeout_base
        record_property(
            "figures",
            f"a member of five replaced under load: {last - first} blocks, {1_000 * sent / sum(gaps):.0f} transactions "
            f"a second; between two blocks {sum(gaps) / len(gaps):.0f} ms on average, {max(gaps)} ms at most; two "
            f"round timeouts are {limit_ms} ms",
        )
        with archive_of(staying[0].node.home, chain.chain_id) as archive:
            blocks = [archive.committed(height) for height in range(replaced_at, last + 1)]
        assert joining.validator in {block.header.proposer for block in blocks if block is not None}
        assert max(gaps) <= limit_ms, sorted(gaps)[-5:]
