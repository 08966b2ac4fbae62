"""A manifest: which network, which load, and which faults at which times. It follows from its seed alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from tests.chaos.faults import (
    Absence,
    BadWeather,
    Fault,
    FullDisk,
    Kill,
    NewKey,
    Partition,
    Pause,
    Stop,
    WrongClock,
)
from tests.faults.links import Weather

MIN_VALIDATORS, MAX_VALIDATORS = 4, 7
STORM_MS = 24_000
FIRST_MS = 1_000
GAP_MS = 2_000
"""From the end of a fault to the next one of the same node or the links."""
SHORTEST_MS, LONGEST_MS = 2_000, 9_000
MIN_FAULTS, MAX_FAULTS = 4, 8
MAX_DRAWS = 200
HOUR_MS = 3_600_000
ONCE = ("absence", "new key")
"""Each of these waits for epochs, so a manifest has it once at most."""
KINDS = ("kill", "kill all", "stop", "pause", "pause many", "partition", "full disk", "wrong clock", *ONCE)
WEATHER = ("slow", "lossy")


@dataclass(frozen=True, slots=True)
class Timed:
    """A fault and its time, in milliseconds from the beginning of the storm."""

    at_ms: int
    lasts_ms: int
    fault: Fault

    @property
    def ends_at_ms(self) -> int:
        return self.at_ms + self.lasts_ms

    def collides(self, other: Timed) -> bool:
        """Whether both take the same thing at times that are not apart."""
        if not set(self.fault.takes) & set(other.fault.takes):
            return False
        return self.at_ms < other.ends_at_ms + GAP_MS and other.at_ms < self.ends_at_ms + GAP_MS


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is played. `faults` are ascending by time. With `has_namespaces` there is no weather among them, and each
    node lives in a network namespace of its own where this machine allows that."""

    name: str
    validators: int
    epoch_blocks: int
    clients: int
    has_namespaces: bool
    faults: tuple[Timed, ...]

    @property
    def set_changes(self) -> int:
        """How many epochs begin with another validator set than the one before."""
        kinds = [type(each.fault) for each in self.faults]
        return 2 * kinds.count(Absence) + kinds.count(NewKey)

    def __str__(self) -> str:
        where = "namespaces" if self.has_namespaces else "one network behind proxies"
        first = f"manifest {self.name}: {self.validators} validators in {where}, {self.clients} clients, epochs of "
        lines = [f"  {each.at_ms:6} ms to {each.ends_at_ms:6} ms  {each.fault}" for each in self.faults]
        return "\n".join([f"{first}{self.epoch_blocks} blocks", *lines])


def names_of(validators: int) -> tuple[str, ...]:
    """The names of the nodes of a network."""
    return tuple(f"node{index}" for index in range(validators))


def generate(seed: int) -> Manifest:
    """Draw a manifest: the kinds of its first two faults go round with the seed, so that a row of seeds has them all.

    Faults that befall different things overlap, and so do more than the chain tolerates. At most one clock is wrong at
    a time: where a quorum of clocks is wrong together, the chain rightly believes them.
    """
    chance = Random(seed)
    validators = chance.randint(MIN_VALIDATORS, MAX_VALIDATORS)
    has_namespaces = chance.random() < 0.5
    possible = KINDS if has_namespaces else KINDS + WEATHER
    kinds = [possible[seed % len(possible)], possible[(seed // 2 + 3) % len(possible)]]
    wanted = chance.randint(MIN_FAULTS, MAX_FAULTS)
    faults: list[Timed] = []
    drawn: set[str] = set()
    for draw in range(MAX_DRAWS):
        if len(faults) == wanted:
            break
        kind = kinds[draw] if draw < len(kinds) else chance.choice(possible)
        if kind in ONCE and kind in drawn:
            continue
        lasts_ms = chance.randint(SHORTEST_MS, LONGEST_MS)
        at_ms = chance.randint(FIRST_MS, STORM_MS - lasts_ms)
        timed = Timed(at_ms, lasts_ms, draw_fault(kind, names_of(validators), chance))
        if not any(timed.collides(other) for other in faults):
            faults.append(timed)
            drawn.add(kind)
    return Manifest(
        name=f"seed-{seed}",
        validators=validators,
        epoch_blocks=chance.randint(8, 24),
        clients=chance.randint(2, 6),
        has_namespaces=has_namespaces,
        faults=tuple(sorted(faults, key=lambda each: each.at_ms)),
    )


def draw_fault(kind: str, names: Sequence[str], chance: Random) -> Fault:
    """A fault of a kind: one node, or as many as at most half where the kind befalls several."""
    some = tuple(sorted(chance.sample(names, chance.randint(1, len(names) // 2))))
    one = chance.choice(names)
    match kind:
        case "kill":
            return Kill(some)
        case "kill all":
            return Kill(tuple(names))
        case "stop":
            return Stop(some)
        case "pause":
            return Pause((one,))
        case "pause many":
            return Pause(tuple(sorted(chance.sample(names, len(names) // 2))))
        case "partition":
            return Partition(some)
        case "slow":
            return BadWeather(Weather(delay_ms=chance.randint(20, 400), jitter_ms=chance.randint(0, 200)))
        case "lossy":
            return BadWeather(Weather(delay_ms=10, stalls=chance.randint(5, 60), resets=chance.randint(0, 4)))
        case "full disk":
            return FullDisk(one)
        case "absence":
            return Absence(one)
        case "new key":
            return NewKey(one)
        case _:
            return WrongClock(one, chance.choice((-1, 1)) * chance.randint(11_000, HOUR_MS))
