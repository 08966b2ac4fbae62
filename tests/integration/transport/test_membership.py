"""Who gets in, who does not, and who is shown the door."""

from contextlib import suppress

import pytest
import trio
import trio.testing

from daonode.node.transport.errors import AddressUnavailable, PeerError
from daonode.node.transport.gate import MAX_HANDSHAKES_OF_AN_ADDRESS, Refusal
from daonode.node.transport.handshake import Handshaker, request_protocol
from daonode.node.transport.muxing import LaneStream
from daonode.node.transport.service import HOLD_SECONDS, MAX_HELD_CONNECTIONS, open_transport
from daonode.node.transport.session import MAX_PEER_STREAMS
from daonode.node.transport.sockets import MAX_UNPROVEN_BYTES, dial
from daonode.node.transport.types import (
    LANE_LIMITS,
    Inbound,
    Lane,
    Multiaddress,
    PeerConnected,
    PeerMisbehaved,
    Timings,
)
from tests.integration.transport.support import CHAIN, address_of, config_of, id_of, next_of, rogue_host, seed_of


async def _wait_until_closed(stream: trio.SocketStream) -> None:
    with suppress(trio.BrokenResourceError):
        while await stream.receive_some(65536):
            pass


async def test_an_unlisted_host_is_refused() -> None:
    async with open_transport(config_of(0, [])) as host:
        stream = await dial(host.listen_address)
        await Handshaker(host_seed=seed_of(1)).connect(stream, expected_peer=host.peer_id)
        with trio.fail_after(5):
            await _wait_until_closed(stream)
        await stream.aclose()
        assert host.counters.peer(id_of(1)).refused == 1
        assert host.connected_peers() == []


async def test_an_unlisted_host_is_let_in_where_the_configuration_says_so() -> None:
    async with open_transport(config_of(0, [], accept_unknown=True)) as host:
        async with open_transport(config_of(1, [address_of(0, host.listen_address)])) as stranger:
            with trio.fail_after(5):
                assert await next_of(host, PeerConnected) == PeerConnected(peer=stranger.peer_id)
                host.send(stranger.peer_id, Lane.SYNC, b"welcome")
                assert (await next_of(stranger, Inbound)).data == b"welcome"
        with trio.fail_after(5):
            while host.connected_peers():
                await host.receive()
        host.send(id_of(1), Lane.SYNC, b"too late")


async def test_a_host_with_another_key_than_listed_is_not_connected_with() -> None:
    async with (
        open_transport(config_of(0, [address_of(1), address_of(2)])) as impostor,
        open_transport(config_of(1, [address_of(2, impostor.listen_address)])) as host,
    ):
        with trio.fail_after(5):
            while host.counters.peer(id_of(2)).dial_failures < 2:
                await trio.testing.wait_all_tasks_blocked()
        assert host.connected_peers() == []


async def test_hosts_of_two_chains_do_not_connect() -> None:
    async with open_transport(config_of(0, [address_of(1)], chain_reference="one")) as one:
        config = config_of(1, [address_of(0, one.listen_address)], chain_reference="two")
        async with open_transport(config) as two:
            with trio.move_on_after(1):
                await two.receive()
                pytest.fail("a host of another chain caused an event")
            assert one.connected_peers() == two.connected_peers() == []


@pytest.mark.parametrize("length", [0, LANE_LIMITS[Lane.CONSENSUS].max_frame_bytes + 1, 2**32 - 1])
async def test_a_frame_of_forbidden_length_ends_the_connection_and_is_reported(length: int) -> None:
    async with open_transport(config_of(0, [address_of(1)])) as host, rogue_host(1, host) as rogue:
        await rogue.write_raw(Lane.CONSENSUS, length.to_bytes(4, "big"))
        with trio.fail_after(5):
            report = await next_of(host, PeerMisbehaved)
            while rogue.end is None:
                await trio.testing.wait_all_tasks_blocked()
        assert report.peer == id_of(1)
        assert f"a frame of {length} bytes" in report.reason
        assert host.counters.peer(id_of(1)).misbehaved == 1


