"""When an idle chain wakes, and when it falls silent again."""

from __future__ import annotations

from daonode.consensus.messages import ProposalMessage
from daonode.genesis.builder import DEFAULT_DEPOSIT, TREASURY_TRACK
from daonode.modules.governance.messages import SubmitProposal
from daonode.replica.effects import Send
from daonode.replica.events import PeerConnected
from daonode.replica.messages import TransactionsMessage
from tests.unit.replica.network import Network, Node


def heights(network: Network) -> list[int]:
    return [node.archive.tip().height for node in network.nodes]


def put_into_mempool(network: Network, node: Node, raw: bytes) -> None:
    """As if it had been admitted before the state made it impossible."""
    intake = network.chain.make_intake(node.archive, network.chain.make_verifier())
    node.replica.mempool.admit(intake.check_transaction(raw, now_ms=network.now_ms), next_sequence=0)


def test_a_deadline_of_the_ledger_wakes_the_chain() -> None:
    network = Network()
    proposal = SubmitProposal(
        track=TREASURY_TRACK, kind="standard", title="wake", body="", actions=(), deposit=DEFAULT_DEPOSIT
    )
    network.submit(network.nodes[0], network.transaction(0, "governance.SubmitProposal", proposal))
    network.run(300)
    assert network.nodes[0].archive.receipts(1)[0].error == ""
    before = heights(network)
    deadline_ms = network.nodes[0].archive.tip().next_deadline_ms
    assert deadline_ms is not None
    network.run(deadline_ms - network.now_ms - 1)
    assert heights(network) == before
    network.run(1_000)
    assert all(later > earlier for later, earlier in zip(heights(network), before, strict=True))


def test_a_heartbeat_makes_a_block_each_interval_and_no_more() -> None:
    network = Network(heartbeat_ms=10_000)
    network.run(35_000)
    assert heights(network) == [3, 3, 3, 3]


def test_a_deadline_and_a_heartbeat_still_hold_after_a_restart() -> None:
    network = Network(heartbeat_ms=10_000)
    for node in network.nodes:
        network.stop(node)
    network.run(1_000)
    for node in network.nodes:
        network.restart(node)
    network.run(10_000)
    assert heights(network) == [1, 1, 1, 1]


def require_what_the_last_node_alone_knows_to_be_committed(network: Network) -> None:
    network.dropped = (TransactionsMessage,)
    network.submit(network.nodes[3], network.transfer(0))
    network.run(10)
    assert [len(node.replica.mempool) for node in network.nodes] == [0, 0, 0, 1]
    network.dropped = ()
    network.run(20_000)
    assert min(heights(network)) >= 1
    assert [len(node.replica.mempool) for node in network.nodes] == [0, 0, 0, 0]


def test_a_timeout_passes_on_what_only_one_node_knows() -> None:
    require_what_the_last_node_alone_knows_to_be_committed(Network())


def test_a_full_node_passes_on_what_it_alone_knows_once_a_round_lasts_too_long() -> None:
    network = Network()
    network.stop(network.nodes[3])
    network.restart(network.nodes[3], decides=False)
    require_what_the_last_node_alone_knows_to_be_committed(network)


def test_a_peer_that_connects_is_told_what_waits() -> None:
    network = Network()
    network.dropped = (TransactionsMessage,)
    raw = network.transfer(0)
    node = network.nodes[0]
    network.submit(node, raw)
    effects = node.replica.step(PeerConnected(network.now_ms, network.nodes[1].name))
    assert [each.message for each in effects if isinstance(each, Send)][1:] == [TransactionsMessage((raw,))]


def test_what_has_expired_waits_in_no_mempool_for_ever() -> None:
    network = Network()
    network.dropped = (TransactionsMessage, ProposalMessage)
    network.submit(network.nodes[3], network.transfer(0, valid_ms=1_500))
    network.run(1_400)
    assert len(network.nodes[3].replica.mempool) == 1
    network.run(2_000)
    assert len(network.nodes[3].replica.mempool) == 0


def test_a_leader_whose_candidates_all_fail_drops_them_and_the_chain_falls_silent() -> None:
    network = Network()
    expired = [network.transfer(0, lane=lane, valid_ms=1) for lane in range(3)]
    for node in network.nodes:
        for raw in expired:
            put_into_mempool(network, node, raw)
    network.run(10)
    network.submit(network.nodes[0], network.transfer(0, lane=9))
    network.run(30_000)
    assert [len(node.replica.mempool) for node in network.nodes] == [0, 0, 0, 0]
    assert 1 <= heights(network)[0] <= 5
    before = heights(network)
    network.run(60_000)
    assert heights(network) == before
