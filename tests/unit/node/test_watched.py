"""Metrics that are read from other parts: whether the node is catching up, from the replica that does."""

from __future__ import annotations

from pathlib import Path

from daonode.node.clock import Clock
from daonode.node.config import NodeConfig
from daonode.node.running import RunningNode
from daonode.node.storage import open_stores
from daonode.node.transport.service import open_transport
from daonode.node.transport.types import Multiaddress, TransportConfig
from daonode.node.watched import watch
from daonode.replica.messages import MAX_BLOCKS_A_RESPONSE
from tests.unit.node.chains import CHAIN_ID, make_test_chain
from tests.unit.node.test_driver import running
from tests.unit.node.test_metrics import values_of
from tests.unit.replica.test_block_sync import answer_of, behind, connect, node_of, requests

CATCHING_UP = "daonode_catching_up"
TRANSPORT = TransportConfig(
    chain_reference="watched", host_seed=bytes(32), listen_address=Multiaddress("/ip4/127.0.0.1/tcp/0"), peers=()
)


async def test_a_node_that_is_further_behind_than_one_answer_brings_says_so_until_it_has_the_rest(
    tmp_path: Path,
) -> None:
    network, victim = behind(count=MAX_BLOCKS_A_RESPONSE + 2)
    stores = open_stores(tmp_path, chain_id=CHAIN_ID)
    async with running(tmp_path, stores=stores) as node, open_transport(TRANSPORT) as transport:
        chain = make_test_chain(1).chain
        shown = RunningNode(
            chain=chain,
            config=NodeConfig(),
            replica=victim.replica,
            driver=node.driver,
            stores=stores,
            transport=transport,
            clock=Clock(None),
            node_metrics=node.metrics,
        )
        watch(node.metrics, shown)
        assert values_of(node.metrics)[CATCHING_UP] == 0
        waiting = connect(network, victim, *network.nodes[:3])
        answers = 0
        seen: list[float] = []
        while waiting:
            (peer, request), *_ = waiting
            holder = node_of(network, peer)
            waiting = requests(network.hear(victim, holder, answer_of(network, holder, victim, request)))
            answers += 1
            seen.append(values_of(node.metrics)[CATCHING_UP])
        assert seen == [1] * (answers - 1) + [0]
        assert answers > 1