async def test_a_peer_that_sends_beyond_its_window_is_disconnected_and_reported() -> None:
    async with open_transport(config_of(0, [address_of(1)])) as host, rogue_host(1, host) as rogue:
        rogue.ignore_window(Lane.MEMPOOL)
        frame = (1000).to_bytes(4, "big") + bytes(1000)
        with trio.move_on_after(10):
            while rogue.end is None:
                await rogue.write_raw(Lane.MEMPOOL, frame * 32)
        assert rogue.end is not None
        with trio.fail_after(5):
            assert "window" in (await next_of(host, PeerMisbehaved)).reason


async def test_a_peer_that_opens_many_streams_is_disconnected_and_reported() -> None:
    async with open_transport(config_of(0, [address_of(1)])) as host, rogue_host(1, host) as rogue:
        with trio.fail_after(5):
            while rogue.end is None:
                await rogue.open_stream()
            assert f"more than {MAX_PEER_STREAMS} streams" in (await next_of(host, PeerMisbehaved)).reason


async def test_a_stream_beyond_the_lanes_is_refused_and_the_connection_stays() -> None:
    async with open_transport(config_of(0, [address_of(1)])) as host, rogue_host(1, host) as rogue:
        with trio.fail_after(5):
            with pytest.raises(PeerError):
                await rogue.open_lane(Lane.SYNC)
        assert rogue.end is None
        assert host.connected_peers() == [id_of(1)]


async def test_a_peer_that_opens_one_lane_twice_is_disconnected() -> None:
    async with open_transport(config_of(0, [address_of(1)])) as host:
        stream = await dial(host.listen_address)
        connection = await Handshaker(host_seed=seed_of(1)).connect(stream, expected_peer=host.peer_id)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(connection.muxer.start)
            await connection.muxer.event_started.wait()
            for _ in range(2):
                lane = await LaneStream.open(connection.muxer)
                await request_protocol(lane, f"/daonode/{CHAIN}/sync/1")
            with trio.fail_after(2):
                assert "sync/1 twice" in (await next_of(host, PeerMisbehaved)).reason
            nursery.cancel_scope.cancel()
        await stream.aclose()


async def test_a_stranger_cannot_send_much_before_it_has_proved_who_it_is() -> None:
    async with open_transport(config_of(0, [])) as host:
        stream = await dial(host.listen_address)
        endless_message = b"\xff\xff\xff\xff\x0f"
        with trio.fail_after(5):
            with suppress(trio.BrokenResourceError):
                await stream.send_all(b"\x13/multistream/1.0.0\n" + endless_message)
                while True:
                    await stream.send_all(bytes(MAX_UNPROVEN_BYTES))
            while host.counters.failed_handshakes == 0:
                await trio.testing.wait_all_tasks_blocked()
        await stream.aclose()


async def test_silent_strangers_are_limited_and_do_not_keep_a_peer_out_for_long() -> None:
    quick = Timings(handshake_timeout_seconds=2)
    async with open_transport(config_of(0, [address_of(1)], timings=quick)) as host:
        silent = [await dial(host.listen_address) for _ in range(MAX_HANDSHAKES_OF_AN_ADDRESS + 3)]
        with trio.fail_after(quick.handshake_timeout_seconds / 2):
            while host.closed_on_arrival[Refusal.ADDRESS_BUSY] < 3:
                await trio.testing.wait_all_tasks_blocked()
        with trio.fail_after(10):
            async with open_transport(config_of(1, [address_of(0, host.listen_address)])):
                await next_of(host, PeerConnected)
        for stream in silent:
            await stream.aclose()


async def test_who_gets_no_handshake_is_held_for_a_while_and_so_are_few() -> None:
    async with open_transport(config_of(0, [])) as host:
        served = [await dial(host.listen_address) for _ in range(MAX_HANDSHAKES_OF_AN_ADDRESS)]
        with trio.fail_after(5):
            held = [await dial(host.listen_address) for _ in range(MAX_HELD_CONNECTIONS)]
            began = trio.current_time()
            beyond = await dial(host.listen_address)
            await _wait_until_closed(beyond)
            assert trio.current_time() - began < HOLD_SECONDS / 2
            await _wait_until_closed(held[-1])
            assert trio.current_time() - began > HOLD_SECONDS / 2
        for stream in (*served, *held, beyond):
            await stream.aclose()


async def test_a_port_that_is_taken_is_named() -> None:
    async with open_transport(config_of(0, [])) as host:
        with pytest.raises(AddressUnavailable, match=str(host.listen_address)):
            async with open_transport(config_of(1, [], listen_address=Multiaddress(host.listen_address))):
                pass
