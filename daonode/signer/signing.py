"""Judge, persist, sign: the order that a crash at any point cannot break.

`LocalSigner.prepare` is pure but for what it remembers in memory; `sign` persists what was prepared before it returns
the signature. A simulation drives the two apart to crash between them. The state begins anew with each epoch, and only
on a proof that the one before is over, judged here by its set. Knows no file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from msgspec.structs import replace

from daonode.consensus.certificates import genesis_certificate
from daonode.consensus.epochs import EpochChange, check_epoch_change
from daonode.consensus.errors import Clause, PeerError, SafetyViolation
from daonode.consensus.requests import SignRequest
from daonode.consensus.safety import SafetyState, decide, initial_safety_state, observe, remember
from daonode.consensus.statements import signing_bytes
from daonode.consensus.types import ValidatorSet
from daonode.consensus.verification import SignatureCheck, Verifier
from daonode.primitives.ids import PublicKey, Signature
from daonode.primitives.signatures import verify

SignFunction = Callable[[bytes], Signature]
"""Signs bytes with one consensus key."""


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

    @property
    def keys(self) -> tuple[PublicKey, ...]:
        """The consensus keys that it can sign with."""

    def sign(self, request: SignRequest) -> Signature | Refusal:
        """Sign the request's statement if the rules allow it; durable before it returns."""

    def enter_epoch(self, change: EpochChange) -> Refusal | None:
        """Go on to the epoch that a change proves to have begun; durable before it returns. A past one does nothing."""


class LocalSigner:
    """A signer over keys and a place to persist to, all given as functions.

    `keys` are this validator's: that of its state and, where it is to be changed, the one after it; in each epoch it
    signs with the one that is in the set. `persist` returns once the state is durable, and raises otherwise.
    """

    def __init__(
        self,
        *,
        safety: SafetyState,
        keys: Mapping[PublicKey, SignFunction],
        persist: Callable[[SafetyState], None],
        check_signature: SignatureCheck = verify,
    ) -> None:
        assert safety.public_key in keys, "the state is that of one of the keys"
        self._keys = keys
        # An epoch that began with a key which this signer did not have yet left the state with the one before.
        self._persisted = replace(safety, public_key=self._key_in(safety.validators, otherwise=safety.public_key))
        # Certificates seen in refused requests count too; a restart may forget those (`safety.observe`).
        self._seen = self._persisted
        self._verifier = Verifier(
            chain_id=safety.chain_id,
            validators=safety.validators,
            genesis_qc=safety.genesis_qc,
            check_signature=check_signature,
        )
        self._persist = persist

    @property
    def safety(self) -> SafetyState:
        """The state as it was last persisted."""
        return self._persisted

    @property
    def keys(self) -> tuple[PublicKey, ...]:
        """The consensus keys that it can sign with."""
        return tuple(self._keys)

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
        signature = self._keys[self._seen.public_key](signing_bytes(decision.statement))
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

    def enter_epoch(self, change: EpochChange) -> Refusal | None:
        """Begin a new state for the epoch that a change proves to have begun; durable before it returns.

        An epoch that was entered before changes nothing. Refused where the change does not follow from the set of the
        epoch that the state is of.
        """
        before = self._persisted
        if change.header.epoch < before.epoch:
            return None
        try:
            check_epoch_change(change, self._verifier)
        except PeerError as error:
            return Refusal(reason=str(error), clause=None)
        genesis_qc = genesis_certificate(change.header)
        state = initial_safety_state(
            chain_id=before.chain_id,
            public_key=self._key_in(change.validators, otherwise=before.public_key),
            validators=change.validators,
            genesis_qc=genesis_qc,
        )
        self._persist(state)
        self._persisted = self._seen = state
        self._verifier.enter_epoch(change.validators, genesis_qc)
        return None

    def _key_in(self, validators: ValidatorSet, *, otherwise: PublicKey) -> PublicKey:
        """The key of ours that is in a set; another one where none is."""
        members = [each.public_key for each in validators.validators if each.public_key in self._keys]
        return members[0] if members else otherwise
