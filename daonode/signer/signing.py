"""Judge, persist, sign: the order that a crash at any point cannot break.

`LocalSigner.prepare` is pure but for what it remembers in memory; `sign` persists what was prepared before it returns
the signature. A simulation drives the two apart to crash between them. Knows no file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from daonode.consensus.errors import Clause, PeerError, SafetyViolation
from daonode.consensus.requests import SignRequest
from daonode.consensus.safety import SafetyState, decide, observe, remember
from daonode.consensus.statements import signing_bytes
from daonode.consensus.verification import Verifier
from daonode.primitives.ids import Signature


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing was signed. `clause` is the rule's clause; None when the request itself was invalid."""

    reason: str
    clause: Clause | None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A signature that may leave once `state` is durable. `state` is None when it is so already."""

    signature: Signature
    state: SafetyState | None


class Signer(Protocol):
    """Whoever holds a validator's key."""

    @property
    def safety(self) -> SafetyState:
        """The state as it was last persisted."""

    def sign(self, request: SignRequest) -> Signature | Refusal:
        """Sign the request's statement if the rules allow it; durable before it returns."""


class LocalSigner:
    """A signer over a key and a place to persist to, both given as functions.

    `sign_bytes` signs with the consensus key; `persist` returns once the state is durable, and raises otherwise.
    """

    def __init__(
        self,
        *,
        safety: SafetyState,
        verifier: Verifier,
        sign_bytes: Callable[[bytes], Signature],
        persist: Callable[[SafetyState], None],
    ) -> None:
        self._persisted = safety
        # Certificates seen in refused requests count too; a restart may forget those (`safety.observe`).
        self._seen = safety
        self._verifier = verifier
        self._sign_bytes = sign_bytes
        self._persist = persist

    @property
    def safety(self) -> SafetyState:
        """The state as it was last persisted."""
        return self._persisted

    def prepare(self, request: SignRequest) -> Prepared | Refusal:
        """Verify the certificates, then apply the rules. Nothing is durable yet."""
        try:
            self._verifier.check_request(request)
        except PeerError as error:
            return Refusal(reason=str(error), clause=None)
        self._seen = observe(self._seen, request)
        try:
            decision = decide(self._seen, request)
        except SafetyViolation as violation:
            return Refusal(reason=str(violation), clause=violation.clause)
        if decision.stored is not None:
            return Prepared(decision.stored, None)
        signature = self._sign_bytes(signing_bytes(decision.statement))
        return Prepared(signature, remember(decision, signature))

    def confirm(self, prepared: Prepared) -> Signature:
        """Make the state durable; the signature may leave."""
        if prepared.state is not None:
            self._persist(prepared.state)
            self._persisted = self._seen = prepared.state
        return prepared.signature

    def sign(self, request: SignRequest) -> Signature | Refusal:
        """Sign the request's statement if the rules allow it; durable before it returns."""
        prepared = self.prepare(request)
        return prepared if isinstance(prepared, Refusal) else self.confirm(prepared)
