"""What senders do wrong here. Codes 7000 to 7999, never reused."""

from daonode.ledger.errors import NotFound, TransactionError
from daonode.primitives.addresses import encode_validator
from daonode.primitives.ids import ValidatorId


class UnknownValidator(NotFound):
    """No validator has this id."""

    code = 7000
    reason = "unknown_validator"

    def __init__(self, *, validator: ValidatorId) -> None:
        super().__init__(
            f"there is no validator {encode_validator(validator)}", hint="the query validators validators lists them"
        )
        self.validator = validator


class HiddenCharacter(TransactionError):
    """Text with a character that shows nothing, or makes other characters show in another order."""

    code = 7002
    reason = "hidden_character"

    def __init__(self, *, field: str, position: int, character: str) -> None:
        super().__init__(
            f"{field}: character {position + 1} is U+{ord(character):04X}",
            hint="leave out control, zero-width and direction characters",
        )
        self.field = field
        self.position = position
        self.character = character


class NodeKeyTaken(TransactionError):
    """The node of another validator proves itself with this key."""

    code = 7001
    reason = "node_key_taken"

    def __init__(self, *, validator: ValidatorId) -> None:
        super().__init__(
            f"that is the node key of {encode_validator(validator)}", hint="give the key of the validator's own node"
        )
        self.validator = validator


class ConsensusKeyTaken(TransactionError):
    """A validator has, or has had in a set that is still known, this consensus key."""

    code = 7003
    reason = "consensus_key_taken"

    def __init__(self, *, validator: ValidatorId) -> None:
        super().__init__(
            f"that is a consensus key of {encode_validator(validator)}", hint="make a new key for each validator"
        )
        self.validator = validator


class TooManyValidators(TransactionError):
    """There are as many validators as a chain may have, in the set or not."""

    code = 7004
    reason = "too_many_validators"

    def __init__(self, *, limit: int) -> None:
        super().__init__(f"there are {limit} validators already", hint="remove one first, and wait for the next epoch")
        self.limit = limit


class NotJailed(TransactionError):
    """A validator that is not in jail cannot be let out."""

    code = 7005
    reason = "not_jailed"

    def __init__(self, *, validator: ValidatorId) -> None:
        super().__init__(f"{encode_validator(validator)} is not in jail", hint="nothing keeps it from the next set")
        self.validator = validator


class StillJailed(TransactionError):
    """Its time in jail is not over."""

    code = 7006
    reason = "still_jailed"

    def __init__(self, *, validator: ValidatorId, until_ms: int, now_ms: int) -> None:
        super().__init__(
            f"{encode_validator(validator)} is in jail for another {until_ms - now_ms} ms", hint="ask again after that"
        )
        self.validator = validator
        self.until_ms = until_ms


class InvalidEvidence(TransactionError):
    """What was reported convicts nobody."""

    code = 7007
    reason = "invalid_evidence"


class EvidenceExpired(TransactionError):
    """The epoch of the evidence has been over for too long, or is none that is known."""

    code = 7008
    reason = "evidence_expired"

    def __init__(self, *, epoch: int) -> None:
        super().__init__(
            f"epoch {epoch} is none of those whose sets are kept", hint="evidence counts for a time after its epoch"
        )
        self.epoch = epoch


class AlreadyConvicted(TransactionError):
    """A validator is punished once for an epoch."""

    code = 7009
    reason = "already_convicted"

    def __init__(self, *, validator: ValidatorId, epoch: int) -> None:
        super().__init__(
            f"{encode_validator(validator)} was convicted for epoch {epoch}", hint="evidence of one epoch counts once"
        )
        self.validator = validator
        self.epoch = epoch


class ValidatorGone(TransactionError):
    """A validator that was removed says and does nothing more."""

    code = 7010
    reason = "validator_removed"

    def __init__(self, *, validator: ValidatorId) -> None:
        super().__init__(f"{encode_validator(validator)} was removed", hint="only a new approval makes it one again")
        self.validator = validator


class BondTooSmall(TransactionError):
    """More is asked back than is bonded, or nothing."""

    code = 7011
    reason = "bond_too_small"

    def __init__(self, *, validator: ValidatorId, bonded: int, asked: int) -> None:
        super().__init__(
            f"{encode_validator(validator)} has bonded {bonded}, {asked} is asked back",
            hint=f"ask for 1 to {bonded}" if bonded else "there is nothing to ask for",
        )
        self.validator = validator
        self.bonded = bonded
        self.asked = asked


class TooManyReturns(TransactionError):
    """So many parts of a bond are on their way back already."""

    code = 7012
    reason = "too_many_returns"

    def __init__(self, *, validator: ValidatorId, limit: int) -> None:
        super().__init__(
            f"{limit} parts of the bond of {encode_validator(validator)} are on their way back already",
            hint="wait until the first of them is paid",
        )
        self.validator = validator
        self.limit = limit
