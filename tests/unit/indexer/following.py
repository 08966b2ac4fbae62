"""A store that follows a chain without any node between: verify, project, apply."""

from __future__ import annotations

from dataclasses import dataclass, field

from daonode.genesis.document import GenesisDocument
from daonode.indexer.projection.draft import Draft
from daonode.indexer.projection.projector import Projector
from daonode.indexer.verifying import BlockVerifier, Known
from daonode.stores.memory import MemoryStore
from tests.unit.client.small_chain import SmallChain
from tests.unit.indexer.dao_chain import blocks_of, make_dao_genesis


@dataclass
class Follower:
    """A memory store of a chain."""

    document: GenesisDocument = field(default_factory=make_dao_genesis)

    def __post_init__(self) -> None:
        self.verifier = BlockVerifier(self.document)
        self.projector = Projector(self.document)
        self.store = MemoryStore()
        self.draft = Draft(self.store)
        self.store.apply(self.projector.begin(self.draft))
        self.draft.written()

    def restart(self) -> None:
        """Forget everything but the store."""
        self.projector = Projector(self.document)
        self.draft = Draft(self.store)

    def follow(self, chain: SmallChain, *, batch: int = 1_000) -> None:
        """Take in all blocks that there are, some at a time."""
        while self.follow_once(chain, batch=batch):
            pass

    def follow_once(self, chain: SmallChain, *, batch: int) -> bool:
        """Take in some blocks; whether there were any."""
        head = self.store.head()
        assert head is not None
        answer = blocks_of(chain, above=head.height, limit=batch)
        if not answer.blocks:
            return False
        blocks = self.verifier.verify(answer, after=Known(head.height, head.block_id, head.time_ms))
        self.store.apply(self.projector.project(blocks, self.draft))
        self.draft.written()
        return True
