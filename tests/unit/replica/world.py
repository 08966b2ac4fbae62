"""A genesis, the blocks that are executed on top of it, and orders for more; without consensus."""

from __future__ import annotations

from daonode.consensus.effects import Build
from daonode.consensus.types import Header
from daonode.replica.archive import Archive
from daonode.replica.executed import ExecutedBlocks
from tests.unit.replica.network import START_MS, Database, Network


class World:
    """One genesis on a disk; `network` signs transactions for its chain."""

    def __init__(self) -> None:
        self.network = Network(1)
        self.chain = self.network.chain
        self.state = Database()
        self.state.write(self.chain.genesis_writes())
        self.root = self.chain.initial.header
        self.executed = self.fresh()

    def fresh(self) -> ExecutedBlocks:
        """What another node with the same disk begins with."""
        return ExecutedBlocks(
            self.chain.application,
            source=self.chain.source,
            validators=self.chain.validators,
            root=self.root,
            state=Archive(Database(), self.state).state_at_tip(),
        )

    def order(self, parent: Header, *, round_: int, empty: bool = False) -> Build:
        """What consensus asks for a block on a parent with."""
        return Build(
            epoch=0,
            round=round_,
            time_ms=START_MS + round_,
            proposer=self.chain.validators.validators[0].id,
            parent=parent,
            qc=self.chain.genesis_qc,
            tc=None,
            failed_proposers=(),
            empty=empty,
        )
