"""What can befall a network: each fault is a value that says whom it befalls, and knows how it begins and ends."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.chaos.operators import Operators
from tests.faults.disks import fill, make_room
from tests.faults.links import CALM, Links, Weather
from tests.faults.namespaces import Namespaces
from tests.faults.network import STOP_SECONDS, Network, NodeProcess

DISK_FULL = (1, 2)
"""The exit codes of a node that cannot go on for want of room, and of one that cannot start."""
LINKS = "links"
CLOCKS = "clocks"
MEMBERS = "members"


@dataclass(slots=True)
class Scene:
    """A network that runs, who operates it, what connects it, and the disks that can be filled. `disks_noticed` counts
    the nodes that have ended because theirs was full: one that writes nothing meanwhile does not."""

    network: Network
    operators: Operators
    links: Links | Namespaces
    disks: Mapping[str, Path]
    disks_noticed: int = 0

    def nodes(self, names: tuple[str, ...]) -> tuple[NodeProcess, ...]:
        """The nodes of these names."""
        return tuple(self.network.named(name) for name in names)


class Fault(Protocol):
    """`takes` names what no other fault may take meanwhile: nodes by name, `LINKS`, `CLOCKS`, `MEMBERS`."""

    @property
    def takes(self) -> tuple[str, ...]:
        """See above."""
        ...

    def begin(self, scene: Scene) -> None:
        """Bring it about."""
        ...

    def end(self, scene: Scene) -> None:
        """Make everything whole; does not wait until it works again."""
        ...


@dataclass(frozen=True, slots=True)
class _Befallen:
    """What befalls some nodes, and nothing else may befall meanwhile."""

    victims: tuple[str, ...]

    @property
    def takes(self) -> tuple[str, ...]:
        return self.victims


@dataclass(frozen=True, slots=True)
class _Ended(_Befallen):
    """What ends processes: they are started again."""

    def end(self, scene: Scene) -> None:
        for node in scene.nodes(self.victims):
            node.start()


@dataclass(frozen=True, slots=True)
class Kill(_Ended):
    """Kill -9, all at once, and a new start at the end."""

    def begin(self, scene: Scene) -> None:
        nodes = scene.nodes(self.victims)
        for node in nodes:
            node.send(signal.SIGKILL)
        for node in nodes:
            node.wait(within_seconds=STOP_SECONDS)


@dataclass(frozen=True, slots=True)
class Stop(_Ended):
    """SIGTERM, and a new start at the end. A node that answers ends as promised: in time, with code 0."""

    def begin(self, scene: Scene) -> None:
        for node in scene.nodes(self.victims):
            _stop(node)


@dataclass(frozen=True, slots=True)
class Pause(_Befallen):
    """SIGSTOP, and SIGCONT at the end."""

    def begin(self, scene: Scene) -> None:
        for node in scene.nodes(self.victims):
            node.send(signal.SIGSTOP)

    def end(self, scene: Scene) -> None:
        for node in scene.nodes(self.victims):
            node.send(signal.SIGCONT)


@dataclass(frozen=True, slots=True)
class Partition:
    """Nothing passes between these and the others."""

    island: tuple[str, ...]

    @property
    def takes(self) -> tuple[str, ...]:
        return (LINKS,)

    def begin(self, scene: Scene) -> None:
        names = [node.node.name for node in scene.network.nodes]
        scene.links.split(self.island, [name for name in names if name not in self.island])

    def end(self, scene: Scene) -> None:
        scene.links.heal()


@dataclass(frozen=True, slots=True)
class BadWeather:
    """Every link is slow, loses chunks or breaks connections."""

    weather: Weather

    @property
    def takes(self) -> tuple[str, ...]:
        return (LINKS,)

    def begin(self, scene: Scene) -> None:
        assert isinstance(scene.links, Links), "only proxies have weather"
        scene.links.set_weather(self.weather)

    def end(self, scene: Scene) -> None:
        assert isinstance(scene.links, Links), "only proxies have weather"
        scene.links.set_weather(CALM)


@dataclass(frozen=True, slots=True)
class FullDisk:
    """No room on the disk of a node. If it ends for that, it says why; when there is room again, it is started anew."""

    victim: str

    @property
    def takes(self) -> tuple[str, ...]:
        return (self.victim,)

    def begin(self, scene: Scene) -> None:
        fill(scene.disks[self.victim])

    def end(self, scene: Scene) -> None:
        node = scene.network.named(self.victim)
        make_room(scene.disks[self.victim])
        if node.is_running:
            node.send(signal.SIGTERM)
        code = node.wait(within_seconds=STOP_SECONDS)
        assert code in (0, *DISK_FULL), f"{self.victim} ends with {code} on a full disk; its log:\n{node.log[-3_000:]}"
        if code in DISK_FULL:
            assert "free space" in node.log[-3_000:], node.log[-3_000:]
            scene.disks_noticed += 1
        node.start()


@dataclass(frozen=True, slots=True)
class WrongClock:
    """The clock of a node is stepped, and stepped back at the end."""

    victim: str
    ahead_ms: int

    @property
    def takes(self) -> tuple[str, ...]:
        return (CLOCKS,)

    def begin(self, scene: Scene) -> None:
        scene.network.named(self.victim).set_clock(self.ahead_ms)

    def end(self, scene: Scene) -> None:
        scene.network.named(self.victim).set_clock(0)


@dataclass(frozen=True, slots=True)
class Absence:
    """A validator leaves the set, and is in it again later: two epochs begin with other sets."""

    member: str

    @property
    def takes(self) -> tuple[str, ...]:
        return (MEMBERS,)

    def begin(self, scene: Scene) -> None:
        scene.operators.leave(self.member)

    def end(self, scene: Scene) -> None:
        scene.operators.join(self.member)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A validator asks to sign with another key. Its node is started with it at the end, which may be before the epoch
    that begins with the key, or after: then it is silent in between."""

    victim: str

    @property
    def takes(self) -> tuple[str, ...]:
        return (self.victim, MEMBERS)

    def begin(self, scene: Scene) -> None:
        scene.operators.change_key(self.victim)

    def end(self, scene: Scene) -> None:
        node = scene.network.named(self.victim)
        _stop(node)
        node.start()


def _stop(node: NodeProcess) -> None:
    answers = node.status() is not None
    node.send(signal.SIGTERM)
    code = node.wait(within_seconds=STOP_SECONDS)
    assert code == 0 or not answers, f"{node.node.name} ends with {code} on SIGTERM; its log:\n{node.log[-3_000:]}"
