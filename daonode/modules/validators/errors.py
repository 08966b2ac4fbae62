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
