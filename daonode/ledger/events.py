"""The ledger's own events, for what happens outside any transaction."""

from __future__ import annotations

from daonode.primitives.codec import U32, Record


class DeadlineFailed(Record, frozen=True):
    """A module's deadline could not be worked off; nothing of it applies, and it is not called again.

    `code` and `reason` are those of the error; its text is not part of the chain.
    """

    module: str
    item: bytes
    code: U32
    reason: str


class BlockWorkFailed(Record, frozen=True):
    """A module's block begin or block end raised; nothing of it applies. `step` is `begin_block` or `end_block`."""

    module: str
    step: str
    code: U32
    reason: str


LEDGER_EVENTS: tuple[type[Record], ...] = (DeadlineFailed, BlockWorkFailed)
