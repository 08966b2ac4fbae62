"""What goes wrong in a run, drawn from its seed: crashes, torn writes, cuts, bad weather, clocks that are set wrongly.

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
MAX_STEP_MS = 8_000
"""Within what the chain lets clocks differ by, so that a block with a wrong time can be voted for soon after."""
MAX_FLAPS = 5
MAX_TORN_WRITES = 1
"""A node whose write was torn loses its blocks: more than the faulty must not, or nobody may have one."""


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
    """Nothing passes between `side` and the others, or in one direction only. `times` above one: it flaps.

    Each time it lasts `duration_ms`, and as long after it the network is whole.
    """

    at_ms: int
    side: tuple[int, ...]
    one_way: bool
    duration_ms: int
    times: int = 1


@dataclass(frozen=True, slots=True)
class ChangeWeather:
    """The network becomes bad for a while."""

    at_ms: int
    weather: Weather
    duration_ms: int


@dataclass(frozen=True, slots=True)
class TearWrite:
    """The power of a node fails while it writes its next batch: so much of the record reaches the disk."""

    at_ms: int
    node: int
    kept_percent: int
    outage_ms: int


@dataclass(frozen=True, slots=True)
class StepClock:
    """The clock of a node is set wrongly at once, and set right after a while."""

    at_ms: int
    node: int
    step_ms: int
    duration_ms: int


Fault = CrashNode | CrashAll | Cut | ChangeWeather | TearWrite | StepClock


def draw_faults(random: Random, *, node_count: int, max_torn_writes: int = MAX_TORN_WRITES) -> tuple[Fault, ...]:
    """The faults of a run, by time; at least one of them restarts a node."""
    faults: list[Fault] = [_crash(random, node_count)]
    for _ in range(random.randint(MIN_FAULTS, MAX_FAULTS) - 1):
        kind = random.randrange(13)
        torn = sum(isinstance(fault, TearWrite) for fault in faults)
        if kind < 4 or (kind == 12 and torn >= max_torn_writes):
            faults.append(_crash(random, node_count))
        elif kind < 5:
            faults.append(CrashAll(at_ms=_time(random), outage_ms=_outage(random)))
        elif kind < 9:
            faults.append(_cut(random, node_count, flaps=kind == 8))
        elif kind < 11:
            faults.append(_change_weather(random))
        elif kind < 12:
            faults.append(_step_clock(random, node_count))
        else:
            faults.append(_tear_write(random, node_count))
    return tuple(sorted(faults, key=lambda fault: fault.at_ms))


def _cut(random: Random, node_count: int, *, flaps: bool) -> Cut:
    side = tuple(sorted(random.sample(range(node_count), random.randint(1, node_count // 2))))
    one_way = random.randrange(4) == 0
    times = random.randint(2, MAX_FLAPS) if flaps else 1
    return Cut(at_ms=_time(random), side=side, one_way=one_way, duration_ms=_outage(random) // times, times=times)


def _change_weather(random: Random) -> ChangeWeather:
    weather = Weather(
        min_delay_ms=random.randint(1, 20),
        max_delay_ms=random.randint(30, 700),
        loss_percent=random.randint(0, 30),
        duplicate_percent=random.randint(0, 20),
    )
    return ChangeWeather(at_ms=_time(random), weather=weather, duration_ms=_outage(random))


def _step_clock(random: Random, node_count: int) -> StepClock:
    return StepClock(
        at_ms=_time(random),
        node=random.randrange(node_count),
        step_ms=random.randint(-MAX_STEP_MS, MAX_STEP_MS),
        duration_ms=_outage(random),
    )


def _tear_write(random: Random, node_count: int) -> TearWrite:
    return TearWrite(
        at_ms=_time(random),
        node=random.randrange(node_count),
        kept_percent=random.randrange(100),
        outage_ms=_outage(random),
    )


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
