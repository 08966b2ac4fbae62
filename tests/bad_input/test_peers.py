"""Messages that no honest peer sends: each is refused by name and counted, and who goes on is sent away for a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import trio

from daonode.consensus.errors import PeerError
from daonode.node.offences import MAX_FAULTS
from daonode.node.transport.service import Transport, open_transport
from daonode.node.transport.types import Lane as TransportLane
from daonode.node.transport.types import PeerConnected, Timings
from daonode.primitives.codec import encode
from daonode.replica.effects import PeerFault, Sign
from daonode.replica.events import MessageReceived
from daonode.replica.intake import MAX_MESSAGE_BYTES
from daonode.replica.messages import BlockRequest, TransactionsMessage, lane_of
from tests.integration.transport.support import address_of, config_of, id_of, next_of
from tests.property.replica.test_intake import SAID, attacker, intake, network, victim
from tests.unit.node.test_driver import running
from tests.unit.replica.network import Network

Edit = Callable[[bytes], bytes]


def with_parts(change: Callable[[list[object]], list[object]]) -> Edit:
    """The message with other elements, in canonical bytes again."""
    return lambda data: msgspec.msgpack.encode(change(msgspec.msgpack.decode(data)))


def first_number(value: object, number: object) -> tuple[object, bool]:
    """A value whose first number, however deep, is exchanged; and whether there was one."""
    if isinstance(value, int):
        return number, True
    if isinstance(value, list):
        for place, each in enumerate(value):
            changed, is_found = first_number(each, number)
            if is_found:
                return [*value[:place], changed, *value[place + 1 :]], True
    return value, False


def renumbered(number: object) -> Edit:
    def edit(parts: list[object]) -> list[object]:
        changed, is_found = first_number(parts, number)
        assert isinstance(changed, list)
        return changed if is_found else [*parts, number]

    return with_parts(edit)


EDITS: dict[str, Edit] = {
    "empty": lambda _: b"",
    "malformed": lambda data: b"\xc1" + data[1:],
    "truncated": lambda data: data[:-1],
    "cut in half": lambda data: data[: len(data) // 2],
    "trailing": lambda data: data + b"\x00",
    "oversized": lambda data: data + bytes(MAX_MESSAGE_BYTES),
    "deep": lambda _: b"\x91" * 100_000,
    "long form of the array": lambda data: b"\xdc" + (data[0] & 0x0F).to_bytes(2, "big") + data[1:],
    "a map": lambda data: b"\x82\xa1a\x01\xa1a" + data,
    "unknown type": with_parts(lambda parts: ["gossip", *parts[1:]]),
    "a type that is no text": with_parts(lambda parts: [7, *parts[1:]]),
    "a type that is no UTF-8": lambda data: data[:1] + b"\xa2\xff\xfe" + data[1:],
    "one field more": with_parts(lambda parts: [*parts, 0]),
    "one field less": with_parts(lambda parts: parts[:-1]),
    "a number as a float": renumbered(1.0),
    "a number as text": renumbered("1"),
    "a negative number": renumbered(-1),
    "no number": renumbered(None),
}


@pytest.mark.parametrize("kind", EDITS)
@pytest.mark.parametrize("name", SAID)
def test_a_message_that_is_none_is_refused_and_says_why(name: str, kind: str) -> None:
    message = network.said[name]
    data = EDITS[kind](encode(message))
    with pytest.raises(PeerError) as caught:
        intake.check_message(lane_of(message), data, now_ms=network.now_ms)
    assert len(str(caught.value)) > 10


SIGNED = [name for name in SAID if network.said[name].__class__ not in {BlockRequest, TransactionsMessage}]


@pytest.mark.parametrize("name", SIGNED)
def test_what_validators_of_another_chain_have_signed_is_refused(name: str) -> None:
    other = Network(3)
    theirs = other.chain.make_intake(other.nodes[0].archive, other.chain.make_verifier())
    with pytest.raises(PeerError):
        theirs.check_message(lane_of(network.said[name]), encode(network.said[name]), now_ms=other.now_ms)


@pytest.mark.parametrize("name", SAID)
def test_a_message_that_comes_again_and_again_signs_nothing_and_moves_nothing(name: str) -> None:
    message = network.said[name]
    core = victim.replica.core
    before = (core.round, core.committed_height, len(victim.replica.mempool))
    for _ in range(5):
        checked = intake.check_message(lane_of(message), encode(message), now_ms=network.now_ms)
        event = MessageReceived(network.now_ms, attacker.name, checked.message, checked.transactions)
        effects = victim.replica.step(event)
        assert not [each for each in effects if isinstance(each, Sign | PeerFault)]
    assert (core.round, core.committed_height, len(victim.replica.mempool)) == before


QUICK = Timings(reconnect_base_seconds=0.02, reconnect_cap_seconds=0.05)


async def send_until_away(host: Transport, other: Transport, data: bytes) -> int:
    """Send one message after the other until the host ends the connection; returns how many were sent."""
    sent = 0
    while other.peer_id in host.connected_peers():
        if sent <= 3 * MAX_FAULTS:
            other.send(host.peer_id, TransportLane.CONSENSUS, data)
            sent += 1
        await trio.sleep(0.001)
    return sent


async def test_a_peer_that_goes_on_sending_junk_is_sent_away_and_an_honest_one_stays(tmp_path: Path) -> None:
    """A real driver on a real network: host 1 sends junk, host 2 nothing wrong."""
    async with open_transport(config_of(0, [address_of(1), address_of(2)], timings=QUICK)) as host:
        peers = [address_of(0, host.listen_address)]
        async with (
            open_transport(config_of(1, peers, timings=QUICK)) as hostile,
            open_transport(config_of(2, peers, timings=QUICK)) as honest,
            running(tmp_path, transport=host) as node,
        ):
            await next_of(hostile, PeerConnected)
            await next_of(honest, PeerConnected)
            while len(host.connected_peers()) < 2:
                await trio.sleep(0.001)
            with trio.fail_after(10):
                assert await send_until_away(host, hostile, b"junk") > MAX_FAULTS
            assert node.metrics.peer_faults._value.get() > MAX_FAULTS
            refused = host.counters.peer(id_of(1)).refused
            with trio.fail_after(5):
                while host.counters.peer(id_of(1)).refused < refused + 3:
                    await trio.sleep(0.01)
            assert host.connected_peers() == [id_of(2)]
            # It goes on working.
            await node.submit(0)
            await node.driver.wait_for_height(1)
