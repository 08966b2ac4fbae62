"""Who gets a handshake: by address, and of all strangers together."""

from __future__ import annotations

from daonode.node.transport.gate import (
    ADDRESS_HANDSHAKES_A_SECOND,
    BURST_SECONDS,
    FAILURE_UNITS,
    HANDSHAKES_A_SECOND,
    MAX_ADDRESSES,
    MAX_HANDSHAKES,
    MAX_HANDSHAKES_OF_AN_ADDRESS,
    OFFENCE_UNITS,
    STRANGERS_BURST_SECONDS,
    Gate,
    Refusal,
)

PEER = "10.0.0.1"


class Watch:
    """A clock, and the gate of a host that has listed one peer."""

    def __init__(self) -> None:
        self.now = 100.0
        self.gate = Gate([PEER], lambda: self.now)

    def come_and_go(self, address: str, count: int, *, is_proven: bool = True) -> Refusal | None:
        """So many handshakes, one after the other at once; returns the first refusal."""
        for _ in range(count):
            refusal = self.gate.enter(address)
            if refusal is not None:
                return refusal
            self.gate.leave(address, is_proven=is_proven)
        return None


def stranger(number: int) -> str:
    return f"192.0.{number // 256}.{number % 256}"


def test_an_address_has_few_handshakes_at_a_time_and_others_have_theirs() -> None:
    gate = Watch().gate
    for _ in range(MAX_HANDSHAKES_OF_AN_ADDRESS):
        assert gate.enter(stranger(1)) is None
    assert gate.enter(stranger(1)) is Refusal.ADDRESS_BUSY
    assert gate.enter(stranger(2)) is None
    gate.leave(stranger(1), is_proven=True)
    assert gate.enter(stranger(1)) is None
    assert gate.refused == {Refusal.ADDRESS_BUSY: 1}


def test_an_address_that_connects_again_and_again_has_to_wait_and_is_forgiven() -> None:
    # A listed peer's, since all strangers together have less.
    watch = Watch()
    burst = int(ADDRESS_HANDSHAKES_A_SECOND * BURST_SECONDS)
    assert watch.come_and_go(PEER, burst) is None
    assert watch.come_and_go(PEER, 2) is Refusal.ADDRESS_TOO_FAST
    watch.now += 1.0
    assert watch.come_and_go(PEER, 2) is None
    watch.now += 2 * BURST_SECONDS
    assert watch.come_and_go(PEER, burst) is None


def test_handshakes_that_fail_count_several_times() -> None:
    watch = Watch()
    burst = int(ADDRESS_HANDSHAKES_A_SECOND * BURST_SECONDS)
    assert watch.come_and_go(stranger(1), burst // FAILURE_UNITS, is_proven=False) is None
    assert watch.come_and_go(stranger(1), 2, is_proven=False) is Refusal.ADDRESS_TOO_FAST


def test_the_address_of_a_stranger_that_was_sent_away_pays_for_whoever_comes_from_it_next() -> None:
    watch = Watch()
    assert watch.come_and_go(stranger(1), 1) is None
    for _ in range(2):
        watch.gate.blame(stranger(1))
    assert watch.come_and_go(stranger(1), 1) is Refusal.ADDRESS_TOO_FAST
    assert watch.come_and_go(stranger(2), 1) is None
    watch.now += (2 * OFFENCE_UNITS + 1) / ADDRESS_HANDSHAKES_A_SECOND
    assert watch.come_and_go(stranger(1), 1) is None
    # An address that was forgotten meanwhile has nothing to pay.
    watch.gate.blame(stranger(3))
    assert watch.come_and_go(stranger(3), 1) is None


def test_an_ipv6_network_counts_as_one_address() -> None:
    gate = Watch().gate
    for number in range(MAX_HANDSHAKES_OF_AN_ADDRESS):
        assert gate.enter(f"2001:db8::{number + 1:x}") is None
    assert gate.enter("2001:db8::ffff") is Refusal.ADDRESS_BUSY
    assert gate.enter("2001:db8:0:1::1") is None


def test_however_many_strangers_come_a_listed_peer_finds_the_gate_open() -> None:
    watch = Watch()
    for number in range(MAX_HANDSHAKES):
        assert watch.gate.enter(stranger(number)) is None
    assert watch.gate.enter(stranger(MAX_HANDSHAKES)) is Refusal.ALL_BUSY
    assert watch.come_and_go(PEER, 1) is None
    for number in range(MAX_HANDSHAKES):
        watch.gate.leave(stranger(number), is_proven=False)
    left = int(HANDSHAKES_A_SECOND * STRANGERS_BURST_SECONDS) - MAX_HANDSHAKES
    for number in range(left):
        assert watch.come_and_go(stranger(1_000 + number), 1) is None
    watch.come_and_go(stranger(2_000), 1)
    assert watch.come_and_go(stranger(2_001), 1) is Refusal.ALL_TOO_FAST
    assert watch.come_and_go(PEER, 1) is None


def test_a_bounded_number_of_addresses_is_remembered() -> None:
    watch = Watch()
    watch.gate.enter(PEER)
    for number in range(MAX_ADDRESSES):
        watch.now += 1.0
        assert watch.come_and_go(stranger(number), 1) is None
    # What was forgotten may still end.
    watch.gate.leave(PEER, is_proven=True)
    assert len(watch.gate._addresses) == MAX_ADDRESSES
