"""Methods about notifications, which only a WebSocket connection can take."""

from __future__ import annotations

from daonode.node.rpc.costs import WORK
from daonode.node.rpc.errors import Unsupported
from daonode.node.rpc.method import RpcNode, method
from daonode.node.rpc.results import SubscribedResult, UnsubscribedResult
from daonode.node.rpc.subscribing import SubscribeParameters, Subscriber, UnsubscribeParameters


async def subscribe(node: RpcNode, parameters: SubscribeParameters) -> SubscribedResult:
    """Begin to be notified of blocks, events or a proposal, from now or from a position on."""
    name, position = await _subscriber(node).subscribe(parameters)
    return SubscribedResult(subscription=name, position=position.text())


async def unsubscribe(node: RpcNode, parameters: UnsubscribeParameters) -> UnsubscribedResult:
    """End a subscription of this connection."""
    _subscriber(node).unsubscribe(parameters.subscription)
    return UnsubscribedResult(subscription=parameters.subscription)


def _subscriber(node: RpcNode) -> Subscriber:
    if node.subscriber is None:
        raise Unsupported(
            "this connection cannot be notified", reason="needs_websocket", hint="call it over a WebSocket at /ws"
        )
    return node.subscriber


SUBSCRIPTION_METHODS = (
    method("dao_subscribe", SubscribeParameters, SubscribedResult, subscribe, cost=WORK),
    method("dao_unsubscribe", UnsubscribeParameters, UnsubscribedResult, unsubscribe),
)
