"""Junk at every depth of the protocol stack ends one connection and nothing else."""

import random
import struct
from contextlib import suppress

import pytest
import trio
import trio.testing
from libp2p.exceptions import BaseLibp2pError

from daonode.node.transport import gate
from daonode.node.transport.errors import PeerError
from daonode.node.transport.handshake import Handshaker
from daonode.node.transport.service import Transport, open_transport
from daonode.node.transport.sockets import dial
from daonode.node.transport.types import Inbound, Lane, PeerConnected
from tests.integration.transport.support import address_of, config_of, id_of, next_of, rogue_host, seed_of

ROUNDS = 60
MULTISTREAM = b"\x13/multistream/1.0.0\n"
NOISE = b"\x07/noise\n"


@pytest.fixture(autouse=True)
def wide_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    """All junk comes from one address and none of it is to be refused unread."""
    monkeypatch.setattr(gate, "ADDRESS_HANDSHAKES_A_SECOND", 10_000.0)
    monkeypatch.setattr(gate, "HANDSHAKES_A_SECOND", 10_000.0)


async def _still_serves(host: Transport) -> None:
    """Check that host 2, an honest peer, connects and is heard."""
    async with open_transport(config_of(2, [address_of(0, host.listen_address)])) as honest:
        with trio.fail_after(10):
            await next_of(honest, PeerConnected)
            honest.send(host.peer_id, Lane.CONSENSUS, b"vote")
            while await next_of(host, Inbound) != Inbound(peer=id_of(2), lane=Lane.CONSENSUS, data=b"vote"):
                pass


async def test_junk_before_the_handshake() -> None:
    randomness = random.Random(1)
    openings = [b"", MULTISTREAM, MULTISTREAM + NOISE, MULTISTREAM + NOISE + b"\x00\x20"]
    async with open_transport(config_of(0, [address_of(2)])) as host:
        for number in range(ROUNDS):
            async with await dial(host.listen_address) as stream:
                with suppress(trio.BrokenResourceError):
                    junk = randomness.randbytes(randomness.randrange(1, 2000))
                    await stream.send_all(openings[number % len(openings)] + junk)
                    await stream.send_eof()
        with trio.fail_after(10):
            while host.counters.failed_handshakes < ROUNDS:
                await trio.testing.wait_all_tasks_blocked()
        await _still_serves(host)


def _random_frame(randomness: random.Random) -> bytes:
    """A yamux frame whose fields are anything, plausible more often than not."""
    body = randomness.randbytes(randomness.choice([0, 1, 100, 5000]))
    return (
        struct.pack(
            "!BBHII",
            randomness.choice([0, 0, 0, 1, 255]),
            randomness.choice([0, 1, 2, 3, 9]),
            randomness.choice([0, 1, 2, 4, 5, 8, 9, 15, 65535]),
            randomness.choice([0, 1, 2, 3, 4, 5, 7, 1000, 2**32 - 1]),
            randomness.choice([len(body), len(body), len(body), 0, 2**18, 2**32 - 1]),
        )
        + body
    )


async def test_junk_frames_of_an_authenticated_peer() -> None:
    randomness = random.Random(2)
    async with open_transport(config_of(0, [address_of(1), address_of(2)])) as host:
        for _ in range(ROUNDS):
            async with await dial(host.listen_address) as stream:
                with suppress(PeerError, BaseLibp2pError, trio.BrokenResourceError):
                    connection = await Handshaker(host_seed=seed_of(1)).connect(stream, expected_peer=host.peer_id)
                    for _ in range(randomness.randrange(1, 30)):
                        await connection.muxer.secured_conn.write(_random_frame(randomness))
                    # The host reads to the end before it closes.
                    await stream.send_eof()
                    with trio.fail_after(10):
                        while await stream.receive_some():
                            pass
        await _still_serves(host)


async def test_junk_on_open_lanes() -> None:
    randomness = random.Random(3)
    async with open_transport(config_of(0, [address_of(1), address_of(2)])) as host:
        for _ in range(ROUNDS // 3):
            async with rogue_host(1, host) as rogue:
                for _ in range(5):
                    await rogue.write_raw(randomness.choice(list(Lane)), randomness.randbytes(300))
        assert host.counters.peer(id_of(1)).misbehaved > 0
        await _still_serves(host)
