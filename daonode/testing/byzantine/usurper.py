"""A hostile node over an honest signer: it wants the signer to begin a new epoch too early, or with another set."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec.structs import replace

from daonode.consensus.epochs import EpochChange
from daonode.consensus.types import TwoChain, ValidatorSet
from daonode.replica.effects import Effect, EnterEpoch
from daonode.replica.events import Event, MessageReceived
from daonode.testing.node import Node


@dataclass(slots=True)
class Usurper(Node):
    """Asks for a made-up epoch now and then, and for the right epoch with another set before the right one."""

    heard: int = 0

    def step(self, event: Event) -> None:
        """Go on as a validator; now and then show the signer an end of the epoch that is none."""
        Node.step(self, event)
        self.heard += isinstance(event, MessageReceived)
        if self.heard % 8 == 1:
            self.signer.enter_epoch(self._made_up())

    def carry_out(self, effect: Effect) -> None:
        """Before each change that is due, try it with another set."""
        if isinstance(effect, EnterEpoch):
            self.signer.enter_epoch(replace(effect.change, validators=_without_one(effect.change.validators)))
        self.carry_out_honestly(effect)

    def _made_up(self) -> EpochChange:
        """The committed tip as the last block of its epoch, with the newest certificate as the proof."""
        core = self.replica.core
        following = replace(core.validators, epoch=core.validators.epoch + 1)
        header = replace(core.root, epoch=core.validators.epoch, next_validators_digest=following.digest())
        return EpochChange(
            header=header, descendants=(), proof=TwoChain(child=header, qc=core.high_qc), validators=following
        )


def _without_one(validators: ValidatorSet) -> ValidatorSet:
    members = validators.validators
    return replace(validators, validators=members[:-1] if len(members) > 1 else (replace(members[0], power=9),))
