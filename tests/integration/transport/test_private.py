"""A private network, on real sockets: who has its key connects, and nobody else gets through the handshake."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio

from daonode.node.transport.errors import InvalidTransportConfig
from daonode.node.transport.service import Transport, open_transport
from daonode.node.transport.types import Inbound, Lane, PeerConnected
from tests.integration.transport.support import address_of, config_of, id_of, next_of

KEY = bytes(range(32))
OTHER_KEY = bytes(32)


@asynccontextmanager
async def private_host(told: list[str]) -> AsyncIterator[Transport]:
    """Host 0 of the private network, which has listed hosts 1 and 2; `told` is what it says of who was refused."""
    config = config_of(0, [address_of(1), address_of(2)], accept_unknown=True, network_key=KEY)
    async with open_transport(config, on_refused=lambda who, reason: told.append(f"{who}: {reason}")) as host:
        yield host


async def test_hosts_with_the_key_connect_and_talk() -> None:
    told: list[str] = []
    async with private_host(told) as host:
        config = config_of(1, [address_of(0, host.listen_address)], network_key=KEY)
        async with open_transport(config) as other:
            with trio.fail_after(10):
                await next_of(other, PeerConnected)
                await next_of(host, PeerConnected)
                other.send(host.peer_id, Lane.CONSENSUS, b"vote")
                assert (await next_of(host, Inbound)).data == b"vote"
                host.send(other.peer_id, Lane.SYNC, bytes(100_000))
                assert (await next_of(other, Inbound)).data == bytes(100_000)
    assert told == []


@pytest.mark.parametrize("key", [None, OTHER_KEY], ids=["no key", "another key"])
async def test_a_listed_host_without_the_key_fails_the_handshake_and_both_sides_say_so(key: bytes | None) -> None:
    told_here: list[str] = []
    told_there: list[str] = []
    async with private_host(told_here) as host:
        config = config_of(2, [address_of(0, host.listen_address)], network_key=key)
        async with open_transport(config, on_refused=lambda who, reason: told_there.append(f"{who}: {reason}")):
            with trio.fail_after(10):
                while len(told_here) < 2 or not told_there:
                    await trio.sleep(0.01)
        assert host.connected_peers() == []
        assert host.counters.failed_handshakes >= 2
        assert host.counters.peer(id_of(2)).connected == 0
    assert told_here[0].startswith("127.0.0.1: the private network's handshake failed")
    assert told_there[0].startswith("host 0: ")
    assert "handshake failed" in told_there[0]


async def test_a_host_with_a_key_does_not_connect_to_a_network_that_is_not_private() -> None:
    told: list[str] = []
    async with open_transport(config_of(0, [address_of(1)])) as host:
        config = config_of(1, [address_of(0, host.listen_address)], network_key=KEY)
        async with open_transport(config, on_refused=lambda who, reason: told.append(reason)):
            with trio.fail_after(10):
                while not told:
                    await trio.sleep(0.01)
        assert host.connected_peers() == []
    assert "the same network key?" in told[0]


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(InvalidTransportConfig, match="network key has 31 bytes, not 32"):
        config_of(0, [], network_key=bytes(31))
