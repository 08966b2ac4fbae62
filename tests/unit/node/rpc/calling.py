"""Calls to a dispatcher over a fake node; every result is checked against its method's declared type."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import cast

import msgspec

from daonode.node.rpc.dispatch import Dispatcher
from daonode.node.rpc.method import RpcNode
from daonode.node.rpc.methods import METHODS
from daonode.primitives.json_form import Json
from tests.unit.node.rpc.fake_node import FakeNode
from tests.unit.node.rpc.schemas import check_parameters, check_result

JsonObject = dict[str, Json]


@dataclass(slots=True)
class Caller:
    """A node and its dispatcher."""

    node: FakeNode = field(default_factory=FakeNode)
    dispatcher: Dispatcher = field(init=False)

    def __post_init__(self) -> None:
        self.dispatcher = Dispatcher(RpcNode(self.node))

    async def send(self, request: object) -> Json:
        """The answer to any request that can be written as JSON."""
        answer = await self.dispatcher.answer(json.dumps(request).encode())
        return None if answer is None else cast(Json, json.loads(answer))

    async def send_bytes(self, body: bytes) -> JsonObject:
        """The error that a body gets."""
        answer = await self.dispatcher.answer(body)
        assert answer is not None
        return error_in(json.loads(answer))

    async def call(self, name: str, /, **parameters: object) -> JsonObject:
        """The result of a call that succeeds."""
        answer = await self.send({"jsonrpc": "2.0", "id": 7, "method": name, "params": parameters})
        assert isinstance(answer, dict)
        assert answer["id"] == 7
        assert "error" not in answer, answer
        result = answer["result"]
        assert isinstance(result, dict)
        check_declared(name, result)
        check_parameters(name, cast(JsonObject, parameters))
        return result

    async def refusal(self, name: str, /, **parameters: object) -> JsonObject:
        """The error of a call that fails."""
        answer = await self.send({"jsonrpc": "2.0", "id": 7, "method": name, "params": parameters})
        return error_in(answer)


def check_declared(name: str, result: Json) -> None:
    """Raises where a result is not what its method declares, and what `rpc.discover` says of it."""
    check_result(name, result)
    msgspec.convert(result, cast(type[object], METHODS[name].result), strict=True)


def at(value: Json, *path: str | int) -> Json:
    """What stands at a path of members and positions."""
    for step in path:
        value = cast(dict[str | int, Json], value)[step]
    return value


def error_in(answer: Json) -> JsonObject:
    """An answer's error, complete."""
    assert isinstance(answer, dict)
    assert "result" not in answer
    error = answer["error"]
    assert isinstance(error, dict)
    data = error["data"]
    assert isinstance(data, dict)
    assert {"reason", "hint", "retryable"} <= set(data)
    assert "Traceback" not in json.dumps(answer)
    return {**error, **{key: value for key, value in data.items() if key != "code"}, "application": data.get("code")}
