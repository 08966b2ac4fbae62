"""Running the actions of an approved proposal: all or none, as its track's origin, and never inside another run.

While they run, one record says which proposal is executing; that record and the caller's address, which no transaction
can have, are what other modules obey. It is there at no other time.
"""

from __future__ import annotations

from daonode.ledger.context import Context
from daonode.ledger.origins import origin_address
from daonode.ledger.state import StateReader
from daonode.modules.governance.errors import ExecutionChanged
from daonode.modules.governance.keys import ACTIONS, EXECUTION, PARAMS, PROPOSALS
from daonode.modules.governance.types import Execution, Proposal


def running(state: StateReader) -> Execution | None:
    """The execution that is running, or None."""
    return EXECUTION.get(state, None)


def run_actions(context: Context, proposal: Proposal) -> None:
    """Make the proposal's calls in order, with the gas that parameters give one execution.

    Raises:
        ExecutionChanged: an execution is running already, or the calls changed this proposal's own record.
        TransactionError: a call failed; nothing of any call applied.
    """
    state = context.state
    if EXECUTION.has(state, None):
        raise ExecutionChanged("an execution cannot begin inside another", hint="execute it by a transaction")
    caller = origin_address(proposal.track.origin)
    execution = Execution(
        proposal=proposal.id,
        track=proposal.track.id,
        criticality=proposal.track.criticality,
        caller=caller,
        spend_caps=proposal.track.spend_caps,
    )
    with context.limit_gas(PARAMS.require(state, None).execution_gas), context.atomic():
        EXECUTION.set(state, None, execution)
        for call in ACTIONS.require(state, proposal.id).calls:
            context.dispatch(call, caller=caller)
        # Readiness is checked again: calls that touch their own proposal must not run under it.
        if PROPOSALS.get(state, proposal.id) != proposal:
            raise ExecutionChanged(f"the actions of proposal {proposal.number} changed the proposal itself")
        EXECUTION.delete(state, None)
