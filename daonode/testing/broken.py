"""The one error of the oracle: what must always hold does not."""

from __future__ import annotations


class InvariantBroken(Exception):
    """An invariant of docs/consensus.md is broken. `invariant` is its short name, `text` what was seen."""

    def __init__(self, invariant: str, text: str) -> None:
        super().__init__(f"{invariant}: {text}")
        self.invariant = invariant
        self.text = text


AGREEMENT = "I1 one committed chain"
ONE_QC = "I2 one QC a round"
MONOTONE = "I3 safety state never falls"
EXTENDS = "I4 later QCs extend what is committed"
EXECUTION = "I5 the committed root is that of execution"
NOT_SLASHABLE = "I6 the honest are not slashable"
ONCE = "I7 a transaction executes once"
SUPPLY = "I8 invariants of the modules"
PROGRESS = "I9 progress after the heal"
WINDOW = "I10 a pruned node answers inside its window"
INCLUSION = "I11 inclusion within f + 1 honest leaders"
BLOCK_TIME = "I11 block time stays within the drift bound"
CERTIFICATES = "certificates prove themselves"
DURABLE = "durable before sent"
SNAPSHOTS = "a snapshot is the state after a committed block"
NO_HALT = "no honest validator halts"
