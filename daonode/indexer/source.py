"""A node as a source of blocks: one call over HTTP, bounded in time and bytes, given up when it is cancelled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from typing import Final, TypeVar

import httpx
import msgspec
import trio

from daonode.client.answers import Answer, Blocks, read_blocks
from daonode.client.epochs import Epochs, read_epochs
from daonode.client.errors import BadAnswer, Unanswered, Unreachable
from daonode.client.transport import MAX_ANSWER_BYTES, read_result
from daonode.consensus.epochs import MAX_DESCENDANTS

T = TypeVar("T")
CONNECT_TIMEOUT_S: Final = 5.0
ANSWER_TIMEOUT_S: Final = 20.0
"""How long an answer may take, besides what the node was asked to wait."""


class HttpSource:
    """Blocks, and ends of epochs, of the node at a URL. `http` is closed by whoever made it."""

    def __init__(self, url: str, http: httpx.AsyncClient) -> None:
        self._url = url
        self._http = http
        self._ids = count(1)

    async def blocks(self, *, above: int, limit: int, wait_ms: int) -> Blocks:
        """Committed blocks above a height; none after `wait_ms` without any.

        Raises:
            Unreachable, Unanswered: it cannot be connected to, or does not answer in time.
            RpcError: it answers with an error.
            BadAnswer: what answers is no node.
        """
        parameters = {"above": above, "limit": limit, "wait_ms": wait_ms}
        answer = await self._call("dao_getBlocks", parameters, read_blocks, wait_ms=wait_ms)
        if len(answer.blocks) > limit or len(answer.descendants) > MAX_DESCENDANTS:
            raise BadAnswer(f"{self._url} answered with more blocks than it was asked for")
        return answer

    async def epochs(self, *, from_epoch: int) -> Epochs:
        """What leads from the set of an epoch to later ones; raises as `blocks`."""
        return await self._call("dao_getEpochs", {"from_epoch": from_epoch}, read_epochs, wait_ms=0)

    async def _call(
        self, method: str, parameters: Mapping[str, int], read: Callable[[Answer], T], *, wait_ms: int
    ) -> T:
        call_id = next(self._ids)
        body = msgspec.json.encode({"jsonrpc": "2.0", "id": call_id, "method": method, "params": parameters})
        try:
            with trio.fail_after(ANSWER_TIMEOUT_S + wait_ms / 1_000):
                content = await self._post(body)
        except httpx.ConnectError as error:
            raise Unreachable(f"cannot connect to {self._url}: {error}", url=self._url) from error
        except (httpx.HTTPError, trio.TooSlowError) as error:
            reason = str(error) or type(error).__name__
            raise Unanswered(f"no answer from {self._url} to {method}: {reason}", url=self._url) from error

        def read_content() -> T:
            return read(Answer(read_result(content, call_id, url=self._url), place=method))

        return await trio.to_thread.run_sync(read_content)

    async def _post(self, body: bytes) -> bytes:
        content = bytearray()
        headers = {"Content-Type": "application/json"}
        async with self._http.stream("POST", self._url, content=body, headers=headers) as response:
            async for chunk in response.aiter_bytes():
                content += chunk
                if len(content) > MAX_ANSWER_BYTES:
                    raise BadAnswer(f"{self._url} answered with more than {MAX_ANSWER_BYTES} bytes")
        return bytes(content)


def make_http_client() -> httpx.AsyncClient:
    """What speaks HTTP with nodes; no proxy of the environment is used."""
    timeout = httpx.Timeout(None, connect=CONNECT_TIMEOUT_S)
    return httpx.AsyncClient(timeout=timeout, trust_env=False, follow_redirects=False)
