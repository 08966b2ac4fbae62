"""A gateway in this process, over a store in memory and a node that is played, and somebody who asks it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import trio

from daonode.gateway.keys import FileKeys
from daonode.gateway.nodes import Nodes
from daonode.gateway.running import Gateway
from daonode.gateway.settings import GatewayConfig, GatewaySection, LimitsSection
from daonode.gateway.signin import SignIn
from daonode.stores.access import Reader
from tests.unit.gateway.graphql.population import founded_store

NODE = "http://node.test:1"
BASE = "http://localhost:26680"
SECRET = bytes(range(32))
NO_KEYS = Path("/nowhere/keys.json")
WIDE = LimitsSection(anonymous_rate=10_000, anonymous_burst=100_000)


@dataclass
class PlayedNode:
    """Answers JSON-RPC calls by method; `asked` are the calls that came. A method that is not there is an error."""

    results: dict[str, Any] = field(default_factory=lambda: {"dao_status": {"height": 12}})
    errors: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    is_away: bool = False

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.is_away:
            raise httpx.ConnectError("connection refused", request=request)
        content = json.loads(request.content)
        answers = [self._answer(call) for call in (content if isinstance(content, list) else [content])]
        return httpx.Response(200, json=answers if isinstance(content, list) else answers[0])

    def _answer(self, call: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(call)
        method = call["method"]
        if method in self.results:
            result = self.results[method]
            return {"jsonrpc": "2.0", "id": call["id"], "result": result(call) if callable(result) else result}
        error = self.errors.get(method, {"code": -32601, "message": "unknown", "data": {"reason": "unknown_method"}})
        return {"jsonrpc": "2.0", "id": call["id"], "error": error}


@dataclass
class Asker:
    """Somebody with a connection to a gateway."""

    http: httpx.AsyncClient
    node: PlayedNode

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.http.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    async def json(self, path: str) -> Any:
        answer = await self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def refusal(self, path: str, status: int, **headers: str) -> dict[str, Any]:
        answer = await self.get(path, **headers)
        return problem_in(answer, status)

    async def all_items(self, path: str, *, limit: int) -> list[Any]:
        """Every item of a list, page after page."""
        found: list[Any] = []
        cursor = ""
        separator = "&" if "?" in path else "?"
        for _ in range(100):
            page = await self.json(f"{path}{separator}limit={limit}{cursor}")
            assert len(page["items"]) <= limit
            found += page["items"]
            if page["next_cursor"] is None:
                return found
            cursor = f"&cursor={page['next_cursor']}"
        raise AssertionError("the pages have no end")


def problem_in(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert "Traceback" not in answer.text
    return problem


@asynccontextmanager
async def asking(
    store: Reader | None = None,
    *,
    limits: LimitsSection = WIDE,
    section: GatewaySection | None = None,
    keys: Path = NO_KEYS,
    now_ms: Callable[[], int] | None = None,
    address: str = "127.0.0.1",
    node: PlayedNode | None = None,
) -> AsyncIterator[Asker]:
    """A gateway and somebody at an address who asks it."""
    played = node or PlayedNode()
    config = GatewayConfig(gateway=section or GatewaySection(rpc=(NODE,)), limits=limits)
    sign_in = SignIn(SECRET) if now_ms is None else SignIn(SECRET, now_ms)
    async with httpx.AsyncClient(transport=httpx.MockTransport(played)) as to_node, trio.open_nursery() as nursery:
        gateway = Gateway(
            config,
            reader=founded_store() if store is None else store,
            nodes=Nodes(config.gateway.rpc, to_node),
            keys=FileKeys(keys),
            sign_in=sign_in,
        )
        await nursery.start(gateway.live.run)
        transport = httpx.ASGITransport(gateway.app(), raise_app_exceptions=False, client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as http:
            yield Asker(http, played)
        nursery.cancel_scope.cancel()
