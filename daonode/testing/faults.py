"""What goes wrong in a run, drawn from its seed: crashes between effects, cuts, bad weather, drifting clocks.

A fault has a time, and undoes itself after a while or at the end of the run. At most the faults that the model allows
are made: nodes that are down come back, and cuts heal.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from daonode.testing.network import Weather

MIN_FAULTS = 3
MAX_FAULTS = 8
FAULT_SPAN_MS = 12_000
"""Faults begin within this long; the end phase follows."""
MAX_OUTAGE_MS = 4_000
MAX_CRASH_EFFECTS = 12
"""A node told to crash does so within this many effects."""
MAX_DRIFT_MS = 200


@dataclass(frozen=True, slots=True)
class CrashNode:
    """Crash after so many more effects, and start again after a while."""

    at_ms: int
    node: int
    after_effects: int
    outage_ms: int


@dataclass(frozen=True, slots=True)
class CrashAll:
    """Every node crashes at once."""

    at_ms: int
    outage_ms: int


@dataclass(frozen=True, slots=True)
class Cut:
    """Nothing passes between `side` and the others, or in one direction only."""

    at_ms: int
    side: tuple[int, ...]
    one_way: bool
    duration_ms: int


@dataclass(frozen=True, slots=True)
class ChangeWeather:
    """The network becomes bad for a while."""

    at_ms: int
    weather: Weather
    duration_ms: int


Fault = CrashNode | CrashAll | Cut | ChangeWeather


def draw_faults(random: Random, *, node_count: int) -> tuple[Fault, ...]:
    """The faults of a run, by time; at least one of them restarts a node."""
    faults: list[Fault] = [_crash(random, node_count)]
    for _ in range(random.randint(MIN_FAULTS, MAX_FAULTS) - 1):
        kind = random.randrange(10)
        if kind < 4:
            faults.append(_crash(random, node_count))
        elif kind < 5:
            faults.append(CrashAll(at_ms=_time(random), outage_ms=_outage(random)))
        elif kind < 8:
            side = tuple(sorted(random.sample(range(node_count), random.randint(1, node_count // 2))))
            one_way = random.randrange(4) == 0
            faults.append(Cut(at_ms=_time(random), side=side, one_way=one_way, duration_ms=_outage(random)))
        else:
            weather = Weather(
                min_delay_ms=random.randint(1, 20),
                max_delay_ms=random.randint(30, 700),
                loss_percent=random.randint(0, 30),
                duplicate_percent=random.randint(0, 20),
            )
            faults.append(ChangeWeather(at_ms=_time(random), weather=weather, duration_ms=_outage(random)))
    return tuple(sorted(faults, key=lambda fault: fault.at_ms))


def _crash(random: Random, node_count: int) -> CrashNode:
    return CrashNode(
        at_ms=_time(random),
        node=random.randrange(node_count),
        after_effects=random.randint(0, MAX_CRASH_EFFECTS),
        outage_ms=_outage(random),
    )


def _time(random: Random) -> int:
    return random.randint(200, FAULT_SPAN_MS)


def _outage(random: Random) -> int:
    return random.randint(200, MAX_OUTAGE_MS)
