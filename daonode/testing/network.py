"""A network that delays, loses, repeats, reorders and cuts: it decides when, and whether, a message arrives."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Weather:
    """How bad the network is. Delays are uniform between the bounds, so later messages overtake earlier ones."""

    min_delay_ms: int
    max_delay_ms: int
    loss_percent: int
    duplicate_percent: int


CALM = Weather(min_delay_ms=5, max_delay_ms=15, loss_percent=0, duplicate_percent=0)


@dataclass(slots=True)
class Counters:
    """What the network did to messages."""

    delivered: int = 0
    lost: int = 0
    cut: int = 0
    duplicated: int = 0


class Network:
    """Between nodes named by index. `cuts` are directed pairs that nothing passes."""

    def __init__(self, random: Random) -> None:
        self.weather = CALM
        self.counters = Counters()
        self._random = random
        self._cuts: dict[tuple[int, int], None] = {}

    def cut(self, sender: int, receiver: int) -> None:
        """Let nothing pass in this direction."""
        self._cuts[sender, receiver] = None

    def heal(self) -> tuple[tuple[int, int], ...]:
        """Let everything pass again; returns the directions that were cut."""
        healed = tuple(self._cuts)
        self._cuts.clear()
        return healed

    def is_cut(self, sender: int, receiver: int) -> bool:
        """Whether nothing passes in this direction."""
        return (sender, receiver) in self._cuts

    def delays(self, sender: int, receiver: int) -> tuple[int, ...]:
        """After how many milliseconds a message arrives: once, never, or twice."""
        if self.is_cut(sender, receiver):
            self.counters.cut += 1
            return ()
        weather, random = self.weather, self._random
        if weather.loss_percent and random.randrange(100) < weather.loss_percent:
            self.counters.lost += 1
            return ()
        copies = 1
        if weather.duplicate_percent and random.randrange(100) < weather.duplicate_percent:
            self.counters.duplicated += 1
            copies = 2
        self.counters.delivered += 1
        return tuple(random.randint(weather.min_delay_ms, weather.max_delay_ms) for _ in range(copies))
