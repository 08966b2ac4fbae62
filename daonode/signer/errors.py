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
