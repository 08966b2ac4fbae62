"""The safety state in a file of its own, apart from the block store.

It holds the validator set of its epoch, so the signer needs nobody's word for who may end it.

The file: `MAGIC`, the SHA-256 of the rest, the canonical encoding of `SafetyState`. It is replaced whole: written
beside, fsync, rename, fsync of the directory. A lock file keeps a second process away for as long as the signer lives.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from daonode.consensus.epochs import EpochChange
from daonode.consensus.requests import SignRequest
from daonode.consensus.safety import SafetyState, initial_safety_state
from daonode.consensus.types import QuorumCertificate, ValidatorSet
from daonode.primitives.codec import DecodeError, decode, encode
from daonode.primitives.hashing import sha256
from daonode.primitives.ids import ChainId, PublicKey, Signature
from daonode.primitives.signatures import public_key_of, signing_function
from daonode.signer.errors import SafetyStateDamaged, SafetyStateForeign, SafetyStateMissing, SignerLocked
from daonode.signer.signing import LocalSigner, Refusal

MAGIC = b"daonode safety state 2\n"
DIGEST_BYTES = 32
MAX_FILE_BYTES = 4 * 1024 * 1024
"""Far above the state with its two certificates in the largest set."""


class FileSigner:
    """A signer whose state is a file; made by `open_signer`, ended by `close`."""

    def __init__(self, local: LocalSigner, lock: IO[bytes]) -> None:
        self._local = local
        self._lock = lock

    @property
    def safety(self) -> SafetyState:
        """The state as it was last persisted."""
        return self._local.safety

    @property
    def keys(self) -> tuple[PublicKey, ...]:
        """The consensus keys that it can sign with."""
        return self._local.keys

    def sign(self, request: SignRequest) -> Signature | Refusal:
        """Sign the request's statement if the rules allow it; on disk before it returns, else `OSError`."""
        return self._local.sign(request)

    def enter_epoch(self, change: EpochChange) -> Refusal | None:
        """Go on to the epoch that a change proves to have begun; on disk before it returns, else `OSError`."""
        return self._local.enter_epoch(change)

    def close(self) -> None:
        """Let another process sign."""
        self._lock.close()


def open_signer(
    path: Path,
    key_seeds: Sequence[bytes],
    chain_id: ChainId,
    validators: ValidatorSet,
    *,
    genesis_qc: QuorumCertificate,
    create: bool,
) -> FileSigner:
    """Lock and load the safety state at `path`; with `create`, begin one where none is, in the epoch of `validators`.

    `key_seeds`, 32 bytes each, are the consensus key and, if it is to be changed, the one after it. Pass `create` only
    for a node that has never signed (its block store is empty) or when the operator forces it. Raises `SignerLocked`,
    `SafetyStateMissing`, `SafetyStateDamaged`, `SafetyStateForeign`.
    """
    lock = _lock(path)
    try:
        keys = {public_key_of(seed): signing_function(seed) for seed in key_seeds}
        safety = _load(path)
        if safety is None:
            if not create:
                raise SafetyStateMissing(path=path)
            safety = initial_safety_state(
                chain_id=chain_id, public_key=next(iter(keys)), validators=validators, genesis_qc=genesis_qc
            )
            write_safety_state(path, safety)
        _check_owner(path, safety, chain_id=chain_id, public_keys=tuple(keys))
    except BaseException:
        lock.close()
        raise
    local = LocalSigner(safety=safety, keys=keys, persist=lambda state: write_safety_state(path, state))
    return FileSigner(local, lock)


def read_safety_state(path: Path) -> SafetyState:
    """The state that a signer has left at `path`, for looking at it; takes no lock and makes no signer.

    Raises `SafetyStateMissing`, `SafetyStateDamaged`.
    """
    safety = _load(path)
    if safety is None:
        raise SafetyStateMissing(path=path)
    return safety


def write_safety_state(path: Path, safety: SafetyState) -> None:
    """Replace the file so that a crash at any point leaves the old state or the new one; durable on return."""
    body = encode(safety)
    beside = path.with_name(path.name + ".new")
    with beside.open("wb") as file:
        file.write(MAGIC + sha256(body) + body)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _lock(path: Path) -> IO[bytes]:
    path.parent.mkdir(parents=True, exist_ok=True)
    lock_path = path.with_name(path.name + ".lock")
    # Kept open beyond this function: the lock lives as long as the file object.
    lock = lock_path.open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise SignerLocked(path=lock_path) from None
    return lock


def _load(path: Path) -> SafetyState | None:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    if not content.startswith(MAGIC):
        raise SafetyStateDamaged(path=path, reason="it does not begin as a safety state of this version does")
    digest, body = content[len(MAGIC) :][:DIGEST_BYTES], content[len(MAGIC) + DIGEST_BYTES :]
    if digest != sha256(body):
        raise SafetyStateDamaged(path=path, reason="its content does not match its digest")
    try:
        return decode(body, SafetyState, max_bytes=MAX_FILE_BYTES)
    except DecodeError as error:
        raise SafetyStateDamaged(path=path, reason=error.reason) from error


def _check_owner(path: Path, safety: SafetyState, *, chain_id: ChainId, public_keys: tuple[PublicKey, ...]) -> None:
    if safety.public_key not in public_keys:
        expected = " or ".join(key.hex() for key in public_keys)
        raise SafetyStateForeign(path=path, field="the consensus key", expected=expected, got=safety.public_key.hex())
    if safety.chain_id != chain_id:
        raise SafetyStateForeign(path=path, field="chain", expected=chain_id, got=safety.chain_id)
