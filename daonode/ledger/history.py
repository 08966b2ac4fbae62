"""The past of a number, kept inline in the record that owns it, for exactly as long as somebody may ask.

A `History` answers "what was the value at the end of height h" for every h that a live snapshot holds, and for the
height just before the latest change, at which a new snapshot may still be taken. What no such question can reach is
dropped whenever the number changes. So a history has at most one checkpoint for each live snapshot and two more, and a
balance needs no second key for its past.

Pure functions over values; this file knows no state, no module and no clock.
"""

from typing import Final

from daonode.primitives.codec import U64, Record


class Checkpoint(Record, frozen=True):
    """From the end of `height` on, the number was `value`."""

    height: U64
    value: U64


class History(Record, frozen=True):
    """Checkpoints of one number, heights strictly ascending, neighbours of different value; 0 before the first."""

    checkpoints: tuple[Checkpoint, ...]


EMPTY_HISTORY: Final = History(())
"""The past of a number that was always 0."""


def latest(history: History) -> int:
    """Return the present value."""
    return history.checkpoints[-1].value if history.checkpoints else 0


def value_at(history: History, height: int) -> int:
    """Return the value at the end of `height`, 0 before the first checkpoint.

    Exact for the heights that `record` was told to keep and for every height from the one before the latest change on;
    for others the checkpoints that would answer may be gone.
    """
    for checkpoint in reversed(history.checkpoints):
        if checkpoint.height <= height:
            return checkpoint.value
    return 0


def record(history: History, *, height: int, value: int, live: tuple[int, ...]) -> History:
    """Return the history with `value` at the end of `height`, and without what nobody can ask for any more.

    `height` is the block being executed and is not below the latest checkpoint; `live` holds the heights of the live
    snapshots, ascending, all below `height`. A second value for the same height replaces the first.
    """
    readable = live if live and live[-1] >= height - 1 else (*live, height - 1)
    kept = _reachable(history.checkpoints, readable)
    if (kept[-1].value if kept else 0) != value:
        kept.append(Checkpoint(height=height, value=value))
    return History(tuple(kept))


def is_well_formed(history: History) -> bool:
    """Say whether heights ascend strictly and each checkpoint changes the value."""
    height, value = -1, 0
    for checkpoint in history.checkpoints:
        if checkpoint.height <= height or checkpoint.value == value:
            return False
        height, value = checkpoint.height, checkpoint.value
    return True


def _reachable(checkpoints: tuple[Checkpoint, ...], heights: tuple[int, ...]) -> list[Checkpoint]:
    """Return the checkpoints that answer for one of the ascending heights, without those that repeat a value."""
    kept: list[Checkpoint] = []
    position = 0
    current: Checkpoint | None = None
    for height in heights:
        while position < len(checkpoints) and checkpoints[position].height <= height:
            current = checkpoints[position]
            position += 1
        if current is not None and current.value != (kept[-1].value if kept else 0):
            kept.append(current)
    return kept
