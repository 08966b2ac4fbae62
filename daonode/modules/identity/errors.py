"""What senders do wrong here. Codes 5000 to 5999, never reused."""

from daonode.ledger.errors import TransactionError
from daonode.primitives.addresses import encode_account
from daonode.primitives.ids import Address


class AlreadyMember(TransactionError):
    """The account is a member."""

    code = 5000
    reason = "already_member"

    def __init__(self, *, account: Address) -> None:
        super().__init__(f"{encode_account(account)} is a member already", hint="register another account")
        self.account = account


class NotAMember(TransactionError):
    """The account is no member, or no longer one."""

    code = 5001
    reason = "not_a_member"

    def __init__(self, *, account: Address) -> None:
        super().__init__(f"{encode_account(account)} is not a member", hint="the query identity members lists who is")
        self.account = account


class NotARegistrar(TransactionError):
    """The caller may not register or remove members."""

    code = 5002
    reason = "not_a_registrar"

    def __init__(self, *, account: Address) -> None:
        super().__init__(
            f"{encode_account(account)} is not an active registrar",
            hint="ask a registrar: the query identity registrars lists them",
        )
        self.account = account


class UnreadableText(TransactionError):
    """Text with a character that shows nothing, or makes other characters show in another order."""

    code = 5003
    reason = "unreadable_text"

    def __init__(self, *, field: str, position: int, character: str) -> None:
        super().__init__(
            f"{field}: character {position + 1} is U+{ord(character):04X}",
            hint="leave out control and direction characters, and spaces at either end",
        )
        self.field = field
        self.position = position
        self.character = character
