"""What must be durable before what, with one step removed, late or out of order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from msgspec.structs import replace as replace_record

from daonode.consensus import safety
from daonode.consensus.effects import Commit
from daonode.consensus.safety import SafetyState
from daonode.consensus.types import Block, QuorumCertificate, TimeoutCertificate
from daonode.primitives.ids import Signature
from daonode.replica.effects import Committed, Effect, Persist, Store
from daonode.replica.events import Event
from daonode.replica.replica import Replica
from daonode.signer.signing import LocalSigner, Prepared
from daonode.testing.mutants.mutant import Mutant, patched, replacing

_persist_block = Replica._persist_block
_commit = Replica._commit
_step = Replica.step
_confirm = LocalSigner.confirm
_observe_certificates = safety.observe_certificates


def _sign_without_disk(self: LocalSigner, prepared: Prepared) -> Signature:
    if prepared.state is not None:
        self._persisted = self._seen = prepared.state
    return prepared.signature


def _sign_before_disk(self: LocalSigner, prepared: Prepared) -> Signature:
    """The state becomes durable with the next signature."""
    if prepared.state is not None:
        self._persist(self._persisted)
        self._persisted = self._seen = prepared.state
    return prepared.signature


def _without_certificates(state: SafetyState, qc: QuorumCertificate, tc: TimeoutCertificate | None) -> SafetyState:
    seen = _observe_certificates(state, qc, tc)
    return replace_record(seen, high_qc=state.high_qc, highest_tc=state.highest_tc)


def _persist_own_block(self: Replica, block: Block) -> None:
    if block.header.proposer == self.own_validator:
        _persist_block(self, block)


def _persist_other_block(self: Replica, block: Block) -> None:
    if block.header.proposer != self.own_validator:
        _persist_block(self, block)


def _persist_block_unsynced(self: Replica, block: Block) -> None:
    _persist_block(self, block)
    self._effects[-1] = _unsynced(self._effects[-1])


def _commit_unsynced(self: Replica, effect: Commit) -> None:
    start = len(self._effects)
    _commit(self, effect)
    self._effects[start:] = [_unsynced(effect) for effect in self._effects[start:]]


def _unsynced(effect: Effect) -> Effect:
    return replace(effect, sync=False) if isinstance(effect, Persist) else effect


def _commit_reported_first(self: Replica, effect: Commit) -> None:
    start = len(self._effects)
    _commit(self, effect)
    self._effects[start:] = sorted(self._effects[start:], key=lambda effect: not isinstance(effect, Committed))


@contextmanager
def _late_blocks() -> Iterator[None]:
    """A block is written one step late, so after the vote for it."""
    held: dict[Replica, tuple[Effect, ...]] = {}

    def step(self: Replica, event: Event) -> tuple[Effect, ...]:
        effects = _step(self, event)
        late = tuple(effect for effect in effects if isinstance(effect, Persist) and effect.store is Store.BLOCKS)
        before, held[self] = held.get(self, ()), late
        return (*(effect for effect in effects if effect not in late), *before)

    with patched(Replica, "step", step):
        yield


MUTANTS = (
    Mutant(
        "sign-without-disk",
        "the safety state is persisted before a signature leaves",
        ("faults",),
        replacing(LocalSigner, "confirm", _sign_without_disk),
    ),
    Mutant(
        "sign-before-disk",
        "the safety state is persisted before, not after, a signature leaves",
        ("faults",),
        replacing(LocalSigner, "confirm", _sign_before_disk),
    ),
    Mutant(
        "forget-certificates",
        "the safety state keeps high_qc and highest_tc",
        ("faults", "unfair"),
        replacing(safety, "observe_certificates", _without_certificates),
    ),
    Mutant(
        "vote-without-block",
        "before VOTE(B) leaves, B is durable",
        ("faults",),
        replacing(Replica, "_persist_block", _persist_own_block),
    ),
    Mutant(
        "propose-without-block",
        "before a proposal leaves, its block is durable",
        ("faults",),
        replacing(Replica, "_persist_block", _persist_other_block),
    ),
    Mutant(
        "vote-with-unsynced-block",
        "before VOTE(B) leaves, B is synced",
        ("faults",),
        replacing(Replica, "_persist_block", _persist_block_unsynced),
    ),
    Mutant(
        "vote-before-block",
        "before, not after, VOTE(B) leaves, B is durable",
        ("faults",),
        _late_blocks,
    ),
    Mutant(
        "report-before-commit",
        "a commit is reported after its batch is written",
        ("faults",),
        replacing(Replica, "_commit", _commit_reported_first),
    ),
    Mutant(
        "report-unsynced-commit",
        "a commit is reported after its batch is synced",
        ("faults",),
        replacing(Replica, "_commit", _commit_unsynced),
    ),
)
