"""What an operator has to know about the signer. Refusals to sign are no errors: see `signing.Refusal`."""

from __future__ import annotations

from pathlib import Path


class SignerError(Exception):
    """The root of the errors of `daonode.signer`; the text says what to do."""


class SafetyStateMissing(SignerError):
    """There is no safety state where this validator may have signed before."""

    def __init__(self, *, path: Path) -> None:
        super().__init__(
            f"{path} is missing, but this node has blocks, so its key may have signed. Restore the file from where "
            "the node ran last. Starting without it can sign twice in one round, which is punished; --force does so."
        )
        self.path = path


class SafetyStateDamaged(SignerError):
    """The file is not what a signer has written."""

    def __init__(self, *, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} is damaged: {reason}. Restore the file from where the node ran last; never delete it."
        )
        self.path = path
        self.reason = reason


class SafetyStateForeign(SignerError):
    """The file belongs to another key or chain."""

    def __init__(self, *, path: Path, field: str, expected: str, got: str) -> None:
        super().__init__(f"{path} belongs to {field} {got}, this node is configured with {expected}.")
        self.path = path
        self.field = field
        self.expected = expected
        self.got = got


class SignerLocked(SignerError):
    """Another process signs with this state."""

    def __init__(self, *, path: Path) -> None:
        super().__init__(f"another process holds {path}: the validator is running already. Stop it first.")
        self.path = path


class SafetyStateOutdated(SignerError):
    """The state is older than what has been signed with its key: to go on from it can be signing twice."""

    def __init__(self, *, statement: str, signed: int, remembered: int) -> None:
        super().__init__(
            f"the safety state is an old one: this node's blocks hold a {statement} of its key of round {signed}, and "
            f"the state knows of none after round {remembered}. The disk does not keep what is synced to it, or a copy "
            "was put back. Restore the newest file, or have the validator's consensus key changed; never go on with it."
        )
        self.statement = statement
        self.signed = signed
        self.remembered = remembered
