"""What a caller says to subscribe, and who takes it: the connection of a call, where it has one that can notify."""

from __future__ import annotations

from typing import Literal, Protocol

from daonode.primitives.codec import Record
from daonode.primitives.ids import Address
from daonode.primitives.positions import Position

TopicName = Literal["newBlocks", "events", "proposal"]


class SubscribeParameters(Record, frozen=True):
    """What to be told of, and from where on.

    `newBlocks`: every block. `events`: every event that passes all given filters: `types` (any of them), `module`,
    `account` (an address in any field), `proposal`. `proposal`: the events of one proposal, which must be named.
    `since` is the position of the last notification that was seen: what follows it is sent, first out of the archive.
    """

    topic: TopicName
    types: tuple[str, ...] | None = None
    module: str | None = None
    account: Address | None = None
    proposal: object = None
    since: str | None = None


class UnsubscribeParameters(Record, frozen=True):
    """A subscription of this connection."""

    subscription: str


class Subscriber(Protocol):
    """A connection that can be notified."""

    async def subscribe(self, parameters: SubscribeParameters) -> tuple[str, Position]:
        """Begin to notify after the answer to this call is sent; returns the subscription's name, and after which
        position it begins.

        Raises:
            RpcError: there are too many, or the parameters name nothing that can be followed.
        """
        ...

    def unsubscribe(self, name: str) -> None:
        """End a subscription: nothing is sent for it any more.

        Raises:
            NotFound: this connection has none of that name.
        """
        ...
