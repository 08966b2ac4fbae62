"""Where governance keeps its records. Tags are never reused.

A first ballot writes two keys of this module, a ballot and the tally; all ballots of a block share the tally's.
"""

from __future__ import annotations

from typing import Final

from daonode.ledger.table import ADDRESS_KEY, ONLY_KEY, U64_KEY, Table, fixed_key, number_key, pair_key
from daonode.modules.governance.params import GovernanceParams
from daonode.modules.governance.types import (
    Ballot,
    Counter,
    Delegations,
    DepositPart,
    DepositTotals,
    Execution,
    Proposal,
    ProposalActions,
    ProposalId,
    ProposalNumber,
    ProposalReference,
    ReceivedPower,
    Settlement,
    Tally,
    Track,
    TrackId,
)

NAME: Final = "governance"
PROPOSAL_KEY: Final = fixed_key(ProposalId)
TRACK_KEY: Final = number_key(TrackId)

PARAMS: Final = Table(NAME, 1, ONLY_KEY, GovernanceParams)
TRACKS: Final = Table(NAME, 2, TRACK_KEY, Track)
PROPOSALS: Final = Table(NAME, 3, PROPOSAL_KEY, Proposal)
ACTIONS: Final = Table(NAME, 4, PROPOSAL_KEY, ProposalActions)
NUMBERS: Final = Table(NAME, 5, number_key(ProposalNumber), ProposalReference)
"""Which proposal has a number."""
LAST_NUMBER: Final = Table(NAME, 6, ONLY_KEY, Counter)
TALLIES: Final = Table(NAME, 7, PROPOSAL_KEY, Tally)
BALLOTS: Final = Table(NAME, 8, pair_key(PROPOSAL_KEY, ADDRESS_KEY), Ballot)
DEPOSITS: Final = Table(NAME, 9, pair_key(PROPOSAL_KEY, ADDRESS_KEY), DepositPart)
DEPOSIT_TOTALS: Final = Table(NAME, 10, ONLY_KEY, DepositTotals)
DELEGATIONS: Final = Table(NAME, 11, ADDRESS_KEY, Delegations)
RECEIVED: Final = Table(NAME, 12, pair_key(TRACK_KEY, ADDRESS_KEY), ReceivedPower)
DECIDING: Final = Table(NAME, 13, TRACK_KEY, Counter)
"""How many proposals a track decides at present."""
QUEUE: Final = Table(NAME, 14, pair_key(TRACK_KEY, U64_KEY), ProposalReference)
"""Proposals that wait for a place, by track and number."""
EXECUTION: Final = Table(NAME, 15, ONLY_KEY, Execution)
"""There only while the actions of a proposal run; no block ends with it."""
LIVE: Final = Table(NAME, 16, pair_key(TRACK_KEY, ADDRESS_KEY), ProposalReference)
"""The live proposal of an account on a track."""
LIVE_COUNTS: Final = Table(NAME, 17, TRACK_KEY, Counter)
"""How many proposals of a track are live; none where there are none."""
SETTLEMENTS: Final = Table(NAME, 18, PROPOSAL_KEY, Settlement)
"""Proposals that have ended with more deposits than are settled at once."""
