"""Proposals with their statuses and tallies, ballots, delegations and tracks.

`work` holds what a block changes, `proposals` and `ballots` say how events change it, `texts` finds what stands in
messages alone, `genesis` what a chain begins with. A proposal's status is what the chain answers at the block's time,
so those that are not over are looked at in every block. May import the projections' interface and what is below it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from daonode.indexer.decoding import DecodedBlock
from daonode.indexer.projection.draft import Draft
from daonode.indexer.projection.governance.ballots import BALLOT_HANDLERS
from daonode.indexer.projection.governance.genesis import write_genesis
from daonode.indexer.projection.governance.proposals import PROPOSAL_HANDLERS
from daonode.indexer.projection.governance.texts import find_texts
from daonode.indexer.projection.governance.work import GovernanceWork, actions_in
from daonode.indexer.projection.interface import Genesis, run_handlers
from daonode.ledger.registry import Registry
from daonode.modules.governance.messages import SubmitProposal
from daonode.modules.governance.types import ProposalId
from daonode.primitives.json_form import from_json
from daonode.stores.rows import Row
from daonode.stores.tables import Table

_HANDLERS: Final = {**PROPOSAL_HANDLERS, **BALLOT_HANDLERS}


class GovernanceProjection:
    """What is decided, and how."""

    tables: Sequence[Table[Row]] = ()

    def __init__(self, genesis: Genesis) -> None:
        self._registry: Registry = genesis.document.registry
        self._submit = self._registry.message_name(SubmitProposal)

    def begin(self, genesis: Genesis, draft: Draft) -> None:
        """Tracks, and in a chain that continues another one its proposals."""
        write_genesis(genesis, draft)

    def project(self, block: DecodedBlock, draft: Draft) -> None:
        """Every change of a proposal, a ballot and a delegation, and every status that time has changed."""

        def submissions_of(proposal: ProposalId) -> list[SubmitProposal]:
            actions = actions_in(draft, proposal)
            return [from_json(each.value, SubmitProposal) for each in actions if each.type == self._submit]

        work = GovernanceWork(
            draft=draft,
            registry=self._registry,
            height=block.height,
            time_ms=block.time_ms,
            texts=find_texts(block, submissions_of),
        )
        run_handlers(_HANDLERS, work, block)
        work.finish(first_position=len(block.events))
