"""A peer that is sent away, on real sockets: its connection ends, it stays out for the time given, then it is back."""

from __future__ import annotations

import trio

from daonode.node.transport.service import Transport, open_transport
from daonode.node.transport.types import Inbound, Lane, PeerConnected, PeerDisconnected, Timings
from tests.integration.transport.support import address_of, config_of, id_of, next_of

QUICK = Timings(reconnect_base_seconds=0.02, reconnect_cap_seconds=0.05)
AWAY_SECONDS = 0.6


async def _sent_away_and_back(host: Transport, other: Transport, number: int) -> float:
    """Send host `number` away; returns after how many seconds it was connected again."""
    began = trio.current_time()
    host.disconnect(id_of(number), for_seconds=AWAY_SECONDS, reason="enough")
    assert (await next_of(host, PeerDisconnected)).reason == "enough"
    assert host.connected_peers() == []
    assert await next_of(host, PeerConnected) == PeerConnected(peer=id_of(number))
    seconds = trio.current_time() - began
    # The other side may not know yet that it is connected: this lane keeps the frame until it does.
    other.send(host.peer_id, Lane.CONSENSUS, b"back")
    assert (await next_of(host, Inbound)).data == b"back"
    return seconds


async def test_a_peer_that_dials_is_kept_out_for_the_time_and_its_attempts_are_counted() -> None:
    async with (
        open_transport(config_of(0, [address_of(1)], timings=QUICK)) as host,
        open_transport(config_of(1, [address_of(0, host.listen_address)], timings=QUICK)) as other,
    ):
        with trio.fail_after(10):
            await next_of(host, PeerConnected)
            assert await _sent_away_and_back(host, other, 1) >= AWAY_SECONDS
            counters = host.counters.peer(id_of(1))
            assert counters.kept_out == 1
            assert counters.refused > 1


async def test_a_peer_that_is_dialled_is_not_dialled_before_the_time_is_over() -> None:
    async with open_transport(config_of(1, [address_of(0)], timings=QUICK)) as other:
        config = config_of(0, [address_of(1, other.listen_address)], timings=QUICK)
        async with open_transport(config) as host:
            with trio.fail_after(10):
                await next_of(host, PeerConnected)
                assert await _sent_away_and_back(host, other, 1) >= AWAY_SECONDS
                assert other.counters.peer(id_of(0)).connected == 2
                assert other.counters.failed_handshakes == 0


async def test_a_peer_that_nobody_listed_is_kept_out_too_and_others_are_not() -> None:
    config = config_of(0, [], accept_unknown=True, timings=QUICK)
    async with (
        open_transport(config) as host,
        open_transport(config_of(1, [address_of(0, host.listen_address)], timings=QUICK)) as other,
    ):
        with trio.fail_after(10):
            await next_of(host, PeerConnected)
            host.disconnect(id_of(2), for_seconds=AWAY_SECONDS, reason="never seen")
            assert host.connected_peers() == [id_of(1)]
            assert await _sent_away_and_back(host, other, 1) >= AWAY_SECONDS
