"""The fixed order in which the core reacts to what it has come to know, and when it is done.

Commits come first (they free memory and lower the timeout), then what moves the chain on, then timers and fetching.
"""

from __future__ import annotations

from daonode.consensus.committing import commit
from daonode.consensus.executing import execute_blocks
from daonode.consensus.fetching import fetch
from daonode.consensus.proposing import propose
from daonode.consensus.state import CoreState
from daonode.consensus.timing import give_up, stop_timers, time_round
from daonode.consensus.voting import is_by_leader, vote, vote_to_commit


def react(state: CoreState) -> None:
    """Derive all effects that the state calls for. Running it again at once gives none."""
    if not state.started:
        return
    for node in state.tree.adopt_orphans(lambda orphan: is_by_leader(state, orphan)):
        state.take_block(node)
    execute_blocks(state)
    if state.halted:
        return
    vote_to_commit(state)
    commit(state)
    if state.is_over:
        stop_timers(state)
        return
    vote(state)
    give_up(state)
    propose(state)
    time_round(state)
    fetch(state)
