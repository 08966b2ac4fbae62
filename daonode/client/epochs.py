"""The answer of `dao_getEpochs`: what leads whoever knows the set of one epoch to those after it."""

from __future__ import annotations

from dataclasses import dataclass

from daonode.client.answers import Answer
from daonode.consensus.epochs import EpochChange


@dataclass(frozen=True, slots=True)
class Epochs:
    """Why epochs are over, ascending, with the set after each; `epoch` is the present one."""

    epoch: int
    changes: tuple[EpochChange, ...]


def read_epochs(answer: Answer) -> Epochs:
    """Take the answer apart; what it proves is not judged here."""
    return Epochs(
        epoch=answer.number("epoch"),
        changes=tuple(
            Answer({"change": item.data}, place=item.place).record("change", EpochChange)
            for item in answer.items("changes")
        ),
    )
