"""One function for each message: who may, then what the keeper does."""

from collections.abc import Mapping

from msgspec.structs import replace

from daonode.ledger.context import Context
from daonode.ledger.errors import Unauthorised
from daonode.ledger.module import Handler
from daonode.ledger.origins import ROOT_ADDRESS
from daonode.ledger.typed import handles
from daonode.modules.validators.court import Court
from daonode.modules.validators.errors import (
    HiddenCharacter,
    NotJailed,
    StillJailed,
    ValidatorGone,
)
from daonode.modules.validators.events import (
    CandidateStood,
    ConsensusKeyRotated,
    ValidatorApproved,
    ValidatorLeft,
    ValidatorRemoved,
    ValidatorUnjailed,
    WeightSet,
)
from daonode.modules.validators.keeper import ValidatorsKeeper
from daonode.modules.validators.messages import (
    Approve,
    Bond,
    Candidate,
    EditValidator,
    Leave,
    Remove,
    ReportEvidence,
    RotateConsensusKey,
    SetWeight,
    Unbond,
    Unjail,
)
from daonode.modules.validators.types import ValidatorRecord, validator_id
from daonode.primitives.addresses import encode_account, encode_validator
from daonode.primitives.codec import Record
from daonode.primitives.hidden_text import find_hidden
from daonode.primitives.ids import ValidatorId


class Handlers:
    """The messages of this module."""

    def __init__(self, keeper: ValidatorsKeeper, court: Court) -> None:
        self._keeper = keeper
        self._court = court

    def by_type(self) -> Mapping[type[Record], Handler]:
        """Return each message type with what applies it."""
        return {
            Approve: handles(Approve, self.approve),
            Bond: handles(Bond, self.bond),
            Candidate: handles(Candidate, self.candidate),
            EditValidator: handles(EditValidator, self.edit_validator),
            Leave: handles(Leave, self.leave),
            Remove: handles(Remove, self.remove),
            ReportEvidence: handles(ReportEvidence, self.report_evidence),
            RotateConsensusKey: handles(RotateConsensusKey, self.rotate_consensus_key),
            SetWeight: handles(SetWeight, self.set_weight),
            Unbond: handles(Unbond, self.unbond),
            Unjail: handles(Unjail, self.unjail),
        }

    # Decisions of the whole DAO.

    def approve(self, context: Context, message: Approve) -> None:
        """The DAO lets an account run a validator, which waits for that account to stand as a candidate."""
        _require_root(context)
        _check_shown(moniker=message.moniker)
        validator = validator_id(message.public_key)
        record = ValidatorRecord(
            public_key=message.public_key,
            power=message.power,
            payout_account=message.payout_account,
            moniker=message.moniker,
            node_key=None,
            address="",
            is_willing=False,
        )
        self._keeper.approve(context, validator, record)
        context.emit(
            ValidatorApproved(
                validator=validator,
                public_key=message.public_key,
                power=message.power,
                payout_account=message.payout_account,
                moniker=message.moniker,
            )
        )

    def remove(self, context: Context, message: Remove) -> None:
        """The DAO wants a validator in no further set; its bond is on its way back."""
        _require_root(context)
        record = self._known(context, message.validator)
        self._keeper.store(context, message.validator, replace(record, is_removed=True))
        self._keeper.bonds.unbond_all(context, message.validator, account=record.payout_account)
        context.emit(ValidatorRemoved(validator=message.validator))

    def set_weight(self, context: Context, message: SetWeight) -> None:
        """The DAO gives a validator another weight."""
        _require_root(context)
        record = self._known(context, message.validator)
        self._keeper.store(context, message.validator, replace(record, power=message.power))
        context.emit(WeightSet(validator=message.validator, power=message.power))

    # What a validator wants.

    def edit_validator(self, context: Context, message: EditValidator) -> None:
        """The payout account replaces what its validator says of itself."""
        record = self._own(context, message.validator)
        _check_shown(moniker=message.moniker, address=message.address)
        edited = replace(
            record,
            payout_account=message.payout_account,
            moniker=message.moniker,
            node_key=message.node_key,
            address=message.address,
        )
        self._keeper.edit(context, message.validator, edited)

    def candidate(self, context: Context, message: Candidate) -> None:
        """A validator wants to be in the next set."""
        record = self._own(context, message.validator)
        _check_shown(address=message.address)
        edited = replace(record, node_key=message.node_key, address=message.address, is_willing=True)
        self._keeper.edit(context, message.validator, edited)
        context.emit(CandidateStood(validator=message.validator))

    def leave(self, context: Context, message: Leave) -> None:
        """A validator wants to be in no further set."""
        record = self._own(context, message.validator)
        self._keeper.store(context, message.validator, replace(record, is_willing=False))
        context.emit(ValidatorLeft(validator=message.validator))

    def rotate_consensus_key(self, context: Context, message: RotateConsensusKey) -> None:
        """A validator signs with another key from the next set on."""
        record = self._own(context, message.validator)
        self._keeper.check_key_is_free(context.state, message.public_key)
        self._keeper.store(context, message.validator, replace(record, public_key=message.public_key))
        context.emit(ConsensusKeyRotated(validator=message.validator, public_key=message.public_key))

    def bond(self, context: Context, message: Bond) -> None:
        """A validator puts up more."""
        record = self._own(context, message.validator)
        self._keeper.bonds.bond(context, message.validator, source=record.payout_account, amount=message.amount)

    def unbond(self, context: Context, message: Unbond) -> None:
        """A validator wants a part of its bond back."""
        record = self._own(context, message.validator)
        self._keeper.bonds.unbond(context, message.validator, account=record.payout_account, amount=message.amount)

    def unjail(self, context: Context, message: Unjail) -> None:
        """A validator that has served its time wants to be in the next set."""
        record, now_ms = self._own(context, message.validator), context.block.time_ms
        if record.jailed_until is None:
            raise NotJailed(validator=message.validator)
        if now_ms < record.jailed_until:
            raise StillJailed(validator=message.validator, until_ms=record.jailed_until, now_ms=now_ms)
        self._keeper.store(context, message.validator, replace(record, jailed_until=None))
        self._keeper.forget_absence(context, message.validator)
        context.emit(ValidatorUnjailed(validator=message.validator))

    # What anyone may show.

    def report_evidence(self, context: Context, message: ReportEvidence) -> None:
        """Convict a validator by two statements, by the key that it had in their epoch."""
        self._court.convict(context, message, reporter=context.sender)

    # Leaves.

    def _known(self, context: Context, validator: ValidatorId) -> ValidatorRecord:
        record = self._keeper.validator(context.state, validator)
        if record.is_removed:
            raise ValidatorGone(validator=validator)
        return record

    def _own(self, context: Context, validator: ValidatorId) -> ValidatorRecord:
        record = self._known(context, validator)
        if context.caller != record.payout_account:
            raise Unauthorised(
                f"only the payout account of {encode_validator(validator)} may speak for it",
                hint=f"send from {encode_account(record.payout_account)}",
            )
        return record


def _require_root(context: Context) -> None:
    if context.caller != ROOT_ADDRESS:
        raise Unauthorised(
            "who may validate is decided by the whole DAO", hint="propose it on the track with the origin root"
        )


def _check_shown(**texts: str) -> None:
    for field, text in texts.items():
        position = find_hidden(text)
        if position is not None:
            raise HiddenCharacter(field=field, position=position, character=text[position])
