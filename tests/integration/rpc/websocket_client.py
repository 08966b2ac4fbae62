"""A WebSocket client of a served fake node."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import cast

import trio
from trio_websocket import WebSocketConnection, open_websocket_url, wrap_client_stream

from daonode.node.rpc import serve
from daonode.primitives.json_form import Json
from tests.unit.node.rpc.calling import check_declared, error_in
from tests.unit.node.rpc.fake_node import FakeNode
from tests.unit.node.rpc.schemas import check_notification

JsonObject = dict[str, Json]


@asynccontextmanager
async def served(node: FakeNode, *, cors_origins: tuple[str, ...] = ()) -> AsyncIterator[str]:
    """The `host:port` of a server."""
    async with trio.open_nursery() as nursery:
        yield await nursery.start(partial(serve, node, listen="127.0.0.1:0", cors_origins=cors_origins))
        nursery.cancel_scope.cancel()


@dataclass(slots=True)
class Client:
    """Calls over one connection; notifications that come in between are kept."""

    connection: WebSocketConnection
    notified: list[JsonObject] = field(default_factory=list)
    _next_id: int = 1

    async def call(self, name: str, /, **parameters: object) -> JsonObject:
        """The result of a call that succeeds."""
        answer = await self.answer(name, **parameters)
        assert "error" not in answer, answer
        result = cast(JsonObject, answer["result"])
        check_declared(name, result)
        return result

    async def refusal(self, name: str, /, **parameters: object) -> JsonObject:
        """The error of a call that fails."""
        return error_in(await self.answer(name, **parameters))

    async def answer(self, name: str, /, **parameters: object) -> JsonObject:
        """Whatever a call is answered."""
        call_id, self._next_id = self._next_id, self._next_id + 1
        await self.connection.send_message(
            json.dumps({"jsonrpc": "2.0", "id": call_id, "method": name, "params": parameters})
        )
        while True:
            received = await self.receive()
            if received.get("id") == call_id:
                return received
            self.notified.append(_parameters(received))

    async def receive(self) -> JsonObject:
        """The next message."""
        return cast(JsonObject, json.loads(await self.connection.get_message()))

    async def notification(self) -> JsonObject:
        """The parameters of the next notification."""
        if self.notified:
            return self.notified.pop(0)
        return _parameters(await self.receive())


def _parameters(received: JsonObject) -> JsonObject:
    assert received["method"] == "dao_subscription"
    assert "id" not in received
    check_notification(received["params"])
    return cast(JsonObject, received["params"])


@asynccontextmanager
async def connected(address: str, *, path: str = "/ws") -> AsyncIterator[Client]:
    """A client of a server."""
    url = f"ws://{address}{path}"
    async with open_websocket_url(url, receive_buffer_size=4_096, disconnect_timeout=2) as connection:
        yield Client(connection)


@asynccontextmanager
async def slowly_connected(address: str) -> AsyncIterator[Client]:
    """A client whose operating system takes little for it while it does not read."""
    host, _, port = address.rpartition(":")
    with trio.socket.socket() as socket:
        socket.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_RCVBUF, 128 * 1024)
        await socket.connect((host, int(port)))
        async with trio.open_nursery() as nursery:
            yield Client(await wrap_client_stream(nursery, trio.SocketStream(socket), address, "/ws"))
            nursery.cancel_scope.cancel()
