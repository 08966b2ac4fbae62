"""A client of the RPC that takes all it can get: the server goes on when the client has gone."""

from __future__ import annotations

import resource
import socket
from contextlib import suppress
from functools import partial
from pathlib import Path

import httpx
import trio

from daonode.node.rpc import serve
from tests.unit.node.rpc.fake_node import FakeNode

ROOM = 12
"""How many files the process may still open when the attack begins."""
CONNECTIONS = 40


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_a_client_that_holds_all_connections_ends_neither_server_nor_node() -> None:
    node = FakeNode()
    node.commit()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    held = [socket.socket() for _ in range(CONNECTIONS)]
    try:
        with trio.fail_after(20):
            async with trio.open_nursery() as nursery:
                address = await nursery.start(partial(serve, node, listen="127.0.0.1:0"))
                host, _, port = address.rpartition(":")
                resource.setrlimit(resource.RLIMIT_NOFILE, (open_files() + ROOM, hard))
                for connection in held:
                    connection.settimeout(0)
                    with suppress(BlockingIOError):
                        connection.connect((host, int(port)))
                # It accepts until there is no room, and then closes them all.
                await trio.lowlevel.wait_readable(held[0].fileno())
                for connection in held:
                    connection.close()
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
                async with httpx.AsyncClient(base_url=f"http://{address}", trust_env=False, timeout=10) as client:
                    assert (await client.get("/livez")).status_code == 200
                nursery.cancel_scope.cancel()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for connection in held:
            connection.close()
