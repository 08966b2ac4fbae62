"""Methods about this node alone: its mempool, its peers, its view of consensus."""

from __future__ import annotations

from daonode.node.rpc.chain_methods import NoParameters
from daonode.node.rpc.method import RpcNode, method
from daonode.node.rpc.results import ConsensusResult, MempoolResult, NetInfoResult, PeerForm
from daonode.primitives.json_texts import validator_text


async def mempool(node: RpcNode, _: NoParameters) -> MempoolResult:
    """How much waits for a block."""
    return MempoolResult(transactions=node.api.mempool.transactions, bytes=node.api.mempool.bytes)


async def net_info(node: RpcNode, _: NoParameters) -> NetInfoResult:
    """The listed peers, and which are connected."""
    peers = [
        PeerForm(
            name=peer.name,
            peer_id=peer.peer_id,
            address=peer.address,
            validator=None if peer.validator is None else validator_text(peer.validator),
            connected=peer.connected,
        )
        for peer in node.api.peers
    ]
    return NetInfoResult(peers=peers)


async def consensus_state(node: RpcNode, _: NoParameters) -> ConsensusResult:
    """Where consensus stands now."""
    state = node.api.consensus
    return ConsensusResult(
        epoch=state.epoch,
        round=state.round,
        leader=None if state.leader is None else validator_text(state.leader),
        high_qc_round=state.high_qc_round,
        highest_tc_round=state.highest_tc_round,
        committed_height=state.committed_height,
        committed_round=state.committed_round,
    )


NODE_METHODS = (
    method("dao_mempool", NoParameters, MempoolResult, mempool),
    method("dao_netInfo", NoParameters, NetInfoResult, net_info),
    method("dao_consensusState", NoParameters, ConsensusResult, consensus_state),
)
