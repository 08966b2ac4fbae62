"""Errors of the replica: what a store holds that it cannot have written."""

from __future__ import annotations


class RecordDamaged(Exception):
    """A record of a database is missing or not what was written; the text names the database and what to do.

    `store` is `blocks` or `state`, `record` says which record, `problem` what is wrong with it.
    """

    def __init__(self, *, store: str, record: str, problem: str) -> None:
        super().__init__(
            f"the store {store} is damaged: {record}: {problem}; check the disk, then move data/blocks and data/state"
            " away, keep data/signer, and start again: the node fetches the chain from its peers"
        )
        self.store = store
        self.record = record
        self.problem = problem
