"""Validators and how reliably they propose: counted from headers, as the chain counts them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from daonode.indexer.decoding import DecodedBlock
from daonode.indexer.projection.draft import Draft
from daonode.indexer.projection.interface import Genesis, Moment, on, run_handlers
from daonode.modules.validators.events import ConsensusKeyRotated, ValidatorApproved, ValidatorEdited, WeightSet
from daonode.modules.validators.keys import PROPOSAL_COUNTS
from daonode.modules.validators.keys import VALIDATORS as STATE_VALIDATORS
from daonode.stores.rows import Row, ValidatorRow
from daonode.stores.tables import VALIDATORS, Table


class ValidatorsProjection:
    """Who makes blocks."""

    tables: Sequence[Table[Row]] = ()

    def begin(self, genesis: Genesis, draft: Draft) -> None:
        """The validators of the genesis document."""
        counts = PROPOSAL_COUNTS.get(genesis.state, None)
        counted = {} if counts is None else {each.validator: each for each in counts.counts}
        for validator, record in STATE_VALIDATORS.iterate(genesis.state):
            count = counted.get(validator)
            draft.put(
                VALIDATORS,
                ValidatorRow(
                    id=validator,
                    public_key=record.public_key,
                    power=record.power,
                    moniker=record.moniker,
                    payout_account=record.payout_account,
                    address=record.address,
                    proposed=0 if count is None else count.proposed,
                    missed=0 if count is None else count.failed,
                    last_proposed_height=0,
                ),
            )

    def project(self, block: DecodedBlock, draft: Draft) -> None:
        """Who proposed the block, whose rounds failed before it, and what validators say of themselves."""
        header = block.header
        row = draft.get(VALIDATORS, header.proposer)
        if row is not None:
            draft.put(VALIDATORS, replace(row, proposed=row.proposed + 1, last_proposed_height=header.height))
        for failed in header.failed_proposers:
            row = draft.get(VALIDATORS, failed)
            if row is not None:
                draft.put(VALIDATORS, replace(row, missed=row.missed + 1))
        run_handlers(_HANDLERS, draft, block)


def _on_edited(draft: Draft, _: Moment, event: ValidatorEdited) -> None:
    row = draft.get(VALIDATORS, event.validator)
    assert row is not None, "who is edited is a validator"
    draft.put(
        VALIDATORS,
        replace(row, payout_account=event.payout_account, moniker=event.moniker, address=event.address),
    )


def _on_approved(draft: Draft, _: Moment, event: ValidatorApproved) -> None:
    draft.put(
        VALIDATORS,
        ValidatorRow(
            id=event.validator,
            public_key=event.public_key,
            power=event.power,
            moniker=event.moniker,
            payout_account=event.payout_account,
            address="",
            proposed=0,
            missed=0,
            last_proposed_height=0,
        ),
    )


def _on_weight_set(draft: Draft, _: Moment, event: WeightSet) -> None:
    row = draft.get(VALIDATORS, event.validator)
    assert row is not None, "who has a weight is a validator"
    draft.put(VALIDATORS, replace(row, power=event.power))


def _on_key_rotated(draft: Draft, _: Moment, event: ConsensusKeyRotated) -> None:
    row = draft.get(VALIDATORS, event.validator)
    assert row is not None, "who has a key is a validator"
    draft.put(VALIDATORS, replace(row, public_key=event.public_key))


_HANDLERS: Final = dict(
    (
        on(ValidatorApproved, _on_approved),
        on(WeightSet, _on_weight_set),
        on(ConsensusKeyRotated, _on_key_rotated),
        on(ValidatorEdited, _on_edited),
    )
)
