"""What one WebSocket connection is used for: calls in, answers and notifications out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec
import trio

from daonode.httpd.budgets import Account
from daonode.httpd.websocket import WebSocket
from daonode.node.rpc.dispatch import Dispatcher
from daonode.node.rpc.errors import RpcError, TooMuch, not_found
from daonode.node.rpc.feed import Feed, Start
from daonode.node.rpc.method import RpcNode
from daonode.node.rpc.subscribing import SubscribeParameters
from daonode.node.rpc.topics import Item
from daonode.primitives.positions import Position

MAX_CALLS_UNDER_WAY: Final = 16
"""Messages of one connection that are answered at one time; the next is not read until one is done."""
MAX_SUBSCRIPTIONS: Final = 16
"""Subscriptions of one connection."""


@dataclass(slots=True)
class Subscription:
    """One subscription of a connection. `sent` is the position after which the client has nothing yet."""

    name: str
    start: Start
    sent: Position
    scope: trio.CancelScope = field(default_factory=trio.CancelScope)


class RpcSession:
    """The calls and subscriptions of one connection."""

    def __init__(self, connection: WebSocket, *, node: RpcNode, feed: Feed, budget: Account) -> None:
        self._connection = connection
        self._node = node
        self._feed = feed
        self._budget = budget
        self._slots = trio.CapacityLimiter(MAX_CALLS_UNDER_WAY)
        self._subscriptions: dict[str, Subscription] = {}
        self._next_subscription = 1

    def on_opened(self) -> None:
        """Wait for the first call."""

    async def on_text(self, text: bytes) -> None:
        """Begin to answer a message, after waiting for a place among those under way."""
        slot = object()
        await self._slots.acquire_on_behalf_of(slot)
        self._connection.start(self._answer, text, slot)

    def on_lagging(self) -> Iterator[bytes]:
        """For each subscription, from where to resume."""
        for subscription in self._subscriptions.values():
            yield _notification(subscription, lagged_after=subscription.sent)

    def on_ended(self) -> None:
        """Count its subscriptions no more."""
        self._node.api.rpc_metrics.subscriptions.dec(len(self._subscriptions))

    async def _answer(self, body: bytes, slot: object) -> None:
        """Answer one message, and only then begin the subscriptions that it asked for."""
        call = _Calling(self)
        try:
            answer = await Dispatcher(replace(self._node, subscriber=call)).answer(body, budget=self._budget)
            if answer is not None:
                await self._connection.put(answer)
        finally:
            self._slots.release_on_behalf_of(slot)
        for subscription in call.begun:
            self._connection.start(self._notify, subscription)

    async def _notify(self, subscription: Subscription) -> None:
        """Tell every value of a subscription until it ends."""
        with subscription.scope:
            try:
                async with aclosing(self._feed.follow(subscription.start, budget=self._budget)) as items:
                    async for item in items:
                        await self._tell(subscription, item)
            except RpcError as error:
                await self._connection.put(_notification(subscription, error=error))
        self._forget(subscription.name)

    async def _tell(self, subscription: Subscription, item: Item) -> None:
        def on_begun() -> None:
            subscription.sent = item.position

        await self._connection.put(_notification(subscription, item=item), on_begun=on_begun)
        self._node.api.rpc_metrics.notifications.inc()

    async def subscribe(self, parameters: SubscribeParameters) -> Subscription:
        """Check and name a subscription; nothing is told yet."""
        start = await self._feed.start(parameters)
        if len(self._subscriptions) >= MAX_SUBSCRIPTIONS:
            raise TooMuch(
                f"a connection has at most {MAX_SUBSCRIPTIONS} subscriptions",
                reason="too_many_subscriptions",
                hint="end one, or open another connection",
            )
        subscription = Subscription(str(self._next_subscription), start, start.after)
        self._next_subscription += 1
        self._subscriptions[subscription.name] = subscription
        self._node.api.rpc_metrics.subscriptions.inc()
        return subscription

    def unsubscribe(self, name: str) -> None:
        """End a subscription."""
        if name not in self._subscriptions:
            raise not_found(f"this connection has no subscription {name[:64]!r}", hint="it may have ended already")
        self._subscriptions[name].scope.cancel()
        self._forget(name)

    def _forget(self, name: str) -> None:
        if self._subscriptions.pop(name, None) is not None:
            self._node.api.rpc_metrics.subscriptions.dec()


class _Calling:
    """The calls of one message as their subscriber."""

    def __init__(self, session: RpcSession) -> None:
        self._session = session
        self.begun: list[Subscription] = []

    async def subscribe(self, parameters: SubscribeParameters) -> tuple[str, Position]:
        subscription = await self._session.subscribe(parameters)
        self.begun.append(subscription)
        return subscription.name, subscription.start.after

    def unsubscribe(self, name: str) -> None:
        self._session.unsubscribe(name)


def _notification(
    subscription: Subscription,
    *,
    item: Item | None = None,
    lagged_after: Position | None = None,
    error: RpcError | None = None,
) -> bytes:
    told: dict[str, object] = {"subscription": subscription.name}
    if item is not None:
        told |= {"position": item.position.text(), "value": item.value}
    if lagged_after is not None:
        told["lagged"] = {"since": lagged_after.text()}
    if error is not None:
        told["error"] = error.to_json()
    return msgspec.json.encode({"jsonrpc": "2.0", "method": "dao_subscription", "params": told})
