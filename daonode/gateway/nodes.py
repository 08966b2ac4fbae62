"""The nodes behind a gateway: asked in their order, and left alone for a while where they do not answer.

Whatever is sent here may be sent twice: a read, or a transaction, which is the same transaction at every node. So the
next node is asked not only where nothing was sent, but also where an answer did not come.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import httpx
import msgspec
import structlog
import trio

from daonode.client.answers import Answer
from daonode.client.errors import BadAnswer, ClientError
from daonode.client.transport import read_result
from daonode.gateway.problems import Problem, unavailable
from daonode.primitives.json_form import Json

CONNECT_TIMEOUT_S: Final = 2.0
ANSWER_TIMEOUT_S: Final = 10.0
"""How long a node may take, besides what it was asked to wait."""
MAX_ANSWER_BYTES: Final = 16 * 1024 * 1024
MAX_CONNECTIONS: Final = 256
"""To all nodes: as many questions are under way at most; others wait for a moment and are refused."""
FAILURES_TO_REST: Final = 3
"""After so many failures in a row a node is left alone."""
REST_S: Final = 5.0
"""For so long; then one question tries it again."""
HEIGHT_AGE_S: Final = 1.0
"""For how long the height of a node is taken as its present one."""
HEIGHT_TIMEOUT_S: Final = 1.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class NodeReply:
    """What a node answered over HTTP."""

    status: int
    content: bytes


@dataclass(slots=True)
class _Node:
    """One node, and whether it is left alone (an open circuit breaker)."""

    url: str
    failures: int = 0
    rests_until: float = 0.0

    @property
    def may_be_asked(self) -> bool:
        return self.failures < FAILURES_TO_REST or trio.current_time() >= self.rests_until

    def note_answer(self) -> None:
        if self.failures >= FAILURES_TO_REST:
            log.info("a node answers again", url=self.url)
        self.failures = 0

    def note_failure(self, error: Exception) -> None:
        self.failures += 1
        # Meanwhile nobody else tries: one that hangs would hold everybody up.
        self.rests_until = trio.current_time() + REST_S
        if self.failures == FAILURES_TO_REST:
            log.warning("a node does not answer, and is left alone for a while", url=self.url, reason=str(error))


@dataclass(slots=True)
class Nodes:
    """One or more nodes of one chain, by URL. `http` is closed by whoever made it."""

    urls: Sequence[str]
    http: httpx.AsyncClient
    _nodes: tuple[_Node, ...] = field(init=False)
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _height: int | None = None
    _height_at: float = -HEIGHT_AGE_S
    _asking_height: trio.Lock = field(default_factory=trio.Lock)

    def __post_init__(self) -> None:
        self._nodes = tuple(_Node(url) for url in self.urls)

    async def post(self, body: bytes, *, wait_s: float = 0.0) -> NodeReply:
        """What the first node that answers says to a JSON-RPC body; it may take `wait_s` longer than usual.

        Raises:
            Problem: no node answers; 503.
        """
        for node in self._nodes:
            if not node.may_be_asked:
                continue
            if node.failures >= FAILURES_TO_REST:
                node.rests_until = trio.current_time() + REST_S
            try:
                with trio.fail_after(ANSWER_TIMEOUT_S + wait_s):
                    reply = await self._post(node.url, body)
            except (httpx.HTTPError, trio.TooSlowError, BadAnswer) as error:
                node.note_failure(error)
                continue
            node.note_answer()
            return reply
        raise unavailable(
            "no node answers", reason="node_unavailable", hint="try again in a moment", retry_after_s=REST_S
        )

    async def call(self, method: str, parameters: Mapping[str, Json]) -> Answer:
        """What a method answers.

        Raises:
            Problem: no node answers; 503.
            RpcError: a node refuses.
            BadAnswer: what answers is no node.
        """
        call_id = next(self._ids)
        body = msgspec.json.encode({"jsonrpc": "2.0", "id": call_id, "method": method, "params": dict(parameters)})
        reply = await self.post(body)
        return Answer(read_result(reply.content, call_id, url="the node"), place=method)

    async def height(self) -> int | None:
        """How far a node is, at most a second old; None where none answers."""
        async with self._asking_height:
            if trio.current_time() - self._height_at >= HEIGHT_AGE_S:
                self._height = await self._ask_height()
                self._height_at = trio.current_time()
        return self._height

    async def _ask_height(self) -> int | None:
        try:
            with trio.fail_after(HEIGHT_TIMEOUT_S):
                return (await self.call("dao_status", {})).number("height")
        except (Problem, ClientError, trio.TooSlowError):
            return None

    async def _post(self, url: str, body: bytes) -> NodeReply:
        request = self.http.stream("POST", url, content=body, headers={"Content-Type": "application/json"})
        content = bytearray()
        async with request as response:
            async for chunk in response.aiter_bytes():
                content += chunk
                if len(content) > MAX_ANSWER_BYTES:
                    raise BadAnswer(f"{url} answered with more than {MAX_ANSWER_BYTES} bytes")
        return NodeReply(status=response.status_code, content=bytes(content))


def make_http_client() -> httpx.AsyncClient:
    """What speaks HTTP with nodes: connections are kept and bounded, no proxy of the environment is used."""
    limits = httpx.Limits(max_connections=MAX_CONNECTIONS, max_keepalive_connections=32, keepalive_expiry=15)
    timeout = httpx.Timeout(None, connect=CONNECT_TIMEOUT_S, pool=CONNECT_TIMEOUT_S)
    return httpx.AsyncClient(limits=limits, timeout=timeout, trust_env=False, follow_redirects=False)
