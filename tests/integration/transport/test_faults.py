"""Hosts that leave, come back, stop and die."""

import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
import trio
import trio.testing

from daonode.node.transport.service import Transport, open_transport
from daonode.node.transport.sockets import dial
from daonode.node.transport.types import (
    LANE_LIMITS,
    Inbound,
    Lane,
    PeerConnected,
    PeerDisconnected,
    Timings,
)
from tests.integration.transport.support import (
    address_of,
    config_of,
    connected_with,
    host_to_close,
    id_of,
    next_of,
    rogue_host,
)

REPOSITORY = Path(__file__).parents[3]
QUICK_SILENCE = Timings(heartbeat_interval_seconds=0.3, silence_limit_seconds=1.5)
CLOSE_LIMIT_SECONDS = 2.0


@asynccontextmanager
async def echo_process(number: int, host: Transport, host_number: int) -> AsyncIterator[trio.Process]:
    """Run an echo host in another process until the block ends; it is killed then, whatever state it is in."""
    module = "tests.integration.transport.echo_host"
    command = [sys.executable, "-m", module, str(number), str(host_number), host.listen_address]
    async with trio.open_nursery() as nursery:
        run = partial(trio.run_process, command, check=False, cwd=REPOSITORY)
        process: trio.Process = await nursery.start(run)
        try:
            yield process
        finally:
            process.kill()


async def _round_trip(host: Transport, number: int, data: bytes) -> None:
    host.send(id_of(number), Lane.CONSENSUS, data)
    while (await next_of(host, Inbound)).data != data:
        pass


@pytest.mark.parametrize(("first", "second"), [(0, 1), (1, 0)])
async def test_a_peer_that_restarts_is_connected_again_whoever_dials(first: int, second: int) -> None:
    async with open_transport(config_of(first, [address_of(second)])) as patient:
        for attempt in range(3):
            config = config_of(second, [address_of(first, patient.listen_address)])
            with trio.fail_after(10):
                async with open_transport(config):
                    assert await patient.receive() == PeerConnected(peer=id_of(second))
                assert isinstance(await patient.receive(), PeerDisconnected)
            assert patient.counters.peer(id_of(second)).connected == attempt + 1


async def test_a_host_dials_again_until_its_peer_is_up_at_the_listed_address() -> None:
    async with open_transport(config_of(0, [address_of(1)])) as placeholder:
        address = placeholder.listen_address
    async with open_transport(config_of(1, [address_of(0, address)])) as early:
        with trio.fail_after(10):
            while early.counters.peer(id_of(0)).dial_failures < 3:
                await trio.testing.wait_all_tasks_blocked()
            async with open_transport(config_of(0, [address_of(1)], listen_address=address)):
                assert await early.receive() == PeerConnected(peer=id_of(0))


async def test_consensus_frames_wait_for_a_peer_that_is_away_and_others_are_dropped() -> None:
    async with open_transport(config_of(0, [address_of(1)])) as host:
        for lane in Lane:
            host.send(id_of(1), lane, lane.value.encode())
        async with open_transport(config_of(1, [address_of(0, host.listen_address)])) as late:
            with trio.fail_after(5):
                assert (await next_of(late, Inbound)).lane is Lane.CONSENSUS
        for lane in (Lane.SYNC, Lane.MEMPOOL):
            assert host.counters.lane(id_of(1), lane).dropped_disconnected_frames == 1


async def test_a_second_connection_of_a_peer_replaces_the_first_and_is_announced() -> None:
    async with open_transport(config_of(0, [address_of(1)])) as host, rogue_host(1, host) as first:
        with trio.fail_after(5):
            assert await host.receive() == PeerConnected(peer=id_of(1))
            async with rogue_host(1, host) as second:
                assert isinstance(await host.receive(), PeerDisconnected)
                assert await host.receive() == PeerConnected(peer=id_of(1))
                while first.end is None:
                    await trio.testing.wait_all_tasks_blocked()
                assert second.end is None
                assert host.connected_peers() == [id_of(1)]


async def test_closing_is_quick_with_a_peer_that_never_shakes_hands_and_one_that_never_reads() -> None:
    async with (
        host_to_close(config_of(0, [address_of(1)])) as (host, close),
        await dial(host.listen_address),
        rogue_host(1, host),
    ):
        with trio.fail_after(10):
            await connected_with(host, 1)
            for _ in range(100):
                host.send(id_of(1), Lane.SYNC, bytes(100_000))
            await trio.testing.wait_all_tasks_blocked()
            assert await close() < CLOSE_LIMIT_SECONDS


async def test_closing_is_quick_while_a_peer_is_paused_in_the_middle_of_traffic() -> None:
    async with host_to_close(config_of(0, [address_of(1)])) as (host, close), echo_process(1, host, 0) as process:
        with trio.fail_after(20):
            await connected_with(host, 1)
            process.send_signal(signal.SIGSTOP)
            for _ in range(200):
                host.send(id_of(1), Lane.SYNC, bytes(100_000))
                await trio.lowlevel.checkpoint()
            assert await close() < CLOSE_LIMIT_SECONDS


async def test_a_killed_process_is_noticed_at_once_and_its_successor_is_connected() -> None:
    async with open_transport(config_of(0, [address_of(1)])) as host:
        for _ in range(2):
            async with echo_process(1, host, 0) as process:
                with trio.fail_after(20):
                    await connected_with(host, 1)
                    await _round_trip(host, 1, b"alive")
                process.kill()
                with trio.fail_after(1):
                    await next_of(host, PeerDisconnected)


async def test_a_paused_process_costs_bounded_memory_and_is_of_use_again_afterwards() -> None:
    async with (
        open_transport(config_of(0, [address_of(1)], timings=QUICK_SILENCE)) as host,
        echo_process(1, host, 0) as process,
    ):
        with trio.fail_after(20):
            await connected_with(host, 1)
            await _round_trip(host, 1, b"before")
            process.send_signal(signal.SIGSTOP)
            for _ in range(3000):
                for lane in Lane:
                    host.send(id_of(1), lane, bytes(10_000))
                await trio.lowlevel.checkpoint()
            peer = host._roster.find(id_of(1))
            assert peer is not None
            for lane in Lane:
                assert peer.queues[lane].queued_bytes <= LANE_LIMITS[lane].outbound_queue_bytes
                assert host.counters.lane(id_of(1), lane).dropped_full_frames > 0
            assert "nothing was heard" in (await next_of(host, PeerDisconnected)).reason
            process.send_signal(signal.SIGCONT)
            await connected_with(host, 1)
            await _round_trip(host, 1, b"after")


@pytest.mark.parametrize("frames", [0, 100])
async def test_a_connection_outlives_the_limit_of_silence_while_idle_and_while_its_owner_does_not_receive(
    frames: int,
) -> None:
    timings = Timings(heartbeat_interval_seconds=0.1, silence_limit_seconds=0.6)
    async with (
        open_transport(config_of(0, [address_of(1)], timings=timings)) as host,
        open_transport(config_of(1, [address_of(0, host.listen_address)], timings=timings)) as deaf,
    ):
        with trio.fail_after(5):
            await connected_with(host, 1)
        for _ in range(frames):
            host.send(deaf.peer_id, Lane.CONSENSUS, bytes(100_000))
        with trio.move_on_after(3 * timings.silence_limit_seconds) as quiet:
            await host.receive()
        assert quiet.cancelled_caught
        assert host.connected_peers() == [deaf.peer_id]
