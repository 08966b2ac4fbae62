"""A node over HTTP as a source: what it answers is read with care, and waiting for it can be given up."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import trio

from daonode.client.errors import BadAnswer, NotFound, Unreachable
from daonode.indexer.source import HttpSource, make_http_client

BLOCK = {"header": "0x01", "payload": "0x02", "receipts": "0x03"}
ANSWER = {"height": 5, "blocks": [BLOCK, BLOCK], "proof": "0x04", "descendants": ["0x05"]}


@contextmanager
def node(answer: object, *, status: int = 200, silent: bool = False) -> Iterator[tuple[str, list[Any]]]:
    """A server that gives one answer; its URL, and the requests that it got."""
    requests: list[Any] = []
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            requests.append(request)
            if silent:
                over.wait(20)
                return
            full = {"jsonrpc": "2.0", "id": request["id"], **answer} if isinstance(answer, dict) else answer
            data = json.dumps(full).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", requests
        finally:
            over.set()
            server.shutdown()
            thread.join()


async def ask(url: str, *, limit: int = 10) -> object:
    async with make_http_client() as http:
        with trio.fail_after(20):
            return await HttpSource(url, http).blocks(above=3, limit=limit, wait_ms=100)


async def test_blocks_are_asked_for_and_read() -> None:
    with node({"result": ANSWER}) as (url, requests):
        answer = await ask(url)
    assert requests[0]["method"] == "dao_getBlocks"
    assert requests[0]["params"] == {"above": 3, "limit": 10, "wait_ms": 100}
    assert str(answer).count("EncodedBlock(header=b'\\x01', payload=b'\\x02', receipts=b'\\x03')") == 2


@pytest.mark.parametrize(
    "answer",
    [
        "hello",
        {},
        {"result": 5},
        {"result": {**ANSWER, "blocks": 5}},
        {"result": {**ANSWER, "blocks": [{}]}},
        {"result": {**ANSWER, "blocks": [{**BLOCK, "header": "0xzz"}]}},
        {"result": {**ANSWER, "proof": 7}},
        {"result": {**ANSWER, "descendants": [7]}},
        {"result": {**ANSWER, "height": -1}},
        {"result": {**ANSWER, "blocks": [BLOCK] * 11}},
    ],
    ids=lambda answer: str(answer)[:60],
)
async def test_what_is_no_answer_is_said_to_be_none(answer: object) -> None:
    with node(answer) as (url, _), pytest.raises(BadAnswer):
        await ask(url)


async def test_a_refusal_is_told_with_its_code() -> None:
    error = {"error": {"code": -32001, "message": "not kept", "data": {"reason": "not_found"}}}
    with node(error, status=200) as (url, _), pytest.raises(NotFound, match="not kept"):
        await ask(url)


async def test_nobody_there_is_said() -> None:
    with pytest.raises(Unreachable, match="cannot connect to http"):
        await ask("http://127.0.0.1:9")


async def test_waiting_for_a_silent_node_can_be_given_up_at_once() -> None:
    with node({}, silent=True) as (url, requests):
        async with make_http_client() as http:
            began = trio.current_time()
            with trio.move_on_after(0.2) as scope:
                await HttpSource(url, http).blocks(above=0, limit=1, wait_ms=30_000)
            assert scope.cancelled_caught
            assert trio.current_time() - began < 5
        assert requests
