"""How many faults a peer may commit, and for how long it is sent away."""

from __future__ import annotations

from daonode.node.offences import (
    FAULT_WINDOW_SECONDS,
    FIRST_ABSENCE_SECONDS,
    FORGIVEN_EACH_SECONDS,
    MAX_ABSENCE_SECONDS,
    MAX_FAULTS,
    MAX_OFFENDERS,
    Offences,
)
from daonode.replica.events import PeerId

PEER = PeerId("peer")


class Watch:
    """A clock and the offences that are counted by it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.offences = Offences(lambda: self.now)

    def offend(self, count: int = MAX_FAULTS + 1, peer: PeerId = PEER) -> float | None:
        """Offend at once; returns the last answer."""
        answer = None
        for _ in range(count):
            answer = self.offences.note(peer, max_faults=MAX_FAULTS)
        return answer


def test_a_peer_may_stay_up_to_the_bound_and_no_longer() -> None:
    watch = Watch()
    assert watch.offend(MAX_FAULTS) is None
    assert watch.offend(1) == FIRST_ABSENCE_SECONDS


def test_rare_faults_never_cost_the_connection() -> None:
    watch = Watch()
    for _ in range(10 * MAX_FAULTS):
        assert watch.offend(1) is None
        watch.now += FAULT_WINDOW_SECONDS / MAX_FAULTS


def test_what_was_received_before_does_not_count_again() -> None:
    watch = Watch()
    watch.offend()
    assert watch.offend(500) is None
    watch.now += FIRST_ABSENCE_SECONDS
    assert watch.offend(MAX_FAULTS) is None


def test_each_absence_is_twice_as_long_up_to_a_bound_and_good_conduct_takes_off_one_doubling_after_the_other() -> None:
    watch = Watch()
    absences = []
    for _ in range(9):
        seconds = watch.offend()
        assert seconds is not None
        absences.append(seconds)
        watch.now += seconds
    assert absences[:3] == [FIRST_ABSENCE_SECONDS, 2 * FIRST_ABSENCE_SECONDS, 4 * FIRST_ABSENCE_SECONDS]
    assert absences[-1] == MAX_ABSENCE_SECONDS
    watch.now += 4 * FORGIVEN_EACH_SECONDS
    assert watch.offend() == 4 * FIRST_ABSENCE_SECONDS
    watch.now += 4 * FIRST_ABSENCE_SECONDS + 12 * FORGIVEN_EACH_SECONDS
    assert watch.offend() == FIRST_ABSENCE_SECONDS


def test_peers_are_judged_apart_and_a_bounded_number_is_remembered() -> None:
    watch = Watch()
    watch.offend(MAX_FAULTS)
    assert watch.offend(MAX_FAULTS, PeerId("other")) is None
    for number in range(MAX_OFFENDERS):
        watch.offend(1, PeerId(f"crowd {number}"))
    assert watch.offend(MAX_FAULTS) is None
