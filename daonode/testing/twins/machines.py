"""One replica of a scenario: the product's core and rules, a trivial ledger, and what it keeps when it restarts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from daonode.consensus import safety
from daonode.consensus.config import ConsensusConfig
from daonode.consensus.core import Core
from daonode.consensus.effects import (
    Broadcast,
    Build,
    CancelTimer,
    Commit,
    Effect,
    Execute,
    Fetch,
    Halt,
    PersistBlock,
    ReportEvidence,
    Send,
    SetTimer,
    Sign,
)
from daonode.consensus.errors import SafetyViolation
from daonode.consensus.events import BlockBuilt, BlockExecuted, BlocksFetched, Event, Signed, SignRefused
from daonode.consensus.leaders import LeaderSchedule
from daonode.consensus.messages import ConsensusMessage
from daonode.consensus.safety import SafetyState
from daonode.consensus.statements import Statement
from daonode.consensus.tree import BlockTree
from daonode.consensus.types import (
    EMPTY_DIGEST,
    HEADER_VERSION,
    Block,
    CommitProof,
    Header,
    QuorumCertificate,
    TimeoutCertificate,
    Validator,
    ValidatorSet,
)
from daonode.primitives.ids import BlockId, ChainId, Hash, PublicKey, Signature, ValidatorId
from daonode.testing.broken import NO_HALT, InvariantBroken

CHAIN_ID = ChainId("daonode:twins")
NOW_MS = 1_000_000
"""Time stands still: a round ends when nothing more is said in it."""
SIGNATURE = Signature(bytes(64))
"""Everyone's, over everything: nobody forges here."""
SET_DIGEST = Hash(b"\x01" * 32)
CONFIG = ConsensusConfig(chain_id=CHAIN_ID, empty_payload_digest=EMPTY_DIGEST, min_block_interval_ms=0)


@dataclass(frozen=True, slots=True)
class Memory:
    """What a replica keeps. `blocks` are the durable ones above the root, parents first; `chain` what it committed."""

    safety: SafetyState
    chain: tuple[Block, ...]
    proof: CommitProof | None
    blocks: tuple[Block, ...]


class OneLeader(LeaderSchedule):
    """Whoever the scenario names leads every round."""

    def __init__(self, leader: ValidatorId, *, validators: ValidatorSet, tree: BlockTree) -> None:
        super().__init__(chain_id=CHAIN_ID, validators=validators, tree=tree)
        self._only = leader

    def leader(self, round_: int, *, extends: BlockId) -> ValidatorId | None:
        """The one, where the block is known."""
        return None if super().leader(round_, extends=extends) is None else self._only

    def failed_proposers(self, *, round_: int, qc_round: int, extends: BlockId) -> tuple[ValidatorId, ...]:
        """Nobody is said to have failed: who leads depends on nothing."""
        return ()


class Surroundings(Protocol):
    """What a machine needs of the round that it is part of."""

    def find(self, place: int, block_id: BlockId, *, above_height: int) -> tuple[Block, ...]:
        """The blocks that lead to one, from whoever on the machine's side has them."""

    def on_signed(self, place: int, statement: Statement) -> None:
        """A machine has signed something new."""

    def on_evidence(self, place: int, evidence: ReportEvidence) -> None:
        """A machine convicts a validator."""


