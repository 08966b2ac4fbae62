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


class NodeKeyTaken(TransactionError):
    """The node of another validator proves itself with this key."""

    code = 7001
    reason = "node_key_taken"

    def __init__(self, *, validator: ValidatorId) -> None:
        super().__init__(
            f"that is the node key of {encode_validator(validator)}", hint="give the key of the validator's own node"
        )
        self.validator = validator
