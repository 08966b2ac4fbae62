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
    for conflict in state.evidence.add(validator, statement, signature):
        state.emit(
            ReportEvidence(
                offender=conflict.offender,
                first=conflict.first,
                first_signature=conflict.first_signature,
                second=conflict.second,
                second_signature=conflict.second_signature,
            )
        )
