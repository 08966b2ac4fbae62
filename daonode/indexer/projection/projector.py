"""All projections over blocks: what a store has to be changed by to be complete up to the last of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from daonode.genesis.document import GenesisDocument
from daonode.indexer.decoding import decode_block
from daonode.indexer.projection.accounts import AccountsProjection
from daonode.indexer.projection.chain import ChainProjection
from daonode.indexer.projection.draft import Draft
from daonode.indexer.projection.governance import GovernanceProjection
from daonode.indexer.projection.identity import IdentityProjection
from daonode.indexer.projection.interface import Genesis, Projection, read_genesis
from daonode.indexer.projection.progress import PROGRESS
from daonode.indexer.projection.treasury import TreasuryProjection
from daonode.indexer.projection.validators import ValidatorsProjection
from daonode.indexer.verifying import Known, VerifiedBlock
from daonode.stores.access import Changes, Head
from daonode.stores.rows import Row
from daonode.stores.tables import TABLES, Table

MakeProjection = Callable[[Genesis], Projection]

STANDARD: Final[tuple[MakeProjection, ...]] = (
    lambda _: ChainProjection(),
    AccountsProjection,
    lambda _: IdentityProjection(),
    GovernanceProjection,
    lambda _: TreasuryProjection(),
    lambda _: ValidatorsProjection(),
)
"""In the order in which they see each block: governance asks how many members there are."""


class Projector:
    """The projections of one chain. It holds no rows: a draft does."""

    def __init__(self, document: GenesisDocument, *, further: Sequence[MakeProjection] = ()) -> None:
        """Raise `GenesisError` where the document makes no chain."""
        self._genesis = read_genesis(document)
        self._registry = document.registry
        self._projections = [make(self._genesis) for make in (*STANDARD, *further)]

    @property
    def tables(self) -> tuple[Table[Row], ...]:
        """Every table that is written."""
        added = [table for projection in self._projections for table in projection.tables]
        return (*TABLES, PROGRESS, *added)

    def begin(self, draft: Draft) -> Changes:
        """The rows of the genesis block, for an empty store."""
        for projection in self._projections:
            projection.begin(self._genesis, draft)
        header = self._genesis.initial.header
        return Changes(self.head_at(Known(header.height, header.id(), header.time_ms)), draft.changes())

    def project(self, blocks: Sequence[VerifiedBlock], draft: Draft) -> Changes:
        """What one or more blocks change, which follow the draft's."""
        for block in blocks:
            decoded = decode_block(block, self._registry)
            for projection in self._projections:
                projection.project(decoded, draft)
        return Changes(self.head_at(blocks[-1].known()), draft.changes())

    def head_at(self, known: Known) -> Head:
        """The head of a store that is complete up to a block of this chain."""
        document = self._genesis.document
        return Head(
            chain_id=document.chain.chain_id,
            genesis_hash=document.hash(),
            height=known.height,
            block_id=known.block_id,
            time_ms=known.time_ms,
        )
