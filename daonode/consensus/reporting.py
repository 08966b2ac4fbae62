"""Evidence against a validator becomes an effect here."""

from __future__ import annotations

from daonode.consensus.effects import ReportEvidence
from daonode.consensus.state import CoreState
from daonode.consensus.statements import Statement
from daonode.primitives.ids import Signature, ValidatorId


def report(state: CoreState, validator: ValidatorId, statement: Statement, signature: Signature) -> None:
    """Remember a verified statement of another validator; report what it conflicts with."""
    if validator == state.own_id:
        return
    for evidence in state.evidence.add(validator, statement, signature):
        state.emit(ReportEvidence(evidence))
