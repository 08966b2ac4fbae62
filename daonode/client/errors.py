"""The errors of this package, by what a caller does about them: keys, files, the node's answers, proofs.

Every error of a kind has one class, so that an exit code can be chosen by class. Secrets stand in no message.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from daonode.primitives.ids import TxId
from daonode.primitives.json_form import Json

NOT_FOUND_CODE: Final = -32001
UNAVAILABLE_CODE: Final = -32002
REJECTED_CODE: Final = -32003
STORE_DAMAGED_CODE: Final = -32006


class ClientError(Exception):
    """Root of the client's errors. `hint` says what would be right, where the text does not."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class KeyFault(ClientError):
    """Root of what is wrong with a key, its file or its password."""


class WrongPassword(KeyFault):
    """The password does not open the key file, or the file was altered: one cannot be told from the other."""


class PasswordNeeded(KeyFault):
    """The key file is encrypted, and no password was given."""


class UnknownKey(KeyFault):
    """No key of that name is kept."""


class KeyExists(KeyFault):
    """A key of that name is kept already; it is never overwritten."""


class InvalidKeyName(KeyFault):
    """The text cannot be the name of a key."""


class InvalidKey(KeyFault):
    """Words, entropy, password or account number cannot be used for a key."""


class DamagedKeyFile(KeyFault):
    """A key file is not what this version writes, or contradicts itself; `path` is the file."""

    def __init__(self, message: str, *, path: Path, hint: str = "") -> None:
        super().__init__(f"{path}: {message}", hint=hint)
        self.path = path


class ExposedKeyFile(KeyFault):
    """Others than its owner can read or write a key file; `path` is the file, the hint the command that repairs it."""

    def __init__(self, *, path: Path, mode: int) -> None:
        super().__init__(f"{path} has mode {mode:04o}: others can read or write it", hint=f"run: chmod 600 {path}")
        self.path = path
        self.mode = mode


class WeakKeyFile(KeyFault):
    """A key file whose password costs a thief too little to guess: it is not opened."""


class AgentFault(KeyFault):
    """The key agent cannot be started, asked or trusted, or refused; the text says which."""


class InvalidTransaction(ClientError):
    """A transaction that cannot be built, signed or combined as asked."""


class FileFormatError(ClientError):
    """A file that people edit is not of its form: `place` is where in the file, `reason` what was wrong."""

    def __init__(self, *, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.place = place
        self.reason = reason


class InvalidUrl(ClientError):
    """A text cannot be the address of a node."""

    def __init__(self, *, url: str) -> None:
        super().__init__(f"{url!r:.80} is no URL of a node; expected http://host:port or https://host:port")


class Unreachable(ClientError):
    """No node could be asked; nothing was done. `url` is the last one tried."""

    def __init__(
        self, message: str, *, url: str, hint: str = "is the node running, and is this its RPC address?"
    ) -> None:
        super().__init__(message, hint=hint)
        self.url = url


class Unanswered(Unreachable):
    """A call was sent, and no answer came: whether it had an effect is not known. `url` is where it was sent."""

    def __init__(self, message: str, *, url: str) -> None:
        super().__init__(message, url=url, hint="the node may be slow or gone: ask again")


class BadAnswer(ClientError):
    """What answered is no node of this version: its answer has not the form that was expected."""


class RpcError(ClientError):
    """A node refused. `code` is the JSON-RPC code, `reason` a stable word, `retryable` that trying again may help."""

    def __init__(
        self, message: str, *, code: int, reason: str = "", hint: str = "", retryable: bool = False, data: Json = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.reason = reason
        self.retryable = retryable
        self.data = data


class NotFound(RpcError):
    """What was asked for does not exist on the chain, or not yet."""


class Unavailable(RpcError):
    """The node cannot answer, for example because it is catching up or its store is damaged."""


class Rejected(RpcError):
    """A transaction was refused before inclusion: it is in no block. `application_code` is the ledger's or module's."""

    @property
    def application_code(self) -> int | None:
        """The code by which the ledger or a module refused it, None where the node gave none."""
        code = self.data.get("code") if isinstance(self.data, dict) else None
        return code if isinstance(code, int) else None


class OutcomeUnknown(ClientError):
    """Time ran out after a transaction was sent: it may be committed, now or later. `tx_id` is what to ask for."""

    def __init__(self, message: str, *, tx_id: TxId) -> None:
        super().__init__(message, hint=f"ask again: daonode tx wait 0x{tx_id.hex()}")
        self.tx_id = tx_id


class ProofError(ClientError):
    """What a node answered is not proven by what it gave as proof. The text says what did not match."""


class FinalityNotProven(ProofError):
    """A header is not shown to be committed by this chain's validators."""


class ReceiptNotProven(ProofError):
    """A receipt is not shown to be one of the block's."""


class StateNotProven(ProofError):
    """A key is not shown to have that value, or none, after the block."""
