"""Twins: one identity, two replicas that know nothing of one another. (Bano et al., "Twins", 2020.)

Each hears and answers half of the others at a time, and which half changes; both follow the protocol, with signers of
their own. So what the validator signs as a whole is as contradictory as what any liar signs, and always well formed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from daonode.replica.effects import Broadcast, CancelTimer, Effect, Send, SetTimer
from daonode.replica.events import Event, MessageReceived, PeerConnected, PeerDisconnected, TimerFired
from daonode.testing.byzantine.actor import Actor
from daonode.testing.disk import Disk
from daonode.testing.node import Node

SIDES_MS = 1_500
"""So long each twin keeps its half of the others."""
TWIN = "twin."
"""What the names of the second twin's timers begin with."""


@dataclass(slots=True)
class Second(Node):
    """The other replica of the identity; it lives and crashes with the first, and has a disk of its own."""

    first: Twins = field(kw_only=True)

    def carry_out(self, effect: Effect) -> None:
        """Act through the first, on the other half of the network."""
        match effect:
            case SetTimer():
                self.first.timers[TWIN + effect.timer] = effect.at_ms
            case CancelTimer():
                self.first.timers.pop(TWIN + effect.timer, None)
            case Broadcast():
                self.first.say(effect.message, self.first.half(second=True))
            case Send():
                if int(effect.peer) in self.first.half(second=True):
                    self.first.say(effect.message, (int(effect.peer),))
            case _:
                self.carry_out_honestly(effect)


@dataclass(slots=True)
class Twins(Actor):
    """The first replica, which the network sees, and the way to the second."""

    second: Second | None = None

    def half(self, *, second: bool) -> tuple[int, ...]:
        """Whom a twin speaks with at present."""
        turn = self.around.now_ms // SIDES_MS
        return tuple(other for other in self.others if (other + turn) % len(self.others) % 2 == second)

    def start(self) -> None:
        """Start both."""
        if self.second is None:
            disk = Disk(self.world.chains[self.index].initial_safety(self.world.secrets[self.index].public_key))
            for store, database in disk.stores.items():
                database.copy_from(self.disk.stores[store])
            self.second = Second(
                index=self.index, world=self.world, around=self.around, disk=disk, drift_ms=self.drift_ms, first=self
            )
        Actor.start(self)
        self.second.start()

    def crash(self, random: Random) -> None:
        """End both."""
        Actor.crash(self, random)
        if self.second is not None:
            self.second.crash(random)

    def step(self, event: Event) -> None:
        """Hand an event to the twin whom it concerns."""
        second = self.second
        assert second is not None, "a node is started before it is stepped"
        match event:
            case TimerFired(timer=timer) if timer.startswith(TWIN):
                second.step(TimerFired(event.now_ms, timer.removeprefix(TWIN)))
            case MessageReceived(peer=peer) if int(peer) in self.half(second=True):
                second.step(event)
            case PeerConnected() | PeerDisconnected():
                Actor.step(self, event)
                second.step(event)
            case _:
                Actor.step(self, event)

    def carry_out(self, effect: Effect) -> None:
        """Act on this half of the network."""
        match effect:
            case Broadcast():
                self.say(effect.message, self.half(second=False))
            case Send():
                if int(effect.peer) in self.half(second=False):
                    self.say(effect.message, (int(effect.peer),))
            case _:
                self.carry_out_honestly(effect)