class Machine:
    """A replica of validator `member` in one round, at a place of its own."""

    def __init__(
        self,
        place: int,
        member: int,
        memory: Memory,
        *,
        leader: int,
        around: Surroundings,
    ) -> None:
        validators = memory.safety.validators
        self.place, self.member = place, member
        self.id = validators.validators[member].id
        self.safety = memory.safety
        self.chain = list(memory.chain)
        self.proof = memory.proof
        self.blocks = {block.header.id(): block for block in memory.blocks}
        self.outbox: list[tuple[ConsensusMessage, ValidatorId | None]] = []
        """What is to be sent, to one validator or (None) to all."""
        self._seen = memory.safety
        self._around = around
        self._has_proposed = False
        self.core = Core(
            CONFIG,
            validators=validators,
            own=self.id,
            safety=memory.safety,
            root=self.root,
            root_proof=memory.proof,
            uncommitted=memory.blocks,
        )
        # A scenario says who leads; this is the one place that looks into the core for it.
        state = self.core._state
        state.leaders = OneLeader(validators.validators[leader].id, validators=validators, tree=state.tree)

    @property
    def root(self) -> Header:
        """The header of its committed tip."""
        return self.chain[-1].header

    @property
    def memory(self) -> Memory:
        """What is left of it after a restart."""
        above = [block for block in self.blocks.values() if block.header.round > self.root.round]
        ordered = tuple(sorted(above, key=lambda block: (block.header.height, block.header.round, block.header.id())))
        return Memory(self.safety, tuple(self.chain), self.proof, ordered)

    def step(self, event: Event) -> None:
        """Step the core until it has nothing more to say; what is to be sent waits in `outbox`."""
        queue = [event]
        while queue:
            for effect in self.core.step(queue.pop(0)):
                answer = self._carry_out(effect)
                if answer is not None:
                    queue.append(answer)

    def _carry_out(self, effect: Effect) -> Event | None:
        match effect:
            case Build():
                return self._build(effect)
            case Execute():
                return BlockExecuted(NOW_MS, effect.block.header.id(), None)
            case PersistBlock():
                self.blocks[effect.block.header.id()] = effect.block
            case Sign():
                return self._sign(effect)
            case Commit():
                self.chain.extend(effect.blocks)
                self.proof = effect.proof
            case Send():
                self.outbox.append((effect.message, effect.to))
            case Broadcast():
                self.outbox.append((effect.message, None))
            case Fetch():
                blocks = self._around.find(self.place, effect.block_id, above_height=self.root.height)
                return BlocksFetched(NOW_MS, blocks, None) if blocks else None
            case ReportEvidence():
                self._around.on_evidence(self.place, effect)
            case Halt():
                raise InvariantBroken(NO_HALT, f"validator {self.member}: {effect.reason}")
            case SetTimer() | CancelTimer():
                pass
        return None

    def _build(self, order: Build) -> Event | None:
        """A block that depends on where it stands and who makes it, and on nothing else; one a round of a scenario."""
        if self._has_proposed:
            return None
        self._has_proposed = True
        header = make_header(order.parent, round_=order.round, proposer=order.proposer, tc=order.tc, maker=self.place)
        return BlockBuilt(NOW_MS, Block(header=header, payload=b"", qc=order.qc, tc=order.tc))

    def _sign(self, effect: Sign) -> Event:
        """As the signer does, which may forget between two rounds what it has seen and not signed."""
        request = effect.request
        self._seen = safety.observe(self._seen, request)
        try:
            decision = safety.decide(self._seen, request)
        except SafetyViolation as violation:
            return SignRefused(NOW_MS, request, str(violation))
        if decision.stored is None:
            self.safety = self._seen = safety.remember(decision, SIGNATURE)
            self._around.on_signed(self.place, decision.statement)
        return Signed(NOW_MS, request, SIGNATURE)


def make_set(validators: int) -> ValidatorSet:
    """Validators of equal power."""
    return ValidatorSet(
        epoch=0,
        validators=tuple(
            Validator(id=ValidatorId(bytes([index]) * 32), public_key=PublicKey(bytes([index]) * 32), power=1)
            for index in range(validators)
        ),
    )


def first_memory(validators: ValidatorSet, member: int) -> Memory:
    """What a replica begins with."""
    header = make_header(None, round_=0, proposer=validators.validators[0].id, tc=None, maker=0)
    qc = QuorumCertificate(epoch=0, round=0, block_id=header.id(), qc_round=0, signers=(), signatures=())
    state = safety.initial_safety_state(
        chain_id=CHAIN_ID,
        public_key=validators.validators[member].public_key,
        validators=validators,
        genesis_qc=qc,
    )
    return Memory(state, (Block(header=header, payload=b"", qc=qc, tc=None),), None, ())


def forgetful(memory: Memory) -> Memory:
    """What is left of a twin: certificates and blocks, and nothing of what it has signed, so that it does so again."""
    known = memory.safety
    state = safety.initial_safety_state(
        chain_id=CHAIN_ID,
        public_key=known.public_key,
        validators=known.validators,
        genesis_qc=known.genesis_qc,
    )
    return replace(memory, safety=safety.observe_certificates(state, known.high_qc, known.highest_tc))


def make_header(
    parent: Header | None, *, round_: int, proposer: ValidatorId, tc: TimeoutCertificate | None, maker: int
) -> Header:
    """A header; of a TC it binds what the rules look at, and not who has signed it."""
    tc_digest = EMPTY_DIGEST if tc is None else Hash(bytes([1 + tc.round, tc.max_high_qc_round]) * 16)
    return Header(
        version=HEADER_VERSION,
        chain_id=CHAIN_ID,
        epoch=0,
        height=0 if parent is None else parent.height + 1,
        round=round_,
        time_ms=NOW_MS if parent is None else parent.time_ms + 1,
        proposer=proposer,
        parent_id=BlockId(bytes(32)) if parent is None else parent.id(),
        qc_digest=EMPTY_DIGEST,
        tc_digest=tc_digest,
        payload_digest=Hash(bytes([1 + maker]) * 32),
        state_root=EMPTY_DIGEST,
        receipts_root=EMPTY_DIGEST,
        validators_digest=SET_DIGEST,
        next_validators_digest=SET_DIGEST,
        failed_proposers=(),
    )
